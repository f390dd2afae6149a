"""Remarks on what a reader of ABC leaves out or guesses, gathered by kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_MOST_PLACES = 5


class Spot(NamedTuple):
    """A bar of a voice: its place from 0, and the name of the voice or nothing."""

    measure: int
    voice: str = ""


class Remarks:
    """Sentences for the user, one for each kind, with the places that it concerns."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str | Spot, None]] = {}

    def add(self, sentence: str, place: str | Spot = "") -> None:
        """Add a remark; of a sentence that is known, only the place is new."""
        places = self._places.setdefault(sentence, {})
        if place:
            places[place] = None

    def sentences(self, numbers: Sequence[int]) -> list[str]:
        """Return the sentences, each with its first places.

        Args:
            numbers: of each bar.
        """
        found = []
        for sentence, places in self._places.items():
            named = dict.fromkeys(_name(place, numbers) for place in places)
            listed = ", ".join(list(named)[:_MOST_PLACES])
            more = len(named) - _MOST_PLACES
            listed += f" and {more} more" if more > 0 else ""
            found.append(f"{sentence}: {listed}" if places else sentence)
        return found


def _name(place: str | Spot, numbers: Sequence[int]) -> str:
    if isinstance(place, str):
        return place
    number = numbers[min(place.measure, len(numbers) - 1)]
    return f"bar {number} of voice {place.voice}" if place.voice else f"bar {number}"
