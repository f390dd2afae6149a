"""Options that all commands share that train: `train`, `sketch train`."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.options import names_typed
from chorale.errors import ChoraleError, UsageError
from chorale.utils.extras import require

Output = Annotated[Path, typer.Option(help="Folder of the run.")]


Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run in OUTPUT.")]


Finish = Annotated[
    bool,
    typer.Option(
        "--finish",
        help="With --resume: train no further, make a model of the best epoch.",
    ),
]


Epochs = Annotated[int, typer.Option(help="Epochs at most.")]


LearningRate = Annotated[float, typer.Option(help="The highest of the schedule.")]


WeightDecay = Annotated[float, typer.Option(help="Of the AdamW optimizer.")]


ClipNorm = Annotated[float, typer.Option(help="Largest norm of the gradient.")]


Patience = Annotated[
    int, typer.Option(help="Epochs without a better validation before it stops.")
]


Seed = Annotated[int, typer.Option(help="Of all randomness.")]


Tensorboard = Annotated[
    bool, typer.Option("--tensorboard", help="Write figures for TensorBoard.")
]


Plot = Annotated[
    bool, typer.Option("--plot", help="Draw the learning curves to a PNG.")
]


def check_flags(*, resume: bool, finish: bool, plot: bool) -> None:
    """Refuse what cannot be done, before anything is read.

    Raises:
        UsageError: a run is to be finished that is not to be resumed.
        MissingExtraError: curves are to be drawn and nothing is there to draw with.
    """
    if finish and not resume:
        raise UsageError("--finish is for a run that was begun: add --resume")
    if plot:
        require("plot", "drawing pictures")


@contextlib.contextmanager
def interruptible(words: Sequence[str]) -> Iterator[None]:
    """Let a training be stopped from the keyboard, and say which words resume it."""
    try:
        yield
    except KeyboardInterrupt:
        raise ChoraleError(f"stopped; go on with: {shlex.join(words)}") from None


def only(options: type[Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are fields of a class of options."""
    return {field.name: wanted[field.name] for field in fields(options)}


def check_same(
    typed: Sequence[str], asked: Mapping[str, Any], begun: Mapping[str, Any]
) -> None:
    """Refuse typed options that differ from those that a run was begun with.

    Args:
        typed: names of the options.
        asked: their values and those of others, by name.
        begun: values of the run, by name; what is not there may differ.
    """
    for name in typed:
        if name in begun and asked[name] != begun[name]:
            raise UsageError(
                f"the run was begun with {name.replace('_', '-')} {begun[name]}, not "
                f"{asked[name]}: leave the option out, or start a new run"
            )


def command_line(context: typer.Context, words: str) -> str:
    """Return the command line that makes the same run again.

    Args:
        context: of the command; all that it takes are options.
        words: the command.
    """
    line = shlex.split(words)
    for name in names_typed(context):
        option, value = f"--{name.replace('_', '-')}", context.params[name]
        if name == "output":
            value = Path(value).name
        if isinstance(value, bool):
            line.append(option if value else option.replace("--", "--no-", 1))
            continue
        for one in value if isinstance(value, list | tuple) else [value]:
            line += [option, str(one)]
    return shlex.join(line)
