"""Options of the commands that sample: generate, harmonize, rewrite and judge.

See `chorale.commands.completion_options` for those that generate does not have.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

import typer

from chorale.commands.options import ADVANCED, SAMPLING
from chorale.sampling.logits import RULES_MODES, DrawingOptions
from chorale.sampling.next_step_options import (
    PARTICLES,
    PLANNED_PARTICLES,
    SamplingOptions,
)

NEXT_STEP = SamplingOptions()
GENERATED_BEST_OF = 3  # pieces that `generate` draws for each one

_sampling = partial(typer.Option, rich_help_panel=SAMPLING)
_advanced = partial(typer.Option, rich_help_panel=ADVANCED)

# Fields of the options of next-step models and of infillers.
SHARED = ("temperature", "top_p", "top_k", "rules", "rests", "random_state")
NEXT_STEP_ONLY = ("particles", "guidance", "critic")
# Fields without an option: two follow from the piece.
_WITHOUT_OPTION = ("usual_ranges", "foreign", "style")

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
        help="Number of drafts of each piece, 1 or more. Those of a harmonization go "
        "on from the best of them after each phrase, but for the last; those of a folk "
        "song, without fermatas or with few quarters, after the last one too, so that "
        "most are alike. In the end the judge keeps the one most like Bach's chorales: "
        "in style, in likelihood, in few broken rules and a cadence at the end. More "
        "take longer and give better pieces.",
    ),
]
_TEMPERATURE = (
    "Above 0; below 1 the notes are more predictable, above 1 more surprising. 1 "
    "samples the model's own distribution, and is the default of infillers."
)
Temperature = Annotated[float, _sampling(help=_TEMPERATURE)]
MelodyTemperature = Annotated[
    float,
    _sampling(
        help=f"{_TEMPERATURE} For a melody without fermatas, or with few quarters, "
        "next-step models take a lower one; what is asked for is lowered too, and then "
        "said."
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
Rests = Annotated[
    bool,
    _sampling(
        "--rests",
        help="Let voices fall silent, for a model of a corpus in which they do. "
        "Otherwise every voice sounds all the time.",
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
        "last four bars and, with less weight, before fermatas, 0 or more. 0 follows "
        "the model alone; with the default more phrases end on a cadence of the key. "
        "Folk songs, which follow planned chords, are written without it.",
    ),
]
CriticStrength = Annotated[
    float,
    _advanced(
        help="Next-step models with a critic: how strongly it selects the drafts after "
        "every beat, 0 or more, for doing what Bach does there rather than what the "
        "model does. 0 follows the model alone, also in the keys of phrases.",
    ),
]
_PARTICLES = (
    "Next-step models: number of particles, drafts written side by side and selected "
    "by the critic, and by how well they lead to the given notes; 1 or more. More are "
    "slower and better."
)
Particles = Annotated[int, _advanced(help=_PARTICLES)]
MelodyParticles = Annotated[
    int | None,
    _advanced(
        help=f"{_PARTICLES} By default {PARTICLES}, for a melody without fermatas, or "
        f"with few quarters, {PLANNED_PARTICLES}.",
    ),
]


def next_step_options(context: typer.Context) -> SamplingOptions:
    """Return the sampling options of a command, for a next-step model.

    Raises:
        UsageError: a value out of bounds.
    """
    return SamplingOptions(**values_of(context, *SHARED, *NEXT_STEP_ONLY))


def values_of(context: typer.Context, *names: str) -> dict[str, Any]:
    """Return the named options that the command has."""
    return {name: context.params[name] for name in names if name in context.params}


def settings_of(options: DrawingOptions) -> dict[str, object]:
    """Return the sampling options that a report names, with their values."""
    values = asdict(options)
    return {
        name: value
        for name, value in values.items()
        if value is not None and name not in _WITHOUT_OPTION
    }
