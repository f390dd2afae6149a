"""Options of the commands that sample: generate, harmonize, rewrite and judge."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import typer

from chorale.commands.options import ADVANCED, SAMPLING, names_typed
from chorale.errors import UsageError
from chorale.models.infiller import Infiller
from chorale.sampling.completion import Model, Options
from chorale.sampling.gibbs import METHODS, InfillingOptions
from chorale.sampling.logits import RULES_MODES
from chorale.sampling.next_step import SamplingOptions

NEXT_STEP = SamplingOptions()
INFILLING = InfillingOptions()

_sampling = partial(typer.Option, rich_help_panel=SAMPLING)
_advanced = partial(typer.Option, rich_help_panel=ADVANCED)

_BOTH = ("temperature", "top_p", "top_k", "rules", "random_state")
_NEXT_STEP_ONLY = ("particles", "guidance")
_INFILLERS_ONLY = ("method", "rounds")

ModelName = Annotated[
    str,
    typer.Option(
        "--model",
        help="A name from `chorale models` or the folder of a model; a next-step model "
        "or an infiller.",
    ),
]
Variations = Annotated[
    int, typer.Option("-n", help="Number of pieces to write, 1 or more.")
]
RandomState = Annotated[
    int,
    typer.Option(
        help="Seed of all randomness, 0 or more: another number gives another piece, "
        "the same number the same piece."
    ),
]
BestOf = Annotated[
    int,
    _sampling(
        help="Number of pieces drawn for each one that is kept, 1 or more. The judge "
        "keeps one that ends on a cadence, breaks few rules and is about as likely as "
        "Bach's own; 1 keeps the first. More take longer and give better pieces.",
    ),
]
Temperature = Annotated[
    float,
    _sampling(
        help="Above 0; below 1 the notes are more predictable, above 1 more "
        "surprising. 1 samples the model's own distribution.",
    ),
]
TopP = Annotated[
    float,
    _sampling(
        metavar="P",
        help="Draw only from the most likely notes that together have this "
        "probability, above 0 up to 1. Lower is safer; 1 draws from all notes. The "
        "default leaves out the rare notes that make melodies leap too often.",
    ),
]
Rules = Annotated[
    str,
    _sampling(
        help=f"Part-writing rules, one of {', '.join(RULES_MODES)}: off ignores them, "
        "lenient makes notes that break a rule less likely, the more so the rarer Bach "
        "breaks it, strict rules such notes out, which costs cadences.",
    ),
]
TopK = Annotated[
    int | None,
    _advanced(
        help="Draw only from this many most likely notes, 1 or more.",
        show_default="all",
    ),
]
Guidance = Annotated[
    float,
    _advanced(
        help="Next-step models: weight of classifier-free guidance by the key in the "
        "last four bars, 0 or more. 0 follows the model alone; with the default twice "
        "as many chorales end on a cadence of the key.",
    ),
]
Particles = Annotated[
    int,
    _advanced(
        help="Next-step models: number of particles, drafts written side by side and "
        "selected by how well they lead to the given notes; 1 or more. More are slower "
        "and fit the given notes better.",
    ),
]
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
    for name in _NEXT_STEP_ONLY if is_infiller else _INFILLERS_ONLY:
        if name in typed:
            raise UsageError(
                f"--{name} is for {kinds[not is_infiller]}, and {named} is "
                f"one of the {kinds[is_infiller]}: leave it out"
            )
    if not is_infiller:
        return next_step_options(context)
    if values.get("method") == "ancestral" and "rounds" in typed:
        raise UsageError("--rounds is for --method gibbs: leave it out")
    return InfillingOptions(**_values(context, *_BOTH, *_INFILLERS_ONLY))


def next_step_options(context: typer.Context) -> SamplingOptions:
    """Return the sampling options of a command, for a next-step model.

    Raises:
        UsageError: a value out of bounds.
    """
    return SamplingOptions(**_values(context, *_BOTH, *_NEXT_STEP_ONLY))


def _values(context: typer.Context, *names: str) -> dict[str, Any]:
    """Return the named options that the command has."""
    return {name: context.params[name] for name in names if name in context.params}
