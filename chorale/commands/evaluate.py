"""`chorale evaluate`: the likelihood of a corpus under one or several models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.options import (
    Average,
    Models,
    model_names,
    model_title,
    names_typed,
    option_name,
)
from chorale.commands.progress import progress_bar
from chorale.corpus.loading import load_corpus
from chorale.errors import UsageError
from chorale.evaluation.likelihood import Likelihood
from chorale.evaluation.likelihood import evaluate as evaluate_predictor
from chorale.evaluation.orderless import (
    ORDERS,
    PLACES,
    OrderlessLikelihood,
    evaluate_infiller,
)
from chorale.models.ensemble import AVERAGES
from chorale.models.ensemble import average as averaged
from chorale.models.infiller import Infiller
from chorale.models.predictor import Predictor
from chorale.models.storage import load_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, voice_named

_PANEL = "Infillers only"
_FOR_INFILLERS = ("orders", "places", "frames", "random_state")
_LABELS = {
    "nats_per_note": "nats per note",
    "nats_per_frame": "nats per frame",
    "nats_per_changed_note": "nats per changed note",
    "spread": "spread of the pieces",
    "accuracy": "accuracy",
}

_Orders = Annotated[
    int, typer.Option(help="Random orders of each piece.", rich_help_panel=_PANEL)
]
_Places = Annotated[
    int,
    typer.Option(
        help="Evaluations of each order; more reduce the standard error.",
        rich_help_panel=_PANEL,
    ),
]
_Frames = Annotated[
    bool,
    typer.Option(
        "--frames",
        help="Also print the likelihood by frames, as in Coconet's paper.",
        rich_help_panel=_PANEL,
    ),
]
_RandomState = Annotated[
    int, typer.Option(help="Random state of the orders.", rich_help_panel=_PANEL)
]


def evaluate(
    context: typer.Context,
    model: Models = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Folder of CSV files.", show_default="the bundled corpus"),
    ] = None,
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "valid",
    average: Average = "none",
    given: Annotated[
        str,
        typer.Option(
            help="Voices to condition on, separated by commas; the likelihood is that "
            "of the others. A next-step model sees them up to the current step, an "
            "infiller whole."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    orders: _Orders = ORDERS,
    places: _Places = PLACES,
    frames: _Frames = False,
    random_state: _RandomState = 0,
) -> None:
    """Print the likelihood of a corpus in nats per note; lower is better.

    Several models, or one in several keys, are an ensemble: the mean of their
    probabilities of each note. Infillers are evaluated in random orders of all cells.

    Example: chorale evaluate --corpus jsb_chorales --split valid --json
    """
    names = model_names(model)
    voices = _parse_voices(given)
    models = [load_model(name) for name in names]
    predictors = [model for model in models if not isinstance(model, Infiller)]
    infillers = [model for model in models if isinstance(model, Infiller)]
    if infillers and (len(names) > 1 or average != "none"):
        raise UsageError(
            "infillers are evaluated one at a time, without --average: got "
            f"{', '.join(names)}"
        )
    for name in names_typed(context) if predictors else ():
        if name in _FOR_INFILLERS:
            raise UsageError(
                f"{option_name(context, name)} is for infillers, and {names[0]} is a "
                "next-step model: leave it out"
            )
    if frames and voices:
        raise UsageError("--frames counts all voices: leave out --given")
    loaded = load_corpus(corpus, splits=(split,))
    chorales = loaded.split(split)
    source = {
        "corpus": str(loaded.path),
        "split": split,
        "given": [VOICE_NAMES[voice] for voice in voices],
    }
    report: dict[str, Any]
    title = []
    if infillers:
        draws = {"orders": orders, "places": places, "random_state": random_state}
        figures, lines = _by_infiller(infillers[0], chorales, voices, frames, draws)
        report = {"model": names[0], **source, **figures}
    else:
        figures, lines = _by_predictor(averaged(predictors, average), chorales, voices)
        members = len(names) * len(AVERAGES[average])
        report = {**figures, "models": names, "average": average, "members": members}
        report |= source
        title = [model_title(names, average)] if members > 1 else []
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        typer.echo("\n".join([*title, f"{split} of {loaded.path}", *lines]))


def _by_predictor(
    predictor: Predictor[Any], chorales: Sequence[Chorale], given: Sequence[int]
) -> tuple[dict[str, Any], list[str]]:
    """Return the likelihood under a next-step model, as JSON and as lines."""
    with progress_bar("Evaluating") as progress:
        likelihood = evaluate_predictor(
            predictor, chorales, given=given, progress=progress
        )
    encoding = predictor.vocabulary.encoding
    lines = [_counts(likelihood, len(chorales)) + f", {encoding} encoding"]
    if given:
        lines.append(f"conditional: {_others(given)}, up to the current step")
    return asdict(likelihood), [*lines, *_figures(likelihood)]


def _by_infiller(
    infiller: Infiller,
    chorales: Sequence[Chorale],
    given: Sequence[int],
    frames: bool,
    draws: dict[str, Any],
) -> tuple[dict[str, Any], list[str]]:
    """Return the likelihoods under an infiller, as JSON and as lines."""
    with progress_bar("Evaluating") as progress:
        likelihood = evaluate_infiller(
            infiller, chorales, given=given, **draws, progress=progress
        )
    by_frame = None
    if frames:
        with progress_bar("Evaluating by frames") as progress:
            by_frame = evaluate_infiller(
                infiller, chorales, by_frame=True, **draws, progress=progress
            )
    lines = [
        f"{_counts(likelihood, len(chorales))}, {infiller.vocabulary.encoding} "
        f"encoding, {likelihood.orders} random orders of each piece, "
        f"{likelihood.places} places of each order, random state "
        f"{likelihood.random_state}"
    ]
    if given:
        lines.append(f"conditional: {_others(given)}, whole")
    lines.append("random orders: each note given a random part of the others")
    lines += _figures(likelihood)
    if by_frame:
        lines.append("by frames: steps in order of time, their voices in random order")
        lines += _figures(by_frame)
    lines.append(
        "These likelihoods are not comparable with each other, nor with those of "
        "next-step models."
    )
    report = {
        "orderless": asdict(likelihood),
        "frame_by_frame": by_frame and asdict(by_frame),
    }
    return report, lines


def _counts(likelihood: Likelihood | OrderlessLikelihood, chorales: int) -> str:
    return f"{chorales} chorales, {likelihood.notes} notes (one voice at one step)"


def _figures(likelihood: Likelihood | OrderlessLikelihood) -> Iterator[str]:
    figures = asdict(likelihood)
    error = figures.get("standard_error")
    for name, label in _LABELS.items():
        if name in figures:
            line = f"{label:<22} {figures[name]:.4f}"
            if name == "nats_per_note" and error is not None:
                line += f" ± {error:.4f} (standard error of the draws)"
            yield line


def _parse_voices(text: str) -> list[int]:
    """Return the voices named in a comma-separated list, soprano first."""
    return sorted({voice_named(name) for name in text.split(",") if name.strip()})


def _others(given: Sequence[int]) -> str:
    others = [name for voice, name in enumerate(VOICE_NAMES) if voice not in given]
    known = ", ".join(VOICE_NAMES[voice] for voice in given)
    return f"the {', '.join(others)} given the {known}"
