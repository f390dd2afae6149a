"""Signed differences of measures, and rates that are unusual."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chorale.evaluation.style.differences import differences, set_rates, unusual
from chorale.evaluation.style.measures.table import MEASURES
from chorale.evaluation.style.profiles import Profile


def counted(rates: list[float], name: str = "piece", of: int = 100) -> Profile:
    """Return windows in which all measures but one are 0 of 0."""
    measures = {name: np.zeros((len(rates), 2)) for name in MEASURES}
    measures["bass_returns"] = np.array([(rate * of, of) for rate in rates])
    groups = tuple(f"{name} {index}" for index in range(len(rates)))
    return Profile(groups, {}, measures)


def spread(mean: float, size: int, seed: int = 0) -> list[float]:
    return list(np.random.default_rng(seed).normal(mean, 0.05, size))


def test_rates_are_of_all_opportunities() -> None:
    profile = counted([0.1, 0.4])
    profile.measures["bass_returns"][1] *= 2
    assert set_rates(profile)["bass_returns"] == pytest.approx((10 + 80) / 300)
    assert math.isnan(set_rates(profile)["soprano_returns"])


@pytest.mark.parametrize("shift", [0.1, -0.1])
def test_differences_have_a_sign(shift: float) -> None:
    samples = counted(spread(0.5 + shift, 40, 1), "sample")
    found = differences(samples, counted(spread(0.5, 40)))["bass_returns"]
    assert found.value == pytest.approx(shift, abs=0.03)
    assert np.sign(found.low) == np.sign(found.high) == np.sign(shift)
    back = differences(counted(spread(0.5, 40)), samples)["bass_returns"]
    assert back.value == pytest.approx(-found.value)


def test_intervals_contain_what_is_true() -> None:
    covered = [
        found.low < 0.1 < found.high
        for seed in range(60)
        for found in [
            differences(
                counted(spread(0.6, 25, 2 * seed), "sample"),
                counted(spread(0.5, 25, 2 * seed + 1)),
                replicates=300,
            )["bass_returns"]
        ]
    ]
    assert np.mean(covered) > 0.85


def test_pairs_are_drawn_together() -> None:
    rates = spread(0.5, 30)
    higher = [rate + 0.01 for rate in rates]
    paired = differences(counted(higher), counted(rates))["bass_returns"]
    apart = differences(counted(higher, "sample"), counted(rates))["bass_returns"]
    assert paired.low == pytest.approx(0.01) == pytest.approx(paired.high)
    assert apart.low < 0 < apart.high


def test_nothing_to_compare_is_nan() -> None:
    found = differences(counted([0.1]), counted([0.2]))["soprano_returns"]
    assert math.isnan(found.value) and math.isnan(found.low)


def test_unusual_rates_are_beyond_those_of_as_many_pieces() -> None:
    reference = counted(spread(0.5, 200), "bach")
    assert unusual(counted([0.55]), reference) == []
    (item,) = unusual(counted([0.8]), reference)
    assert (item.name, item.rate) == ("bass_returns", 0.8)
    assert item.usual == pytest.approx(0.5, abs=0.01) and item.deviations > 3
    (item,) = unusual(counted([0.2]), reference)
    assert item.deviations < -3
    # What is usual in one piece is unusual as the mean of many.
    (item,) = unusual(counted([0.55] * 50), reference)
    assert item.deviations > 5


def test_none_of_what_is_rare_is_not_unusual() -> None:
    # One piece of a thousand has some: one piece without any is as it should be.
    rare = counted([0.0] * 999 + [0.04])
    assert not unusual(counted([0.0], "sample"), rare)
    (found,) = unusual(counted([0.5], "sample"), rare)
    assert found.deviations > 0
