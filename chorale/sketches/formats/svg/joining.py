"""Joins strokes that a program has cut into pieces, such as lines from point to point.

A person does not lift the pen at every point. Where a piece begins exactly at the end
of the piece before, both were drawn as one stroke. Linear in the number of pieces.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chorale.utils.arrays import Float64Array

# As shares of the drawing's size. Of consecutive pieces, ends this close are the same
# point: written coordinates are rounded, often to a hundredth of a pixel.
_TOLERANCE = 1e-3
_GRID = 1e-4  # of pieces in any order, ends in the same square of this grid are one
_OFFSET = 0.37  # of the grid, so that round coordinates lie inside of its squares

# Chains of lines are joined where at least so many pieces, and this share of all, begin
# at the end of the piece before: now and then a person does so by chance.
_MIN_JOINTS, _MIN_SHARE = 3, 0.4

Point = tuple[float, float]


class Piece(NamedTuple):
    """A stroke, or a part of one.

    Attributes:
        points: float array (points, 2).
        is_single: whether it is one line or one curve. Only such pieces are reversed,
            or joined with others than the piece before; chains of lines are joined in
            drawings that are cut throughout.
        is_closed: whether it is an outline that closes itself, which is never joined.
        style: pieces that differ in it are not joined, unless both are single: some
            programs let the color change along a stroke.
    """

    points: Float64Array
    is_single: bool
    is_closed: bool = False
    style: Hashable = None


def join_pieces(pieces: Sequence[Piece]) -> list[Float64Array]:
    """Return the strokes (points, 2) of pieces, in the order of their first pieces.

    First a piece is appended to the one before if it begins at its end; if both are
    single, also if one of them is drawn backwards. Then chains of single pieces are
    joined where exactly two ends meet, in whatever order the chains come.
    """
    if not pieces:
        return []
    lows = [piece.points.min(axis=0).tolist() for piece in pieces]
    highs = [piece.points.max(axis=0).tolist() for piece in pieces]
    size = max(
        max(high[axis] for high in highs) - min(low[axis] for low in lows)
        for axis in (0, 1)
    )
    tolerance = size * _TOLERANCE
    joints = sum(
        math.dist(_ends(piece)[1], _ends(following)[0]) <= tolerance
        for piece, following in pairwise(pieces)
    )
    is_cut = joints >= max(_MIN_JOINTS, _MIN_SHARE * len(pieces))
    chains: list[_Chain] = []
    for piece in pieces:
        can_join = chains and (is_cut or (chains[-1].is_single and piece.is_single))
        if not can_join or not chains[-1].append(piece, tolerance):
            chains.append(_Chain(piece))
    return [chain.points() for chain in _join_chains(chains, size * _GRID or 1.0)]


class _Chain:
    """Pieces that follow each other, each with whether it is drawn backwards."""

    def __init__(self, piece: Piece) -> None:
        self.parts: list[tuple[Piece, bool]] = [(piece, False)]
        self.begin, self.end = _ends(piece)
        self.is_single = piece.is_single
        self.is_closed = piece.is_closed
        self.style = piece.style

    def append(self, piece: Piece, tolerance: float) -> bool:
        """Append a piece that continues where this ends; return whether it does."""
        can_turn = piece.is_single and self.is_single
        if piece.is_closed or self.is_closed:
            return False
        if piece.style != self.style and not can_turn:
            return False
        begin, end = _ends(piece)
        if math.dist(begin, self.end) <= tolerance:
            is_reversed = False
        elif can_turn and math.dist(end, self.end) <= tolerance:
            is_reversed = True
        elif can_turn and len(self.parts) == 1:
            # The first piece may have been drawn backwards.
            is_reversed = math.dist(end, self.begin) <= tolerance
            if not is_reversed and math.dist(begin, self.begin) > tolerance:
                return False
            self.reverse()
        else:
            return False
        self.parts.append((piece, is_reversed))
        self.end = begin if is_reversed else end
        self.is_single = can_turn
        return True

    def reverse(self) -> None:
        """Draw the chain from its end to its begin."""
        self.parts = [(piece, not is_reversed) for piece, is_reversed in self.parts]
        self.parts.reverse()
        self.begin, self.end = self.end, self.begin

    def extend(self, other: _Chain) -> None:
        """Append a chain that begins where this ends."""
        self.parts += other.parts
        self.end = other.end

    def points(self) -> Float64Array:
        """Return the points of all pieces, those between two pieces once.

        The direction is the one in which most pieces were drawn.
        """
        if 2 * sum(is_reversed for _, is_reversed in self.parts) > len(self.parts):
            self.reverse()
        (first, is_reversed), *rest = self.parts
        chunks = [first.points[::-1] if is_reversed else first.points]
        for piece, is_reversed in rest:
            chunks.append(piece.points[-2::-1] if is_reversed else piece.points[1:])
        return np.concatenate(chunks)


def _ends(piece: Piece) -> tuple[Point, Point]:
    """Return the first and the last point of a piece."""
    (x0, y0), (x1, y1) = piece.points[[0, -1]].tolist()
    return (x0, y0), (x1, y1)


def _join_chains(chains: list[_Chain], step: float) -> list[_Chain]:
    """Join chains of single pieces where exactly two ends meet on a grid."""

    def key(chain: _Chain, point: Point) -> Hashable:
        x, y = (math.floor(value / step + _OFFSET) for value in point)
        return x, y

    def is_joinable(chain: _Chain) -> bool:
        is_loop = key(chain, chain.begin) == key(chain, chain.end)
        return chain.is_single and not chain.is_closed and not is_loop

    meeting: dict[Hashable, list[_Chain]] = {}
    for chain in filter(is_joinable, chains):
        for point in (chain.begin, chain.end):
            meeting.setdefault(key(chain, point), []).append(chain)
    used: set[int] = set()
    joined = []
    for chain in chains:
        if id(chain) in used:
            continue
        used.add(id(chain))
        joined.append(chain)
        if not is_joinable(chain):
            continue
        for _ in range(2):  # from its end on, then back from its begin
            while True:
                at_end = key(chain, chain.end)
                ends = meeting.get(at_end, [])
                others = [found for found in ends if id(found) not in used]
                if len(ends) != 2 or len(others) != 1:
                    break
                (other,) = others
                used.add(id(other))
                if key(other, other.begin) != at_end:
                    other.reverse()
                chain.extend(other)
            chain.reverse()
    return joined
