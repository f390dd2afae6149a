"""Drawings as values: strokes, and the ink that a network reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.utils.arrays import Float64Array, FloatArray, IntArray

# Larger coordinates come from broken files. The square of this one is still finite.
_MAX_COORDINATE = 1e9

Strokes = Sequence[npt.ArrayLike]  # of shape (points, 2) each


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Sketch:
    """One drawing and its label.

    Strokes are float arrays (points, 2) in the order of drawing; x to the right and y
    down, in any unit, the same for both.
    """

    strokes: tuple[Float64Array, ...]
    word: str = ""  # class label; "" if unknown
    is_recognized: bool = True  # by the game; True if the file does not say
    notes: tuple[str, ...] = ()  # sentences on what was left out or read differently


class Inks(NamedTuple):
    """Many drawings as network input, one after another.

    A point is dx, dy from the previous point (of the first point: from the upper left
    corner of the drawing), in units of the longer side of the drawing; and the pen
    state, 1 at the last point of a stroke, else 0.
    """

    points: FloatArray  # (points, 3)
    lengths: IntArray  # (drawings,), points of each drawing; 0 = nothing drawn

    @property
    def starts(self) -> IntArray:
        """Index of the first point of each drawing, int array (drawings,)."""
        return starts(self.lengths)

    def take(self, chosen: IntArray) -> Inks:
        """Return some of the drawings, by their indices."""
        lengths = self.lengths[chosen]
        offsets = np.arange(lengths.sum()) - np.repeat(starts(lengths), lengths)
        index = np.repeat(self.starts[chosen], lengths) + offsets
        return Inks(self.points[index], lengths)


def starts(lengths: IntArray) -> IntArray:
    """Return where each run begins in an array of consecutive runs of these lengths."""
    begins: IntArray = np.cumsum(lengths) - lengths
    return begins


def check_stroke(stroke: npt.ArrayLike) -> Float64Array:
    """Return a stroke as a float array (points, 2).

    Raises:
        DataError: the stroke has another shape, or a coordinate that is no number or
            is too large.
    """
    try:
        array = np.asarray(stroke, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError("expected a stroke of numbers x, y") from None
    if array.size == 0:
        return np.zeros((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        shape = tuple(array.shape)
        is_transposed = array.ndim == 2 and shape[0] in (2, 3) and shape[1] > 3
        raise DataError(
            f"expected a stroke of shape (points, 2), got {shape}"
            + (": if it is xs and ys, use zip(xs, ys)" if is_transposed else "")
        )
    is_valid = np.abs(array) <= _MAX_COORDINATE  # False for NaN
    if not is_valid.all():
        raise DataError(
            f"expected coordinates of at most {_MAX_COORDINATE:g} in a stroke, "
            f"got {array[~is_valid][0]:g}"
        )
    return array
