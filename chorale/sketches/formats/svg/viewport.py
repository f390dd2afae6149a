"""What an `<svg>` or `<symbol>` shows, and boxes of points.

Transformations are float arrays (3, 3), see `shapes.parse_transform`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.sketches.formats.svg.document import Element
from chorale.sketches.formats.svg.shapes import Size, parse_numbers, parse_transform
from chorale.utils.arrays import Float64Array


def apply(matrix: Float64Array, points: Float64Array) -> Float64Array:
    """Return points (points, 2) under a transformation."""
    moved: Float64Array = points @ matrix[:2, :2].T + matrix[:2, 2]
    return moved


def translation(x: float, y: float) -> Float64Array:
    """Return the transformation that moves by x, y."""
    matrix: Float64Array = np.eye(3)
    matrix[:2, 2] = x, y
    return matrix


# === Boxes, as their corners (2, 2): the lowest x, y and the highest ===


def bounding_box(points: Float64Array) -> Float64Array:
    """Return the box of points (points, 2), at least one."""
    return np.stack([points.min(axis=0), points.max(axis=0)])


def corners_of(box: Float64Array) -> Float64Array:
    """Return all four corners (4, 2) of a box."""
    (left, top), (right, bottom) = box
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def intersection(box: Float64Array | None, other: Float64Array) -> Float64Array:
    """Return what is in both boxes, None for everything; it may be empty."""
    if box is None:
        return other
    return np.stack([np.maximum(box[0], other[0]), np.minimum(box[1], other[1])])


class Viewport(NamedTuple):
    """Where the content of an `<svg>` or `<symbol>` is shown.

    Attributes:
        matrix: from the content to what surrounds it.
        size: of the content, for percentages.
        box: corners (2, 2) of what is shown, in units of the content; None if unknown.
    """

    matrix: Float64Array
    size: Size
    box: Float64Array | None


def viewport_of(
    element: Element, width: float | None, height: float | None
) -> Viewport:
    """Return the viewport of an element that is shown at this size, None if unknown.

    Raises:
        DataError: its `viewBox` is no four numbers.
    """
    text = element.get("viewBox", "").strip()
    if not text:
        known = width is not None and height is not None
        box = np.array([[0, 0], [width, height]], np.float64) if known else None
        return Viewport(np.eye(3), Size(width, height), box)
    values = parse_numbers(text, "viewBox")
    if len(values) != 4 or min(values[2:]) <= 0 or not np.isfinite(values).all():
        raise DataError(
            f"expected x, y, width and height above 0 as viewBox, got {text[:40]!r}"
        )
    x, y, inner_width, inner_height = values
    if width is None:
        width = inner_width * (1 if height is None else height / inner_height)
    if height is None:
        height = inner_height * width / inner_width
    from svgelements import Viewbox

    fit = " ".join(element.get("preserveAspectRatio", "xMidYMid meet").split())
    matrix = parse_transform(
        Viewbox.viewbox_transform(0, 0, width, height, *values, fit or "xMidYMid")
    )
    box = np.array([[x, y], [x + inner_width, y + inner_height]])
    return Viewport(matrix, Size(inner_width, inner_height), box)
