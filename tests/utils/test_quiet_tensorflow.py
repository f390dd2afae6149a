"""TensorFlow's log lines do not reach stderr; everything else does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from chorale.utils.quiet_tensorflow import without_log_lines

ROOT = Path(__file__).parents[2]
LINES = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795877389.394679   19461 port.cc:153] oneDNN custom operations are on.
E0000 00:00:1795877406.348332   19461 cuda_platform.cc:52] failed call to cuInit
2026-01-02 10:20:30.405060: I tensorflow/core/platform/cpu_feature_guard.cc:210] This
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow
W0102 10:20:30.405060 1234 gpu_device.cc:2342] Cannot dlopen some GPU libraries.
"""
OTHERS = """\
F0000 00:00:1795877389.394679   19461 cpu.cc:1] needs AVX instructions
UserWarning: I0000 is no log line, nor is
note: bar 3
2026-01-02 10:20:30 is a time
"""


def test_log_lines_are_dropped_and_others_are_kept() -> None:
    assert without_log_lines(LINES) == ""
    mixed = zip(LINES.splitlines(True), OTHERS.splitlines(True), strict=False)
    assert without_log_lines("".join(map("".join, mixed))) == OTHERS
    assert without_log_lines("no end of line") == "no end of line"


# === A false TensorFlow that writes as the real one does ===


def import_false(
    folder: Path, after: str = "", **variables: str
) -> CompletedProcess[str]:
    """Import a module called `tensorflow` that writes to file descriptor 2."""
    text = LINES + OTHERS
    code = f"import os\nos.write(2, {text!r}.encode())\nis_loaded = True\n"
    (folder / "tensorflow.py").write_text(code, encoding="utf-8")
    program = "from chorale.utils.quiet_tensorflow import quieten_tensorflow\n"
    program += "quieten_tensorflow()\nquieten_tensorflow()\n"
    program += "from importlib.util import find_spec\nassert find_spec('tensorflow')\n"
    program += f"import os, sys, tensorflow\nassert tensorflow.is_loaded\n{after}"
    return run_python(
        "-c", program, PYTHONPATH=f"{folder}{os.pathsep}{ROOT}", **variables
    )


def run_python(*words: str | Path, **variables: str) -> CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, *map(str, words)],
        env={"PYTHONPATH": str(ROOT), **kept, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_import_passes_on_what_is_no_log_line(tmp_path: Path) -> None:
    done = import_false(tmp_path, "print('after', file=sys.stderr)")
    assert done.returncode == 0, done.stderr
    assert done.stderr == OTHERS + "after\n"


def test_all_lines_are_shown_if_wished(tmp_path: Path) -> None:
    done = import_false(tmp_path, TF_CPP_MIN_LOG_LEVEL="0")
    assert done.stderr == LINES + OTHERS


def test_a_level_that_is_set_is_kept(tmp_path: Path) -> None:
    level = "print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert import_false(tmp_path, level).stdout == "3\n"
    done = import_false(tmp_path, level, TF_CPP_MIN_LOG_LEVEL="1")
    assert (done.stdout, done.stderr) == ("1\n", OTHERS)


def test_an_import_that_fails_tells_what_it_wrote(tmp_path: Path) -> None:
    program = "from chorale.utils.quiet_tensorflow import quieten_tensorflow\n"
    program += "quieten_tensorflow()\nimport tensorflow"
    code = "import os\nos.write(2, b'lost library\\n')\nraise ImportError('broken')\n"
    (tmp_path / "tensorflow.py").write_text(code, encoding="utf-8")
    path = f"{tmp_path}{os.pathsep}{ROOT}"
    done = run_python("-c", program, PYTHONPATH=path)
    assert done.returncode == 1
    assert done.stderr.startswith("lost library\n")
    assert done.stderr.endswith("ImportError: broken\n")


# === The real one ===

COMMANDS = (
    "train --corpus {corpus} --network coconet --units 6 --layers 4 --epochs 1 "
    "--crop 64 --averaging 0 --output {folder}/run",
    "evaluate --model {folder}/run --corpus {corpus}",
    "corpus describe {corpus}",
    "forecast run --quick --only simple-rnn --steps 5 --ahead 2 --epochs 1 --jobs 2 "
    "--output {folder}/suite",
    "sketch train --data {shapes} --units 8 --layers 1 --epochs 1 --batch-size 27 "
    "--output {folder}/sketch",
)


@pytest.mark.slow
@pytest.mark.keras
def test_commands_show_no_log_lines(
    tiny_corpus: Path, shapes: Path, tmp_path: Path
) -> None:
    for command in COMMANDS:
        words = command.format(folder=tmp_path, corpus=tiny_corpus, shapes=shapes)
        done = run_python("-m", "chorale", *words.split())
        assert done.returncode == 0, done.stderr
        for output in (done.stdout, done.stderr):
            assert without_log_lines(output) == output
            assert "oneDNN" not in output
            assert "absl" not in output
