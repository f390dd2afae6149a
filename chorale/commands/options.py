"""What commands share: options, and those that a run was begun with."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.averaging import AVERAGES, TRANSPOSITIONS
from chorale.errors import ChoraleError, UsageError
from chorale.extras import require
from chorale.infiller_models import is_infiller
from chorale.logits import DrawingOptions
from chorale.models import DEFAULT_MODEL

# === Options of the commands that ask a model ===

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="A name from `chorale models` or a folder; several are averaged.",
    ),
]
Average = Annotated[
    str,
    typer.Option(
        help=f"{' or '.join(AVERAGES)}: whether to ask the model in "
        f"{len(TRANSPOSITIONS)} keys and take the mean."
    ),
]
TopP = Annotated[
    str,
    typer.Option(
        metavar="P[,P,P,P]",
        help="Choose among the likeliest notes that together have this probability: "
        "lower is safer, 1 leaves none out. One number, or four, soprano first.",
    ),
]
DEFAULT_TOP_P = str(DrawingOptions.top_p)

# === Options of the commands that train ===

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


# === What was typed, and what is done with it ===


def model_names(typed: Sequence[str] | None) -> list[str]:
    """Return the models that were asked for, the default one if none was.

    Raises:
        UsageError: one was named twice.
    """
    names = list(typed or [DEFAULT_MODEL])
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(
            f"--model {twice[0]} is there twice: its say would only be doubled"
        )
    return names


def check_next_step(names: Sequence[str]) -> None:
    """Refuse models that cannot write from the beginning on.

    Raises:
        UsageError: one infills.
    """
    if infillers := [name for name in names if is_infiller(name)]:
        raise UsageError(
            f"{infillers[0]} fills in what is missing of a piece: use it with "
            "harmonize, rewrite, evaluate, or judge --given soprano"
        )


def model_title(names: Sequence[str], average: str) -> str:
    """Return how to call the average of models."""
    transpositions = len(AVERAGES[average])
    title = ", ".join(names)
    if transpositions > 1:
        title += f", in {transpositions} keys each"
    members = len(names) * transpositions
    return f"{title}: the mean of {members} members" if members > 1 else title


def parse_top_p(text: str) -> float | tuple[float, ...]:
    """Return a top-p, or several that are written with commas between them.

    Raises:
        UsageError: one is no number.
    """
    try:
        numbers = tuple(float(number) for number in text.split(","))
    except ValueError:
        raise UsageError(
            f"expected a top-p such as {DEFAULT_TOP_P}, or one for each voice such as "
            f"1,0.95,0.95,0.95, got {text!r}"
        ) from None
    return numbers if len(numbers) > 1 else numbers[0]


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


def names_typed(context: typer.Context) -> list[str]:
    """Return the names of the options and arguments that were typed."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, it in sources.items() if it and it.name == "COMMANDLINE"]


def option_name(context: typer.Context, name: str) -> str:
    """Return an option as it is typed, such as `--top-p`."""
    return next(one.opts[0] for one in context.command.params if one.name == name)


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
