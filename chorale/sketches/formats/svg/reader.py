"""Drawings as SVG: what is seen, as strokes.

The way of a file: `document` (XML) → `painter` (shapes with style and place) →
`visibility` (which are seen) → `joining` (strokes).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from chorale.errors import DataError, located
from chorale.sketches.formats.shared import ReadOptions, open_binary
from chorale.sketches.formats.svg.document import MAX_BYTES, parse_document
from chorale.sketches.formats.svg.doubling import Outline, read_once
from chorale.sketches.formats.svg.joining import Piece, join_pieces
from chorale.sketches.formats.svg.painter import Picture, Shape, draw
from chorale.sketches.formats.svg.pen import center_line, is_thin
from chorale.sketches.formats.svg.shapes import Subpath, trace_path
from chorale.sketches.formats.svg.visibility import Seen, see
from chorale.sketches.strokes import Sketch
from chorale.utils.files import read_bounded


def read_svg(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the one drawing of an SVG file.

    Paths and shapes are drawn by their outlines, in the order of the file; curves
    become points. Pieces that join end to end become one stroke. What is not seen is
    left out, and so are the paper, text and pictures; `Sketch.notes` says so. Other
    files are never opened.

    Raises:
        DataError: the file cannot be read, is not SVG, is damaged, has nothing to draw,
            declares entities, or is larger than the bounds of `document` and `shapes`.
    """
    with open_binary(path, options) as file, located(path):
        content = read_bounded(file, MAX_BYTES, "an SVG file")
    with located(path):
        sketch = parse_svg(content)
    yield sketch


def parse_svg(content: bytes) -> Sketch:
    """Return the drawing of an SVG document; see `read_svg`."""
    with np.errstate(all="ignore"):  # coordinates without end are refused, by element
        picture = draw(parse_document(content))
    seen = see(picture)
    pieces, repeated = read_once([_outline(shape) for shape in seen.shapes])
    kept = _without_copies(pieces)
    strokes = join_pieces(kept)
    notes = _notes(picture, seen)
    if not strokes:
        reason = f": {'; '.join(notes)}" if notes else ""
        raise DataError(f"expected a path or a shape in the SVG, got none{reason}")
    if repeated.copies:
        notes.append(f"read {_count(repeated.copies, 'line')} once, all drawn twice")
    if repeated.areas:
        notes.append(f"left out {_count(repeated.areas, 'filled area')} of an outline")
    if repeated.hatches:
        notes.append(f"left out {_count(repeated.hatches, 'line')} of hatching")
    if pens := sum(
        _is_pen(shape, part) for shape in seen.shapes for part in shape.subpaths
    ):
        notes.append(
            f"read {_count(pens, 'thin filled shape')} as strokes of a pen, by the "
            "center line"
        )
    if copies := len(pieces) - len(kept):
        notes.append(f"left out {_count(copies, 'outline')} drawn twice")
    if len(strokes) < len(kept):
        notes.append(
            f"joined {_count(len(kept), 'piece')} end to end into "
            f"{_count(len(strokes), 'stroke')}"
        )
    return Sketch(strokes=tuple(strokes), notes=tuple(notes))


def read_svg_path(d: str) -> Sketch:
    """Read a drawing from the attribute `d` of an SVG path.

    Raises:
        DataError: it is not a valid path.
    """
    subpaths = trace_path(d)
    pieces = [Piece(*subpath) for subpath in subpaths]
    return Sketch(strokes=tuple(join_pieces(pieces)))


def _outline(shape: Shape) -> Outline:
    """Return the outline of a shape; areas without an outline are closed."""
    color = shape.stroke or shape.fill
    pieces = [
        Piece(center_line(subpath.points), False, True, color)
        if _is_pen(shape, subpath)
        else Piece(*subpath, color)
        for subpath in shape.subpaths
    ]
    has_pen = any(_is_pen(shape, subpath) for subpath in shape.subpaths)
    return Outline(pieces, is_area=shape.stroke is None and not has_pen)


def _is_pen(shape: Shape, subpath: Subpath) -> bool:
    """Return whether a part of a shape is the filled outline of a stroke of a pen."""
    return shape.stroke is None and subpath.is_closed and is_thin(subpath.points)


def _without_copies(pieces: list[Piece]) -> list[Piece]:
    """Return pieces without those that were drawn before, such as for fill and line."""
    known: set[tuple[int, bytes]] = set()
    kept = []
    for piece in pieces:
        key = (len(piece.points), piece.points.tobytes())
        if key not in known:
            known.add(key)
            kept.append(piece)
    return kept


def _notes(picture: Picture, seen: Seen) -> list[str]:
    """Return sentences on what was left out or guessed."""
    notes = []
    if seen.paper:
        names = ", ".join(str(shape.element) for shape in seen.paper[:3])
        notes.append(f"left out the paper: {names}")
    notes += [
        f"left out {_count(count, 'shape')} {kind}"
        for kind, count in sorted(seen.left_out.items())
    ]
    notes += [
        f"left out {_count(count, kind)}"
        for kind, count in sorted(picture.left_out.items())
    ]
    return [*notes, *seen.doubts, *picture.ignored]


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
