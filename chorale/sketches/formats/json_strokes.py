"""Drawings as JSON: a list of strokes, as canvases and Quick, Draw! give it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Never

import numpy as np

from chorale.errors import DataError, located
from chorale.sketches.formats.shared import ReadOptions, open_binary
from chorale.sketches.strokes import Sketch, check_stroke
from chorale.utils.arrays import Float64Array

_EXPECTED = "expected a list of points such as [[x, y], [x, y]] for each stroke"
_NUMBERS = {int, float}  # without bool, which is a subclass of int


def read_json(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the one drawing of a JSON file; see `read_strokes`."""
    with open_binary(path, options) as file:
        text = file.read()
    yield read_strokes(text, str(path))


def read_strokes(text: str | bytes, name: str) -> Sketch:
    """Read a drawing from JSON.

    The JSON is a list of strokes. Each is a list of points: `[x, y]`, or
    `{"x": x, "y": y}`, or `[x, y, extra]` for all of them; extra values, such as
    pressure or time, are ignored. Or all strokes are in Quick, Draw!'s form: `[[x, x,
    x], [y, y, y]]` with an optional list of times.

    Some strokes fit both forms. One stroke that fits only one decides for all. If each
    is two or three lists, lists of two numbers are points, and lists of three numbers
    Quick, Draw!'s form.

    An object with a key `drawing`, and optionally `word` and `recognized`, is a line of
    Quick, Draw!'s files and always in its form. `[]` is an empty drawing. Errors give
    the name of the source.

    Raises:
        DataError: the text has another form.
    """
    with located(Path(name)):
        content = parse_json(text)
        if isinstance(content, dict):
            return parse_record(content)
        if not isinstance(content, list):
            raise DataError(f"{_EXPECTED}, got {_shortened(content)}")
        for number, stroke in enumerate(content, 1):
            if not _is_points(stroke) and not _is_columns(stroke):
                raise DataError(
                    f"stroke {number}: {_EXPECTED}, got {_shortened(stroke)}"
                )
        if _are_points(content):
            content = [_to_columns(stroke) for stroke in content]
        return Sketch(strokes=_parse_drawing(content))


def parse_record(content: dict[str, Any]) -> Sketch:
    """Return the drawing of an object of Quick, Draw!'s files.

    Its keys are `drawing`, for each stroke its xs and ys and optional times, and
    optionally `word` and `recognized`, True if missing; other keys are ignored.

    Raises:
        DataError: a value is missing or invalid; with the number of the stroke.
    """
    if "drawing" not in content:
        raise DataError("expected a key 'drawing', there is none")
    word = content.get("word", "")
    if not isinstance(word, str):
        raise DataError(f"expected a word, got {_shortened(word)}")
    is_recognized = content.get("recognized", True)
    if not isinstance(is_recognized, bool):
        raise DataError(
            f"expected recognized to be true or false, got {_shortened(is_recognized)}"
        )
    strokes = _parse_drawing(content["drawing"])
    return Sketch(strokes=strokes, word=word, is_recognized=is_recognized)


def parse_json(text: str | bytes) -> Any:
    """Parse strict JSON, without the NaN and Infinity that Python accepts.

    Raises:
        DataError: the text is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        # Without the line in the text: often the text is itself a line of a file.
        raise DataError(
            f"expected JSON, got other text: {error.msg} at character {error.pos + 1}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"expected JSON of strokes: {error}") from None


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no number")


def _parse_drawing(drawing: Any) -> tuple[Float64Array, ...]:
    """Return the strokes of Quick, Draw!'s form."""
    if not isinstance(drawing, list):
        raise DataError(f"expected a list of strokes, got {_shortened(drawing)}")
    if (at_once := _parse_strokes(drawing)) is not None:
        return at_once
    strokes = []
    for number, stroke in enumerate(drawing, 1):
        try:
            strokes.append(_parse_stroke(stroke))
        except DataError as error:
            raise DataError(f"stroke {number}: {error}") from None
    return tuple(strokes)


def _parse_strokes(drawing: list[Any]) -> tuple[Float64Array, ...] | None:
    """Return the strokes, all in one array; None if anything is unusual or invalid.

    It is several times faster than stroke by stroke.
    """
    xs: list[Any] = []
    ys: list[Any] = []
    ends = [0]
    for stroke in drawing:
        if type(stroke) is not list or len(stroke) not in (2, 3):
            return None
        x, y = stroke[:2]
        if not type(x) is type(y) is type(stroke[-1]) is list or len(x) != len(y):
            return None
        xs += x
        ys += y
        ends.append(len(xs))
    if not {*map(type, xs), *map(type, ys)} <= _NUMBERS:
        return None
    try:
        points = check_stroke(np.array((xs, ys), np.float64).T)
    except (DataError, OverflowError):
        return None
    return tuple(points[begin:end] for begin, end in pairwise(ends))


def _parse_stroke(stroke: Any) -> Float64Array:
    """Return the stroke (points, 2) of a list of xs and one of ys."""
    if not _is_columns(stroke):
        raise DataError(f"expected lists of x and y, got {_shortened(stroke)}")
    x, y = stroke[:2] or ([], [])
    if len(x) != len(y):
        raise DataError(f"expected as many x as y, got {len(x)} and {len(y)}")
    if not {*map(type, x), *map(type, y)} <= _NUMBERS:
        wrong = next(value for value in (*x, *y) if type(value) not in _NUMBERS)
        raise DataError(f"expected numbers, got {_shortened(wrong)}")
    try:
        return check_stroke(np.array((x, y), np.float64).T)
    except OverflowError:
        raise DataError("expected numbers, got one of hundreds of digits") from None


def _is_columns(stroke: Any) -> bool:
    """Return whether this is empty, or lists of xs, ys and optionally times."""
    return isinstance(stroke, list) and (
        not stroke
        or (len(stroke) in (2, 3) and all(isinstance(part, list) for part in stroke))
    )


def _is_points(stroke: Any) -> bool:
    """Return whether this is a list of points, possibly empty."""
    return isinstance(stroke, list) and all(
        (isinstance(point, dict) and point.keys() >= {"x", "y"})
        or (
            isinstance(point, list)
            and len(point) in (2, 3)
            and {*map(type, point)} <= _NUMBERS
        )
        for point in stroke
    )


def _are_points(strokes: list[Any]) -> bool:
    """Return whether strokes, each of either form, are lists of points."""
    if not all(_is_points(stroke) for stroke in strokes):
        return False
    points = [point for stroke in strokes for point in stroke]
    sizes = {len(point) for point in points if isinstance(point, list)}
    # Three lists of three numbers may as well be Quick, Draw!'s xs, ys and times.
    is_unambiguous = not all(_is_columns(stroke) for stroke in strokes)
    return sizes <= {2} or (sizes == {3} and is_unambiguous)


def _to_columns(points: list[Any]) -> list[list[Any]]:
    """Return a list of xs and one of ys."""
    pairs = [
        (point["x"], point["y"]) if isinstance(point, dict) else point[:2]
        for point in points
    ]
    return [[x for x, _ in pairs], [y for _, y in pairs]]


def _shortened(value: Any) -> str:
    """Return a value on one short line."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
