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
from chorale.utils.arrays import FloatArray

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
    labels, probabilities = _most_likely(model.probabilities(inks), top)
    return [
        [Guess(model.words[label], p) for label, p in zip(*row, strict=True)]
        if length
        else []
        for *row, length in zip(labels, probabilities, inks.lengths, strict=True)
    ]


def _most_likely(
    probabilities: FloatArray, count: int
) -> tuple[list[list[int]], list[list[float]]]:
    """Return the labels and the probabilities of the most likely words, best first.

    Of equally likely words the first comes first. Probabilities are (drawings, words).
    """
    rest, rows = probabilities.copy(), np.arange(len(probabilities))
    labels = np.zeros((len(rows), min(count, rest.shape[1])), np.int64)
    for place in range(labels.shape[1]):
        labels[:, place] = rest.argmax(axis=1)
        rest[rows, labels[:, place]] = -1
    found = np.take_along_axis(probabilities, labels, axis=1)
    return labels.tolist(), found.tolist()
