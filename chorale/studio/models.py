"""Models of the studio: found by name only, opened once, shared by all requests."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import NamedTuple

from chorale.errors import ModelError, UsageError
from chorale.models.storage import (
    DEFAULT_MODEL,
    INFILLER,
    NEXT_STEP,
    Card,
    listed_models,
    load_model,
)
from chorale.sampling.best_of import Judge, typical_of
from chorale.sampling.completion import Model

_SUMMARIES = {
    NEXT_STEP: "writes step by step",
    INFILLER: "fills in notes, drawn again in rounds",
}
_lock = threading.Lock()
_opened: dict[str, Model] = {}


class Named(NamedTuple):
    """A model that can be asked for: its folder and its card."""

    folder: Path
    card: Card

    @property
    def summary(self) -> str:
        """What it does, and how well."""
        network = getattr(self.card.network, "body", None)
        network = network or getattr(self.card.network, "network", "")
        nats = self.card.figures.get("valid", {}).get("nats_per_note")
        figure = "" if nats is None else f", {nats:.3f} nats per note"
        return f"{_SUMMARIES[self.card.kind]}: {network}{figure}"


@cache
def named_models() -> dict[str, Named]:
    """Return the bundled models and those of the user by name, the default first."""
    found: dict[str, Named] = {}
    for folder, card in listed_models().items():
        name = folder.parent.name if folder.name == "model" else folder.name
        if not isinstance(card, ModelError):
            found.setdefault(name, Named(folder, card))
    return found


def model_names(kind: str | None = None) -> tuple[str, ...]:
    """Return the names of models of a kind; None for any."""
    models = named_models().items()
    return tuple(name for name, each in models if kind in (None, each.card.kind))


def open_model(name: str) -> Model:
    """Return a model, which is opened once.

    Raises:
        UsageError: there is none of the name.
        ModelError: it is damaged.
    """
    models = named_models()
    if name not in models:
        raise UsageError(f"expected a model out of {', '.join(models)}, got {name!r}")
    with _lock:
        if name not in _opened:
            _opened[name] = load_model(models[name].folder)
        return _opened[name]


def judge_of(name: str = DEFAULT_MODEL) -> Judge:
    """Return the judge that a next-step model is.

    Raises:
        UsageError: there is no such model, or it is an infiller.
    """
    model = open_model(name)
    card = named_models()[name].card
    if card.kind == INFILLER:
        raise UsageError(f"expected a model that can judge, got the infiller {name}")
    return Judge(model, typical_of(card))  # type: ignore[arg-type]
