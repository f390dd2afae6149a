"""Models of the studio: found by name only, opened once, shared by all requests."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import lru_cache
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
from chorale.nn.cards import CARD_FILE, model_folders
from chorale.sampling.best_of import Judge, typical_of
from chorale.sampling.completion import Model

_SUMMARIES = {
    NEXT_STEP: "writes step by step",
    INFILLER: "fills in notes, drawn again in rounds",
}
# One for all models: two would not be loaded faster side by side, and those that are
# needed first are loaded when the server starts.
_lock = threading.Lock()
_opened: dict[str, Model] = {}
_cards: dict[str, Card] = {}  # of those that are opened


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


def named_models() -> dict[str, Named]:
    """Return the bundled models and those of the user by name, the default first.

    Models may be trained while the studio runs.
    """
    return _named_models(_times_of_cards())


def _times_of_cards() -> tuple[tuple[Path, int], ...]:
    """Return the cards of the user's models, and when each was written."""
    cards = (
        card
        for folder in model_folders()
        for pattern in ("*", "*/model")
        for card in folder.glob(f"{pattern}/{CARD_FILE}")
    )
    with suppress(OSError):
        return tuple((card, card.stat().st_mtime_ns) for card in sorted(cards))
    return ()


@lru_cache(maxsize=1)
def _named_models(_: tuple[tuple[Path, int], ...]) -> dict[str, Named]:
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
    """Return a model, which is opened once, and again after it was trained again.

    Raises:
        UsageError: there is none of the name.
        ModelError: it is damaged.
    """
    models = named_models()
    if name not in models:
        raise UsageError(f"expected a model out of {', '.join(models)}, got {name!r}")
    folder, card = models[name]
    with _lock:
        if name not in _opened or _cards.setdefault(name, card) != card:
            _opened[name], _cards[name] = load_model(folder), card
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
