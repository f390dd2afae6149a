"""Sentences for the user that readers of several formats share."""

from __future__ import annotations

from collections.abc import Iterable

from chorale.formats.places import list_bars
from chorale.music.intervals import interval_name


def on_transposition(part: str, semitones: int, letters: int) -> str:
    """Return a sentence on a transposed part, such as one for a clarinet in B flat.

    Args:
        part: what it is, such as `voice 2`.
        semitones, letters: by which it sounds higher than written.
    """
    direction = "lower" if semitones < 0 else "higher"
    interval = interval_name(semitones, letters)
    return f"{part} sounds {interval} {direction} than written: read at sounding pitch"


def on_short_notes(count: int) -> list[str]:
    """Return a sentence on notes that the grid has no place for; none without."""
    if not count:
        return []
    return [f"notes too short for the grid of sixteenths are left out: {count}"]


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
