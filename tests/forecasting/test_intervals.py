"""Prediction intervals: conformal half widths and their coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import UsageError
from chorale.forecasting.intervals import coverage, half_widths


def test_half_widths_are_quantiles_of_each_step_and_target() -> None:
    errors = np.arange(1.0, 10.0)[:, None, None] * np.array([[1.0, -2.0], [10, 0]])
    # The smallest ranks that leave at most a fifth above: 8 of 9.
    assert half_widths(errors, 0.8).tolist() == [[8, 16], [80, 0]]
    assert half_widths(errors, 0.99).tolist() == [[9, 18], [90, 0]]
    errors[0] = errors[5:] = np.nan
    assert half_widths(errors, 0.5).tolist() == [[4, 8], [40, 0]]
    errors[:, 0, 0] = np.nan
    assert np.isnan(half_widths(errors, 0.5)[0, 0])


def test_coverage_counts_the_values_that_are_there() -> None:
    errors = np.array([1.0, -2, 3, np.nan, -4])[:, None, None]
    assert coverage(errors, np.array([[2.5]])).tolist() == [[0.5]]


@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.8, 0.9]))
def test_exchangeable_errors_are_covered_as_often_as_asked(
    seed: int, level: float
) -> None:
    random = np.random.default_rng(seed)
    errors = random.standard_t(3, (400, 20, 1))
    share = coverage(random.standard_t(3, (400, 20, 1)), half_widths(errors, level))
    assert share.mean() == pytest.approx(level, abs=0.03)


@pytest.mark.parametrize("level", [0, 1, -0.5, 80, float("nan")])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(UsageError, match="interval between 0 and 1"):
        half_widths(np.zeros((3, 1, 1)), level)
