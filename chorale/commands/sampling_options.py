"""What harmonize and rewrite share: a model of either kind, and its options."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chorale.commands.options import names_typed, parse_top_p
from chorale.errors import UsageError
from chorale.models.infiller import Infiller
from chorale.sampling.completion import Model, Options
from chorale.sampling.gibbs import METHODS, InfillingOptions
from chorale.sampling.next_step import SamplingOptions

SAMPLING = SamplingOptions()
INFILLING = InfillingOptions()

ModelName = Annotated[
    str,
    typer.Option(
        "--model", help="Of either kind: a name from `chorale models` or a folder."
    ),
]
Particles = Annotated[
    int,
    typer.Option(
        help="Of a model that writes step after step: drafts side by side, led by what "
        "is given; more are slower and better."
    ),
]
Guidance = Annotated[
    float,
    typer.Option(
        help="Of a model that writes step after step: how closely the last bars follow "
        "the key; 0 as it would by itself."
    ),
]
Method = Annotated[
    str,
    typer.Option(
        help=f"Of a model that infills: {' or '.join(METHODS)}, all notes over and "
        "over or one after another."
    ),
]
Rounds = Annotated[int, typer.Option(help="Of gibbs: more are slower and better.")]

# What only models of one kind ask for.
_OF_NEXT_STEP = ("particles", "guidance")
_OF_INFILLERS = ("method", "rounds")


def options_for(context: typer.Context, model: Model) -> Options:
    """Return the options that were asked for, of the kind that the model takes.

    Raises:
        UsageError: a value out of bounds, or one was typed that models of the other
            kind take.
    """
    asked: dict[str, Any] = context.params
    infills = isinstance(model, Infiller)
    kinds = ("writes step after step", "infills")
    for name in names_typed(context):
        if name in (_OF_NEXT_STEP if infills else _OF_INFILLERS):
            raise UsageError(
                f"--{name} is for a model that {kinds[not infills]}, and "
                f"{asked['model']} {kinds[infills]}: leave it out"
            )
    if asked["method"] == "ancestral" and "rounds" in names_typed(context):
        raise UsageError("--rounds are of gibbs: leave them out")
    shared = {
        name: asked[name] for name in ("temperature", "top_k", "rules", "random_state")
    }
    shared["top_p"] = parse_top_p(asked["top_p"])
    if infills:
        return InfillingOptions(
            method=asked["method"], rounds=asked["rounds"], **shared
        )
    return SamplingOptions(
        particles=asked["particles"], guidance=asked["guidance"], **shared
    )
