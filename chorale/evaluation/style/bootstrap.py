"""Resampling of windows by groups: subsamples and bootstrap replicates.

Windows of one group, such as samples that continue the same opening, are not
independent. So groups are drawn, and one window of each drawn group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.utils.arrays import IntArray

Floats = npt.NDArray[np.float64]

INTERVAL = (2.5, 97.5)  # percentiles of a 95 % interval


class Groups:
    """The groups of a set of windows, by the name of each window's group."""

    def __init__(self, names: Sequence[str]) -> None:
        unique, self._group_of = np.unique(np.asarray(names), return_inverse=True)
        self.count = len(unique)
        # Windows in order of their groups, and where in that order each group begins.
        self._order = np.argsort(self._group_of, kind="stable")
        self._sizes = np.bincount(self._group_of)
        self._firsts = np.cumsum(self._sizes) - self._sizes

    def check(self, least: int) -> None:
        """Raise a DataError if there are fewer groups than `least`, or `least` is 0."""
        if not 1 <= least <= self.count:
            raise DataError(
                f"expected windows of at least {max(least, 1)} different chorales, "
                f"got {self.count}"
            )

    def subsample(
        self, size: int, replicates: int, random: np.random.Generator
    ) -> IntArray:
        """Draw groups without replacement, int array (replicates, size)."""
        everything = np.tile(np.arange(self.count), (replicates, 1))
        return random.permuted(everything, axis=1)[:, :size]

    def resample(
        self, size: int, replicates: int, random: np.random.Generator
    ) -> IntArray:
        """Draw groups with replacement, int array (replicates, size)."""
        return random.integers(self.count, size=(replicates, size))

    def pick(self, drawn: IntArray, random: np.random.Generator) -> IntArray:
        """Pick a window of each drawn group, int array of the shape of `drawn`."""
        offsets = (random.random(drawn.shape) * self._sizes[drawn]).astype(np.int64)
        picked: IntArray = self._order[self._firsts[drawn] + offsets]
        return picked

    def weights(self, picked: IntArray) -> Floats:
        """Return how often each window was picked, array (replicates, windows)."""
        weights = np.zeros((len(picked), len(self._order)))
        np.add.at(weights, (np.arange(len(picked))[:, np.newaxis], picked), 1)
        return weights

    def complement(self, drawn: IntArray) -> Floats:
        """Return 1 for windows of groups that were not drawn, (replicates, windows)."""
        left = np.ones((len(drawn), self.count))
        np.put_along_axis(left, drawn, 0, axis=1)
        return left[:, self._group_of]
