"""Outlines of SVG paths and basic shapes as points; lengths and transformations."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.sketches.formats.svg.document import Element
from chorale.sketches.strokes import check_stroke
from chorale.utils.arrays import Float64Array

MAX_POINTS = 1_000_000  # of a drawing
EXPECTED_PATH = "expected an SVG path such as 'M 10 20 L 30 40'"
# Line segments per curve: a circle in one arc is off by 0.5 % of the radius at most.
_ALONG = np.linspace(0, 1, 33)[1:]
# Without backtracking, so that the time of a match grows with the length of the text.
_NUMBER = r"[+-]?(?:\d++\.?+\d*+|\.\d++)(?:[eE][+-]?\d++)?+"
NUMBER = re.compile(_NUMBER)
_LENGTH = re.compile(rf"({_NUMBER})\s*([a-zA-Z]*|%)")
_PATH = re.compile(rf"\s*[Mm](?:[MLHVCSQTAZmlhvcsqtaz\s,]|{_NUMBER})*+")
_TRANSFORM = re.compile(
    r"(?:[\s,]*+(?:matrix|rotate|(?:translate|scale|skew)[xy]?)"
    rf"\s*+\((?:[\s,]*+{_NUMBER}[a-z]*+)++\s*+\))*+[\s,]*+",
    re.IGNORECASE,
)
_UNITS = {  # in user units, which are pixels of CSS, 96 an inch
    **{"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54},
    **{"mm": 9.6 / 2.54, "q": 2.4 / 2.54, "em": 16.0, "rem": 16.0, "ex": 8.0},
}
_UNKNOWN_WHOLE = 10_000.0  # 100 % where no size is known: larger than a drawing


class Size(NamedTuple):
    """The size that percentages refer to, in user units; None if it is unknown."""

    width: float | None
    height: float | None

    def whole(self, axis: str) -> float | None:
        """Return the length of 100 % along x or y, or of a radius."""
        if axis in ("x", "y"):
            return self.width if axis == "x" else self.height
        if self.width is None or self.height is None:
            return None
        return math.hypot(self.width, self.height) / math.sqrt(2)


class Subpath(NamedTuple):
    """What is drawn without lifting the pen.

    Attributes:
        points: float array (points, 2), at least two.
        is_single: whether it is one line or one curve, not a chain of them.
        is_closed: whether it ends by closing itself, as a polygon does.
    """

    points: Float64Array
    is_single: bool
    is_closed: bool


def parse_numbers(text: str, what: str) -> list[float]:
    """Return the numbers of a list that is separated by commas or white space.

    Raises:
        DataError: the text has something else.
    """
    rest = NUMBER.sub(" ", text).strip(" \t\r\n\f,")
    if rest.replace(",", " ").strip():
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
    text = element.get(name, "").strip()
    if not text or text == "auto":
        return default
    axis = {"x": "x", "y": "y", "w": "x", "h": "y", "c": name[1:], "r": name[1:]}
    return parse_length(text, name, size.whole(axis.get(name[0], "")))


def parse_transform(text: str) -> Float64Array:
    """Return the transformation of an attribute `transform`, or of one of CSS.

    It is a float array (3, 3): [[a, c, e], [b, d, f], [0, 0, 1]] maps x, y to
    a x + c y + e, b x + d y + f.

    Raises:
        DataError: a function is unknown or has a wrong number of arguments.
    """
    if text.strip() in ("", "none"):
        return np.eye(3)
    from svgelements import Matrix

    try:
        if not _TRANSFORM.fullmatch(text):
            raise ValueError
        found = Matrix(text)
        found.render(ppi=96)
        rows = [[found.a, found.c, found.e], [found.b, found.d, found.f], [0, 0, 1]]
        return np.array(rows, np.float64)
    except (ValueError, TypeError, ArithmeticError, LookupError):
        raise DataError(
            f"expected a transformation such as rotate(45), got {text.strip()[:40]!r}"
        ) from None


# === Outlines ===


def trace_path(d: str, limit: int = MAX_POINTS) -> list[Subpath]:
    """Return the subpaths of the attribute `d` of a path.

    Raises:
        DataError: it is not a valid path, or has more points than the limit.
    """
    from svgelements import Path

    if not _PATH.fullmatch(d):
        raise DataError(f"{EXPECTED_PATH}, got {_shortened(d)}")
    if len(d) > 2 * limit and sum(1 for _ in NUMBER.finditer(d)) > 2 * limit:
        raise _too_many_points()
    try:
        return _subpaths(Path(d), limit)
    except (ValueError, TypeError, ArithmeticError, AttributeError, LookupError):
        raise DataError(
            f"{EXPECTED_PATH}, a path is broken in {_shortened(d)}"
        ) from None


def trace_shape(element: Element, size: Size, limit: int = MAX_POINTS) -> list[Subpath]:
    """Return the outline of a path or basic shape, empty if nothing is drawn.

    `size` is what percentages refer to.

    Raises:
        DataError: an attribute is invalid, or there are more points than the limit.
    """
    name = element.tag
    if name == "path":
        d = element.get("d", "").strip()
        return trace_path(d, limit) if d not in ("", "none") else []
    if name in ("polyline", "polygon"):
        numbers = parse_numbers(element.get("points", ""), "points")
        if len(numbers) % 2:
            raise DataError(
                f"expected an even number of coordinates, got {len(numbers)}"
            )
        if len(numbers) < 4:
            return []
        points = np.array(numbers).reshape(-1, 2)
        if name == "polygon":
            points = np.concatenate([points, points[:1]])
        if len(points) > limit:
            raise _too_many_points()
        return [Subpath(check_stroke(points), len(points) == 2, name == "polygon")]

    def lengths(names: str, default: float = 0.0) -> list[float]:
        return [length_of(element, name, size, default) for name in names.split()]

    if name == "line":
        ends = np.array(lengths("x1 y1 x2 y2")).reshape(2, 2)
        return [Subpath(check_stroke(ends), True, False)]
    import svgelements

    rx, ry = lengths("r r") if name == "circle" else lengths("rx ry", default=-1)
    rx, ry = rx if rx >= 0 else ry, ry if ry >= 0 else rx
    if name == "rect":
        x, y, width, height = lengths("x y width height")
        if not (width > 0 and height > 0):
            return []
        radii = (max(rx, 0.0), max(ry, 0.0)) if rx > 0 and ry > 0 else (0.0, 0.0)
        shape = svgelements.Rect(x, y, width, height, *radii)
    else:
        if not (rx > 0 and ry > 0):
            return []
        shape = svgelements.Ellipse(*lengths("cx cy"), rx, ry)
    try:
        return _subpaths(svgelements.Path(shape), limit)
    except (ValueError, ArithmeticError):
        raise DataError("expected coordinates of a drawing, got larger ones") from None


def _subpaths(segments: Iterable[Any], limit: int) -> list[Subpath]:
    """Return the lines and curves of a path as points, by subpath."""
    from svgelements import Close, Line, Move

    subpaths: list[Subpath] = []
    points: list[Any] = []
    count, is_closed = 0, False

    def finish() -> None:
        if count:
            stroke = check_stroke(np.array(points))
            closes = is_closed and bool((stroke[0] == stroke[-1]).all())
            subpaths.append(Subpath(stroke, count == 1, closes))

    before: Any = None
    for segment in segments:
        end = (segment.end.x, segment.end.y)
        if isinstance(segment, Move):
            finish()
            points, count, is_closed = [end], 0, False
            before = None
            continue
        _smooth(segment, before)
        before = segment
        if not isinstance(segment, (Line, Close)) and getattr(segment, "rx", True):
            added = segment.npoint(_ALONG[:-1]).tolist()
            points += added
            limit -= len(added)
        points.append(end)
        count, limit = count + 1, limit - 1
        is_closed = is_closed or isinstance(segment, Close)
        if limit < 0:
            raise _too_many_points()
    finish()
    return subpaths


def _smooth(segment: Any, before: Any) -> None:
    """Correct the control point of a smooth curve.

    It mirrors that of a curve of the same kind only; the library mirrors any.
    """
    if getattr(segment, "smooth", False):
        is_cubic = hasattr(segment, "control2")
        name, last = ("control1", "control2") if is_cubic else ("control", "control")
        control = segment.start
        if type(before) is type(segment):
            control = getattr(before, last).reflected_across(segment.start)
        setattr(segment, name, control)


def _too_many_points() -> DataError:
    return DataError(
        f"expected a drawing of at most {MAX_POINTS} points, got more, as in a traced "
        "picture: draw it by strokes"
    )


def _shortened(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 40 else f"{text[:39]}…")
