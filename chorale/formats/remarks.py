"""Sentences for the user that readers of several formats share."""

from __future__ import annotations

from collections.abc import Iterable

from chorale.formats.places import list_bars


def on_unisons(bars: Iterable[int]) -> list[str]:
    """Return a sentence on notes of two voices that are written once; none without.

    Args:
        bars: numbers of the bars with such notes.
    """
    numbers = list(bars)
    if not numbers:
        return []
    return [
        "notes that are written once for two voices are read as unisons in "
        + list_bars(numbers)
    ]
