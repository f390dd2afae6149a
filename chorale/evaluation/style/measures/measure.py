"""What a measure is: a rate, events in opportunities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chorale.evaluation.style.analysis import Analysis

# Events and opportunities.
Count = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A rate that is counted in a window.

    Attributes:
        summary: what it is the share of, in words: `bass notes that return at once`.
        count: returns events and opportunities of a window.
        scale: by which the rate is multiplied to be read: 100 for percentages.
        unit: of the scaled rate.
    """

    summary: str
    count: Callable[[Analysis], Count]
    scale: float = 100
    unit: str = "%"
