"""Differences between the measures of two sets of windows, with a sign and intervals.

A rate of a set is all its events by all its opportunities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chorale.evaluation.style.bootstrap import Floats, Groups
from chorale.evaluation.style.distances import Distance
from chorale.evaluation.style.measures.table import MEASURES
from chorale.evaluation.style.profiles import Profile

REPLICATES = 1000
# Percentiles of the rates of as many chorales by Bach: a rate beyond is unusual.
_UNUSUAL = (0.5, 99.5)


def set_rates(profile: Profile) -> dict[str, float]:
    """Return the rate of each measure in a set; nan without opportunities."""
    weights = np.ones((1, len(profile.groups)))
    return dict(zip(MEASURES, _rates(profile, weights)[0].tolist(), strict=True))


def differences(
    profile: Profile,
    reference: Profile,
    *,
    replicates: int = REPLICATES,
    random_state: int = 0,
) -> dict[str, Distance]:
    """Return how much higher each rate is in a set than in another, with a sign.

    The 95 % interval is a bootstrap over the groups. What both sets have of a group is
    drawn together, so samples and the pieces whose openings they have are compared in
    pairs. Where a set has no opportunities, the difference is nan.

    Args:
        profile: the set.
        reference: the other set.
        replicates: of the bootstrap.
        random_state: of the draws.
    """
    names, group_of = np.unique(
        [*profile.groups, *reference.groups], return_inverse=True
    )
    random = np.random.default_rng(random_state)
    uniform = np.full(len(names), 1 / len(names))
    drawn = random.multinomial(len(names), uniform, size=replicates)
    weights = np.vstack([np.ones(len(names)), drawn])[:, group_of]
    here = _rates(profile, weights[:, : len(profile.groups)])
    there = _rates(reference, weights[:, len(profile.groups) :])
    return {
        name: Distance.of(column[0], column[1:])
        for name, column in zip(MEASURES, (here - there).T, strict=True)
    }


@dataclass(frozen=True, kw_only=True)
class Unusual:
    """A rate that sets of as many chorales by Bach hardly ever have.

    Attributes:
        name: of MEASURES.
        rate: of the set.
        usual: of Bach.
        deviations: from the usual rate, in standard deviations of sets of Bach's.
    """

    name: str
    rate: float
    usual: float
    deviations: float


def unusual(
    profile: Profile,
    reference: Profile,
    *,
    replicates: int = REPLICATES,
    random_state: int = 0,
) -> list[Unusual]:
    """Return the rates that are unusual, those that deviate most first.

    A rate of a set of n groups is unusual if it is beyond 99 % of the rates of n groups
    drawn from the reference, with replacement, the interval widened by √(1 + n / groups
    of the reference), since the usual rate is an estimate too.
    """
    random = np.random.default_rng(random_state)
    groups = Groups(reference.groups)
    size = Groups(profile.groups).count
    drawn = groups.pick(groups.resample(size, replicates, random), random)
    null = _rates(reference, groups.weights(drawn))
    usual = set_rates(reference)
    widening = np.sqrt(1 + size / groups.count)
    found = []
    for (name, rate), column in zip(set_rates(profile).items(), null.T, strict=True):
        known = column[~np.isnan(column)]
        if np.isnan(rate) or not len(known):
            continue
        ends = np.percentile(known, _UNUSUAL)
        wide = usual[name] + widening * (ends - usual[name])
        # Of what is rare both ends may be 0, on one side of the usual rate.
        if min(ends[0], wide[0]) <= rate <= max(ends[1], wide[1]):
            continue
        # Where no piece of the reference has any event, one would be unusual.
        spread = max(float(known.std()), 1e-3)
        found.append(
            Unusual(
                name=name,
                rate=rate,
                usual=usual[name],
                deviations=(rate - usual[name]) / spread,
            )
        )
    return sorted(found, key=lambda item: -abs(item.deviations))


def _rates(profile: Profile, weights: Floats) -> Floats:
    """Return rates (replicates, measures) by weights (replicates, windows)."""
    counts = np.stack([profile.measures[name] for name in MEASURES])
    events, opportunities = (weights @ counts[..., place].T for place in (0, 1))
    rates: Floats = np.where(
        opportunities > 0,
        events / np.where(opportunities > 0, opportunities, 1),
        np.nan,
    )
    return rates
