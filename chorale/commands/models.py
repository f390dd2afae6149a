"""`chorale models`: list the bundled models and those in folders of models."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.printing import print_remarks
from chorale.corpus.loading import bundled_corpus
from chorale.errors import ModelError
from chorale.models.options import InfillerOptions
from chorale.models.storage import DEFAULT_MODEL, Card, find_model, listed_models
from chorale.nn.cards import FOLDERS, PRETRAINED, model_folders
from chorale.sketches.models import Card as SketchCard
from chorale.sketches.models import find_model as find_sketch_model
from chorale.sketches.models import listed_models as listed_sketch_models


def models(
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the whole cards as JSON, with their folders."
        ),
    ] = False,
) -> None:
    """List the bundled models and yours, with their figures on the valid split.

    Yours are in the folders that CHORALE_MODELS names, separated as in PATH, or else in
    `models` in the data folder of your platform. Their names are those of their
    folders: --model hymns finds hymns/ or, in a run, hymns/model.

    Example: chorale models
    """
    listed: dict[Path, Card | SketchCard | ModelError] = {**listed_models()}
    for folder, sketch_card in listed_sketch_models().items():
        listed.setdefault(folder, sketch_card)  # what is no card is in both
    if os.environ.get(FOLDERS):
        missing = [folder for folder in model_folders() if not folder.is_dir()]
        print_remarks(*(f"{FOLDERS}: there is no folder {each}" for each in missing))
    cards = {
        folder: card
        for folder, card in sorted(listed.items(), key=lambda each: _is_own(each[0]))
        if not isinstance(card, ModelError)
    }
    if as_json:
        texts = [
            {**json.loads(card.to_json()), "folder": str(folder)}
            for folder, card in cards.items()
        ]
        typer.echo(json.dumps(texts, indent=2))
    else:
        for folder, card in cards.items():
            where = _place(folder, card) if _is_own(folder) else ""
            typer.echo(f"{_name_of(folder):12} {_description(card)}{where}")
    for error in listed.values():
        if isinstance(error, ModelError):
            print_remarks(f"left out, as it cannot be read: {error}")


def _is_own(folder: Path) -> bool:
    """Return whether a model is none of the bundled ones."""
    return folder.parent != PRETRAINED


def _place(folder: Path, card: Card | SketchCard) -> str:
    """Return in words where a model is, and if its name finds another one."""
    find = find_sketch_model if isinstance(card, SketchCard) else find_model
    found = find(_name_of(folder))
    if found.resolve() == folder.resolve():
        return f"  in {folder}"
    other = f"the model in {found}" if _is_own(found) else "a bundled one"
    return f"  in {folder}, found by its path alone: the name is that of {other}"


def _name_of(folder: Path) -> str:
    """Return the name by which the model in a folder is found."""
    return folder.parent.name if folder.name == "model" else folder.name


def _description(card: Card | SketchCard) -> str:
    """Return the kind, data and figures of a model."""
    valid = card.figures.get("valid", {})
    if isinstance(card, SketchCard):
        words = f"{len(card.words)} words of sketches"
        return f"{card.network.network}, {words}, {_figure('top-1', valid, 'top1')}"
    # Likelihoods of different corpora are not comparable.
    corpus = card.data["corpus"]
    where = "" if corpus == bundled_corpus().name else f" of {corpus}"
    if base := card.data.get("base"):
        where += f", fine-tuned from {', '.join(base)}"
    encoding = card.vocabulary.encoding
    figure = f"{encoding} encoding, {_figure('nats per note', valid, 'nats_per_note')}"
    if isinstance(card.network, InfillerOptions):
        return f"{card.network.network} (infiller), {figure} in any order{where}"
    default = "  (default)" if card.name == DEFAULT_MODEL else ""
    return f"{card.network.body}, {figure}{where}{default}"


def _figure(unit: str, figures: Mapping[str, float], name: str) -> str:
    """Return a figure on valid in words."""
    value = figures.get(name)
    return "not measured" if value is None else f"{value:.3f} {unit} on valid"
