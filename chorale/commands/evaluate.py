"""`chorale evaluate`: how well a model foretells chorales."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chorale.averaging import AVERAGES
from chorale.averaging import average as averaged
from chorale.commands.options import Average, Models, model_title
from chorale.commands.progress import progress_bar
from chorale.corpus import load_corpus
from chorale.evaluation import evaluate as likelihood_of
from chorale.models import DEFAULT_MODEL, load_predictor


def evaluate(
    model: Models = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Folder of CSV files; the bundled corpus if left out."),
    ] = None,
    split: Annotated[str, typer.Option(help="train, valid or test.")] = "valid",
    average: Average = "none",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the likelihood of a corpus, in nats; lower is better.

    Several models, or one in several keys, foretell each note together: their
    probabilities are averaged note by note.

    Example: chorale evaluate --corpus jsb_chorales --split valid --json
    """
    names = model or [DEFAULT_MODEL]
    predictor = averaged([load_predictor(name) for name in names], average)
    chorales = load_corpus(corpus, splits=(split,)).split(split)

    with progress_bar("Evaluating") as progress:
        likelihood = likelihood_of(predictor, chorales, progress=progress)
    members = len(names) * len(AVERAGES[average])
    if as_json:
        asked = {"models": names, "average": average, "members": members}
        typer.echo(json.dumps(asdict(likelihood) | asked, indent=2))
        return
    if members > 1:
        typer.echo(model_title(names, average))
    typer.echo(
        f"{len(chorales)} chorales, {likelihood.notes} notes (a voice at a step), "
        f"{predictor.vocabulary.encoding} encoding\n"
        f"nats per note          {likelihood.nats_per_note:.4f}\n"
        f"nats per frame         {likelihood.nats_per_frame:.4f}\n"
        f"nats per changed note  {likelihood.nats_per_changed_note:.4f}\n"
        f"spread of the pieces   {likelihood.spread:.4f}\n"
        f"accuracy               {likelihood.accuracy:.4f}"
    )
