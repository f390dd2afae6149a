"""The documents keep their word: their commands, options, Python and links work.

Documents are README, the changelog, the model cards, data/README.md and the text of the
notebooks.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

import chorale
from chorale.commands import program

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "chorale"


def text_of(path: Path) -> str:
    """Return the Markdown of a document; of a notebook, that of its text cells."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    texts = ["".join(cell["source"]) for cell in cells if "markdown" in cell.values()]
    return "\n\n".join(texts)


DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): text_of(path)
    for path in (
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "data/README.md")),
        *sorted(PACKAGE.glob("pretrained/*/README.md")),
        *sorted((ROOT / "notebooks").glob("*.ipynb")),
    )
}
README = DOCUMENTS["README.md"]
CARDS = sorted(PACKAGE.glob("pretrained/*/card.json"))


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def calls(line: str) -> list[list[str]]:
    """Return the arguments of every call of `chorale` in a line of shell code."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = []
    words: list[str] = []
    for word in [*lexer, ";"]:
        if not set(word) <= set(lexer.punctuation_chars):
            words.append(word)
            continue
        # What may stand before a command: `do`, and variables.
        while words and (words[0] == "do" or re.match(r"\w+=", words[0])):
            words = words[1:]
        if words and words[0].rpartition("/")[2] == "chorale":
            found.append(words[1:])
        words = []
    return found


COMMAND_LINES = {
    f"{name}: {' '.join(call)}": call
    for name, text in DOCUMENTS.items()
    for block in blocks(text, "bash")
    for line in block.splitlines()
    for call in calls(line)
}


def leaves(command: Any, *path: str) -> dict[tuple[str, ...], Any]:
    """Return the commands below a group by their words."""
    if not hasattr(command, "commands"):
        return {path: command}
    found = {}
    for name, below in command.commands.items():
        found |= leaves(getattr(below, "loaded", below), *path, name)
    return found


COMMANDS = leaves(program)
OPTIONS = {
    path: {
        *("--help", "-h"),
        *(option for each in command.params for option in each.opts),
        *(option for each in command.params for option in each.secondary_opts),
    }
    for path, command in COMMANDS.items()
}
ALL_OPTIONS = {"--version", *(option for each in OPTIONS.values() for option in each)}
# Options of other programs that documents name in running text.
FOREIGN_OPTIONS = {"-c", "-m", "--dist", "--strict"}


def parse(words: list[str]) -> tuple[str, ...]:
    """Return the words of a command that its own parser understands."""
    path = next(path for path in COMMANDS if tuple(words[: len(path)]) == path)
    COMMANDS[path].make_context(" ".join(path), words[len(path) :])
    return path


# === Commands ===


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_a_command_line_is_understood(line: str) -> None:
    parse(COMMAND_LINES[line])


def test_commands_are_found_in_all_kinds_of_lines() -> None:
    line = "for run in a b; do KERAS_BACKEND=jax .venv/bin/chorale train --output $run"
    assert calls(f"{line}; done  # twice") == [["train", "--output", "$run"]]
    assert calls("echo '[[[0, 9]]]' | chorale sketch classify -") == [
        ["sketch", "classify", "-"]
    ]
    assert calls("pip install chorale") == []


@pytest.mark.parametrize("name", sorted({*DOCUMENTS} - {"CHANGELOG.md"}))  # history
def test_commands_and_options_in_running_text_exist(name: str) -> None:
    text = re.sub(r"```.*?```", "", DOCUMENTS[name], flags=re.DOTALL)
    for code in re.findall(r"`([^`]+)`", text):
        words = code.split()
        options = {*re.findall(r"(?<!\S)--?[a-z][\w-]*", code)}
        if words[0] == "chorale" and len(words) > 1:
            if words[1] in ("--help", "--version", "COMMAND"):
                continue
            paths = [path for path in COMMANDS if path[0] == words[1]]
            assert paths, code
            allowed = set().union(*(OPTIONS[path] for path in paths))
        else:
            allowed = ALL_OPTIONS | FOREIGN_OPTIONS
        assert options <= allowed, code


def test_every_command_has_an_example() -> None:
    assert {parse(call) for call in COMMAND_LINES.values()} == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_example_in_the_help_is_understood(path: tuple[str, ...]) -> None:
    example = re.search(r"Example: (chorale .*)", COMMANDS[path].help or "")
    assert example is not None
    assert [parse(call) for call in calls(example[1])] == [path]


def test_an_unknown_option_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse(["generate", "--sead", "3"])


# === Python ===


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, marks=[pytest.mark.slow] if "sample(" in code else [])
        for code in blocks(README, "python")
    ],
)
def test_the_python_of_the_readme_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    for name in re.findall(r'"([\w-]+\.mid)"', code):
        assert (tmp_path / name).read_bytes().startswith(b"MThd")


def test_the_python_shows_chorales_and_sketches() -> None:
    text = "".join(blocks(README, "python"))
    assert '"new.mid"' in text
    assert "chorale.sketches" in text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_python_of_documents_uses_public_names(name: str) -> None:
    for code in blocks(DOCUMENTS[name], "python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "chorale" or node.attr in chorale.__all__


@pytest.mark.parametrize("name", DOCUMENTS)
def test_modules_and_functions_in_running_text_exist(name: str) -> None:
    for code in re.findall(r"`(chorale\.[a-z_.]+)[`(]", DOCUMENTS[name]):
        assert resolve_name(code) is not None


# === Links, pictures, the list of rooms ===


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_links_lead_somewhere(name: str) -> None:
    text = DOCUMENTS[name]
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    anchors = {
        "#" + re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith("https://"):
            path = (ROOT / name).parent / target
            assert target in anchors or path.exists(), target


def test_documents_are_small_enough_to_read() -> None:
    assert (ROOT / "README.md").stat().st_size <= 12_000
    assert (ROOT / "notebooks/chorale-seed3.svg").stat().st_size <= 60_000
    assert (ROOT / "notebooks/forecast-suite.png").stat().st_size <= 100_000


def test_every_model_has_a_model_card() -> None:
    cards = {path.parent for path in CARDS}
    assert cards
    assert cards == {path.parent for path in PACKAGE.glob("pretrained/*/README.md")}
    for folder in cards:
        assert f"chorale/pretrained/{folder.name}/README.md" in README


@pytest.mark.parametrize("name", [card.parent.name for card in CARDS])
def test_figures_and_sizes_of_models_are_those_of_their_cards(name: str) -> None:
    folder = PACKAGE / "pretrained" / name
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    valid = card["figures"]["valid"]
    figure = valid["top1"] if "top1" in valid else valid["nats_per_note"]
    files = [path for path in folder.iterdir() if path.suffix != ".md"]
    size = sum(path.stat().st_size for path in files) / 2**20
    row = re.search(rf"^\| \[`{name}`\].*$", README, re.MULTILINE)
    assert row is not None
    for text in (row[0], DOCUMENTS[f"chorale/pretrained/{name}/README.md"]):
        assert f" {figure:.3f} " in text
        assert f"{size:.1f} MiB" in text


def test_the_readme_lists_every_room() -> None:
    listed = re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE)
    rooms = [path.name for path in PACKAGE.iterdir() if path.is_dir()]
    assert sorted(listed) == sorted({*rooms} - {"__pycache__"})


def test_continuous_integration_reads_the_two_lines_of_the_readme() -> None:
    first, second = blocks(README, "bash")[:2]
    assert first.count("\n") == second.count("\n") == 1
    assert "generate" in first
    assert "pytest" in second
