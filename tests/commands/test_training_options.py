"""Options of commands that train: what was typed, and what a run was begun with."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from chorale.commands.options import names_typed
from chorale.commands.training_options import (
    RunOptions,
    check_same,
    chosen,
    command_line,
    with_options,
)
from chorale.errors import UsageError
from chorale.utils.options import option


@dataclass(frozen=True, kw_only=True)
class Sizes:
    units: int = option(3, "Width of the layers.")
    layers: int = option(2, "Number of layers.")
    name: str = "no option"


@dataclass(frozen=True, kw_only=True)
class OtherSizes(Sizes):
    units: int = 5
    deep: bool = option(False, "Many layers.", advanced=True)


@dataclass(frozen=True, kw_only=True)
class Epochs:
    share: float | None = option(None, "Any share.")


def typed(*arguments: str) -> tuple[list[str], str]:
    """Return what was given of a command line, and the line that makes it again."""
    seen: list[Any] = []
    app = typer.Typer()

    @app.command()
    def train(
        context: typer.Context,
        data: Annotated[list[Path], typer.Option()],
        output: Annotated[Path, typer.Option()],
        batch_size: Annotated[int, typer.Option()] = 256,
        resume: Annotated[bool, typer.Option("--resume")] = False,
        echoes: Annotated[bool, typer.Option()] = True,
        name: Annotated[str | None, typer.Option(envvar="CHORALE_TEST_NAME")] = None,
    ) -> None:
        line = command_line(context, "chorale sketch train")
        seen.extend([names_typed(context), line])
        # Versions of typer differ in how they hand over what was given several times.
        context.params["data"] = tuple(context.params["data"])
        assert command_line(context, "chorale sketch train") == line

    result = CliRunner().invoke(app, [*arguments], env={"CHORALE_TEST_NAME": "set"})
    assert result.exit_code == 0, result.output
    names, line = seen
    return names, line


def test_only_fields_are_taken() -> None:
    wanted = {"units": 8, "layers": 1, "seed": 4}
    assert chosen(Sizes, wanted) == Sizes(units=8, layers=1)
    assert chosen(OtherSizes, {"layers": 1}) == OtherSizes(layers=1)


def test_fields_become_options_in_order_of_their_panels() -> None:
    app, seen = typer.Typer(), []

    @app.command()
    @with_options(RunOptions, Training=Epochs, Network=OtherSizes)
    def train(
        context: typer.Context,
        output: Annotated[Path, typer.Option()],
        teacher: Annotated[str, typer.Option(rich_help_panel="Advanced")] = "",
        **options: Any,
    ) -> None:
        seen.append((output, teacher, options))

    result = CliRunner().invoke(app, ["--output", "a", "--layers", "4", "--deep"])
    assert result.exit_code == 0, result.output
    values = {"units": 5, "layers": 4, "deep": True, "share": None, "devices": 1}
    flags = dict.fromkeys(("resume", "finish", "plot", "tensorboard"), False)
    assert seen == [(Path("a"), "", values | flags)]
    help = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100"}).output
    places = [
        help.index(word)
        for word in ("--output", "--resume", "─ Training", "--share", "─ Network")
    ]
    assert places == sorted(places) and help.index("Width of") > places[-1]
    assert help.index("─ Advanced") < help.index("--teacher") < help.index("--deep")
    assert "--name" not in help and "--no-deep" not in help


def test_impossible_options_of_a_run_are_refused() -> None:
    RunOptions(resume=True, finish=True).check()
    with pytest.raises(UsageError, match="add --resume"):
        RunOptions(finish=True).check()


def test_only_what_was_typed_is_given() -> None:
    names, _ = typed("--data", "a", "--output", "b", "--batch-size", "256")
    assert sorted(names) == ["batch_size", "data", "output"]
    assert sorted(typed("--data", "a", "--output", "b")[0]) == ["data", "output"]


def test_the_command_line_makes_the_same_run_again_elsewhere() -> None:
    arguments = ["--data", "my drawings", "--data", "two.npz"]
    arguments += ["--output", "/some/where/run", "--batch-size", "8", "--resume"]
    arguments += ["--no-echoes"]
    _, line = typed(*arguments)
    words = shlex.split(line)
    assert words[:3] == ["chorale", "sketch", "train"]
    # The folder that a run lies in is of no interest to others.
    arguments[arguments.index("/some/where/run")] = "run"
    assert words[3:] == arguments
    assert typed(*words[3:])[1] == line


def test_typed_options_must_be_those_of_the_run() -> None:
    begun = {"units": 3, "batch_size": 16}
    asked = {"units": 3, "batch_size": 8, "seed": 5}
    check_same(["units", "seed", "output"], asked, begun)
    check_same([], asked, begun)
    with pytest.raises(UsageError, match="begun with batch-size 16, not 8: leave"):
        check_same(["units", "batch_size"], asked, begun)
