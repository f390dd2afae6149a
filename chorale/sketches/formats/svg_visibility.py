"""Which shapes of an SVG picture are seen, and which of them is the paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from chorale.sketches.formats.svg_colors import WHITE, Color
from chorale.sketches.formats.svg_elements import Picture, Shape
from chorale.sketches.formats.svg_geometry import bounding_box, intersection
from chorale.utils.arrays import BoolArray, Float64Array

# Of 1; a color that differs less from the paper is not seen.
_CONTRAST = 0.04
_OPAQUE = 0.5  # opacity above which a fill hides what is below
# As shares of the paper's size: how far the drawing may reach over it, how far its
# outline may be from its bounding box, at rounded corners, and its area at least.
_REACH, _CORNERS, _AREA = 0.02, 0.08, 0.9
# A bordered paper is at most this share of the view box away from its edges. A
# rectangle further inside is a part of the drawing, such as a television set.
_MARGIN = 0.05
_CLEARANCE = 0.01  # between a border and the drawing, as a share of the border's size
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
        elif not _alpha(shape.fill) and not _alpha(shape.stroke):
            left_out["that is transparent"] += 1
        elif shown is not None and not _overlaps(box, shown):
            left_out["outside of the picture"] += 1
        else:
            painted.append(shape)
            boxes.append(box)
    if not painted:
        return Seen(shapes=[], left_out=left_out, paper=[], doubts=[])
    search = _PaperSearch(painted, np.stack(boxes), picture)
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


def _alpha(color: Color | None) -> bool:
    """Return whether a color is seen at all over its opposite."""
    return color is not None and color.alpha >= _CONTRAST


def _overlaps(box: Float64Array, other: Float64Array) -> bool:
    """Return whether two boxes share at least a point."""
    return bool((box[0] <= other[1]).all() and (box[1] >= other[0]).all())


# === Paper ===


class _PaperSearch:
    """Finds the paper among shapes, from the lowest on.

    Attributes:
        boxes: of the shapes (shapes, 2, 2).
        color: of the paper.
        is_assumed: whether the color is assumed, since the document gives none.
        remaining: the indices of the shapes above the paper.
        paper, left_out, doubts: see `Seen`.
    """

    def __init__(
        self, shapes: list[Shape], boxes: Float64Array, picture: Picture
    ) -> None:
        self.shapes = shapes
        self.boxes = boxes
        self.frame = picture.box
        self.color = (picture.background or WHITE).over(WHITE)
        self.is_assumed = picture.background is None
        self.remaining: list[int] = []
        self.paper: list[Shape] = []
        self.left_out: Counter[str] = Counter()
        self.doubts: list[str] = []

    def run(self) -> None:
        """Take papers off as long as the lowest shape is paper or not seen."""
        boxes = self.boxes  # (shapes, 2, 2)
        # Boxes of all shapes up to and from each shape on.
        below = np.stack(
            [np.minimum.accumulate(boxes[:, 0]), np.maximum.accumulate(boxes[:, 1])],
            axis=1,
        )
        above = np.stack(
            [
                np.minimum.accumulate(boxes[::-1, 0])[::-1],
                np.maximum.accumulate(boxes[::-1, 1])[::-1],
            ],
            axis=1,
        )
        is_lowest = True  # whether nothing is seen below
        for index, (shape, box) in enumerate(zip(self.shapes, boxes, strict=True)):
            others = [*below[max(index - 1, 0) : index], *above[index + 1 : index + 2]]
            if others and self._is_border(shape, box, np.stack(others)):
                self.paper.append(shape)
                continue
            is_last = index == len(boxes) - 1
            is_paper = not is_last and self._is_paper(shape, box, above[index + 1])
            if is_paper and (is_lowest or self._covers(shape, below[index])):
                kind = "in the color of the paper" if is_lowest else "below the paper"
                self.left_out[kind] += len(self.remaining)
                self.remaining.clear()
                self._take(shape)
                is_lowest = True
                continue
            if is_lowest and _is_seen(shape, self.color):
                is_lowest = False
                if not is_last:
                    self._doubt(shape, box, above[index + 1])
            self.remaining.append(index)
        self.left_out = +self.left_out

    def _take(self, shape: Shape) -> None:
        """Take a shape for paper."""
        self.paper.append(shape)
        if shape.fill is not None and _alpha(shape.fill) and not shape.is_plain:
            self.color = shape.fill.over(self.color)
            self.is_assumed = False

    def _doubt(self, shape: Shape, box: Float64Array, rest: Float64Array) -> None:
        """Say that the lowest shape may be the paper though it is not taken for it."""
        if _contains(box, rest, -_CLEARANCE) and _is_rectangle(shape):
            self.doubts.append(
                f"{shape.element} is a rectangle around everything: taken as drawn, "
                "remove it if it is the paper"
            )

    def _covers(self, shape: Shape, below: Float64Array) -> bool:
        """Return whether a rectangle hides all that is below."""
        if shape.fill is None or shape.fill.alpha < _OPAQUE or shape.is_plain:
            return False
        box = bounding_box(shape.subpaths[0].points)
        return _contains(box, below, 0.0)

    def _is_paper(self, shape: Shape, box: Float64Array, rest: Float64Array) -> bool:
        """Return whether a shape is a filled rectangle that encloses the rest."""
        if shape.fill is None or not _alpha(shape.fill):
            return False
        if not _contains(box, rest, _REACH) or not _is_rectangle(shape):
            return False
        ground = shape.fill.over(self.color)
        if shape.stroke is None or (
            shape.stroke.contrast(ground) < _CONTRAST
            and shape.stroke.contrast(self.color) < _CONTRAST
        ):
            return True
        if self.frame is None:
            return _contains(box, rest, -_CLEARANCE) and not shape.is_plain
        return self._reaches_frame(box, _MARGIN)

    def _is_border(self, shape: Shape, box: Float64Array, rest: Float64Array) -> bool:
        """Return whether a shape is a border without a fill around everything else.

        `rest` are boxes (boxes, 2, 2) of what else there is. A border that is exactly
        as large as the picture may be touched.
        """
        if _alpha(shape.fill) or not _contains(box, rest, _REACH):
            return False
        if not self._reaches_frame(box, _MARGIN) or not _is_rectangle(shape):
            return False
        is_clear = _contains(box, rest, -_CLEARANCE)
        return is_clear or self._reaches_frame(box, 0.0)

    def _reaches_frame(self, box: Float64Array, margin: float) -> bool:
        """Return whether a box reaches the edges of the picture, up to a margin."""
        if self.frame is None:
            return False
        inset = margin * (self.frame[1] - self.frame[0])
        inner = np.stack([self.frame[0] + inset, self.frame[1] - inset])
        return _contains(box, inner, 1e-6)


def _contains(box: Float64Array, inner: Float64Array, reach: float) -> bool:
    """Return whether a box, grown by a share of its size, contains others (…, 2, 2)."""
    grown = reach * (box[1] - box[0])
    is_inside = (box[0] - grown <= inner[..., 0, :]).all()
    return bool(is_inside and (box[1] + grown >= inner[..., 1, :]).all())


def _is_rectangle(shape: Shape) -> bool:
    """Return whether a shape is an upright rectangle, also with rounded corners."""
    if len(shape.subpaths) != 1:
        return False
    points = shape.subpaths[0].points
    low, high = bounding_box(points)
    size = high - low
    if len(points) < 4 or not (size > 0).all():
        return False
    is_closed = shape.subpaths[0].is_closed or shape.fill is not None
    if not is_closed and (np.abs(points[0] - points[-1]) > 0.01 * size).any():
        return False
    from_edge = np.minimum(points - low, high - points).min(axis=1)
    if (from_edge > _CORNERS * size.min()).any():
        return False
    (x, y), (next_x, next_y) = points.T, np.roll(points, -1, axis=0).T
    origin = points[0]
    area = abs(
        float(
            ((x - origin[0]) * (next_y - origin[1])).sum()
            - ((next_x - origin[0]) * (y - origin[1])).sum()
        )
    )
    return area / 2 >= _AREA * float(size.prod())


# === Colors ===


def _is_seen(shape: Shape, ground: Color) -> bool:
    """Return whether the fill or the outline differs from the ground."""
    return any(
        color is not None and color.contrast(ground) >= _CONTRAST
        for color in (shape.fill, shape.stroke)
    )


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
        if _is_seen(shape, paper) or areas.meet(box):
            seen.append(shape)
        else:
            hidden.append(shape)
        if shape.fill is not None and shape.fill.contrast(paper) >= _CONTRAST:
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
