from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from bach import all_chorales
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import wasserstein_distance

from chorale.errors import DataError
from chorale.evaluation.style.distances import (
    Distance,
    compare,
    distance,
    null_distances,
    total_variation,
    wasserstein,
)
from chorale.evaluation.style.feature import Feature
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.profiles import Profile, profile
from chorale.evaluation.style.windows import windows_of

DEGREES, LENGTHS, PHRASES = (
    FEATURES[name] for name in ("scale_degrees", "durations", "phrase_lengths")
)
HISTOGRAMS = arrays(np.int64, (4, 16), elements=st.integers(0, 9))


@pytest.fixture(scope="module")
def train() -> Profile:
    return profile(windows_of(all_chorales().train))


def part_of(whole: Profile, rows: np.ndarray) -> Profile:
    return Profile(
        groups=tuple(whole.groups[row] for row in rows),
        counts={name: counts[rows] for name, counts in whole.counts.items()},
    )


# === Metrics ===


def test_total_variation_is_the_share_that_differs() -> None:
    left = np.array([[0.5, 0.5, 0], [1, 0, 0]])
    right = np.array([0.25, 0.5, 0.25])
    assert total_variation(left, right).tolist() == [0.25, 0.75]


def test_wasserstein_is_the_way_that_counts_have_to_go() -> None:
    # A half goes from 0 to 3, three on the scale.
    found = wasserstein(np.array([0.5, 0.5, 0]), np.array([0, 0.5, 0.5]), [0, 1, 3])
    assert found == pytest.approx(1.5)


@given(HISTOGRAMS, HISTOGRAMS)
def test_wasserstein_is_that_of_scipy(left: np.ndarray, right: np.ndarray) -> None:
    parts = [
        wasserstein_distance(LENGTHS.values, LENGTHS.values, *pair)
        for pair in zip(left, right, strict=True)
        if pair[0].any() and pair[1].any()
    ]
    expected = np.mean(parts) if parts else np.nan
    assert distance(LENGTHS, left, right) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "feature", [LENGTHS, DEGREES], ids=["durations", "scale_degrees"]
)
@given(HISTOGRAMS, HISTOGRAMS)
def test_distances_are_symmetric_and_0_to_oneself(
    feature: Feature, left: np.ndarray, right: np.ndarray
) -> None:
    shape = np.s_[: len(feature.parts), : len(feature.bins)]
    left, right = left[shape] + (left[shape].sum() == 0), right[shape]
    there, back = distance(feature, left, right), distance(feature, right, left)
    assert there == pytest.approx(back, nan_ok=True)
    assert distance(feature, left, 3 * left) == pytest.approx(0)
    if feature is DEGREES:
        assert np.isnan(there) or 0 <= there <= 1 + 1e-12


def test_parts_that_one_has_nothing_in_are_left_out() -> None:
    counts = np.zeros((2, 12), np.int64)
    counts[0, :2] = 1
    right = counts.copy()
    right[0, 1] = 0
    right[1, 5] = 7
    assert distance(DEGREES, counts, right) == 0.5
    assert np.isnan(distance(DEGREES, counts[::-1], counts))


# === Sets ===


def test_a_set_is_0_from_itself_drawn_whole(train: Profile) -> None:
    few = part_of(train, np.arange(20))
    found = compare(few, few, size=20, replicates=20)
    assert list(found) == list(FEATURES)
    for found_distance in found.values():
        assert found_distance.value == pytest.approx(0, abs=1e-12)
        assert 0 <= found_distance.low <= found_distance.high


def test_the_same_random_state_gives_the_same(train: Profile) -> None:
    few = part_of(train, np.arange(40))
    first, same, other_state = (
        compare(few, train, size=30, replicates=20, random_state=state)
        for state in (0, 0, 1)
    )
    assert first == same != other_state
    assert null_distances(few, size=30, replicates=20) == null_distances(
        few, size=30, replicates=20
    )


def test_a_distance_does_not_depend_on_how_large_the_set_is(train: Profile) -> None:
    reference = part_of(train, np.arange(0, 235, 4))
    pool = np.setdiff1d(np.arange(235), np.arange(0, 235, 4))
    large = compare(part_of(train, pool), reference, size=30)
    order = np.random.default_rng(0).permutation(pool)
    small = [
        compare(part_of(train, order[first : first + 30]), reference, size=30)
        for first in range(0, 150, 30)
    ]
    for name, whole in large.items():
        values = [each[name].value for each in small]
        error = np.std(values, ddof=1) / math.sqrt(len(values))
        assert abs(np.mean(values) - whole.value) < 4 * error, name
        widths = [each[name].high - each[name].low for each in small]
        assert whole.high - whole.low < np.mean(widths), name


def test_bach_is_within_the_noise_and_held_notes_are_not(train: Profile) -> None:
    valid = all_chorales().valid
    bach = compare(profile(windows_of(valid)), train, size=75)
    null = null_distances(train, size=75)
    for name, found_distance in bach.items():
        margin = found_distance.minus(null[name])
        assert margin.low < 0, name
    held = profile(windows_of([replace(chorale, onsets=None) for chorale in valid]))
    found = compare(held, train, size=75)
    apart = {name for name in FEATURES if found[name].minus(bach[name]).low > 0}
    assert apart == {"durations", "melodic_intervals", "texture"}


def test_the_noise_is_measured_against_the_others() -> None:
    # Two windows that differ in all they have: each is as far as can be from the rest.
    counts = {name: np.zeros((2, *_shape(name)), np.int64) for name in FEATURES}
    for table in counts.values():
        table[0, 0, 0] = table[1, 0, -1] = 5
    found = null_distances(Profile(("a", "b"), counts), size=1, replicates=10)
    assert found["scale_degrees"].value == 1
    assert found["phrase_lengths"].low == PHRASES.values[-1] - PHRASES.values[0]


def test_windows_of_one_group_count_as_one() -> None:
    counts = {name: np.zeros((4, *_shape(name)), np.int64) for name in FEATURES}
    for table in counts.values():
        table[:3, 0, 0] = table[3, 0, 1] = 1
    crowded = Profile(("a", "a", "a", "b"), counts)
    reference = part_of(crowded, np.array([0]))
    # A subset has one window of each group, so half of it is like the reference.
    assert compare(crowded, reference, size=2)["scale_degrees"].value == 0.5
    with pytest.raises(DataError, match="at least 3 different chorales, got 2"):
        compare(crowded, reference, size=3)
    with pytest.raises(DataError, match="at least 3 different chorales, got 2"):
        null_distances(crowded, size=2)


def test_nothing_to_compare_is_not_a_number(train: Profile) -> None:
    few = part_of(train, np.arange(5))
    counts = {**few.counts, "phrase_lengths": 0 * few.counts["phrase_lengths"]}
    found = compare(Profile(few.groups, counts), train, size=5, replicates=5)
    assert math.isnan(found["phrase_lengths"].value)
    assert math.isnan(found["phrase_lengths"].low)
    assert not math.isnan(found["durations"].value)


def test_subsets_with_nothing_to_compare_do_not_count() -> None:
    # One window of three has phrases; the interval is that of subsets that have it.
    counts = {name: np.zeros((3, *_shape(name)), np.int64) for name in FEATURES}
    counts["phrase_lengths"][0, 0, 4] = 1
    some = Profile(("a", "b", "c"), counts)
    reference = part_of(some, np.array([0]))
    reference.counts["phrase_lengths"][0, 0] = np.eye(len(PHRASES.bins))[6] * 9
    for found in (
        compare(some, reference, size=1)["phrase_lengths"],
        null_distances(part_of(some, np.array([0, 1, 2])), size=2)["phrase_lengths"],
    ):
        assert math.isnan(found.value) or found.value == found.low == found.high == 2
    assert compare(some, reference, size=1)["phrase_lengths"].value == 2


def test_a_difference_pairs_replicates() -> None:
    replicates = np.linspace(0, 1, 201)
    left, right = Distance.of(0.7, replicates + 0.2), Distance.of(0.5, replicates)
    margin = left.minus(right)
    for figure in (margin.value, margin.low, margin.high):
        assert figure == pytest.approx(0.2)


def _shape(name: str) -> tuple[int, int]:
    return len(FEATURES[name].parts), len(FEATURES[name].bins)
