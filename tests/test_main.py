"""The command `chorale` as a process: Ctrl-C while its modules are imported."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A module in the place of one that the command line imports. It is interrupted as by
# Ctrl-C, wherever the import happens, and then takes so long that nothing else ends it.
INTERRUPTED = """
import os, signal, time
# A shell that runs tests in the background may have us ignore it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.kill(os.getpid(), signal.SIGINT)
time.sleep(60)
"""
# What installers write for the entry point in pyproject.toml.
SCRIPT = "import sys; from {} import {}; sys.exit({}())"


def entry_point() -> list[str]:
    """Return the words that start the command as its installed script does."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, name = project["project"]["scripts"]["chorale"].partition(":")
    return ["-c", SCRIPT.format(module, name, name)]


@pytest.mark.parametrize("words", [["-m", "chorale"], entry_point()])
@pytest.mark.parametrize("module", ["typer", "numpy"])
def test_ctrl_c_during_imports_leaves_no_traceback(
    tmp_path: Path, words: list[str], module: str
) -> None:
    (tmp_path / f"{module}.py").write_text(INTERRUPTED)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, *words, "convert", "none.mid", "none.csv"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "chorale: stopped\n"


@pytest.mark.parametrize("words", [["-m", "chorale"], entry_point()])
def test_it_runs(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *words, "--version"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and done.stdout.startswith("chorale ")


def test_the_package_itself_loads_next_to_nothing() -> None:
    code = (
        "import sys, chorale;"
        "print(sorted(name for name in sys.modules if name.startswith('chorale')));"
        "print('numpy' in sys.modules); chorale.Chorale; print('numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = (
        "['chorale', 'chorale.utils', 'chorale.utils.lazy_names', 'chorale.version']"
    )
    assert done.stdout.splitlines() == [loaded, "False", "True"]
