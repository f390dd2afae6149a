"""What commands share: options, and those that a run was begun with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from chorale.errors import UsageError
from chorale.models.ensemble import AVERAGES, TRANSPOSITIONS
from chorale.models.storage import DEFAULT_MODEL
from chorale.sampling.logits import DrawingOptions

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


def names_typed(context: typer.Context) -> list[str]:
    """Return the names of the options and arguments that were typed."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, it in sources.items() if it and it.name == "COMMANDLINE"]


def option_name(context: typer.Context, name: str) -> str:
    """Return an option as it is typed, such as `--top-p`."""
    return next(one.opts[0] for one in context.command.params if one.name == name)
