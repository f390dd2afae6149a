"""Columns: a window as a vector, for classifiers.

A column is the share of a bin among all counts of a feature, or the rate of a measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chorale.evaluation.style.bootstrap import Floats
from chorale.evaluation.style.profiles import Profile
from chorale.utils.arrays import IntArray

# Bins with a smaller share of a feature's counts are pooled: of thousands of chord
# changes most never occur.
_RARE = 0.01


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of windows that are compared.

    Attributes:
        bins: of each feature those that have a column each, by name of FEATURES, as
            indices into the bins of all its parts; the others share one.
        rates: mean rate of each measure, by name of MEASURES, for windows without an
            opportunity.
    """

    bins: Mapping[str, IntArray]
    rates: Mapping[str, float]

    @classmethod
    def of(cls, *profiles: Profile) -> Columns:
        """Return the columns of all windows of some profiles.

        Measures without any opportunity have none.
        """
        bins, rates = {}, {}
        for name in profiles[0].counts:
            counts = _flat(np.concatenate([each.counts[name] for each in profiles]))
            shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            bins[name] = np.flatnonzero(shares.mean(axis=0) >= _RARE)
        for name in profiles[0].measures:
            counts = np.concatenate([each.measures[name] for each in profiles])
            events, opportunities = counts[counts[:, 1] > 0].T
            if len(events):
                rates[name] = float((events / opportunities).mean())
        return cls(bins, rates)

    @property
    def names(self) -> tuple[str, ...]:
        """The feature or measure of each column."""
        features = [[name] * (len(bins) + 1) for name, bins in self.bins.items()]
        return (*(name for names in features for name in names), *self.rates)

    def vectors(self, profile: Profile) -> Floats:
        """Return the vectors of the windows, float array (windows, columns)."""
        columns = [np.empty((len(profile.groups), 0))]
        for name, bins in self.bins.items():
            counts = _flat(profile.counts[name])
            own, total = counts[:, bins], counts.sum(axis=1, keepdims=True)
            rest = total - own.sum(axis=1, keepdims=True)
            columns.append(np.hstack([own, rest]) / np.maximum(total, 1))
        for name, mean in self.rates.items():
            events, opportunities = profile.measures[name].T
            rates = events / np.where(opportunities > 0, opportunities, 1)
            rates = np.where(opportunities > 0, rates, mean)
            columns.append(rates[:, np.newaxis])
        return np.hstack(columns)


def _flat(counts: IntArray) -> IntArray:
    """Return counts (windows, parts, bins) as (windows, parts × bins)."""
    return counts.reshape(len(counts), -1)
