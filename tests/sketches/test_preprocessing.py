"""The preprocessing pipeline: invariances, simplification, refused input."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from drawings import sketches
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.sketches import read_sketches
from chorale.sketches.preprocessing import (
    GRID,
    MAX_POINTS,
    TOLERANCE,
    from_ink,
    simplify,
    to_grid,
    to_ink,
    to_inks,
)
from chorale.sketches.strokes import Inks, Sketch
from chorale.utils.arrays import Float64Array

DATA = Path(__file__).parents[2] / "data" / "sketches"

whole = sketches(coordinates=st.integers(-4096, 4096).map(float))


def rows(*drawings: Sketch) -> Inks:
    return to_inks([drawing.strokes for drawing in drawings])


def simplified(points: Float64Array, tolerance: float) -> Float64Array:
    """Return one simplified line."""
    return points[simplify(points, np.array([len(points)]), tolerance)]


def places(ink: np.ndarray) -> Float64Array:
    return np.cumsum(ink[:, :2], axis=0, dtype=np.float64)


# === Ink by hand ===


def test_ink_by_hand() -> None:
    ink = to_ink([[[10, 20], [61, 20], [61, 275]], [], [[10, 275], [10, 148]]])
    expected = [[0, 0, 0], [51, 0, 0], [0, 255, 1], [-51, 0, 0], [0, -127, 1]]
    assert ink.dtype == np.float32
    np.testing.assert_allclose(ink * [GRID, GRID, 1], expected, atol=1e-4)


@pytest.mark.parametrize("nothing", [[], [[]], [np.zeros((0, 2))] * 3])
def test_nothing_drawn(nothing: list[Float64Array]) -> None:
    assert to_ink(nothing).shape == (0, 3)
    assert from_ink(to_ink(nothing)) == ()
    assert to_grid(nothing, 2.0) == ()


def test_a_point_is_a_stroke_wherever_it_is_and_however_often() -> None:
    for stroke in ([[7, 7]], [[-1e9, 1e9]], [[3, 4]] * 500):
        assert to_ink([stroke]).tolist() == [[0, 0, 1]]
    assert to_ink([[[3, 4]], [[3, 4]]]).tolist() == [[0, 0, 1]] * 2


def test_points_that_fall_together_are_one_but_not_of_two_strokes() -> None:
    ink = to_ink([[[0, 0], [0.2, 0.1], [255, 0]], [[255, 0.3], [0, 0]]])
    assert places(ink).round(4).tolist() == [[0, 0], [1, 0], [1, 0], [0, 0]]
    assert ink[:, 2].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("size", [1e-299, 1e-200, 1e-3, 1e9])
def test_a_drawing_may_be_of_any_size(size: float) -> None:
    ink = to_ink([[[0, 0], [size, 0], [size, size]]])
    np.testing.assert_allclose(places(ink), [[0, 0], [1, 0], [1, 1]], atol=1e-6)


@pytest.mark.parametrize("size", [1e-306, 1e-308, 5e-324])
def test_a_drawing_of_tiny_size_is_a_point(size: float) -> None:
    assert to_ink([[[0, 0], [size, 0], [size, size]]]).tolist() == [[0, 0, 1]]


# === Invariances ===


@given(st.lists(sketches(), max_size=6))
def test_each_drawing_of_many_is_as_it_is_alone(drawings: list[Sketch]) -> None:
    inks = rows(*drawings)
    assert len(inks.lengths) == len(drawings)
    ends = np.cumsum(inks.lengths)
    for drawing, end, length in zip(drawings, ends, inks.lengths, strict=True):
        assert np.array_equal(inks.points[end - length : end], to_ink(drawing.strokes))
    assert len(inks.points) == inks.lengths.sum()


@given(whole, st.integers(-8, 8), st.integers(-4096, 4096), st.integers(-4096, 4096))
def test_place_and_size_do_not_matter(
    drawing: Sketch, power: int, right: int, down: int
) -> None:
    moved = [
        (stroke + np.array([right, down])) * 2.0**power for stroke in drawing.strokes
    ]
    assert np.array_equal(to_ink(moved), to_ink(drawing.strokes))


@given(sketches())
def test_ink_lies_in_its_box_and_lifts_the_pen_at_every_end(drawing: Sketch) -> None:
    ink = to_ink(drawing.strokes)
    strokes = [stroke for stroke in drawing.strokes if len(stroke)]
    assert ink[:, 2].sum() == len(strokes) and set(ink[:, 2]) <= {0, 1}
    assert not len(ink) or ink[-1, 2] == 1
    assert -1e-5 <= places(ink).min(initial=0) <= places(ink).max(initial=0) <= 1 + 1e-5
    assert [len(stroke) >= 1 for stroke in from_ink(ink)] == [True] * len(strokes)
    # All points are original ones up to rounding; end points are kept.
    if strokes:
        low = np.concatenate(strokes).min(axis=0)
        size = (np.concatenate(strokes) - low).max() or GRID
        for stroke, kept in zip(strokes, from_ink(ink), strict=True):
            drawn = (stroke - low) * (GRID / size)
            apart = np.abs(kept[:, None] - drawn).max(axis=2)
            assert apart.min(axis=1).max() < 0.51
            assert max(apart[0, 0], apart[-1, -1]) < 0.51


def test_ink_of_ink_is_nearly_the_same() -> None:
    drawings = list(read_sketches(DATA / "valid.npz"))[::10]
    once = rows(*drawings)
    twice = to_inks(
        [from_ink(ink) for ink in np.split(once.points, np.cumsum(once.lengths)[:-1])]
    )
    assert (once.lengths - twice.lengths).max() <= 8
    assert (once.lengths == twice.lengths).mean() > 0.7
    assert twice.lengths.sum() > 0.97 * once.lengths.sum()


def test_a_canvas_gives_nearly_the_ink_of_the_dataset() -> None:
    drawings = list(read_sketches(DATA / "valid.npz"))[::10]
    canvas = [
        [dense(stroke) * 3.7 + [41.3, -7.1] for stroke in sketch.strokes]
        for sketch in drawings
    ]
    assert sum(map(len, canvas[0])) > 4 * sum(map(len, drawings[0].strokes))
    exact, near = [], []
    for sketch, raw in zip(drawings, canvas, strict=True):
        ink, raw_ink = to_ink(sketch.strokes), to_ink(raw)
        assert ink[:, 2].sum() == raw_ink[:, 2].sum()
        exact.append(np.array_equal(ink, raw_ink))
        near.append(abs(len(ink) - len(raw_ink)) <= 2)
    assert np.mean(exact) > 0.7
    assert np.mean(near) > 0.95


def dense(stroke: Float64Array) -> Float64Array:
    """Return a stroke with additional points about every 1.5 units."""
    parts = [stroke[:1]]
    for begin, end in pairwise(stroke):
        steps = max(round(np.hypot(*(end - begin)) / 1.5), 1)
        parts.append(begin + np.linspace(0, 1, steps + 1)[1:, None] * (end - begin))
    return np.concatenate(parts)


# === Simplification ===


def test_a_line_simplified_by_hand() -> None:
    line = np.array([[0, 0], [50, 4.9], [100, 4], [150, -2], [200, 0]], float)
    # From (0, 0) to (100, 4) the second is (490 - 200) / hypot(100, 4) = 2.898 away,
    # from (0, 0) to (200, 0) it is the farthest: 4.9. Then (100, 4) is 1.14 from the
    # line from there to the end, and (150, -2) is 3.63.
    assert simplified(line, 5).tolist() == line[[0, 4]].tolist()
    assert simplified(line, 4).tolist() == line[[0, 1, 4]].tolist()
    assert simplified(line, 3).tolist() == line[[0, 1, 3, 4]].tolist()


def test_a_closed_line_keeps_what_is_farthest_from_its_ends() -> None:
    loop = np.array([[0, 0], [50, 1], [100, 0], [100, 60], [0, 61], [0, 0]], float)
    assert simplified(loop, 3).tolist() == loop[[0, 2, 3, 4, 5]].tolist()
    # The farthest point from the ends is (100, 60), 117 away.
    assert simplified(loop, 100).tolist() == loop[[0, 3, 5]].tolist()
    assert simplified(loop, 120).tolist() == loop[[0, 5]].tolist()


def recursive(points: Float64Array, tolerance: float) -> Float64Array:
    """Return a line simplified by the recursive algorithm of the papers."""
    if len(points) < 3:
        return points
    along, away = points[-1] - points[0], points - points[0]
    area = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0])
    distances = area / np.hypot(*along)
    middle = 1 + int(distances[1:-1].argmax())
    if distances[middle] <= tolerance:
        return points[[0, -1]]
    left = recursive(points[: middle + 1], tolerance)
    return np.concatenate([left[:-1], recursive(points[middle:], tolerance)])


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=6),
    st.sampled_from([0.5, 3.0, 20.0, 100.0]),
    st.integers(0, 2**32 - 1),
)
def test_all_lines_at_once_are_as_each_by_the_papers(
    lengths: list[int], tolerance: float, seed: int
) -> None:
    points = np.random.default_rng(seed).uniform(0, GRID, (sum(lengths), 2))
    kept = simplify(points, np.array(lengths), tolerance)
    ends = np.cumsum(lengths)
    for end, length in zip(ends, lengths, strict=True):
        line, is_kept = points[end - length : end], kept[end - length : end]
        expected = recursive(line, tolerance)
        assert np.array_equal(line[is_kept], expected)


def test_the_dataset_s_own_form_comes_out_as_it_went_in() -> None:
    drawings = list(read_sketches(DATA / "valid.npz"))[:200]
    same = []
    for sketch in drawings:
        grid = to_grid(sketch.strokes, 0.0)
        assert len(grid) == len(sketch.strokes)
        values = np.concatenate(grid)
        assert values.min() == 0 and values.max() == GRID
        assert np.array_equal(values, values.astype(np.uint8))
        same.append(sum(map(len, grid)) == sum(map(len, sketch.strokes)))
    assert np.mean(same) > 0.8


# === Long and unusual drawings ===


def walk(points: int) -> Float64Array:
    return np.cumsum(np.random.default_rng(0).normal(size=(points, 2)), axis=0)


@pytest.mark.parametrize("strokes", [1, 7, 300])
def test_a_long_drawing_is_cut_to_what_a_network_reads(strokes: int) -> None:
    ink = to_ink(np.array_split(walk(3000), strokes))
    assert MAX_POINTS / 3 < len(ink) <= MAX_POINTS
    assert ink[-1, 2] == 1
    # Strokes are lost by truncation only.
    assert ink[:, 2].sum() == strokes or len(ink) == MAX_POINTS


def test_tolerance_is_raised_before_truncation() -> None:
    # A spiral of many turns is simplified further, not truncated.
    angle = np.linspace(0, 60 * np.pi, 5000)
    spiral = np.column_stack([np.cos(angle), np.sin(angle)]) * angle[:, None]
    short = [[0, 0], [40, 9], [80, 0]]
    ink = to_ink([spiral])
    assert len(ink) <= MAX_POINTS
    assert np.abs(from_ink(ink)[0][-1] - [GRID, GRID / 2]).max() < 3
    # Other drawings are not simplified further.
    beside = to_inks([[spiral], [short]])
    assert np.array_equal(beside.points[beside.lengths[0] :], to_ink([short]))


def test_a_hundred_thousand_points_take_seconds() -> None:
    drawing = [walk(100_000)]
    began = time.process_time()
    assert 2 <= len(to_ink(drawing)) <= MAX_POINTS
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("stroke", "says"),
    [
        ([[0, float("nan")], [1, 1]], "at most 1e"),
        ([[0, 1], [float("inf"), 1]], "got inf"),
        ([[0, 1e300], [1, 1]], "got 1e.300"),
        ([[0, 1], [2]], "numbers x, y"),
        ([[10**400, 1]], "numbers x, y"),
        ([["x", "y"]], "numbers x, y"),
        ([[1, 2, 3]], r"shape \(points, 2\), got \(1, 3\)"),
        ([1, 2], r"shape \(points, 2\), got \(2,\)"),
        ([[[1, 2]]], r"got \(1, 1, 2\)"),
        ("cat", "numbers x, y"),
        (None, "shape"),
        (7, "shape"),
        ([None], "shape"),
    ],
)
def test_what_is_no_stroke_is_refused(stroke: object, says: str) -> None:
    good = [[0, 0], [1, 1]]
    with pytest.raises(DataError, match=says) as refused:
        to_ink([good, stroke])  # type: ignore[list-item]
    assert "\n" not in str(refused.value)
    with pytest.raises(DataError, match=says):
        to_grid([stroke], 2.0)  # type: ignore[list-item]


@pytest.mark.parametrize("drawing", [None, 7, 0.5])
def test_what_is_no_drawing_is_refused(drawing: object) -> None:
    with pytest.raises(DataError, match="a list of strokes"):
        to_ink(drawing)  # type: ignore[arg-type]


def test_simplified_points_lie_near_the_line_that_replaces_them() -> None:
    line = np.cumsum(np.random.default_rng(1).normal(size=(400, 2)), axis=0)
    kept = np.flatnonzero(simplify(line, np.array([400]), TOLERANCE))
    assert 3 < len(kept) < 200
    for begin, end in pairwise(kept):
        along, away = line[end] - line[begin], line[begin:end] - line[begin]
        area = np.abs(along[0] * away[:, 1] - along[1] * away[:, 0])
        assert (area <= TOLERANCE * np.hypot(*along) + 1e-9).all()


def test_a_scribble_stays_a_scribble() -> None:
    scribble = np.random.default_rng(0).uniform(0, 300, (3000, 2))
    assert len(to_ink([scribble])) == MAX_POINTS


def test_a_long_zigzag_is_simplified_in_time() -> None:
    x = np.arange(100_000.0)
    began = time.process_time()
    ink = to_ink([np.column_stack([x, (x % 2) * 100_000])])
    assert time.process_time() - began < 20
    assert len(ink) == MAX_POINTS
