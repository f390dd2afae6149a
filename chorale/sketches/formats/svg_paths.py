"""Outlines of SVG paths and basic shapes as points."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.sketches.formats.svg_document import Element
from chorale.sketches.formats.svg_geometry import (
    NUMBER,
    Size,
    length_of,
    parse_numbers,
)
from chorale.sketches.strokes import check_stroke
from chorale.utils.arrays import Float64Array

MAX_POINTS = 2_000_000  # of a drawing
EXPECTED_PATH = "expected an SVG path such as 'M 10 20 L 30 40'"
# Line segments per curve: a circle in one arc is off by 0.5 % of the radius at most.
_SEGMENTS = 32
_ALONG = np.linspace(0, 1, _SEGMENTS + 1)[1:]
_BEZIER = np.column_stack(
    [  # (segments, 4), weights of the control points
        (1 - _ALONG) ** 3,
        3 * _ALONG * (1 - _ALONG) ** 2,
        3 * _ALONG**2 * (1 - _ALONG),
        _ALONG**3,
    ]
)
_COMMAND = re.compile(r"([MLHVCSQTAZmlhvcsqtaz])([^MLHVCSQTAZmlhvcsqtaz]*)")
_COUNTS = {
    "M": 2,
    "L": 2,
    "H": 1,
    "V": 1,
    "C": 6,
    "S": 4,
    "Q": 4,
    "T": 2,
    "A": 7,
    "Z": 0,
}
_SEPARATOR = re.compile(r"[\s,]*")

Point = tuple[float, float]


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


class Pen:
    """Draws lines and curves, and keeps the points."""

    def __init__(self, limit: int = MAX_POINTS) -> None:
        self.subpaths: list[Subpath] = []
        self.limit = limit
        self.at: Point = (0.0, 0.0)
        self.start: Point = (0.0, 0.0)
        self._points: list[Point] = []
        self._segments = 0
        self._is_closed = False

    def move(self, to: Point) -> None:
        """Begin a subpath."""
        self.finish()
        self.at = self.start = to

    def line(self, to: Point) -> None:
        """Draw a straight line."""
        self._extend([to])

    def curve(self, *controls: Point) -> None:
        """Draw a cubic Bézier curve with these two control points and end."""
        with np.errstate(all="ignore"):  # what is infinite is refused later
            points = _BEZIER @ np.array([self.at, *controls])
        self._extend([*map(tuple, points[:-1].tolist()), controls[-1]])

    def quadratic(self, control: Point, to: Point) -> None:
        """Draw a quadratic Bézier curve, which is a cubic one as well."""
        (x0, y0), (x1, y1), (x2, y2) = self.at, control, to
        self.curve(
            ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3),
            ((x2 + 2 * x1) / 3, (y2 + 2 * y1) / 3),
            to,
        )

    def arc(
        self,
        radii: Point,
        degrees: float,
        is_large: bool,
        is_clockwise: bool,
        to: Point,
    ) -> None:
        """Draw an elliptical arc, by the formulas of SVG 1.1, appendix F.6."""
        (x1, y1), (x2, y2) = self.at, to
        rx, ry = abs(radii[0]), abs(radii[1])
        is_finite = all(map(math.isfinite, (rx, ry, degrees, x1, y1, x2, y2)))
        if not is_finite or not (rx and ry) or self.at == to:
            self.line(to)
            return
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        turn = np.array([[cosine, -sine], [sine, cosine]])
        half = turn.T @ ((x1 - x2) / 2, (y1 - y2) / 2)
        unit = half / (rx, ry)  # on the unit circle; the chord's middle is 0
        squared = float(unit @ unit)
        scale = max(1.0, math.sqrt(squared))  # radii that are too small grow
        unit = unit / scale
        squared = float(unit @ unit)
        away = math.sqrt(max(0.0, 1 / squared - 1)) if squared else 0.0
        away *= -1 if is_large == is_clockwise else 1
        center = away * np.array([unit[1], -unit[0]])
        begin = math.atan2(unit[1] - center[1], unit[0] - center[0])
        end = math.atan2(-unit[1] - center[1], -unit[0] - center[0])
        swept = (end - begin) % (2 * math.pi)
        if not is_clockwise:
            swept -= 2 * math.pi
        angles = begin + swept * _ALONG
        circle = np.column_stack([np.cos(angles), np.sin(angles)]) + center
        points = circle * (rx * scale, ry * scale) @ turn.T
        points += ((x1 + x2) / 2, (y1 + y2) / 2)
        self._extend([*map(tuple, points[:-1].tolist()), to])

    def close(self) -> None:
        """Draw a line back to where the subpath began."""
        self._extend([self.start])
        self._is_closed = True

    def finish(self) -> None:
        """End a subpath; a move alone draws nothing."""
        if self._segments:
            points = check_stroke(np.array(self._points))
            is_closed = self._is_closed and self._points[0] == self._points[-1]
            self.subpaths.append(Subpath(points, self._segments == 1, is_closed))
        self._points, self._segments, self._is_closed = [], 0, False

    def _extend(self, points: list[Point]) -> None:
        if not self._segments:
            self._points = [self.at]
            self.start = self.at
        self._points += points
        self._segments += 1
        self.at = points[-1]
        self.limit -= len(points)
        if self.limit < 0:
            raise DataError(
                f"expected a drawing of at most {MAX_POINTS} points, got more, as in "
                "a traced picture: draw it by strokes"
            )


# === Paths ===


def trace_path(d: str, limit: int = MAX_POINTS) -> list[Subpath]:
    """Return the subpaths of the attribute `d` of a path.

    Raises:
        DataError: it is not a valid path, or has more points than the limit.
    """
    pen = Pen(limit)
    first = _COMMAND.search(d)
    if first is None or first[1] not in "Mm" or d[: first.start()].strip():
        raise DataError(f"{EXPECTED_PATH}, got {_shortened(d)}")
    control: Point | None = None  # of the curve before, for smooth curves
    previous = ""
    for letter, text in _COMMAND.findall(d):
        command, count = letter.upper(), _COUNTS[letter.upper()]
        numbers = _arguments(letter, text)
        if len(numbers) % count if count else numbers:
            raise _broken(letter, text)
        if not count:
            pen.close()
            previous = command
        elif not numbers:
            raise _broken(letter, text)
        for begin in range(0, len(numbers), count or 1):
            values = numbers[begin : begin + count]
            if command == "M" and begin:
                command = "L"
            if letter.islower():
                values = _absolute(command, values, pen.at)
            is_smooth = control is not None and previous in _SMOOTH.get(command, "")
            control = _draw(pen, command, values, control if is_smooth else None)
            previous = command
    pen.finish()
    return pen.subpaths


# Which curves a smooth curve continues.
_SMOOTH = {"S": "CS", "T": "QT"}


def _draw(
    pen: Pen, command: str, values: list[float], before: Point | None
) -> Point | None:
    """Draw one command in absolute coordinates; return the last control point.

    `before` is the control point before the pen, for smooth curves; None for none.
    """
    x, y = pen.at
    mirrored = pen.at if before is None else (2 * x - before[0], 2 * y - before[1])
    to = (values[-2], values[-1]) if len(values) > 1 else pen.at
    control = None
    match command:
        case "M":
            pen.move(to)
        case "L":
            pen.line(to)
        case "H":
            pen.line((values[0], y))
        case "V":
            pen.line((x, values[0]))
        case "C":
            control = (values[2], values[3])
            pen.curve((values[0], values[1]), control, to)
        case "S":
            control = (values[0], values[1])
            pen.curve(mirrored, control, to)
        case "Q":
            control = (values[0], values[1])
            pen.quadratic(control, to)
        case "T":
            control = mirrored
            pen.quadratic(control, to)
        case "A":
            pen.arc(
                (values[0], values[1]), values[2], values[3] == 1, values[4] == 1, to
            )
    return control


def _absolute(command: str, values: list[float], at: Point) -> list[float]:
    """Return the arguments of a relative command as absolute coordinates."""
    x, y = at
    if command == "A":
        return [*values[:5], values[5] + x, values[6] + y]
    if command == "V":
        return [values[0] + y]
    return [value + (y if place % 2 else x) for place, value in enumerate(values)]


def _arguments(letter: str, text: str) -> list[float]:
    """Return the numbers that follow a command; the flags of arcs need no spaces."""
    if letter not in "Aa":
        if NUMBER.sub("", text).strip(" \t\r\n\f,"):
            raise _broken(letter, text)
        return [*map(float, NUMBER.findall(text))]
    numbers: list[float] = []
    at = _skip(text, 0)
    while at < len(text):
        is_flag = len(numbers) % 7 in (3, 4)
        found = (_FLAG if is_flag else NUMBER).match(text, at)
        if found is None:
            raise _broken(letter, text)
        numbers.append(float(found[0]))
        at = _skip(text, found.end())
    return numbers


_FLAG = re.compile("[01]")


def _skip(text: str, at: int) -> int:
    """Return the place after white space and commas."""
    found = _SEPARATOR.match(text, at)
    return found.end() if found else at


def _broken(letter: str, text: str) -> DataError:
    return DataError(
        f"{EXPECTED_PATH}, a path is broken at {_shortened(letter + text)}"
    )


def _shortened(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


# === Basic shapes ===


def trace_shape(element: Element, size: Size, limit: int = MAX_POINTS) -> list[Subpath]:
    """Return the outline of a path or basic shape, empty if nothing is drawn.

    `size` is what percentages refer to.

    Raises:
        DataError: an attribute is invalid, or there are more points than the limit.
    """
    name, pen = element.name, Pen(limit)
    if name == "path":
        d = element.attributes.get("d", "").strip()
        return trace_path(d, limit) if d not in ("", "none") else []
    if name == "line":
        x1, y1, x2, y2 = (
            length_of(element, key, size) for key in ("x1", "y1", "x2", "y2")
        )
        pen.move((x1, y1))
        pen.line((x2, y2))
    elif name in ("polyline", "polygon"):
        numbers = parse_numbers(element.attributes.get("points", ""), "points")
        if len(numbers) % 2:
            raise DataError(f"expected an even number of points, got {len(numbers)}")
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        for point in points[:1]:
            pen.move(point)
        for point in points[1:]:
            pen.line(point)
        if name == "polygon" and points:
            pen.close()
    elif name == "rect":
        _trace_rectangle(element, size, pen)
    elif name in ("circle", "ellipse"):
        _trace_ellipse(element, size, pen)
    pen.finish()
    return pen.subpaths


def _trace_rectangle(element: Element, size: Size, pen: Pen) -> None:
    x, y = length_of(element, "x", size), length_of(element, "y", size)
    width = length_of(element, "width", size)
    height = length_of(element, "height", size)
    if not (width > 0 and height > 0):
        return
    rx = length_of(element, "rx", size, default=-1)
    ry = length_of(element, "ry", size, default=-1)
    rx, ry = rx if rx >= 0 else ry, ry if ry >= 0 else rx
    rx, ry = min(max(rx, 0), width / 2), min(max(ry, 0), height / 2)
    is_round = rx > 0 and ry > 0
    if not is_round:
        rx = ry = 0.0
    right, bottom = x + width, y + height
    pen.move((x + rx, y))
    for side, corner in (
        ((right - rx, y), (right, y + ry)),
        ((right, bottom - ry), (right - rx, bottom)),
        ((x + rx, bottom), (x, bottom - ry)),
        ((x, y + ry), (x + rx, y)),
    ):
        if is_round:
            pen.line(side)
            pen.arc((rx, ry), 0, False, True, corner)
        elif side != (x, y):
            pen.line(side)
    pen.close()


def _trace_ellipse(element: Element, size: Size, pen: Pen) -> None:
    x, y = length_of(element, "cx", size), length_of(element, "cy", size)
    if element.name == "circle":
        rx = ry = length_of(element, "r", size)
    else:
        rx = length_of(element, "rx", size, default=-1)
        ry = length_of(element, "ry", size, default=-1)
        rx, ry = rx if rx >= 0 else ry, ry if ry >= 0 else rx
    if not (rx > 0 and ry > 0):
        return
    pen.move((x + rx, y))
    for to in ((x, y + ry), (x - rx, y), (x, y - ry), (x + rx, y)):
        pen.arc((rx, ry), 0, False, True, to)
    pen.close()
