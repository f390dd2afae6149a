"""What a style feature is: a histogram of a window, with parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chorale.evaluation.style.analysis import MODES, Analysis
from chorale.utils.arrays import IntArray

# Names of degrees by semitones above the tonic.
DEGREES = tuple("1 b2 2 b3 3 4 #4 5 b6 6 b7 7".split())


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A style feature."""

    summary: str  # description in words
    # Returns the histogram of a window, int array (parts, bins).
    count: Callable[[Analysis], IntArray]
    parts: tuple[str, ...]  # names
    bins: tuple[str, ...]  # names
    values: tuple[float, ...] | None = None  # of ordered bins; None for categories
    unit: str = "share"  # of the distance: that of the scale, or `share`

    @property
    def metric(self) -> str:
        """`Wasserstein` for ordered bins, `total variation` for categories."""
        return "total variation" if self.values is None else "Wasserstein"


def histogram(values: IntArray, bins: int) -> IntArray:
    """Count the values 0 … bins - 1."""
    return np.bincount(values, minlength=bins)


def in_mode(analysis: Analysis, values: IntArray, bins: int) -> IntArray:
    """Count values in the part of the window's mode; the other part is empty."""
    counts = np.zeros((len(MODES), bins), np.int64)
    counts[analysis.mode] = histogram(values, bins)
    return counts
