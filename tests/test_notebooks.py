"""The notebooks are stored with the outputs of their present code.

Nothing is run here but a notebook of two cells: whether the notebooks run is tested by
nbmake, slowly.
"""

from __future__ import annotations

import ast
import base64
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
RUN = ROOT / "notebooks/run.py"
code_hash = runpy.run_path(str(RUN))["code_hash"]

NOTEBOOKS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
}

MOST_BYTES = 1_500_000  # of a notebook
MOST_BYTES_OF_SOUND = 60_000  # of a clip

# Functions that print, draw or play.
SHOWING = {
    "print",
    "display",
    "show",
    "subplots",
    "subplot_mosaic",
    "figure",
    "summary",
}
# Methods that may end a cell and return None.
SILENT = {"add", "append", "cleanup", "clear", "close", "compile", "extend", "update"}
SILENT |= {"setLevel", "set_random_seed"}
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(home|root|tmp|usr|opt|mnt|work|Users|var)/")
LOG_LINE = re.compile(
    r"All log messages before absl|oneDNN|TF_ENABLE|cpu_feature_guard|cuda"
    r"|^[IWEF]\d{4} \d\d:|^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWEF] ",
    re.MULTILINE,
)


# === What is in a notebook ===


def source_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def texts_of(cell: dict[str, Any]) -> Iterator[str]:
    """Yield the texts among the outputs, without data that are embedded in them."""
    for output in cell["outputs"]:
        for kind, data in {
            "text": output.get("text", ""),
            **output.get("data", {}),
        }.items():
            if kind.startswith("text"):
                yield re.sub(r"base64,[\w+/=\s]+", "", "".join(data))


def sounds_of(cell: dict[str, Any]) -> Iterator[bytes]:
    """Yield the sound files that players among the outputs hold."""
    for output in cell["outputs"]:
        html = "".join(output.get("data", {}).get("text/html", ""))
        for data in re.findall(r"data:audio/[\w.+-]+;base64,([\w+/=\s]+)", html):
            yield base64.b64decode(data)


def calls(node: ast.AST) -> set[str]:
    """Return the names of functions and methods called, not those inside an `if`.

    What is defined is not called.
    """
    passed = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.If)
    names = set()
    if isinstance(node, ast.Call):
        names = {getattr(node.func, "id", getattr(node.func, "attr", ""))}
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, passed):
            names |= calls(child)
    return names


def cells_without_output(notebook: dict[str, Any]) -> list[str]:
    """Return the code that prints, draws or ends with a value, but has no output."""
    showing = set(SHOWING)
    found = []
    for cell in code_cells(notebook):
        tree = ast.parse(source_of(cell))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                body = set().union(*(calls(statement) for statement in node.body))
                if body & showing:
                    showing.add(node.name)
        last = tree.body[-1] if tree.body else None
        is_value = isinstance(last, ast.Expr) and not source_of(cell).endswith(";")
        if is_value and isinstance(last.value, ast.Call):
            is_value = getattr(last.value.func, "attr", "") not in SILENT
        if (is_value or calls(tree) & showing) and not cell["outputs"]:
            found.append(source_of(cell))
    return found


# === The stored notebooks ===


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_outputs_are_those_of_the_code(name: str) -> None:
    stored = NOTEBOOKS[name]["metadata"].get("outputs_of", {}).get("code_sha256")
    assert stored == code_hash(NOTEBOOKS[name]), (
        f"code changed since the outputs were made: python notebooks/run.py {name}"
    )


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cells_that_print_or_draw_have_outputs(name: str) -> None:
    assert cells_without_output(NOTEBOOKS[name]) == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_cells_were_run_once_in_their_order(name: str) -> None:
    counts = [cell["execution_count"] for cell in code_cells(NOTEBOOKS[name])]
    assert counts == [*range(1, len(counts) + 1)]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_outputs_hold_no_errors_paths_or_log_lines(name: str) -> None:
    for cell in code_cells(NOTEBOOKS[name]):
        assert "error" not in {output["output_type"] for output in cell["outputs"]}
        for text in texts_of(cell):
            assert not MACHINE_PATH.search(text), text
            assert not LOG_LINE.search(text), text


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_small(name: str) -> None:
    assert (ROOT / f"notebooks/{name}.ipynb").stat().st_size <= MOST_BYTES
    for cell in code_cells(NOTEBOOKS[name]):
        for sound in sounds_of(cell):
            assert len(sound) <= MOST_BYTES_OF_SOUND, source_of(cell)
            assert not sound.startswith(b"RIFF"), "sound is not compressed"
        for output in cell["outputs"]:
            assert "image/svg+xml" not in output.get("data", {})


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_full_settings_are_chosen_in_the_first_code_cell(name: str) -> None:
    users = [
        place
        for place, cell in enumerate(code_cells(NOTEBOOKS[name]))
        if "CHORALE_FULL" in source_of(cell)
    ]
    assert users in ([], [0])


def test_all_notebooks_are_here() -> None:
    assert len(NOTEBOOKS) >= 5


# === The tests' own eyes ===


def test_a_missing_output_is_noticed() -> None:
    silent = ["x = 1", "def f():\n    print(x)", "if x > 1:\n    print(x)", "f;"]
    silent += ["names.append(x)", ""]
    telling = [
        "print(x)",
        "for i in x:\n    print(i)",
        "f()",
        "table",
        "pd.DataFrame(x)",
    ]
    telling += ["figure, axes = plt.subplots()\naxes.plot(x)"]
    cells = [
        {"cell_type": "code", "source": [code], "outputs": []}
        for code in (*silent, *telling)
    ]
    assert cells_without_output({"cells": cells}) == telling


def test_paths_and_log_lines_are_noticed() -> None:
    assert MACHINE_PATH.search("saved in /tmp/a/b.png")
    assert MACHINE_PATH.search("File '/home/me/x.py'")
    assert not MACHINE_PATH.search("https://example.org/home/x and data/tmp/y, a/usr/b")
    for line in (
        "WARNING: All log messages before absl::InitializeLog() is called",
        "I0000 00:00:1764340000.1 5 port.cc:153] oneDNN custom operations are on",
        "2026-01-01 10:00:00.123456: I tensorflow/core/platform.cc:210] This binary",
    ):
        assert LOG_LINE.search(line)
    assert not LOG_LINE.search("2026-01-01 1.5\nI think in 1000 steps")


# === The command that makes them ===


def write(path: Path, *sources: str) -> Path:
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "source": source,
            "outputs": [],
        }
        for number, source in enumerate(sources)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RUN), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_notebook_is_run_and_stored(tmp_path: Path) -> None:
    code = "import os\nFULL = 'CHORALE_FULL' in os.environ\nprint('full:', FULL)"
    path = write(tmp_path / "new.ipynb", code, "[FULL, object()]")
    before = path.read_text(encoding="utf-8")
    done = call(path, "--check")
    assert done.returncode == 0, done.stderr
    assert path.read_text(encoding="utf-8") == before
    done = call(path, "--full")
    assert done.returncode == 0, done.stderr
    assert re.match(r"new: \d+ s, \d+ s of CPU time, 0\.00 MB", done.stdout)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert list(tmp_path.iterdir()) == [path]
    first, second = notebook["cells"]
    assert "".join(first["outputs"][0]["text"]) == "full: True\n"
    assert second["outputs"][0]["data"]["text/plain"] == ["[True, <object>]"]
    assert notebook["metadata"]["outputs_of"]["code_sha256"] == code_hash(notebook)
    first["source"] = ["print(2)"]
    assert notebook["metadata"]["outputs_of"]["code_sha256"] != code_hash(notebook)


def test_a_notebook_that_fails_is_not_stored(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.ipynb", "print(1)", "1 / 0")
    before = path.read_text(encoding="utf-8")
    done = call(path)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stdout
    assert path.read_text(encoding="utf-8") == before
    assert call("no-such-notebook").returncode == 1
