"""Shapes that a program draws twice, to look drawn by hand or filled, are read once.

Sketchy programs draw every line of a shape twice, both times a little off, and fill it
by hatching or by an area of the same outline. A person drew one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chorale.sketches.formats.svg.joining import Piece
from chorale.sketches.formats.svg.viewport import bounding_box
from chorale.utils.arrays import Float64Array

# Distance of two copies of a line, as shares of the drawing's size.
_MEAN, _LARGEST = 0.02, 0.04
_SHORT = 0.15  # lines shorter than this share of the drawing's size are short
_ENDS = 0.5  # distance of the ends of two copies of a short line, as a share of it
_LENGTHS = 0.25  # difference in length of two copies, as a share of it
# Share of the length of a shape that has to be in copies: of short lines the noise may
# be as long as they are.
_MIN_COPIED = 0.6
_SAMPLES = 32  # points at which lines are compared
_MIN_HATCHES = 3  # lines
_MAX_ANGLE = 0.1  # radians between the lines of hatching


class Outline(NamedTuple):
    """The lines of a shape.

    Attributes:
        pieces: in the order of drawing.
        is_area: whether it is the edge of a filled area, without a line of its own.
    """

    pieces: Sequence[Piece]
    is_area: bool


@dataclass(kw_only=True)
class Repeated:
    """Numbers of what was left out: copies of lines, lines of hatching, areas."""

    copies: int = 0
    hatches: int = 0
    areas: int = 0


def read_once(outlines: Sequence[Outline]) -> tuple[list[Piece], Repeated]:
    """Return the pieces of all shapes, each line once, and what was left out.

    Only within a shape whose lines all come in pairs is one of each pair left out.
    Hatching, and an area with the same edge, are left out if the shape follows.
    """
    left_out = Repeated()
    points = [piece.points for outline in outlines for piece in outline.pieces]
    if not points:
        return [], left_out
    box = bounding_box(np.concatenate(points))
    size = float((box[1] - box[0]).max())
    found = []
    for outline in outlines:
        pairs = _pairs(outline.pieces, size)
        if pairs:
            left_out.copies += len(pairs)
            first = _chained([pair[0] for pair in pairs], size)
            outline = outline._replace(pieces=first)
        found.append((outline, bool(pairs)))
    kept: list[Piece] = []
    following = [*(outline for outline, _ in found[1:]), None]
    for (outline, is_sketchy), above in zip(found, following, strict=True):
        if above is not None and _is_edge(outline, above, size):
            left_out.areas += 1
        elif above is not None and is_sketchy and _is_hatching(outline, above, size):
            left_out.hatches += len(outline.pieces)
        else:
            kept += outline.pieces
    return kept, left_out


def _pairs(pieces: Sequence[Piece], size: float) -> list[tuple[Piece, Piece]]:
    """Return the pieces in pairs of copies, none if there are other lines."""
    if len(pieces) % 2:
        return []
    pairs = list(zip(pieces[::2], pieces[1::2], strict=True))
    copied = whole = 0.0
    for first, again in pairs:
        length = _length(first.points)
        whole += length
        if _are_copies(first.points, again.points, size):
            copied += length
        elif np.abs(first.points - again.points[0]).max() > 2 * _LARGEST * size:
            return []  # neither a copy nor a short line beside it
    return pairs if copied >= _MIN_COPIED * whole > 0 else []


def _chained(pieces: Sequence[Piece], size: float) -> list[Piece]:
    """Return pieces, those joined that begin where the one before ends, roughly."""
    chains = [pieces[0]]
    for piece in pieces[1:]:
        gap = float(np.hypot(*(piece.points[0] - chains[-1].points[-1])))
        if gap <= _LARGEST * size:
            points = np.concatenate([chains[-1].points, piece.points])
            chains[-1] = piece._replace(points=points, is_single=False)
        else:
            chains.append(piece)
    return chains


def _are_copies(line: Float64Array, other: Float64Array, size: float) -> bool:
    """Return whether two lines (points, 2) are the same but for a little noise."""
    length, other_length = _length(line), _length(other)
    if abs(length - other_length) > _LENGTHS * max(length, other_length):
        return False
    # Short lines of a chain are close to each other, too, but begin elsewhere.
    ends = np.hypot(*(line[[0, -1]] - other[[0, -1]]).T)
    if length <= _SHORT * size and ends.max() > _ENDS * length:
        return False
    samples, others = _resample(line), _resample(other)
    away = np.hypot(*(samples[:, None] - others[None]).transpose(2, 0, 1))
    # Samples lie between each other, at most half a step away.
    step = max(length, other_length) / (_SAMPLES - 1) / 2
    nearest = np.concatenate([away.min(axis=0), away.min(axis=1)])
    nearest = np.sqrt(np.maximum(nearest**2 - step**2, 0))
    return bool(nearest.max() <= _LARGEST * size and nearest.mean() <= _MEAN * size)


def _is_edge(area: Outline, above: Outline, size: float) -> bool:
    """Return whether a filled area has the shape above it as its outline."""
    if not area.is_area or above.is_area or len(area.pieces) != 1:
        return False
    if len(above.pieces) != 1:
        return False
    return _are_copies(area.pieces[0].points, above.pieces[0].points, size)


def _is_hatching(lines: Outline, above: Outline, size: float) -> bool:
    """Return whether lines are straight, parallel, and inside of the shape above."""
    if len(lines.pieces) < _MIN_HATCHES:
        return False
    chords = np.array([piece.points[-1] - piece.points[0] for piece in lines.pieces])
    angles = 2 * np.arctan2(chords[:, 1], chords[:, 0])  # a line has no direction
    mean = np.arctan2(np.sin(angles).sum(), np.cos(angles).sum())
    turns = np.abs(np.angle(np.exp(1j * (angles - mean)))) / 2
    longest = np.hypot(*chords.T) >= _LARGEST * size
    if not longest.any() or turns[longest].max() > _MAX_ANGLE:
        return False
    straight = all(
        _length(piece.points) <= 1.1 * max(np.hypot(*chord), _LARGEST * size)
        for piece, chord in zip(lines.pieces, chords, strict=True)
    )
    inner = bounding_box(np.concatenate([piece.points for piece in lines.pieces]))
    outer = bounding_box(np.concatenate([piece.points for piece in above.pieces]))
    reach = _LARGEST * size
    is_inside = (inner[0] >= outer[0] - reach) & (inner[1] <= outer[1] + reach)
    return straight and bool(is_inside.all())


def _length(line: Float64Array) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def _resample(line: Float64Array) -> Float64Array:
    """Return _SAMPLES points at equal distances along a line (points, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0, along[-1], _SAMPLES)
    return np.column_stack([np.interp(at, along, column) for column in line.T])
