"""Drawings as JSON: a list of strokes, as canvases and Quick, Draw! give it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Never

import numpy as np

from chorale.errors import DataError
from chorale.sketches.formats.shared import Watch, opened, placed
from chorale.sketches.strokes import Floats, Sketch, check_stroke

_FORM = "expected a list of points such as [[x, y], [x, y]] for each stroke"
# Not bool, which Python takes for a number, and not text.
_NUMBERS = {int, float}


def read_strokes(text: str | bytes, name: str) -> Sketch:
    """Read a drawing from JSON.

    It is a list of strokes, each a list of points: `[x, y]`, or `{"x": x, "y": y}`, or
    `[x, y, more]` for all of them. That is a pressure or a time, and is ignored like
    what else is said of a point. Or all are in Quick, Draw!'s form, for each stroke
    `[[x, x, x], [y, y, y]]` and perhaps a list of times.

    One stroke that can be of one form alone, by how many lists and numbers it has,
    tells for all. If each is two or three lists, then lists of two numbers are taken
    for points, and lists of three for Quick, Draw!'s form.

    An object with a key `drawing`, and perhaps `word` and `recognized`, is a line of
    Quick, Draw!'s files and always in its form.

    Args:
        text: of the JSON.
        name: of where it comes from, for errors.

    Returns:
        The drawing; `[]` is one with nothing in it.

    Raises:
        DataError: the text is not of this form.
    """
    with placed(Path(name)):
        content = parse_json(text)
        if isinstance(content, dict):
            return sketch_of(content)
        if not isinstance(content, list):
            raise DataError(f"{_FORM}, got {_shown(content)}")
        for place, stroke in enumerate(content, 1):
            if not _is_of_points(stroke) and not _is_of_columns(stroke):
                raise DataError(f"stroke {place}: {_FORM}, got {_shown(stroke)}")
        if _are_of_points(content):
            content = [_columns_of(stroke) for stroke in content]
        return Sketch(strokes=strokes_of(content))


def read_json(path: Path, watch: Watch | None = None) -> Sketch:
    """Read a file that holds one drawing as JSON; see `read_strokes`."""
    with opened(path, watch) as file:
        text = file.read()
    return read_strokes(text, str(path))


def sketch_of(content: dict[str, Any]) -> Sketch:
    """Return the drawing that an object of Quick, Draw!'s files tells.

    Args:
        content: with `drawing` as `strokes_of` takes it, and perhaps `word` and
            `recognized`, True if it is missing; all else is ignored.

    Raises:
        DataError: something is missing or not what it should be.
    """
    if "drawing" not in content:
        raise DataError("expected a key 'drawing', there is none")
    word = content.get("word", "")
    if not isinstance(word, str):
        raise DataError(f"expected a word, got {_shown(word)}")
    is_recognized = content.get("recognized", True)
    if not isinstance(is_recognized, bool):
        raise DataError(
            f"expected recognized to be true or false, got {_shown(is_recognized)}"
        )
    return Sketch(
        strokes=strokes_of(content["drawing"]), word=word, is_recognized=is_recognized
    )


def strokes_of(drawing: Any) -> tuple[Floats, ...]:
    """Return the strokes of Quick, Draw!'s form: xs and ys of each, times ignored.

    Raises:
        DataError: it is not of this form; with the number of the stroke.
    """
    if not isinstance(drawing, list):
        raise DataError(f"expected a list of strokes, got {_shown(drawing)}")
    strokes = []
    for place, stroke in enumerate(drawing, 1):
        try:
            strokes.append(_to_stroke(stroke))
        except DataError as error:
            raise DataError(f"stroke {place}: {error}") from None
    return tuple(strokes)


def parse_json(text: str | bytes) -> Any:
    """Parse strict JSON, without the NaN and Infinity that Python would let pass.

    Raises:
        DataError: it is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        # Not its line, which is one within the text: often that is a line itself.
        raise DataError(
            f"expected JSON, got other text: {error.msg} at character {error.pos + 1}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"expected JSON of strokes: {error}") from None


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no number")


def _to_stroke(stroke: Any) -> Floats:
    """Return the stroke (points, 2) of one list of xs and one of ys."""
    if not _is_of_columns(stroke):
        raise DataError(f"expected lists of x and y, got {_shown(stroke)}")
    if not stroke:
        return np.zeros((0, 2))
    x, y = stroke[:2]
    if len(x) != len(y):
        raise DataError(f"expected as many x as y, got {len(x)} and {len(y)}")
    if not {*map(type, x), *map(type, y)} <= _NUMBERS:
        wrong = next(value for value in (*x, *y) if type(value) not in _NUMBERS)
        raise DataError(f"expected numbers, got {_shown(wrong)}")
    try:
        return check_stroke(np.array((x, y), np.float64).T)
    except OverflowError:
        raise DataError("expected numbers, got one of hundreds of digits") from None


def _is_of_columns(stroke: Any) -> bool:
    """Return whether this is nothing, or lists of x, of y and perhaps of times."""
    return isinstance(stroke, list) and (
        not stroke
        or (len(stroke) in (2, 3) and all(isinstance(one, list) for one in stroke))
    )


def _is_of_points(stroke: Any) -> bool:
    return isinstance(stroke, list) and all(
        (isinstance(point, dict) and point.keys() >= {"x", "y"})
        or (
            isinstance(point, list)
            and len(point) in (2, 3)
            and {*map(type, point)} <= _NUMBERS
        )
        for point in stroke
    )


def _are_of_points(strokes: list[Any]) -> bool:
    """Return whether strokes, each of either form, are together of points."""
    if not all(_is_of_points(stroke) for stroke in strokes):
        return False
    points = [point for stroke in strokes for point in stroke]
    sizes = {len(point) for point in points if isinstance(point, list)}
    # Three lists of three numbers: Quick, Draw!'s xs, ys and times as likely as not.
    is_told = not all(_is_of_columns(stroke) for stroke in strokes)
    return sizes <= {2} or (sizes == {3} and is_told)


def _columns_of(points: list[Any]) -> list[list[Any]]:
    """Turn a list of points into one of xs and one of ys."""
    pairs = [
        (point["x"], point["y"]) if isinstance(point, dict) else point[:2]
        for point in points
    ]
    return [[x for x, _ in pairs], [y for _, y in pairs]]


def _shown(value: Any) -> str:
    """Return a value on one short line."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
