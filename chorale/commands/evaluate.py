"""`chorale evaluate`: the likelihood of a corpus under one or several models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.model_options import Average, Models, model_names, model_title
from chorale.commands.options import names_typed, option_name
from chorale.commands.progress import progress_bar
from chorale.corpus.loading import load_corpus
from chorale.errors import UsageError
from chorale.evaluation.likelihood import evaluate as evaluate_predictor
from chorale.evaluation.orderless import ORDERS, PLACES, evaluate_infiller
from chorale.models.ensemble import AVERAGES
from chorale.models.ensemble import average as averaged
from chorale.models.infiller import Infiller
from chorale.models.storage import load_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, voice_named
from chorale.utils.text import counted

_PANEL = "Infillers only"
_FOR_INFILLERS = ("orders", "places", "frames", "random_state")
_HEADINGS = {
    "causal": "order of time: each note given the notes before",
    "orderless": "random orders: each note given a random part of the others",
    "frame_by_frame": "by frames: steps in order of time, their voices in random order",
}
_LABELS = {
    "notes": "notes (one voice at one step)",
    "nats_per_note": "nats per note",
    "standard_error": "standard error of the draws",
    "nats_per_frame": "nats per frame",
    "nats_per_changed_note": "nats per changed note",
    "spread": "standard deviation of the pieces",
    "accuracy": "accuracy",
    "orders": "random orders of each piece",
    "places": "places of each order",
    "random_state": "random state",
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
    if infillers:
        draws = {"orders": orders, "places": places, "random_state": random_state}
        figures = _by_infiller(infillers[0], chorales, voices, frames, draws)
        report: dict[str, Any] = {"model": names[0], **source, **figures}
    else:
        with progress_bar("Evaluating") as progress:
            likelihood = evaluate_predictor(
                averaged(predictors, average),
                chorales,
                given=voices,
                progress=progress,
            )
        figures = {"causal": asdict(likelihood)}
        members = len(names) * len(AVERAGES[average])
        report = {**figures["causal"], "models": names, "average": average}
        report |= {"members": members, **source}
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        typer.echo(
            f"{model_title(names, average)}, {models[0].vocabulary.encoding} encoding\n"
            f"{split} of {loaded.path}: {counted(len(chorales), 'chorale')}"
        )
        typer.echo("\n".join(_lines(figures, voices)))


def _by_infiller(
    infiller: Infiller,
    chorales: Sequence[Chorale],
    given: Sequence[int],
    frames: bool,
    draws: dict[str, Any],
) -> dict[str, Any]:
    """Return likelihoods by their names in the JSON; None where not asked for."""
    with progress_bar("Evaluating") as progress:
        orderless = evaluate_infiller(
            infiller, chorales, given=given, **draws, progress=progress
        )
    figures: dict[str, Any] = {"orderless": asdict(orderless), "frame_by_frame": None}
    if frames:
        with progress_bar("Evaluating by frames") as progress:
            by_frame = evaluate_infiller(
                infiller, chorales, by_frame=True, **draws, progress=progress
            )
        figures["frame_by_frame"] = asdict(by_frame)
    return figures


def _lines(figures: dict[str, Any], given: Sequence[int]) -> Iterator[str]:
    """Yield likelihoods as text."""
    if given:
        names = [VOICE_NAMES[voice] for voice in given]
        others = [name for name in VOICE_NAMES if name not in names]
        yield f"conditional: the {', '.join(others)} given the {', '.join(names)}"
    for name, likelihood in figures.items():
        if likelihood is not None:
            yield _HEADINGS[name]
            for key, label in _LABELS.items():
                value = likelihood.get(key)
                if value is not None:
                    digits = ".4f" if isinstance(value, float) else ""
                    yield f"  {label:<33} {value:{digits}}"
    if "orderless" in figures:
        yield (
            "Likelihoods in different orders are not comparable with each other, nor "
            "with those of next-step models."
        )


def _parse_voices(text: str) -> list[int]:
    """Return the voices named in a comma-separated list, soprano first."""
    return sorted({voice_named(name) for name in text.split(",") if name.strip()})
