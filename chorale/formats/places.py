"""Places in a piece as musicians name them, for messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from chorale.music.metre import Metre
from chorale.utils.arrays import IntArray
from chorale.utils.text import listed

_MOST_LISTED = 8

# Names the place of a step for the user, such as `bar 3, beat 2`.
Place = Callable[[int], str]


def places_in(bars: IntArray, positions: IntArray, metres: Sequence[Metre]) -> Place:
    """Return the function that names the bar and the beat of a step.

    Args:
        bars, positions, metres: of the piece, as in Chorale.
    """

    def place(step: int) -> str:
        step = min(max(step, 0), len(bars) - 1)
        metre = [metre for metre in metres if metre.step <= step][-1]
        beat = 1 + int(positions[step]) / metre.beat_length
        return f"bar {bars[step]}, beat {beat:.4g}"

    return place


def list_bars(numbers: Iterable[int]) -> str:
    """Return numbers of bars in words, as `bars 2, 5 and 7`; a long list is cut."""
    bars = sorted(set(numbers))
    if len(bars) == 1:
        return f"bar {bars[0]}"
    more = len(bars) - _MOST_LISTED
    if more > 0:
        return f"bars {listed([*bars[:_MOST_LISTED], f'{more} more'])}"
    return f"bars {listed(bars)}"
