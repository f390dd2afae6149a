"""Which shapes of an SVG picture are seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chorale.sketches.formats.svg.paint import Color
from chorale.sketches.formats.svg.painter import Picture, Shape
from chorale.sketches.formats.svg.paper import CONTRAST, PaperSearch, differs, is_opaque
from chorale.sketches.formats.svg.viewport import bounding_box, intersection
from chorale.utils.arrays import BoolArray, Float64Array

_CELLS = 64  # of the grid on which filled areas are remembered, in each direction
_FILLED = 0.3  # share of the bounding box above which a filled shape is an area


@dataclass(kw_only=True, eq=False)
class Seen:
    """What is seen of a picture.

    Attributes:
        shapes: that are seen, without the paper, from the lowest to the highest.
        left_out: number of shapes that are not seen, by kind.
        paper: the shapes that are taken for paper.
        doubts: sentences on what was guessed.
    """

    shapes: list[Shape]
    left_out: Counter[str]
    paper: list[Shape]
    doubts: list[str]


def see(picture: Picture) -> Seen:
    """Return what is seen of a picture.

    A shape is not seen if it is outside of the picture, or if neither its outline nor
    its fill differs from what is below. The paper is a filled rectangle behind
    everything, or a bordered one as large as the picture.
    """
    left_out: Counter[str] = Counter()
    painted = []
    boxes = []
    for shape in _with_area(picture.shapes):
        box = bounding_box(np.concatenate([part.points for part in shape.subpaths]))
        shown = picture.box if shape.clip is None else shape.clip
        if shape.clip is not None and picture.box is not None:
            shown = intersection(picture.box, shape.clip)
        if shape.fill is None and shape.stroke is None:
            left_out["without a fill and an outline"] += 1
        elif not is_opaque(shape.fill) and not is_opaque(shape.stroke):
            left_out["that is transparent"] += 1
        elif shown is not None and not _overlaps(box, shown):
            left_out["outside of the picture"] += 1
        else:
            painted.append(shape)
            boxes.append(box)
    if not painted:
        return Seen(shapes=[], left_out=left_out, paper=[], doubts=[])
    search = PaperSearch(painted, np.stack(boxes), picture)
    search.run()
    left_out.update(search.left_out)
    shapes, paper_colored = _visible(
        [painted[index] for index in search.remaining],
        search.boxes[search.remaining],
        search.color,
    )
    doubts = search.doubts
    if not shapes and paper_colored and search.is_assumed:
        doubts.append(
            "everything is drawn in the color of white paper: taken as drawn on dark "
            "paper"
        )
        shapes, paper_colored = paper_colored, []
    if paper_colored:
        left_out["in the color of the paper"] += len(paper_colored)
    return Seen(shapes=shapes, left_out=left_out, paper=search.paper, doubts=doubts)


def _with_area(shapes: Sequence[Shape]) -> list[Shape]:
    """Return shapes; straight lines with a fill alone have no area and no fill.

    They are kept in a document that gives no outlines at all: it is not how it looks
    that its author had in mind.
    """
    if not any(shape.stroke for shape in shapes):
        return list(shapes)
    return [
        replace(shape, fill=None) if shape.fill and _is_straight(shape) else shape
        for shape in shapes
    ]


def _is_straight(shape: Shape) -> bool:
    """Return whether all subpaths are straight lines, without any area."""
    for subpath in shape.subpaths:
        away = subpath.points - subpath.points[0]
        farthest = away[np.hypot(*away.T).argmax()]
        crossed = np.abs(away[:, 0] * farthest[1] - away[:, 1] * farthest[0])
        if crossed.max() > 1e-9 * float(farthest @ farthest):
            return False
    return True


def _overlaps(box: Float64Array, other: Float64Array) -> bool:
    """Return whether two boxes share at least a point."""
    return bool((box[0] <= other[1]).all() and (box[1] >= other[0]).all())


def _visible(
    shapes: list[Shape], boxes: Float64Array, paper: Color
) -> tuple[list[Shape], list[Shape]]:
    """Return the shapes that are seen, and those in the color of the paper.

    A shape in the color of the paper is seen on a darker area that was filled before.
    """
    if not len(shapes):
        return [], []
    areas = _Areas(bounding_box(boxes.reshape(-1, 2)))
    seen, hidden = [], []
    for shape, box in zip(shapes, boxes, strict=True):
        if differs(shape, paper) or areas.meet(box):
            seen.append(shape)
        else:
            hidden.append(shape)
        if shape.fill is not None and shape.fill.contrast(paper) >= CONTRAST:
            areas.add(shape, box)
    return seen, hidden


class _Areas:
    """Where areas were filled, on a coarse grid."""

    def __init__(self, whole: Float64Array) -> None:
        self._low = whole[0]
        size = whole[1] - whole[0]
        self._cell = np.where(size > 0, size, 1.0) / _CELLS
        self._is_filled: BoolArray = np.zeros((_CELLS, _CELLS), bool)

    def add(self, shape: Shape, box: Float64Array) -> None:
        """Remember a filled shape by its box, unless it is thin."""
        if _fill_share(shape, box) >= _FILLED:
            self._is_filled[self._cells(box)] = True

    def meet(self, box: Float64Array) -> bool:
        """Return whether something was filled in a box."""
        return bool(self._is_filled[self._cells(box)].any())

    def _cells(self, box: Float64Array) -> tuple[slice, slice]:
        low, high = np.clip((box - self._low) // self._cell, 0, _CELLS - 1).astype(int)
        return slice(low[0], high[0] + 1), slice(low[1], high[1] + 1)


def _fill_share(shape: Shape, box: Float64Array) -> float:
    """Return the area of a shape as a share of its bounding box."""
    whole = float((box[1] - box[0]).prod())
    area = 0.0
    for subpath in shape.subpaths:
        x, y = (subpath.points - subpath.points[0]).T
        area += abs(float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())) / 2
    return area / whole if whole > 0 else 0.0
