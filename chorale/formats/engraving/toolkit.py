"""Verovio, which engraves MEI: one toolkit for the process, behind a lock."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from threading import Lock
from typing import Any

from chorale.errors import ChoraleError
from chorale.utils.extras import require

# A toolkit holds one document at a time. It keeps Python's global lock while it works,
# so that one for each thread would not be faster.
_LOCK = Lock()


# Elements of MEI that Verovio has laid out.
_SYSTEM, _BAR = re.compile(r"<system[ >]"), re.compile(r"<measure[ >]")


def render_mei(
    mei: str,
    options: Mapping[str, Any],
    rearrange: Callable[[Sequence[int]], str] | None = None,
) -> list[str]:
    """Return the pages of a score as SVG, as Verovio writes it.

    Args:
        mei: the score.
        options: of Verovio.
        rearrange: called with the number of bars in each system; returns the score
            with breaks between systems, or an empty text if they are well as they are.

    Raises:
        MissingExtraError: Verovio is not installed.
        ChoraleError: Verovio cannot engrave it.
    """
    require("score", "engraving", ["verovio"])
    with _LOCK:
        toolkit = _toolkit()
        toolkit.resetOptions()
        toolkit.setOptions({"inputFrom": "mei", **options})
        _load(toolkit, mei)
        if rearrange is not None and (broken := rearrange(_bars_of_systems(toolkit))):
            toolkit.setOptions({"breaks": "line"})
            _load(toolkit, broken)
        count = toolkit.getPageCount()
        return [toolkit.renderToSVG(page) for page in range(1, count + 1)]


def _load(toolkit: Any, mei: str) -> None:
    if not toolkit.loadData(mei):
        raise ChoraleError("Verovio cannot engrave this score")


def _bars_of_systems(toolkit: Any) -> list[int]:
    """Return the number of bars in each system of the score that is loaded."""
    layout = toolkit.getMEI({"scoreBased": False})
    return [len(_BAR.findall(system)) for system in _SYSTEM.split(layout)[1:]]


@cache
def _toolkit() -> Any:
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    return verovio.toolkit()
