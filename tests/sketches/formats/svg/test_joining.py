"""Joining of strokes that were cut into pieces."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chorale.sketches.formats.svg.joining import Piece, join_pieces

Point = tuple[int, int]
# Every point at most once, so that only the ends of neighbors meet.
POINTS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 200)),
    min_size=2,
    max_size=30,
    unique=True,
)


def piece(*points: Point, is_single: bool = True, style: object = None) -> Piece:
    return Piece(np.array(points, np.float64), is_single, False, str(style))


def lines(points: list[Point]) -> list[Piece]:
    return [piece(begin, end) for begin, end in pairwise(points)]


def joined(pieces: list[Piece]) -> list[list[Point]]:
    return [[(x, y) for x, y in stroke.tolist()] for stroke in join_pieces(pieces)]


@given(points=POINTS)
def test_lines_in_order_restore_the_polyline(points: list[Point]) -> None:
    assert joined(lines(points)) == [points]


@given(points=POINTS, seed=st.integers(0, 99))
def test_lines_in_any_order_and_direction_restore_the_polyline(
    points: list[Point], seed: int
) -> None:
    chance = random.Random(seed)
    pieces = [
        Piece(line.points[::-1] if chance.random() < 0.5 else line.points, True)
        for line in lines(points)
    ]
    chance.shuffle(pieces)
    (stroke,) = joined(pieces)
    assert stroke in (points, points[::-1])


@given(points=POINTS)
def test_lines_from_the_last_to_the_first_keep_their_direction(
    points: list[Point],
) -> None:
    assert joined(lines(points)[::-1]) == [points]


@given(points=POINTS, size=st.integers(2, 4))
def test_chains_of_lines_are_joined_in_a_drawing_cut_throughout(
    points: list[Point], size: int
) -> None:
    chunks = [points[at : at + size + 1] for at in range(0, len(points) - 1, size)]
    pieces = [piece(*chunk, is_single=len(chunk) == 2) for chunk in chunks]
    if len(pieces) > 5:
        assert joined(pieces) == [points]


def test_two_strokes_that_meet_once_stay_two() -> None:
    first, second = [(0, 0), (5, 5), (9, 0)], [(9, 0), (20, 5), (30, 1)]
    pieces = [piece(*first, is_single=False), piece(*second, is_single=False)]
    assert joined(pieces) == [first, second]


def test_pieces_apart_stay_apart() -> None:
    strokes = [[(0, 0), (100, 0)], [(100, 2), (0, 2)], [(0, 5), (9, 9)]]
    assert joined([piece(*stroke) for stroke in strokes]) == strokes


def test_rounded_ends_meet() -> None:
    pieces = [
        Piece(np.array([[0, 0], [100, 50.004]]), True),
        Piece(np.array([[100.003, 50], [200, 0]]), True),
    ]
    assert len(join_pieces(pieces)) == 1


def test_no_line_is_lost_where_three_meet() -> None:
    star = [piece((50, 50), end) for end in ((0, 0), (99, 0), (50, 99))]
    strokes = join_pieces(star)
    drawn = {
        frozenset(map(tuple, pair))
        for stroke in strokes
        for pair in pairwise(stroke.tolist())
    }
    assert len(drawn) == 3


def test_a_color_may_change_along_single_lines_only() -> None:
    line = [(0, 0), (5, 5), (9, 0)]
    assert len(joined([piece(*line[:2], style=1), piece(*line[1:], style=2)])) == 1
    chains = [
        piece((n, 0), (n, 9), (n + 1, 0), is_single=False, style=n) for n in range(9)
    ]
    assert len(joined(chains)) == 9


def test_closed_outlines_are_not_joined() -> None:
    box = np.array([[0, 0], [5, 0], [5, 5], [0, 0]], np.float64)
    line = Piece(np.array([[0, 0], [9, 9.0]]), True)
    assert len(join_pieces([Piece(box, False, True), line, line])) == 2 + 1 - 1


def test_nothing_gives_nothing() -> None:
    assert join_pieces([]) == []
