"""Distances between the histograms of two sets of windows, with intervals.

Histograms are summed over the windows of a set and compared part by part; the distance
is the mean over the parts that are not empty in either set. Categories are compared by
total variation, the share of the counts that would have to change category (0 to 1);
ordered bins by the Wasserstein distance, how far the counts would have to be moved on
average.

The distance of a small set is larger by sampling noise alone. So all sets are compared
at the same size: as subsets of `size` windows, each of a different group.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from chorale.evaluation.style.bootstrap import INTERVAL, Floats, Groups
from chorale.evaluation.style.feature import Feature
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.profiles import Profile
from chorale.utils.arrays import IntArray

REPLICATES = 200


@dataclass(frozen=True)
class Distance:
    """A distance with its 95 % interval; nan where there is nothing to compare.

    Of small sets, some subsets may have nothing to compare: they do not count.
    """

    value: float  # in the unit of the feature
    low: float
    high: float
    replicates: Floats = field(repr=False, compare=False)  # draws of the interval

    @classmethod
    def of(cls, value: float, replicates: Floats) -> Distance:
        """Take the interval from replicates of a value, those that are not nan."""
        known = replicates[~np.isnan(replicates)]
        low, high = np.percentile(known, INTERVAL) if len(known) else (np.nan, np.nan)
        return cls(float(value), float(low), float(high), replicates)

    def minus(self, reference: Distance) -> Distance:
        """Return the difference from another distance, with its interval.

        The difference is significant (95 %) if the interval does not contain 0.
        Replicates are subtracted in pairs: variation that both sets share, having the
        same groups and draws, cancels out.
        """
        return Distance.of(
            self.value - reference.value, self.replicates - reference.replicates
        )


def compare(
    profile: Profile,
    reference: Profile,
    *,
    size: int,
    replicates: int = REPLICATES,
    random_state: int = 0,
) -> dict[str, Distance]:
    """Return the distances of a set of windows from a reference, by name of FEATURES.

    The value is the mean distance of subsets of `size` windows from the whole
    reference. The bootstrap interval is the spread of subsets drawn with replacement,
    centered on the value and scaled by √(size / groups), the m out of n bootstrap
    (Bickel, Götze & van Zwet, 1997, "Resampling fewer than n observations"). The
    reference is not resampled.

    Args:
        profile: the set.
        reference: the whole set that it is compared with.
        size: windows of a subset, the same for all sets to be compared.
        replicates: number of subsets.
        random_state: of the draws. Sets with the same groups have the same draws.

    Raises:
        DataError: the set has fewer groups than `size`.
    """
    groups = Groups(profile.groups)
    groups.check(size)
    random = np.random.default_rng(random_state)
    drawn = [
        groups.subsample(size, replicates, random),
        groups.resample(size, replicates, random),
    ]
    subsets, resampled = (groups.weights(groups.pick(d, random)) for d in drawn)
    scale = np.sqrt(size / groups.count)
    distances = {}
    for name, feature in FEATURES.items():
        counts = profile.counts[name]
        whole = reference.counts[name].sum(axis=0)
        value = _mean(distance(feature, _summed(subsets, counts), whole))
        varied = distance(feature, _summed(resampled, counts), whole)
        centered = value + scale * (varied - _mean(varied))
        distances[name] = Distance.of(value, np.maximum(centered, 0))
    return distances


def null_distances(
    reference: Profile,
    *,
    size: int,
    replicates: int = REPLICATES,
    random_state: int = 0,
) -> dict[str, Distance]:
    """Return the null distribution: random subsets of a reference against its rest.

    The value is the mean of the distribution, the interval holds 95 % of it. The rest
    is a little smaller than the reference of `compare`, so the figures are a little
    larger. Arguments are as for `compare`.

    Raises:
        DataError: the reference has no more groups than `size`.
    """
    groups = Groups(reference.groups)
    groups.check(size + 1)
    random = np.random.default_rng(random_state)
    drawn = groups.subsample(size, replicates, random)
    subsets = groups.weights(groups.pick(drawn, random))
    rest = groups.complement(drawn)
    distances = {}
    for name, feature in FEATURES.items():
        counts = reference.counts[name]
        values = distance(feature, _summed(subsets, counts), _summed(rest, counts))
        distances[name] = Distance.of(_mean(values), values)
    return distances


def _mean(values: Floats) -> float:
    """Return the mean of the values that are not nan; nan if all of them are."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


# === Metrics ===


def distance(feature: Feature, left: npt.ArrayLike, right: npt.ArrayLike) -> Floats:
    """Return the distance of two histograms, the mean over parts present in both.

    Counts are (..., parts, bins) and broadcast; the distance is a float array (...),
    nan if no part is present in both.
    """
    left, right = np.asarray(left), np.asarray(right)
    totals = left.sum(axis=-1), right.sum(axis=-1)
    left_shares, right_shares = (
        counts / np.maximum(total, 1)[..., np.newaxis]
        for counts, total in zip((left, right), totals, strict=True)
    )
    if feature.values is None:
        by_part = total_variation(left_shares, right_shares)
    else:
        by_part = wasserstein(left_shares, right_shares, feature.values)
    present = (totals[0] > 0) & (totals[1] > 0)
    parts = present.sum(axis=-1)
    total = np.where(present, by_part, 0).sum(axis=-1)
    mean: Floats = np.where(parts, total / np.maximum(parts, 1), np.nan)
    return mean


def total_variation(left: Floats, right: Floats) -> Floats:
    """Return half the L1 distance of shares (..., bins), float array (...)."""
    found: Floats = np.abs(left - right).sum(axis=-1) / 2
    return found


def wasserstein(left: Floats, right: Floats, values: Sequence[float]) -> Floats:
    """Return the first Wasserstein distance of shares on a line, float array (...).

    It is the area between the cumulative distributions of shares (..., bins) of
    ascending values.
    """
    excess = np.cumsum(left - right, axis=-1)[..., :-1]
    found: Floats = np.abs(excess) @ np.diff(values)
    return found


def _summed(weights: Floats, counts: IntArray) -> Floats:
    """Sum histograms (windows, parts, bins) by weights (replicates, windows)."""
    flat = counts.reshape(len(counts), -1).astype(np.float64)
    return (weights @ flat).reshape(len(weights), *counts.shape[1:])
