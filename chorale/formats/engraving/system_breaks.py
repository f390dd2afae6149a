"""Where systems begin, so that the last one is not a bar or two by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

# Bars that the last system has at least, unless the others have few.
_LEAST_BARS = 3
# Systems at the end, over which bars are spread; those before stay as they are.
_SPREAD_SYSTEMS = 4


def spread_bars(systems: Sequence[int]) -> list[int]:
    """Return how many bars each system should have, so that the last has enough.

    The number of systems stays, as does their number of bars. How wide a bar is is
    known by how many others its system had room for.

    Args:
        systems: the number of bars of each system, all but the last one filled.
    """
    last = max(len(systems) - _SPREAD_SYSTEMS, 0)
    kept, spread = list(systems[:last]), systems[last:]
    if len(spread) < 2 or spread[-1] >= min(_LEAST_BARS, spread[-2] - 1):
        return list(systems)
    sizes = [*spread[:-1], round(sum(spread[:-1]) / (len(spread) - 1))]
    widths = [
        1 / size for bars, size in zip(spread, sizes, strict=True) for _ in range(bars)
    ]
    return kept + _even(widths, len(spread))


def _even(widths: Sequence[float], count: int) -> list[int]:
    """Return the sizes of `count` runs of widths whose sums are as equal as can be."""
    ends = [0.0, *accumulate(widths)]
    # Of the first bars in some systems: the sum of squares, and the sizes of systems,
    # negative, as of several that are as good the one is wanted whose last is short.
    best = {0: (0.0, list[int]())}
    for system in range(count):
        remaining = count - system - 1
        longer: dict[int, tuple[float, list[int]]] = {}
        for start, (cost, sizes) in best.items():
            for end in range(start + 1, len(widths) - remaining + 1):
                width = ends[end] - ends[start]
                found = round(cost + width**2, 9), [*sizes, start - end]
                longer[end] = min(longer.get(end, found), found)
        best = longer
    return [-size for size in best[len(widths)][1]]
