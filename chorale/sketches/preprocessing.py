"""The preprocessing pipeline from strokes to network input, for files and canvases.

A canvas gives hundreds of points in pixels, a file of the Quick, Draw! dataset about
forty on a grid of 256. All drawings, in training and in use, go through one pipeline,
so that a network sees both in the same form: scale, simplify and round as the makers of
the dataset did, then take differences between consecutive points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.sketches.strokes import Inks, Strokes, check_stroke, starts
from chorale.utils.arrays import BoolArray, Float64Array, FloatArray, IntArray

# The longer side of a drawing, in units of the grid of the dataset's simplified form.
GRID = 255
# Tolerances of the simplification, in units of the grid: that of the dataset, and that
# of `to_ink`, a little more, so that simplified files and raw ones come out alike.
DATASET_TOLERANCE = 2.0
TOLERANCE = 3.0
# Points of a drawing. One in three hundred has more and is simplified further.
MAX_POINTS = 128
# Above this tolerance a scribble would become a line: it is truncated instead.
_MAX_TOLERANCE = GRID / 4
# A drawing of at most this size is a dot: 1 / size would overflow.
_MIN_SIZE = 1e-300


def to_ink(strokes: Strokes) -> FloatArray:
    """Preprocess one drawing into network input.

    Strokes are float arrays (points, 2), x to the right and y down, in any unit. The
    result is a float32 array (points, 3) as in `Inks`; (0, 3) if nothing is drawn.

    Raises:
        DataError: a stroke is not an array of numbers of that shape.
    """
    return to_inks([strokes]).points


def to_inks(drawings: Sequence[Strokes]) -> Inks:
    """Preprocess many drawings; see `to_ink`.

    Empty strokes are dropped. The drawing is moved to 0 and scaled to a longer side of
    GRID. Each stroke is simplified with TOLERANCE, rounded, and freed of consecutive
    duplicates. For a drawing that keeps more than MAX_POINTS the tolerance is doubled
    until it fits; if that fails, the drawing is truncated.
    """
    try:
        counts = np.array([len(drawing) for drawing in drawings], np.int64)
    except TypeError:
        raise DataError("expected a list of strokes for each drawing") from None
    strokes = [stroke for drawing in drawings for stroke in drawing]
    owner = np.repeat(np.arange(len(drawings)), counts)  # drawing of each stroke
    points, lengths = _join(strokes)
    owner, lengths = owner[lengths > 0], lengths[lengths > 0]
    if not len(lengths):
        return Inks(np.zeros((0, 3), np.float32), np.zeros(len(drawings), np.int64))
    points = _scale(points, np.repeat(owner, lengths))

    tolerance = TOLERANCE
    kept = simplify(points, lengths, tolerance)
    while True:
        points, lengths = _select(points, lengths, kept)
        rounded = np.rint(points)
        is_new = ~_duplicates(rounded, lengths)
        sizes = np.bincount(np.repeat(owner, lengths)[is_new], minlength=len(drawings))
        too_long = np.repeat((sizes > MAX_POINTS)[owner], lengths)
        tolerance *= 2
        if not too_long.any() or tolerance > _MAX_TOLERANCE:
            break
        kept = ~too_long | simplify(points, lengths, tolerance)
    return _to_deltas(*_select(rounded, lengths, is_new), sizes)


def from_ink(ink: FloatArray) -> tuple[Float64Array, ...]:
    """Return the strokes of an ink (points, 3), on the grid from 0 to GRID."""
    points = np.cumsum(ink[:, :2], axis=0, dtype=np.float64) * GRID
    ends = np.flatnonzero(ink[:, 2] > 0.5) + 1
    return tuple(stroke for stroke in np.split(points, ends) if len(stroke))


def to_grid(strokes: Strokes, tolerance: float) -> tuple[Float64Array, ...]:
    """Scale and simplify a drawing as the makers of the dataset did.

    Strokes are float arrays (points, 2); empty ones are dropped. The tolerance of the
    simplification is in units of the grid. The result has whole numbers from 0 to GRID.

    Raises:
        DataError: a stroke is not an array of numbers of that shape.
    """
    full = [stroke for stroke in map(check_stroke, strokes) if len(stroke)]
    if not full:
        return ()
    lengths = np.array([len(stroke) for stroke in full], np.int64)
    points = _scale(np.concatenate(full), np.zeros(lengths.sum(), np.int64))
    points, lengths = _select(points, lengths, simplify(points, lengths, tolerance))
    return tuple(np.split(np.rint(points), np.cumsum(lengths)[:-1]))


def simplify(points: Float64Array, lengths: IntArray, tolerance: float) -> BoolArray:
    """Simplify lines by the algorithm of Ramer (1972) and Douglas & Peucker (1973).

    The end points of a line are kept. Between two kept points, the point farthest from
    the infinite line through them is kept if its distance exceeds the tolerance, and so
    on to both sides of it. All lines are simplified at once, level by level.

    `lengths` (lines,) are the numbers, at least 1, of the points (points, 2) of each
    line; the tolerance is in their unit. Return which points are kept, bool (points,).
    """
    last = np.cumsum(lengths) - 1
    first = last - lengths + 1
    kept = np.zeros(len(points), bool)
    kept[first] = kept[last] = True
    while (has_inner := last - first > 1).any():
        first, last = first[has_inner], last[has_inner]
        inner = last - first - 1
        begins = starts(inner)
        chord = np.repeat(np.arange(len(first)), inner)
        index = np.arange(len(chord)) + (first + 1 - begins)[chord]
        distance = _distances(points[index], points[first], points[last], chord)
        largest = np.maximum.reduceat(distance, begins)
        farthest = np.flatnonzero(distance == largest[chord])
        count = np.bincount(chord[farthest], minlength=len(first))  # at least 1
        # The middle one of ties, so that a zigzag is not split off point by point.
        middle = index[farthest[starts(count) + (count - 1) // 2]]
        is_split = largest > tolerance
        first, middle, last = first[is_split], middle[is_split], last[is_split]
        kept[middle] = True
        first, last = np.concatenate([first, middle]), np.concatenate([middle, last])
    return kept


def _distances(
    points: Float64Array, begin: Float64Array, end: Float64Array, line: IntArray
) -> Float64Array:
    """Return the distance (points,) of each point from its own infinite line.

    If the line ends where it begins, the distance is that from this point.

    Args:
        points: float array (points, 2).
        begin, end: float arrays (lines, 2).
        line: int array (points,), the line of each point.
    """
    along = end - begin
    length = np.hypot(along[:, 0], along[:, 1])
    is_point = length == 0
    away_x, away_y = points[:, 0] - begin[line, 0], points[:, 1] - begin[line, 1]
    area = np.abs(along[line, 0] * away_y - along[line, 1] * away_x)
    distance: Float64Array = area / np.where(is_point, 1, length)[line]
    if is_point.any():
        distance = np.where(is_point[line], np.hypot(away_x, away_y), distance)
    return distance


def _join(strokes: Sequence[npt.ArrayLike]) -> tuple[Float64Array, IntArray]:
    """Return the points (points, 2) of all strokes, and the length of each.

    Raises:
        DataError: a stroke is not an array of numbers of that shape.
    """
    are_arrays = all(
        isinstance(stroke, np.ndarray)
        and stroke.dtype == np.float64
        and stroke.shape[1:] == (2,)
        for stroke in strokes
    )
    arrays = [
        np.zeros((0, 2)),
        *(strokes if are_arrays else map(check_stroke, strokes)),
    ]
    points = np.concatenate(arrays)
    lengths = np.array([len(array) for array in arrays[1:]], np.int64)
    return check_stroke(points) if are_arrays else points, lengths


def _scale(points: Float64Array, owner: IntArray) -> Float64Array:
    """Move drawings to 0 and scale them to a longer side of GRID.

    `owner` (points,) is the drawing of each of the points (points, 2), increasing.
    """
    _, begins, drawing = np.unique(owner, return_index=True, return_inverse=True)
    low = np.minimum.reduceat(points, begins)
    size = (np.maximum.reduceat(points, begins) - low).max(axis=1)
    scale = GRID / np.where(size > _MIN_SIZE, size, GRID)
    scaled: Float64Array = (points - low[drawing]) * scale[drawing, None]
    return scaled


def _select(
    points: Float64Array, lengths: IntArray, kept: BoolArray
) -> tuple[Float64Array, IntArray]:
    """Return the kept points and the new length of each stroke."""
    stroke = np.repeat(np.arange(len(lengths)), lengths)
    return points[kept], np.bincount(stroke[kept], minlength=len(lengths))


def _duplicates(points: Float64Array, lengths: IntArray) -> BoolArray:
    """Return which points equal the previous point of the same stroke."""
    is_equal = np.zeros(len(points), bool)
    is_equal[1:] = (points[1:] == points[:-1]).all(axis=1)
    is_equal[starts(lengths)] = False
    return is_equal


def _to_deltas(points: Float64Array, lengths: IntArray, sizes: IntArray) -> Inks:
    """Return drawings, truncated at MAX_POINTS, as differences between points.

    `lengths` and `sizes` are the numbers of points of each stroke and each drawing.
    """
    pen = np.zeros(len(points), np.float32)
    pen[np.cumsum(lengths) - 1] = 1
    begins = starts(sizes)
    deltas = np.diff(points, axis=0, prepend=0)
    deltas[begins[sizes > 0]] = points[begins[sizes > 0]]
    position = np.arange(len(points)) - np.repeat(begins, sizes)
    pen[position == MAX_POINTS - 1] = 1
    ink = np.column_stack([deltas / GRID, pen]).astype(np.float32)
    return Inks(ink[position < MAX_POINTS], np.minimum(sizes, MAX_POINTS))
