"""Provenance: which models a training has learned from, and what they had read.

Cards are carried to other machines, so models are named in them without the folders of
this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chorale.models.storage import WEIGHTS_FILE, Card


def models_read(
    use: str, cards: Mapping[str, Card], files: Mapping[str, str]
) -> dict[str, Any]:
    """Return the hashes of models that a training learns from.

    Args:
        use: of the models, `teachers` or `base`.
        cards: of the models, by the names or folders that they were asked for by.
        files: SHA-256 of the files that the training reads itself, by name.

    Returns:
        the SHA-256 of their weights by name, under `use`, and `files` with those that
        they have read, each under the name of its model unless it is there already.
    """
    known, read = set(files.values()), dict(files)
    weights: dict[str, str] = {}
    for name, card in cards.items():
        label = _unused(without_folder(name), weights)
        weights[label] = card.files[WEIGHTS_FILE]
        read |= {
            f"{label}/{file}": digest
            for file, digest in card.data["files"].items()
            if digest not in known
        }
    return {"files": read, use: weights}


def without_folders(training: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of a training whose models are named without folders."""
    named: dict[str, Any] = {"base": without_folder(training.get("base", ""))}
    if "teacher" in training:
        named["teacher"] = [without_folder(name) for name in training["teacher"]]
    return {**training, **named}


def without_folder(name: str) -> str:
    """Return the name of a model; of an absolute path its last part."""
    path = Path(name)
    if not path.is_absolute():
        return name
    return path.parent.name if path.name == "model" else path.name


def _unused(name: str, names: Mapping[str, Any]) -> str:
    """Return a name that is not among others, with a number if need be."""
    numbered, number = name, 1
    while numbered in names:
        number += 1
        numbered = f"{name}-{number}"
    return numbered
