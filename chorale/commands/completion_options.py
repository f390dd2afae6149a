"""Options of the commands that complete pieces by models of either kind."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from chorale.commands.options import ADVANCED, names_typed
from chorale.commands.sampling_options import (
    NEXT_STEP_ONLY,
    SHARED,
    next_step_options,
    values_of,
)
from chorale.errors import UsageError
from chorale.models.infiller import Infiller
from chorale.sampling.completion import Model, Options
from chorale.sampling.gibbs import METHODS, InfillingOptions

INFILLING = InfillingOptions()

_advanced = partial(typer.Option, rich_help_panel=ADVANCED)
_INFILLERS_ONLY = ("method", "rounds")

Method = Annotated[
    str,
    _advanced(
        help=f"Infillers: {METHODS[0]} draws all notes again in every round, "
        f"{METHODS[1]} draws one note after another and is slower.",
    ),
]
Rounds = Annotated[
    int,
    _advanced(
        help="Infillers: rounds of Gibbs sampling, 1 or more. More are slower and "
        "better.",
    ),
]


def options_for(context: typer.Context, model: Model) -> Options:
    """Return the sampling options of a command, for a model of either kind.

    Raises:
        UsageError: a value out of bounds, or a typed option of the other kind of
            model.
    """
    typed, values = names_typed(context), context.params
    is_infiller = isinstance(model, Infiller)
    asked = values["model"]
    named = asked if isinstance(asked, str) else ", ".join(asked or ())
    kinds = ("next-step models", "infillers")
    for name in NEXT_STEP_ONLY if is_infiller else _INFILLERS_ONLY:
        if name in typed:
            raise UsageError(
                f"--{name} is for {kinds[not is_infiller]}, and {named} is "
                f"one of the {kinds[is_infiller]}: leave it out"
            )
    if not is_infiller:
        return next_step_options(context)
    if values.get("method") == "ancestral" and "rounds" in typed:
        raise UsageError("--rounds is for --method gibbs: leave it out")
    own = values_of(context, *SHARED, *_INFILLERS_ONLY)
    if "temperature" not in typed:  # the default of the command is for the other kind
        own["temperature"] = INFILLING.temperature
    return InfillingOptions(**own)
