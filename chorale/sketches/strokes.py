"""The one road from strokes to what a network reads, for files and canvas alike.

A canvas gives hundreds of points in pixels, a file of the Quick, Draw! dataset about
forty on a grid of 256. A network that is to know both must be shown the same of both,
so all drawings go through here: scaled, simplified and rounded much as the dataset's
own makers did it, then told as the way from each point to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError

# The longer side of a drawing, in units of the grid: the dataset's simplified form.
GRID = 255
# How far a point that is left out may lie from the line that replaces it, on that grid.
# The dataset's own tolerance is 2; a little more makes a drawing that was simplified
# before come out like one that was not.
TOLERANCE = 3.0
# Of one drawing. In one of three hundred there are more; they are simplified further.
MOST_POINTS = 128
# Beyond this tolerance a scribble would become a line; rather, it is cut off.
_COARSEST = GRID / 4
# So large a coordinate comes from a broken file, and its square is still a number.
_FARTHEST = 1e9
# A drawing of no more than this is a dot: one over it is no number any more.
_SMALLEST = 1e-300

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Strokes = Sequence[npt.ArrayLike]  # of shape (points, 2) each


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Sketch:
    """One drawing.

    Attributes:
        strokes: a float array (points, 2) each, in the order of drawing; x to the right
            and y down, in any unit, the same for both.
        word: what was to be drawn; "" if nobody knows.
        is_recognized: whether the game recognized it; True where a file does not say.
    """

    strokes: tuple[Floats, ...]
    word: str = ""
    is_recognized: bool = True


class Inks(NamedTuple):
    """Many drawings as a network reads them, one after another.

    Attributes:
        points: float32 array (points, 3): x and y as the way from the point before (the
            first from the upper left corner of the drawing), in lengths of the
            drawing's longer side; pen, 1 at the last point of a stroke and else 0.
        lengths: int array (drawings,): points of each; 0 = nothing drawn.
    """

    points: npt.NDArray[np.float32]
    lengths: Ints


def to_ink(strokes: Strokes) -> npt.NDArray[np.float32]:
    """Turn strokes into what a network reads.

    Args:
        strokes: a float array (points, 2) each, x to the right and y down, any unit.

    Returns:
        float32 array (points, 3) as in `Inks`; (0, 3) if nothing is drawn.

    Raises:
        DataError: a stroke is no such array, or not of numbers.
    """
    return to_inks([strokes]).points


def to_inks(drawings: Sequence[Strokes]) -> Inks:
    """Turn the strokes of many drawings into their inks; see `to_ink`.

    Empty strokes are dropped; the drawing is moved and scaled, both sides alike, to a
    longer side of GRID; each stroke is simplified with TOLERANCE (a drawing that keeps
    more than MOST_POINTS with ever more, and cut off if that does not help), rounded,
    and rid of points that repeat the one before.
    """
    try:
        counts = np.array([len(drawing) for drawing in drawings], np.int64)
    except TypeError:
        raise DataError("expected a list of strokes for each drawing") from None
    strokes = [check_stroke(stroke) for drawing in drawings for stroke in drawing]
    owner = np.repeat(np.arange(len(drawings)), counts)
    lengths = np.array([len(stroke) for stroke in strokes], np.int64)
    owner, lengths = owner[lengths > 0], lengths[lengths > 0]
    if not len(lengths):
        return Inks(np.zeros((0, 3), np.float32), np.zeros(len(drawings), np.int64))
    points = _on_grid(np.concatenate(strokes), np.repeat(owner, lengths))

    tolerance = TOLERANCE
    kept = simplify(points, lengths, tolerance)
    while True:
        points, lengths = _keep(points, lengths, kept)
        rounded = np.rint(points)
        distinct = ~_repeats(rounded, lengths)
        sizes = np.bincount(
            np.repeat(owner, lengths)[distinct], minlength=len(drawings)
        )
        too_long = np.repeat((sizes > MOST_POINTS)[owner], lengths)
        tolerance *= 2
        if not too_long.any() or tolerance > _COARSEST:
            break
        kept = ~too_long | simplify(points, lengths, tolerance)
    rounded, lengths = _keep(rounded, lengths, distinct)
    return _to_deltas(rounded, lengths, owner, sizes)


def from_ink(ink: npt.NDArray[np.float32]) -> tuple[Floats, ...]:
    """Return the strokes of an ink, on the grid from 0 to GRID.

    Args:
        ink: float array (points, 3), see `to_ink`.
    """
    places = np.cumsum(ink[:, :2], axis=0, dtype=np.float64) * GRID
    ends = np.flatnonzero(ink[:, 2] > 0.5) + 1
    return tuple(stroke for stroke in np.split(places, ends) if len(stroke))


def check_stroke(stroke: npt.ArrayLike) -> Floats:
    """Return a stroke as a float array (points, 2).

    Raises:
        DataError: it cannot be one.
    """
    try:
        array = np.asarray(stroke, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError("expected a stroke of numbers x, y") from None
    if array.size == 0:
        return np.zeros((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        shape = tuple(array.shape)
        is_turned = array.ndim == 2 and shape[0] in (2, 3) and shape[1] > 3
        raise DataError(
            f"expected a stroke of shape (points, 2), got {shape}"
            + (": is it xs and ys? Turn it by zip(xs, ys)" if is_turned else "")
        )
    if not (np.abs(array) <= _FARTHEST).all():
        worst = array[~(np.abs(array) <= _FARTHEST)][0]
        raise DataError(
            f"expected coordinates of at most {_FARTHEST:g} in a stroke, got {worst:g}"
        )
    return array


def simplify(points: Floats, lengths: Ints, tolerance: float) -> Bools:
    """Choose the points of lines that matter (Ramer, 1972; Douglas & Peucker, 1973).

    The ends of a line are kept; between two kept points the one farthest from the
    infinite line through them is kept if it is farther away than the tolerance, and so
    on to both sides of it. All lines are worked on at once, level by level.

    Args:
        points: float array (points, 2), of all lines.
        lengths: int array (lines,): points of each line, at least 1.
        tolerance: distance in the unit of the points.

    Returns:
        Which points are kept, bool array (points,).
    """
    last = np.cumsum(lengths) - 1
    first = last - lengths + 1
    kept = np.zeros(len(points), bool)
    kept[first] = kept[last] = True
    while (between := last - first > 1).any():
        first, last = first[between], last[between]
        inner = last - first - 1
        starts = np.cumsum(inner) - inner
        chord = np.repeat(np.arange(len(first)), inner)
        index = first[chord] + 1 + np.arange(len(chord)) - starts[chord]
        distance = _distance(points[index], points[first][chord], points[last][chord])
        largest = np.maximum.reduceat(distance, starts)
        farthest = np.flatnonzero(distance == largest[chord])
        _, begin, count = np.unique(
            chord[farthest], return_index=True, return_counts=True
        )
        # The middle one of equals, lest a zigzag be split off point by point.
        middle = index[farthest[begin + (count - 1) // 2]]
        matters = largest > tolerance
        first, middle, last = first[matters], middle[matters], last[matters]
        kept[middle] = True
        first, last = np.concatenate([first, middle]), np.concatenate([middle, last])
    return kept


def _distance(points: Floats, begin: Floats, end: Floats) -> Floats:
    """Return distances (points,) of points from infinite lines, each from its own.

    The distance from a line that ends where it begins is that from this point.
    """
    along, away = end - begin, points - begin
    length = np.hypot(along[:, 0], along[:, 1])
    area = np.abs(along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0])
    is_point = length == 0
    distance: Floats = np.where(
        is_point, np.hypot(away[:, 0], away[:, 1]), area / np.where(is_point, 1, length)
    )
    return distance


def _on_grid(points: Floats, owner: Ints) -> Floats:
    """Move and scale drawings so that they begin at 0 and their longer side is GRID."""
    _, starts = np.unique(owner, return_index=True)
    drawing = np.cumsum(np.isin(np.arange(len(owner)), starts)) - 1
    low = np.minimum.reduceat(points, starts)
    size = (np.maximum.reduceat(points, starts) - low).max(axis=1)
    scale = GRID / np.where(size > _SMALLEST, size, GRID)
    scaled: Floats = (points - low[drawing]) * scale[drawing, None]
    return scaled


def _keep(points: Floats, lengths: Ints, kept: Bools) -> tuple[Floats, Ints]:
    """Return the kept points, and the lengths of the strokes that they make."""
    stroke = np.repeat(np.arange(len(lengths)), lengths)
    return points[kept], np.bincount(stroke[kept], minlength=len(lengths))


def _repeats(points: Floats, lengths: Ints) -> Bools:
    """Return which points repeat the one before in the same stroke."""
    repeats = np.zeros(len(points), bool)
    repeats[1:] = (points[1:] == points[:-1]).all(axis=1)
    repeats[np.cumsum(lengths) - lengths] = False
    return repeats


def _to_deltas(points: Floats, lengths: Ints, owner: Ints, sizes: Ints) -> Inks:
    """Return drawings, cut off at MOST_POINTS, as ways from point to point."""
    pen = np.zeros(len(points), np.float32)
    pen[np.cumsum(lengths) - 1] = 1
    starts = np.cumsum(sizes) - sizes
    steps = np.diff(points, axis=0, prepend=0)
    begins = starts[sizes > 0]
    steps[begins] = points[begins]
    place = np.arange(len(points)) - np.repeat(starts, sizes)
    fits = place < MOST_POINTS
    pen[place == MOST_POINTS - 1] = 1
    ink = np.column_stack([steps / GRID, pen]).astype(np.float32)
    return Inks(ink[fits], np.minimum(sizes, MOST_POINTS))


def to_grid(strokes: Strokes, tolerance: float) -> tuple[Floats, ...]:
    """Bring a drawing to the grid as the dataset's own makers did.

    Empty strokes are dropped; the drawing is moved to 0 and scaled, both sides alike,
    so that its longer side is GRID, simplified and rounded.

    Args:
        strokes: a float array (points, 2) each.
        tolerance: of the simplification, in units of the grid.

    Returns:
        The strokes left, of whole numbers from 0 to GRID.

    Raises:
        DataError: a stroke is no such array, or not of numbers.
    """
    full = [stroke for stroke in map(check_stroke, strokes) if len(stroke)]
    if not full:
        return ()
    lengths = np.array([len(stroke) for stroke in full], np.int64)
    points = _on_grid(np.concatenate(full), np.zeros(lengths.sum(), np.int64))
    points, lengths = _keep(points, lengths, simplify(points, lengths, tolerance))
    return tuple(np.split(np.rint(points), np.cumsum(lengths)[:-1]))
