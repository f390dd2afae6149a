"""The README keeps its word: its commands and options exist, its Python runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from chorale.commands import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def command_lines() -> list[str]:
    """Return every call of `chorale` in the code blocks, without what goes before."""
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    calls = [re.search(r"(?:^|bin/)chorale (.*)", line) for line in lines]
    return [call[1] for call in calls if call]


def leaves(command: Any, *path: str) -> dict[tuple[str, ...], Any]:
    """Return the commands below a group by their words."""
    if not hasattr(command, "commands"):
        return {path: command}
    found = {}
    for name, below in command.commands.items():
        found |= leaves(below, *path, name)
    return found


COMMANDS = leaves(get_command(app))


def parse(line: str) -> tuple[tuple[str, ...], Any]:
    """Return a command's words and what its own parser makes of the rest."""
    words = shlex.split(line, comments=True)
    path = next(path for path in COMMANDS if tuple(words[: len(path)]) == path)
    arguments = words[len(path) :]
    return path, COMMANDS[path].make_context(" ".join(path), arguments)


@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_is_understood(line: str) -> None:
    parse(line)


def test_every_command_has_an_example() -> None:
    assert {parse(line)[0] for line in command_lines()} == set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_the_example_in_the_help_is_understood(path: tuple[str, ...]) -> None:
    example = re.search(r"Example: chorale (.*)", COMMANDS[path].help or "")
    assert example is not None
    assert parse(example[1])[0] == path


def test_an_unknown_option_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        parse("generate --sead 3")


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    for name in re.findall(r'"([\w-]+\.mid)"', code):
        assert (tmp_path / name).read_bytes().startswith(b"MThd")


def test_the_python_shows_chorales_and_sketches() -> None:
    text = "".join(blocks("python"))
    assert '"new.mid"' in text
    assert "chorale.sketches" in text


def test_the_links_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)", README, re.MULTILINE)
    anchors = {
        "#" + re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target in anchors or (ROOT / target).exists(), target


def test_the_layout_names_every_module() -> None:
    layout = README.partition("    chorale/\n")[2].partition("\n    data/")[0]
    named = re.findall(r"\b(\w+(?:\.py|/))", layout)
    there = [
        path.name + "/" * path.is_dir()
        for path in (ROOT / "chorale").iterdir()
        if path.is_dir() or path.suffix == ".py"
    ]
    hidden = {"__init__.py", "__main__.py", "__pycache__/"}
    assert sorted(named) == sorted(set(there) - hidden)


def test_continuous_integration_reads_the_two_lines_of_the_readme() -> None:
    first, second = blocks("bash")[:2]
    assert first.count("\n") == second.count("\n") == 1
    assert "generate" in first
    assert "pytest" in second
