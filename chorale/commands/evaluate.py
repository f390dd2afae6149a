"""`chorale evaluate`: how well a model foretells chorales."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

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
from chorale.corpus.loading import Corpus, load_corpus
from chorale.errors import UsageError
from chorale.evaluation.likelihood import evaluate as likelihood_of
from chorale.evaluation.orderless import (
    ORDERS,
    PLACES,
    OrderlessLikelihood,
    frame_by_frame,
)
from chorale.evaluation.orderless import orderless as orderless_likelihood_of
from chorale.models.ensemble import AVERAGES
from chorale.models.ensemble import average as averaged
from chorale.models.infiller import Infiller
from chorale.models.storage import load_model
from chorale.music.voices import VOICE_NAMES, voice_named

# What only models that infill are asked.
_OF_INFILLERS = ("orders", "places", "frames", "random_state")


def evaluate(
    context: typer.Context,
    model: Models = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Folder of CSV files; the bundled corpus if left out."),
    ] = None,
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "valid",
    average: Average = "none",
    given: Annotated[
        str,
        typer.Option(
            help="Voices that are known, with commas; the likelihood is of the others. "
            "A next-step model knows them up to each step, an infiller all along."
        ),
    ] = "",
    orders: Annotated[
        int, typer.Option(help="Random orders of the cells of a piece (infillers).")
    ] = ORDERS,
    places: Annotated[
        int, typer.Option(help="Cells that are asked in each order (infillers).")
    ] = PLACES,
    frames: Annotated[
        bool,
        typer.Option(
            "--frames",
            help="Infillers: also frame by frame, as Coconet's paper has it.",
        ),
    ] = False,
    random_state: Annotated[
        int, typer.Option(help="Which orders are drawn (infillers).")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the likelihood of a corpus in nats per note; lower is better.

    Several models, or one in several keys, foretell each note together: their
    probabilities are averaged note by note. A model that infills is measured in random
    orders of all cells.

    Example: chorale evaluate --corpus jsb_chorales --split valid --json
    """
    names = model_names(model)
    voices = _voices(given)
    models = [load_model(name) for name in names]
    predictors = [model for model in models if not isinstance(model, Infiller)]
    infillers = [model for model in models if isinstance(model, Infiller)]
    if infillers and (len(names) > 1 or average != "none"):
        raise UsageError(
            "infillers are evaluated one at a time, without --average: got "
            f"{', '.join(names)}"
        )
    for name in names_typed(context) if not infillers else ():
        if name in _OF_INFILLERS:
            raise UsageError(
                f"{option_name(context, name)} is for models that infill, {names[0]} "
                "does not: leave it out"
            )
    pieces = load_corpus(corpus, splits=(split,))
    if infillers:
        draws = {"orders": orders, "places": places, "random_state": random_state}
        _evaluate_infiller(
            names[0], infillers[0], pieces, split, voices, draws, frames, as_json
        )
        return
    predictor = averaged(predictors, average)
    chorales = pieces.split(split)

    with progress_bar("Evaluating") as progress:
        likelihood = likelihood_of(predictor, chorales, given=voices, progress=progress)
    members = len(names) * len(AVERAGES[average])
    if as_json:
        asked = {"models": names, "average": average, "members": members}
        asked |= {"corpus": str(pieces.path), "split": split}
        asked |= {"given": [VOICE_NAMES[voice] for voice in voices]}
        typer.echo(json.dumps(asdict(likelihood) | asked, indent=2))
        return
    if members > 1:
        typer.echo(model_title(names, average))
    if voices:
        typer.echo(f"causal: {_others(voices)}, up to each step")
    typer.echo(f"{split} of {pieces.path}")
    typer.echo(
        f"{len(chorales)} chorales, {likelihood.notes} notes (a voice at a step), "
        f"{predictor.vocabulary.encoding} encoding\n"
        f"nats per note          {likelihood.nats_per_note:.4f}\n"
        f"nats per frame         {likelihood.nats_per_frame:.4f}\n"
        f"nats per changed note  {likelihood.nats_per_changed_note:.4f}\n"
        f"spread of the pieces   {likelihood.spread:.4f}\n"
        f"accuracy               {likelihood.accuracy:.4f}"
    )


def _evaluate_infiller(
    name: str,
    infiller: Infiller,
    pieces: Corpus,
    split: str,
    voices: tuple[int, ...],
    draws: dict[str, int],
    frames: bool,
    as_json: bool,
) -> None:
    if frames and voices:
        raise UsageError("--frames counts all voices: leave out --given")
    chorales = pieces.split(split)
    with progress_bar("Evaluating") as progress:
        likelihood = orderless_likelihood_of(
            infiller, chorales, given=voices, **draws, progress=progress
        )
    by_frame = None
    if frames:
        with progress_bar("Frame by frame") as progress:
            by_frame = frame_by_frame(infiller, chorales, **draws, progress=progress)
    if as_json:
        report = {
            "model": name,
            "corpus": str(pieces.path),
            "split": split,
            "given": [VOICE_NAMES[voice] for voice in voices],
            "orderless": asdict(likelihood),
            "frame_by_frame": by_frame and asdict(by_frame),
        }
        typer.echo(json.dumps(report, indent=2))
        return
    typer.echo(f"{split} of {pieces.path}")
    typer.echo(
        f"{len(chorales)} chorales, {likelihood.notes} notes (a voice at a step), "
        f"{infiller.vocabulary.encoding} encoding, {likelihood.orders} random orders "
        f"each, {likelihood.places} places in each, random state "
        f"{likelihood.random_state}"
    )
    if voices:
        typer.echo(f"{_others(voices)} from beginning to end")
    _print(likelihood, "any order: a note given a random part of all others")
    if by_frame:
        _print(
            by_frame,
            "frame by frame: as time goes, the voices of a step in random order",
        )
    typer.echo(
        "These are not to be held against the figures of next-step models, nor against "
        "each other."
    )


def _print(likelihood: OrderlessLikelihood, title: str) -> None:
    error = likelihood.standard_error
    drawn = "" if error is None else f" ± {error:.4f} (standard error of the draws)"
    typer.echo(
        f"{title}\n"
        f"  nats per note        {likelihood.nats_per_note:.4f}{drawn}\n"
        f"  nats per frame       {likelihood.nats_per_frame:.4f}\n"
        f"  spread of the pieces {likelihood.spread:.4f}\n"
        f"  accuracy             {likelihood.accuracy:.4f}"
    )


def _voices(text: str) -> tuple[int, ...]:
    """Return the voices of a list with commas, none for an empty one."""
    names = [name for name in text.split(",") if name.strip()]
    return tuple(sorted({voice_named(name) for name in names}))


def _others(voices: Sequence[int]) -> str:
    """Return how to call the voices that are not given."""
    others = [name for voice, name in enumerate(VOICE_NAMES) if voice not in voices]
    known = ", ".join(VOICE_NAMES[voice] for voice in voices)
    return f"the {', '.join(others)} given the {known}"
