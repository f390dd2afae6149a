"""Provenance: which models a training has learned from, and what they had read.

Cards are carried to other machines, so models are named in them without the folders of
this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from chorale.nn.cards import WEIGHTS_FILE


class TrainedCard(Protocol):
    """The card of a model that training learns from, with the fields used here."""

    @property
    def files(self) -> Mapping[str, str]: ...

    @property
    def data(self) -> Mapping[str, Any]: ...


def models_read(
    use: str,
    cards: Mapping[str, TrainedCard],
    data: Mapping[str, Any],
    held_out: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the hashes of models that a training learns from.

    Args:
        use: of the models, `teachers` or `base`.
        cards: of the models, by the names or folders that they were asked for by.
        data: of the training, as a card keeps it, so far.
        held_out: files in `data` that the training does not learn: if a model has
            learned them, that is said.

    Returns:
        the SHA-256 of their weights by name, under `use`; `files` with those that they
        have read, each under the name of its model unless it is there already; and
        `held_out` with those that they held out of corpora without a valid split.
    """
    read, out = dict(data["files"]), list(data.get("held_out", ()))
    known = {read[name] for name in read.keys() - set(held_out)}
    weights: dict[str, str] = {}
    for name, card in cards.items():
        label = _unused(without_folder(name), weights)
        weights[label] = card.files[WEIGHTS_FILE]
        read |= {
            f"{label}/{file}": digest
            for file, digest in card.data["files"].items()
            if digest not in known
        }
        out += [f"{label}/{file}" for file in card.data.get("held_out", ())]
    return {"files": read, use: weights, **({"held_out": out} if out else {})}


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
