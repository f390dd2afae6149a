"""Lengths, transformations and viewports of SVG.

A transformation is a float array (2, 3): [[a, c, e], [b, d, f]] maps x, y to
a x + c y + e, b x + d y + f.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.sketches.formats.svg_document import Element
from chorale.utils.arrays import Float64Array

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_LENGTH = re.compile(rf"({NUMBER.pattern})\s*([a-zA-Z]*|%)")
_SEPARATORS = " \t\r\n\f,"
_UNITS = {  # in user units, which are pixels of CSS, 96 an inch
    **{"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54},
    **{"mm": 9.6 / 2.54, "q": 2.4 / 2.54, "em": 16.0, "rem": 16.0, "ex": 8.0},
}
_TRANSFORM = re.compile(r"([a-zA-Z]+)\s*\(([^()]*)\)")
_ANGLES = {"": 1.0, "deg": 1.0, "rad": 180 / math.pi, "turn": 360.0, "grad": 0.9}
_ARGUMENTS = {  # numbers that a function of a transformation may have
    **{"matrix": (6,), "translate": (1, 2), "translatex": (1,), "translatey": (1,)},
    **{"scale": (1, 2), "scalex": (1,), "scaley": (1,), "rotate": (1, 3)},
    **{"skewx": (1,), "skewy": (1,)},
}
IDENTITY: Float64Array = np.eye(2, 3)


class Size(NamedTuple):
    """The size that percentages refer to, in user units; None if it is unknown."""

    width: float | None
    height: float | None

    def whole(self, axis: str) -> float | None:
        """Return the length of 100 % along x or y, or of a radius."""
        if axis == "x":
            return self.width
        if axis == "y":
            return self.height
        if self.width is None or self.height is None:
            return None
        return math.hypot(self.width, self.height) / math.sqrt(2)


# 100 % where no size is known: larger than a drawing.
_UNKNOWN_WHOLE = 10_000.0


def parse_numbers(text: str, what: str) -> list[float]:
    """Return the numbers of a list that is separated by commas or white space.

    Raises:
        DataError: the text has something else.
    """
    if NUMBER.sub("", text).strip(_SEPARATORS):
        rest = NUMBER.sub(" ", text).strip(_SEPARATORS)
        raise DataError(f"expected numbers in {what}, got {rest[:40]!r}")
    return [float(number) for number in NUMBER.findall(text)]


def parse_length(text: str, what: str, whole: float | None) -> float:
    """Return a length in user units; `whole` is that of 100 %.

    Raises:
        DataError: the text is no length.
    """
    found = _LENGTH.fullmatch(text.strip())
    unit = found[2].lower() if found else None
    if found and unit == "%":
        return float(found[1]) / 100 * (_UNKNOWN_WHOLE if whole is None else whole)
    if found is None or unit not in _UNITS:
        raise DataError(f"expected a length such as 10 or 5mm as {what}, got {text!r}")
    return float(found[1]) * _UNITS[unit]


def length_of(element: Element, name: str, size: Size, default: float = 0.0) -> float:
    """Return an attribute of an element that is a length, in user units."""
    text = element.attributes.get(name, "").strip()
    if not text or text == "auto":
        return default
    axis = {"x": "x", "y": "y", "w": "x", "h": "y", "c": name[1:], "r": name[1:]}
    whole = size.whole(axis.get(name[0], ""))
    return parse_length(text, name, whole)


# === Transformations ===


def apply(matrix: Float64Array, points: Float64Array) -> Float64Array:
    """Return points (points, 2) under a transformation."""
    if matrix is IDENTITY:
        return points
    with np.errstate(all="ignore"):  # what is infinite is refused later
        moved: Float64Array = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def compose(outer: Float64Array, inner: Float64Array) -> Float64Array:
    """Return the transformation that applies `inner`, then `outer`."""
    with np.errstate(all="ignore"):
        both: Float64Array = outer[:, :2] @ inner
        both[:, 2] += outer[:, 2]
    return both


def parse_transform(text: str) -> Float64Array:
    """Return the transformation of an attribute `transform`, or of one of CSS.

    Raises:
        DataError: a function is unknown or has a wrong number of arguments.
    """
    if text.strip() in ("", "none"):
        return IDENTITY
    rest = _TRANSFORM.sub("", text).strip(_SEPARATORS)
    if rest:
        raise DataError(
            f"expected a transformation such as rotate(45), got {text.strip()[:40]!r}"
        )
    matrix = IDENTITY
    for name, arguments in _TRANSFORM.findall(text):
        matrix = compose(matrix, _function(name.lower(), arguments))
    return matrix


def _function(name: str, text: str) -> Float64Array:
    """Return the transformation of one function."""
    found = [_LENGTH.fullmatch(part) for part in re.split(r"[\s,]+", text.strip())]
    values: list[float] = []
    for match in found:
        units = _ANGLES if name in ("rotate", "skewx", "skewy") else _UNITS
        if match is None or match[2].lower() not in units:
            values = []
            break
        values.append(float(match[1]) * units[match[2].lower()])
    if len(values) not in _ARGUMENTS.get(name, ()):
        raise DataError(
            f"expected a transformation such as rotate(45), got {name}({text[:40]})"
        )
    first, second = values[0], values[1] if len(values) > 1 else None
    with np.errstate(all="ignore"):
        tangent = math.tan(math.radians(first)) if name[:4] == "skew" else 0.0
    match name:
        case "matrix":
            rows = [values[0::2], values[1::2]]
        case "translate" | "translatex":
            rows = [[1, 0, first], [0, 1, second or 0]]
        case "translatey":
            rows = [[1, 0, 0], [0, 1, first]]
        case "scale":
            rows = [[first, 0, 0], [0, first if second is None else second, 0]]
        case "scalex":
            rows = [[first, 0, 0], [0, 1, 0]]
        case "scaley":
            rows = [[1, 0, 0], [0, first, 0]]
        case "skewx":
            rows = [[1, tangent, 0], [0, 1, 0]]
        case "skewy":
            rows = [[1, 0, 0], [tangent, 1, 0]]
        case _:
            return _rotation(first, values[1:])
    return np.array(rows, np.float64)


def _rotation(degrees: float, center: list[float]) -> Float64Array:
    """Return a rotation around a center, or around 0."""
    angle = math.radians(degrees) if math.isfinite(degrees) else math.nan
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0]], np.float64)
    if center:
        turn[:, 2] = np.array(center) - turn[:, :2] @ np.array(center)
    return turn


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


# === Viewports ===


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
    text = element.attributes.get("viewBox", "").strip()
    if not text:
        known = width is not None and height is not None
        box = np.array([[0, 0], [width, height]], np.float64) if known else None
        return Viewport(IDENTITY, Size(width, height), box)
    values = parse_numbers(text, "viewBox")
    if len(values) != 4 or min(values[2:]) <= 0 or not np.isfinite(values).all():
        raise DataError(
            f"expected x, y, width and height above 0 as viewBox, got {text[:40]!r}"
        )
    x, y, inner_width, inner_height = values
    box = np.array([[x, y], [x + inner_width, y + inner_height]])
    scales = np.array(
        [
            inner_width if width is None else width,
            inner_height if height is None else height,
        ]
    ) / (inner_width, inner_height)
    if width is None:
        scales[0] = 1 if height is None else scales[1]
    if height is None:
        scales[1] = scales[0]
    outer = scales * (inner_width, inner_height)
    fit = element.attributes.get("preserveAspectRatio", "").split()
    align = fit[0] if fit else "xMidYMid"
    if align != "none":
        scales[:] = scales.max() if "slice" in fit else scales.min()
    free = outer - scales * (inner_width, inner_height)
    shares = [_SHARES.get(align[1:4], 0.5), _SHARES.get(align[5:8], 0.5)]
    matrix = np.zeros((2, 3))
    matrix[[0, 1], [0, 1]] = scales
    matrix[:, 2] = free * shares - scales * (x, y)
    return Viewport(matrix, Size(inner_width, inner_height), box)


_SHARES = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}
