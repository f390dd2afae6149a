"""`chorale models`: the trained models that come with the package."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from chorale.corpus.loading import bundled_corpus
from chorale.models.infiller_models import list_infillers
from chorale.models.storage import DEFAULT_MODEL, list_models
from chorale.sketches.models import list_models as list_sketch_models


def models(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the whole cards as JSON.")
    ] = False,
) -> None:
    """List the trained models that come with the package.

    Example: chorale models
    """
    cards, infillers = list_models(), list_infillers()
    sketch_cards = list_sketch_models()
    if as_json:
        texts = [card.to_json() for card in (*cards, *infillers, *sketch_cards)]
        typer.echo(json.dumps([json.loads(text) for text in texts], indent=2))
        return
    for card in cards:
        valid, corpus = card.figures["valid"], card.data["corpus"]
        # Figures of different corpora are not to be held against each other.
        where = "" if corpus == bundled_corpus().name else f" of {corpus}"
        default = "  (default)" if card.name == DEFAULT_MODEL else ""
        typer.echo(
            f"{card.name:12} {card.network.body}, {card.vocabulary.encoding} encoding, "
            f"{valid['nats_per_note']:.3f} nats a note on valid{where}{default}"
        )
    for infiller in infillers:
        valid = infiller.figures["valid"]
        typer.echo(
            f"{infiller.name:12} {infiller.network.network} (infills), "
            f"{infiller.vocabulary.encoding} encoding, "
            f"{valid['nats_per_note']:.3f} nats a note on valid in any order"
        )
    for sketch in sketch_cards:
        valid = sketch.figures["valid"]
        typer.echo(
            f"{sketch.name:12} {sketch.network.network}, {len(sketch.words)} words of "
            f"sketches, top-1 {valid['top1']:.3f} on valid"
        )
