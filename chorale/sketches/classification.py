"""Classification: the most likely words of a drawing, with their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chorale.errors import UsageError
from chorale.sketches.models import Classifier, load_classifier
from chorale.sketches.preprocessing import to_inks
from chorale.sketches.strokes import Strokes

_default_classifier = cache(load_classifier)


class Guess(NamedTuple):
    """A word that a drawing may show, and its probability."""

    word: str
    probability: float


def classify(
    strokes: Strokes,
    *,
    top: int = 5,
    model: Classifier | Path | str | None = None,
) -> list[Guess]:
    """Classify a drawing.

    Args:
        strokes: arrays (points, 2) or nested lists, in the order of drawing, x to the
            right and y down, in any unit.
        top: number of words to return.
        model: a classifier, or a name or folder as in `load_classifier`; None for the
            default one, which is opened once.

    Returns:
        The most likely words, best first; an empty list if nothing is drawn.

    Raises:
        DataError: the strokes have another form.
        UsageError: there is no such model, or `top` is below 1.
    """
    return classify_many([strokes], top=top, model=model)[0]


def classify_many(
    drawings: Sequence[Strokes],
    *,
    top: int = 5,
    model: Classifier | Path | str | None = None,
) -> list[list[Guess]]:
    """Classify many drawings; see `classify`."""
    if top < 1:
        raise UsageError(f"expected at least 1 word to give, got {top}")
    if model is None:
        model = _default_classifier()
    elif not isinstance(model, Classifier):
        model = load_classifier(model)
    inks = to_inks(drawings)
    probabilities = model.probabilities(inks)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    return [
        [Guess(model.words[label], float(row[label])) for label in labels if length]
        for row, labels, length in zip(probabilities, order, inks.lengths, strict=True)
    ]
