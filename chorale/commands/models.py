"""`chorale models`: list the bundled models."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from chorale.corpus.loading import bundled_corpus
from chorale.models.options import InfillerOptions
from chorale.models.storage import DEFAULT_MODEL, Card, list_models
from chorale.sketches.models import list_models as list_sketch_models


def models(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the whole cards as JSON.")
    ] = False,
) -> None:
    """List the bundled models, with their figures on the valid split.

    Example: chorale models
    """
    cards, sketch_cards = list_models(), list_sketch_models()
    if as_json:
        texts = [card.to_json() for card in (*cards, *sketch_cards)]
        typer.echo(json.dumps([json.loads(text) for text in texts], indent=2))
        return
    for card in cards:
        typer.echo(f"{card.name:12} {_description(card)}")
    for sketch in sketch_cards:
        typer.echo(
            f"{sketch.name:12} {sketch.network.network}, {len(sketch.words)} words of "
            f"sketches, top-1 {sketch.figures['valid']['top1']:.3f} on valid"
        )


def _description(card: Card) -> str:
    """Return the network, encoding and likelihood of a model of chorales."""
    encoding = card.vocabulary.encoding
    nats = f"{card.figures['valid']['nats_per_note']:.3f} nats per note on valid"
    if isinstance(card.network, InfillerOptions):
        network = card.network.network
        return f"{network} (infiller), {encoding} encoding, {nats} in any order"
    # Likelihoods of different corpora are not comparable.
    corpus = card.data["corpus"]
    where = "" if corpus == bundled_corpus().name else f" of {corpus}"
    default = "  (default)" if card.name == DEFAULT_MODEL else ""
    return f"{card.network.body}, {encoding} encoding, {nats}{where}{default}"
