"""What a drawing is likely to be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chorale.errors import UsageError
from chorale.sketches.models import Classifier, load_classifier
from chorale.sketches.strokes import Strokes, to_inks


class Guess(NamedTuple):
    """A word that may have been drawn."""

    word: str
    probability: float


def classify(
    strokes: Strokes,
    *,
    top: int = 5,
    model: Classifier | Path | str | None = None,
) -> list[Guess]:
    """Say what a drawing is likely to be.

    Args:
        strokes: a list of points x, y each (float array (points, 2) or nested lists),
            in the order of drawing, x to the right and y down, in any unit.
        top: how many words to give, the likeliest first.
        model: a classifier, or what `load_classifier` takes; None for the default one,
            which is opened once.

    Returns:
        The likeliest words; an empty list if nothing is drawn.

    Raises:
        DataError: the strokes are not such lists.
        UsageError: there is no such model, or `top` is below 1.
    """
    return classify_many([strokes], top=top, model=model)[0]


def classify_many(
    drawings: Sequence[Strokes],
    *,
    top: int = 5,
    model: Classifier | Path | str | None = None,
) -> list[list[Guess]]:
    """Say what each of many drawings is likely to be; see `classify`."""
    if top < 1:
        raise UsageError(f"expected at least 1 word to give, got {top}")
    if model is None:
        classifier = _default()
    elif isinstance(model, Classifier):
        classifier = model
    else:
        classifier = load_classifier(model)
    inks = to_inks(drawings)
    probabilities = classifier.probabilities(inks)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    return [
        [Guess(classifier.words[place], float(row[place])) for place in places]
        if length
        else []
        for row, places, length in zip(probabilities, order, inks.lengths, strict=True)
    ]


@cache
def _default() -> Classifier:
    return load_classifier()
