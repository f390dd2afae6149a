"""Options, help panels and checks that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from chorale.errors import UsageError
from chorale.models.ensemble import AVERAGES, TRANSPOSITIONS
from chorale.models.storage import DEFAULT_MODEL

# Panels of the help; options without one come first.
OUTPUT = "Output"
SAMPLING = "Sampling"
ADVANCED = "Advanced"

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="A name from `chorale models` or the folder of a model. Given several "
        "times, the models' probabilities are averaged note by note.",
        show_default=DEFAULT_MODEL,
    ),
]
Average = Annotated[
    str,
    typer.Option(
        help=f"{' or '.join(AVERAGES)}: whether to average over transpositions by "
        f"{min(TRANSPOSITIONS)} to {max(TRANSPOSITIONS)} semitones. The likelihood is "
        f"a little better; not the default, as it takes {len(TRANSPOSITIONS)} times as "
        "long.",
        rich_help_panel=ADVANCED,
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Overwrite files of the same name. Otherwise a number is appended to new "
        "names, and files that you name yourself are not overwritten.",
        rich_help_panel=OUTPUT,
    ),
]


def model_names(typed: Sequence[str] | None) -> list[str]:
    """Return the typed names of models, or the default one.

    Raises:
        UsageError: a name occurs twice.
    """
    names = list(typed or [DEFAULT_MODEL])
    if repeated := [name for name in names if names.count(name) > 1]:
        raise UsageError(
            f"expected each --model once, got {repeated[0]} twice: leave one out"
        )
    return names


def model_title(names: Sequence[str], average: str) -> str:
    """Return the title of an ensemble."""
    transpositions = len(AVERAGES[average])
    title = ", ".join(names)
    if transpositions > 1:
        title += f", in {transpositions} keys each"
    members = len(names) * transpositions
    return f"{title}: the mean of {members} members" if members > 1 else title


def names_typed(context: typer.Context) -> list[str]:
    """Return the names of the options and arguments on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [
        name
        for name, source in sources.items()
        if source is not None and source.name == "COMMANDLINE"
    ]


def option_name(context: typer.Context, name: str) -> str:
    """Return the option of a parameter, such as `--top-p`."""
    parameters = {parameter.name: parameter for parameter in context.command.params}
    return parameters[name].opts[0]
