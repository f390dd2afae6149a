"""Batches of drawings, bucketed by length and padded to few shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.sketches.preprocessing import MAX_POINTS
from chorale.sketches.strokes import Inks
from chorale.utils.arrays import FloatArray, IntArray
from chorale.utils.progress import Progress

# A drawing is padded to the first of these that holds it; a network is compiled for
# each. All are even, for networks that join pairs of points.
PADDED_LENGTHS = (16, 24, 32, 40, 48, 64, 96, MAX_POINTS)
# Without compilation, for networks that mask padding: as little of it as possible.
EVEN_LENGTHS = tuple(range(2, MAX_POINTS + 1, 2))
PREDICTION_BATCH = 256  # maximum number of drawings per call of a network
_LENGTH_NOISE = 3  # points by which lengths in one training batch differ, roughly


class Padded(NamedTuple):
    """Drawings of one batch, padded at the end."""

    ink: FloatArray  # (batch, points, 3), see `chorale.sketches.strokes.Inks`
    lengths: IntArray  # (batch,), at least 1


def padded_length(longest: int, lengths: Sequence[int] = PADDED_LENGTHS) -> int:
    """Return the padded length of drawings of at most `longest` points.

    It is the first of some increasing lengths that holds them.

    Raises:
        DataError: drawings are longer than `to_ink` makes them.
    """
    if longest > MAX_POINTS:
        raise DataError(
            f"expected inks of at most {MAX_POINTS} points, got one of {longest}: "
            "make inks by to_ink"
        )
    return next(length for length in lengths if length >= longest)


def pad(inks: Inks, chosen: IntArray, padded: Sequence[int] = PADDED_LENGTHS) -> Padded:
    """Return the drawings of some indices (batch,), none empty, in one array.

    Its length is the first of `padded` that holds them.
    """
    lengths = inks.lengths[chosen]
    position = np.arange(padded_length(int(lengths.max()), padded))
    mask = position < lengths[:, None]
    ink = inks.points[np.where(mask, inks.starts[chosen][:, None] + position, 0)]
    return Padded(ink * mask[..., None], lengths)


def draw_batches(
    inks: Inks, batch_size: int, random: np.random.Generator
) -> list[IntArray]:
    """Return the indices of batches of drawings of similar length, in random order.

    Every drawing is in one batch; all batches but one are full.
    """
    noise = random.uniform(-_LENGTH_NOISE, _LENGTH_NOISE, len(inks.lengths))
    order = np.argsort(inks.lengths + noise)
    begins = np.arange(0, len(order), batch_size)
    return [order[begin : begin + batch_size] for begin in random.permutation(begins)]


def predict(
    function: Callable[[Padded], FloatArray],
    inks: Inks,
    words: int,
    progress: Progress | None = None,
    *,
    padded: Sequence[int] = PADDED_LENGTHS,
    batch: int = PREDICTION_BATCH,
) -> FloatArray:
    """Return the class probabilities of drawings.

    Padding depends only on the drawing itself, so that the result does not depend on
    the other drawings.

    Args:
        function: returns logits (batch, words) for drawings of one padded length.
        inks: the drawings.
        words: number of classes.
        progress: callback, called with the number of drawings done and of all.
        padded: lengths to which drawings are padded, increasing.
        batch: maximum number of drawings per call of the function.

    Returns:
        float32 array (drawings, words), uniform for empty drawings.
    """
    probabilities = np.full((len(inks.lengths), words), 1 / words, np.float32)
    done = 0
    for chosen in _prediction_batches(inks, padded, batch):
        logits = function(pad(inks, chosen, padded))
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities[chosen] = exponentials / exponentials.sum(axis=1, keepdims=True)
        done += len(chosen)
        if progress is not None:
            progress(done, len(inks.lengths))
    return probabilities


def _prediction_batches(
    inks: Inks, padded: Sequence[int], size: int
) -> Iterator[IntArray]:
    """Yield the indices of drawings of one padded length, a batch at a time."""
    padded_length(int(inks.lengths.max(initial=0)))  # refuse longer ones
    bucket = np.searchsorted(padded, inks.lengths)
    for number in range(len(padded)):
        chosen = np.flatnonzero((bucket == number) & (inks.lengths > 0))
        for begin in range(0, len(chosen), size):
            yield chosen[begin : begin + size]
