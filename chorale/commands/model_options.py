"""Options that name models: of generate, evaluate and judge, harmonize and rewrite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from chorale.commands.options import ADVANCED
from chorale.errors import UsageError
from chorale.models.ensemble import AVERAGES, TRANSPOSITIONS
from chorale.models.storage import DEFAULT_MODEL, load_card

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="A name from `chorale models` or the folder of a model. Given several "
        "times, the models are an ensemble: the geometric mean of their probabilities "
        "of each note.",
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
ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        help="A name from `chorale models` or the folder of a model; a next-step model "
        "or an infiller.",
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


def trainings(names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return what the cards of models say of the data of their training, by name.

    Raises:
        UsageError: there is no such model.
        ModelError: a card cannot be read.
    """
    return {name: load_card(name).data for name in names}


def model_title(names: Sequence[str], average: str) -> str:
    """Return the title of an ensemble."""
    transpositions = len(AVERAGES[average])
    title = ", ".join(names)
    if transpositions > 1:
        title += f", in {transpositions} keys each"
    members = len(names) * transpositions
    return f"{title}: the mean of {members} members" if members > 1 else title
