"""Drawings of many lengths in arrays of few shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.sketches.strokes import MOST_POINTS, Floats32, Inks
from chorale.utils.progress import Progress

# A drawing is padded to the first of these that holds it: each is compiled for itself.
# All are even, for networks that join points in pairs.
PADDED_LENGTHS = (16, 24, 32, 40, 48, 64, 96, MOST_POINTS)
AT_ONCE = 256  # drawings given to a network
_BLUR = 3  # points by which drawings of one training batch differ, or so

Indices = npt.NDArray[np.int64]


class Padded(NamedTuple):
    """Drawings of one batch, padded at the end.

    Attributes:
        ink: float32 array (batch, points, 3), see `chorale.sketches.strokes.Inks`.
        lengths: int array (batch,), at least 1.
    """

    ink: Floats32
    lengths: npt.NDArray[np.int64]


def padded_length(longest: int) -> int:
    """Return the padded length of drawings of at most so many points.

    Raises:
        DataError: these are more than `to_ink` leaves of any drawing.
    """
    if longest > MOST_POINTS:
        raise DataError(
            f"expected inks of at most {MOST_POINTS} points, got one of {longest}: "
            "make inks by to_ink"
        )
    return next(length for length in PADDED_LENGTHS if length >= longest)


def pad(inks: Inks, chosen: Indices) -> Padded:
    """Return chosen drawings, none of them empty, in one array.

    Args:
        inks: of all drawings.
        chosen: int array (batch,), which of them.
    """
    lengths = inks.lengths[chosen]
    begins = (np.cumsum(inks.lengths) - inks.lengths)[chosen]
    places = np.arange(padded_length(int(lengths.max())))
    mask = places < lengths[:, None]
    ink = inks.points[np.where(mask, begins[:, None] + places, 0)]
    return Padded(ink * mask[..., None], lengths)


def draw_batches(
    inks: Inks, batch_size: int, random: np.random.Generator
) -> list[Indices]:
    """Return batches of drawings of about equal length, in random order.

    Every drawing is in one batch; all batches but one are full.
    """
    order = np.argsort(inks.lengths + random.uniform(-_BLUR, _BLUR, len(inks.lengths)))
    begins = np.arange(0, len(order), batch_size)
    return [order[begin : begin + batch_size] for begin in random.permutation(begins)]


def predict(
    function: Callable[[Padded], Floats32],
    inks: Inks,
    words: int,
    progress: Progress | None = None,
) -> Floats32:
    """Return what a network makes of drawings.

    Each is padded as it would be alone, so that what is beside it makes no difference.

    Args:
        function: gives logits (batch, words) of at most AT_ONCE drawings.
        inks: the drawings.
        words: how many classes there are.
        progress: hears of the drawings done and of how many there are.

    Returns:
        Probabilities, float32 array (drawings, words), alike where nothing is drawn.
    """
    probabilities = np.full((len(inks.lengths), words), 1 / words, np.float32)
    done = 0
    for chosen in _alike(inks):
        logits = function(pad(inks, chosen))
        logits = logits - logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        probabilities[chosen] = odds / odds.sum(axis=1, keepdims=True)
        done += len(chosen)
        if progress is not None:
            progress(done, len(inks.lengths))
    return probabilities


def _alike(inks: Inks) -> Iterator[Indices]:
    """Yield drawings of one padded length, not more at once than a network is given."""
    padded_length(int(inks.lengths.max(initial=0)))
    place = np.searchsorted(PADDED_LENGTHS, inks.lengths)
    for number in range(len(PADDED_LENGTHS)):
        alike = np.flatnonzero((place == number) & (inks.lengths > 0))
        for begin in range(0, len(alike), AT_ONCE):
            yield alike[begin : begin + AT_ONCE]
