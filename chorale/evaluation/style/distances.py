"""Distances between the counts of sets of windows, with intervals.

Histograms are summed over the windows of a set and compared part by part; the distance
is the mean over the parts that both sets have something in. Categories are compared by
total variation, the share of what is counted that would have to be something else (0 to
1), ordered bins by the Wasserstein distance, how far on their scale each count would
have to be moved on average.

A small set is further from anything than a large one, by its noise alone. So every set
is compared at the same size: as subsets of `size` windows, each of another group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from chorale.evaluation.style.bootstrap import INTERVAL, Floats, Groups
from chorale.evaluation.style.features import FEATURES, Feature, Profile
from chorale.utils.arrays import IntArray

REPLICATES = 200


@dataclass(frozen=True)
class Distance:
    """A distance and its 95 % interval; nan where there was nothing to compare.

    Attributes:
        value: in the unit of the feature.
        low, high: the interval.
        replicates: float array, what the interval is taken from.
    """

    value: float
    low: float
    high: float
    replicates: Floats = field(repr=False, compare=False)

    @classmethod
    def of(cls, value: float, replicates: Floats) -> Distance:
        """Take the interval from replicates of a value."""
        low, high = np.percentile(replicates, INTERVAL)
        return cls(float(value), float(low), float(high), replicates)


def compare(
    profile: Profile,
    reference: Profile,
    *,
    size: int,
    replicates: int = REPLICATES,
    random_state: int = 0,
) -> dict[str, Distance]:
    """Return how far a set of windows is from a reference, by name of FEATURES.

    The value is the mean distance of subsets of `size` windows from the whole
    reference. Its interval says how much it would vary with other groups in the set,
    by bootstrap: the spread of subsets drawn with replacement, around the value, made
    narrower by √(size / groups) for a set of more groups than `size` (the m out of n
    bootstrap; Bickel, Götze & van Zwet, 1997, "Resampling fewer than n observations").
    The reference is taken as it is.

    Args:
        profile: the set.
        reference: what it is compared with, all of it.
        size: windows of a subset, the same for all sets that are to stand side by
            side.
        replicates: subsets that are drawn.
        random_state: of the draws. Sets of the same groups are drawn alike.

    Raises:
        DataError: the set has fewer groups than `size`.
    """
    groups = Groups(profile.groups)
    groups.check(size)
    random = np.random.default_rng(random_state)
    subsets, again = (
        groups.weights(groups.pick(drawn, random))
        for drawn in (
            groups.draw(size, replicates, random),
            groups.draw_again(size, replicates, random),
        )
    )
    narrower = np.sqrt(size / groups.count)
    found = {}
    for name, feature in FEATURES.items():
        counts = profile.counts[name]
        whole = reference.counts[name].sum(axis=0)
        value = distance(feature, _summed(subsets, counts), whole).mean()
        varied = distance(feature, _summed(again, counts), whole)
        around = value + narrower * (varied - varied.mean())
        found[name] = Distance.of(value, np.maximum(around, 0))
    return found


def noise(
    reference: Profile,
    *,
    size: int,
    replicates: int = REPLICATES,
    random_state: int = 0,
) -> dict[str, Distance]:
    """Return how far `size` windows of the reference are from its other groups.

    That is the distance of a set that nothing sets apart. The interval is where 95 % of
    such sets lie. What they are compared with lacks them, so it is a little smaller
    than the reference that `compare` is given, and the figure a little larger.

    Args:
        reference, size, replicates, random_state: as for `compare`.

    Raises:
        DataError: the reference has not more groups than `size`.
    """
    groups = Groups(reference.groups)
    groups.check(size + 1)
    random = np.random.default_rng(random_state)
    drawn = groups.draw(size, replicates, random)
    subsets = groups.weights(groups.pick(drawn, random))
    rest = groups.weights_of_rest(drawn)
    found = {}
    for name, feature in FEATURES.items():
        counts = reference.counts[name]
        values = distance(feature, _summed(subsets, counts), _summed(rest, counts))
        found[name] = Distance.of(values.mean(), values)
    return found


def difference(one: Distance, other: Distance) -> Distance:
    """Return how much larger one distance is than another, with its interval.

    An interval above 0 tells them apart at 95 %. Replicates are subtracted one by one:
    where both sets are of the same groups, drawn alike, what they owe to these cancels.
    """
    return Distance.of(one.value - other.value, one.replicates - other.replicates)


# === Metrics ===


def distance(feature: Feature, one: npt.ArrayLike, other: npt.ArrayLike) -> Floats:
    """Return the distance of histograms, the mean over parts that both have.

    Args:
        feature: whose histograms they are.
        one, other: counts (..., parts, bins), which broadcast.

    Returns:
        Float array (...); nan where they have no part in common.
    """
    one, other = np.asarray(one), np.asarray(other)
    sizes = one.sum(axis=-1), other.sum(axis=-1)
    left, right = (
        counts / np.maximum(size, 1)[..., np.newaxis]
        for counts, size in zip((one, other), sizes, strict=True)
    )
    if feature.values is None:
        by_part = total_variation(left, right)
    else:
        by_part = wasserstein(left, right, feature.values)
    present = (sizes[0] > 0) & (sizes[1] > 0)
    parts = present.sum(axis=-1)
    total = np.where(present, by_part, 0).sum(axis=-1)
    found: Floats = np.where(parts, total / np.maximum(parts, 1), np.nan)
    return found


def total_variation(one: Floats, other: Floats) -> Floats:
    """Return half the sum of differences of shares (..., bins), float array (...)."""
    found: Floats = np.abs(one - other).sum(axis=-1) / 2
    return found


def wasserstein(one: Floats, other: Floats, values: Sequence[float]) -> Floats:
    """Return the first Wasserstein distance of shares on a line, float array (...).

    It is the area between the two cumulative distributions.

    Args:
        one, other: shares (..., bins).
        values: place of each bin, ascending.
    """
    ahead = np.cumsum(one - other, axis=-1)[..., :-1]
    found: Floats = np.abs(ahead) @ np.diff(values)
    return found


def _summed(weights: Floats, counts: IntArray) -> Floats:
    """Sum histograms (windows, parts, bins) by weights (replicates, windows)."""
    flat = counts.reshape(len(counts), -1).astype(np.float64)
    return (weights @ flat).reshape(len(weights), *counts.shape[1:])
