"""Commands that are imported when they are used: what lists them, and what loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import run_command
from strategies import little_chorale

from chorale.commands import program
from chorale.commands.lazy import LazyCommand, lazy_family
from chorale.formats.files import write

ROOT = Path(__file__).parents[2]
# What libraries that only some commands need would add to the start of the others.
HEAVY = {
    *("tensorflow", "keras", "jax", "onnx", "tf2onnx", "scipy", "sklearn", "pandas"),
    *("statsmodels", "matplotlib", "music21", "svgelements", "tinycss2", "cssselect2"),
    *("mido", "rich.progress", "dask", "distributed", "platformdirs", "tarfile"),
    *("starlette", "uvicorn", "anyio", "verovio", "chorale.studio"),
    *("multiprocessing", "concurrent.futures.process", "importlib.metadata"),
}


def lazy_commands(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the commands below a group, and of groups within it, by their words."""
    for name, command in group.commands.items():
        if isinstance(command, LazyCommand):
            yield (*path, name), command
            if hasattr(command.loaded, "commands"):
                yield from lazy_commands(command.loaded, *path, name)


LAZY = dict(lazy_commands(program))


def modules_after(code: str, folder: Path) -> set[str]:
    """Return the modules that are loaded after some code in a new interpreter."""
    lines = (
        "import json, sys",
        code,
        "print('\\n' + json.dumps([*sys.modules]))",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {*json.loads(done.stdout.splitlines()[-1])}


def after_command(folder: Path, *words: str) -> set[str]:
    """Return the modules that are loaded after a command, which must not fail."""
    code = (
        "from chorale.commands import main",
        f"sys.argv = {['chorale', *words]!r}",
        "try: main()",
        "except SystemExit as stopped: assert not stopped.code, stopped.code",
    )
    return modules_after("\n".join(code), folder)


# === Lists of commands ===


@pytest.mark.parametrize("path", LAZY, ids=" ".join)
def test_the_summary_in_the_list_is_that_of_the_help(path: tuple[str, ...]) -> None:
    command = LAZY[path]
    help = command.loaded.help
    assert help.split("\n\n")[0].replace("\n", " ") == command.help


@pytest.mark.parametrize("path", LAZY, ids=" ".join)
def test_paragraphs_of_the_help_have_no_line_ends(path: tuple[str, ...]) -> None:
    # The terminal wraps them; line ends of the source would tear the lines.
    assert not any("\n" in part for part in LAZY[path].loaded.help.split("\n\n"))


def test_groups_list_their_commands() -> None:
    assert len(LAZY) > 20
    for path in ((), ("sketch",), ("forecast",), ("corpus",)):
        done = run_command(*path, "--help")
        listed = [words[-1] for words in LAZY if words[:-1] == path]
        assert done.returncode == 0
        assert all(f"│ {name} " in done.stdout for name in listed)


def test_a_command_is_the_one_named_in_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "count.py").write_text(
        "import typer\n"
        "def count(upto: int = typer.Option(...)) -> None:\n"
        "    print(*range(upto))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    family = lazy_family("tools", "Tools.", {"count": "Count.", "gone": "No file."})
    with family.make_context("tools", ["--help"], resilient_parsing=True) as context:
        assert family.list_commands(context) == ["count", "gone"]
    assert "tools.count" not in sys.modules
    context = family.commands["count"].make_context("count", ["--upto", "3"])
    assert context.params == {"upto": 3}
    with pytest.raises(ModuleNotFoundError):
        family.commands["gone"].make_context("gone", [])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("chorale ske", {"sketch"}),
        ("chorale sketch c", {"classify", "convert"}),
        ("chorale generate --temp", {"--temperature", "--tempo"}),
    ],
)
def test_shells_complete_commands_and_options(words: str, expected: set[str]) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_CHORALE_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    code = "from chorale.commands import program; program(prog_name='chorale')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert {line.strip() for line in done.stdout.splitlines()} >= expected


# === What is loaded ===


@pytest.mark.parametrize("words", [("--help",), ("sketch", "--help"), ("--version",)])
def test_a_list_of_commands_loads_none_of_them(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    loaded = after_command(tmp_path, *words)
    assert "numpy" not in loaded
    named = {LAZY[path].place.partition(":")[0] for path in LAZY} - {
        f"chorale.commands.{words[0]}"
    }
    assert len(named) > 20
    assert not loaded & named


# Words of a command, and what it needs of HEAVY and of rooms that others do not.
NEEDED = {
    ("generate", "--seed", "3", "--bars", "3", "--best-of", "1"): {
        *("mido", "onnxruntime", "chorale.models", "chorale.sampling"),
        "importlib.metadata",  # of mido
    },
    ("convert", "hymn.mid", "hymn.musicxml"): {"mido", "importlib.metadata"},
    ("convert", "hymn.csv", "other.csv"): set(),
    ("harmonize", "hymn.csv", "--format", "abc"): {
        *("onnxruntime", "chorale.models", "chorale.sampling"),
        "chorale.sampling.gibbs",
    },
    ("check", "hymn.csv"): {"chorale.voice_leading"},
    ("models",): {"chorale.models", "chorale.sketches"},
    ("seeds",): set(),
    ("examples",): set(),
}
ROOMS = {
    *("chorale.models", "chorale.sampling", "chorale.training", "chorale.sketches"),
    *("chorale.forecasting", "chorale.voice_leading", "chorale.evaluation.judgement"),
    *("chorale.benchmarks", "chorale.sampling.gibbs", "chorale.nn.trainer"),
    "chorale.sketches.formats",
}


@pytest.mark.parametrize("words", NEEDED, ids=" ".join)
def test_a_command_loads_what_it_needs(words: tuple[str, ...], tmp_path: Path) -> None:
    for ending in (".mid", ".csv"):
        write(little_chorale(), tmp_path / f"hymn{ending}")
    loaded = after_command(tmp_path, *words)
    needed = NEEDED[words]
    assert needed <= loaded
    also = {"chorale.voice_leading"} if "chorale.sampling" in needed else set()
    assert not loaded & ({*HEAVY, *ROOMS, "onnxruntime"} - needed - also)


def test_a_notebook_loads_no_library_that_it_does_not_use(tmp_path: Path) -> None:
    loaded = modules_after("import chorale", tmp_path)
    assert not loaded & {*HEAVY, *ROOMS, "numpy", "onnxruntime", "typer"}
    loaded = modules_after("from chorale import load_model", tmp_path)
    assert not loaded & ({*HEAVY, *ROOMS, "onnxruntime", "typer"} - {"chorale.models"})
    loaded = modules_after("import chorale; chorale.load_model('jsb')", tmp_path)
    assert "onnxruntime" in loaded and not loaded & HEAVY
