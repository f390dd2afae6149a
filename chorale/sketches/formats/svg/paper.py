"""Which shapes of an SVG picture are its paper: rectangles behind everything."""

from __future__ import annotations

from collections import Counter

import numpy as np

from chorale.sketches.formats.svg.paint import WHITE, Color
from chorale.sketches.formats.svg.painter import Picture, Shape
from chorale.sketches.formats.svg.viewport import bounding_box
from chorale.utils.arrays import Float64Array

CONTRAST = 0.04  # of 1; a color that differs less from the paper is not seen
_OPAQUE = 0.5  # opacity above which a fill hides what is below
# As shares of the paper's size: how far the drawing may reach over it, how far its
# outline may be from its bounding box, at rounded corners, and its area at least.
_REACH, _CORNERS, _AREA = 0.02, 0.08, 0.9
# A bordered paper is at most this share of the view box away from its edges. A
# rectangle further inside is a part of the drawing, such as a television set.
_MARGIN = 0.05
_CLEARANCE = 0.01  # between a border and the drawing, as a share of the border's size


def is_opaque(color: Color | None) -> bool:
    """Return whether a color is seen at all over its opposite."""
    return color is not None and color.alpha >= CONTRAST


def differs(shape: Shape, ground: Color) -> bool:
    """Return whether the fill or the outline differs from the ground."""
    return any(
        color is not None and color.contrast(ground) >= CONTRAST
        for color in (shape.fill, shape.stroke)
    )


class PaperSearch:
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
            if is_lowest and differs(shape, self.color):
                is_lowest = False
                if not is_last:
                    self._doubt(shape, box, above[index + 1])
            self.remaining.append(index)
        self.left_out = +self.left_out

    def _take(self, shape: Shape) -> None:
        """Take a shape for paper."""
        self.paper.append(shape)
        if shape.fill is not None and is_opaque(shape.fill) and not shape.is_plain:
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
        if shape.fill is None or not is_opaque(shape.fill):
            return False
        if not _contains(box, rest, _REACH) or not _is_rectangle(shape):
            return False
        ground = shape.fill.over(self.color)
        if shape.stroke is None or (
            shape.stroke.contrast(ground) < CONTRAST
            and shape.stroke.contrast(self.color) < CONTRAST
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
        if is_opaque(shape.fill) or not _contains(box, rest, _REACH):
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
