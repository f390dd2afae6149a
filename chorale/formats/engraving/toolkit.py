"""Verovio, which engraves MEI: one toolkit for the process, behind a lock."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from threading import Lock
from typing import Any

from chorale.errors import ChoraleError
from chorale.utils.extras import require

# A toolkit holds one document at a time. It keeps Python's global lock while it works,
# so that one for each thread would not be faster.
_LOCK = Lock()


def render_mei(mei: str, options: Mapping[str, Any]) -> list[str]:
    """Return the pages of a score as SVG, as Verovio writes it.

    Args:
        mei: the score.
        options: of Verovio.

    Raises:
        MissingExtraError: Verovio is not installed.
        ChoraleError: Verovio cannot engrave it.
    """
    require("score", "engraving", ["verovio"])
    with _LOCK:
        toolkit = _toolkit()
        toolkit.resetOptions()
        toolkit.setOptions({"inputFrom": "mei", **options})
        if not toolkit.loadData(mei):
            raise ChoraleError("Verovio cannot engrave this score")
        count = toolkit.getPageCount()
        return [toolkit.renderToSVG(page) for page in range(1, count + 1)]


@cache
def _toolkit() -> Any:
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    return verovio.toolkit()
