"""The score of a piece for the page: `POST /engrave`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chorale.errors import DataError
from chorale.formats.engraving import engraver
from chorale.music.harmony.analyzing import analyze
from chorale.music.score import Chorale
from chorale.studio.piece_json import from_json
from chorale.studio.shared_types import Json

_FIELDS = ("piece", "staves", "width", "height", "scale", "numerals", "title")


def engrave(body: Json) -> dict[str, list[str]]:
    """Return the pages of the score of a piece, SVG texts.

    Args:
        body: the `piece`, and what is not as by default: `staves`, 2 or 4; `width` and
            `height` of a page in pixels, without a height there is one page; `scale`;
            whether `numerals` and keys stand under it, and whether its `title` above.

    Raises:
        DataError: the body is no such object, or the piece is none.
        UsageError: a number of staves, or a size, that cannot be.
        MissingExtraError: Verovio is not installed.
    """
    if not isinstance(body, Mapping) or "piece" not in body:
        raise DataError("expected an object with a piece to engrave")
    for name in body:
        if name not in _FIELDS:
            raise DataError(f"expected {', '.join(_FIELDS)}, got {name!a:.40}")
    given = {name: body[name] for name in body if body[name] is not None}
    options = engraver.EngravingOptions(
        staves=_number(given.get("staves", 2), "staves", whole=True),
        width=_number(given.get("width", 1000), "a width", whole=True),
        scale=_number(given.get("scale", 1), "a scale"),
        height=_number(given["height"], "a height", whole=True)
        if "height" in given
        else None,
        title=_flag(given.get("title", False), "title"),
    )
    numerals = _flag(given.get("numerals", False), "numerals")
    piece = from_json(body["piece"])
    labels = _numerals(piece) if numerals else ()
    return {"pages": engraver.engrave(piece, options, labels)}


def _numerals(piece: Chorale) -> list[tuple[int, str]]:
    """Return the numerals and keys of a piece; none if nothing sounds."""
    return analyze(piece).numerals() if piece.onsets.any() else []


def _number(value: Json, name: str, *, whole: bool = False) -> Any:
    """Return a number, rounded if it has to be whole.

    Pages measure their width in fractions of pixels.

    Raises:
        DataError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"expected {name} as a number, got {value!r:.40}")
    if not abs(value) < 1e9:
        raise DataError(f"expected {name} of a possible size, got {value!s:.40}")
    return round(value) if whole else value


def _flag(value: Json, name: str) -> bool:
    if not isinstance(value, bool):
        raise DataError(f"expected {name} as true or false, got {value!r:.40}")
    return value
