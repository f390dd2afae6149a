"""Paired comparison: intervals as in the literature, bounds, refused arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.sketches.comparison import PairedDifference, paired_difference


def pairs(both: int, only_a: int, only_b: int, neither: int) -> PairedDifference:
    counts = (both, only_a, only_b, neither)
    return paired_difference(
        np.repeat([True, True, False, False], counts),
        np.repeat([True, False, True, False], counts),
    )


@pytest.mark.parametrize(
    ("counts", "difference", "low", "high"),
    [
        # Newcombe (1998), method 10 for 36, 12, 2, 0.
        ((36, 12, 2, 0), 0.2, 0.0569, 0.3404),
        # Altman, Machin, Bryant & Gardner (2000), "Statistics with confidence".
        ((14, 5, 0, 22), 0.122, 0.011, 0.226),
        # Fagerland, Lydersen & Laake (2014), "Recommended tests and confidence
        # intervals for paired binomial proportions".
        ((1, 1, 7, 12), -0.286, -0.507, -0.026),
    ],
)
def test_intervals_are_those_of_the_literature(
    counts: tuple[int, int, int, int], difference: float, low: float, high: float
) -> None:
    found = pairs(*counts)
    digits = 5e-5 if difference == 0.2 else 5e-4
    assert found.difference == pytest.approx(difference, abs=digits)
    assert found.low == pytest.approx(low, abs=digits)
    assert found.high == pytest.approx(high, abs=digits)
    assert (found.drawings, found.only_a, found.only_b) == (sum(counts), *counts[1:3])


counts = st.integers(0, 60)


@given(both=counts, only_a=counts, only_b=counts, neither=counts)
def test_intervals_hold_the_difference(
    both: int, only_a: int, only_b: int, neither: int
) -> None:
    if not both + only_a + only_b + neither:
        return
    found, turned = (
        pairs(both, only_a, only_b, neither),
        pairs(both, only_b, only_a, neither),
    )
    assert -1 - 1e-9 <= found.low <= found.difference <= found.high <= 1 + 1e-9
    assert found.low < found.high
    assert turned.difference == pytest.approx(-found.difference)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_equal_forms_differ_by_nothing_within_a_margin() -> None:
    small, large = pairs(75, 0, 0, 25), pairs(7500, 0, 0, 2500)
    assert small.difference == large.difference == 0
    assert small.low == pytest.approx(-small.high)
    assert 0 < large.high < small.high / 5
    # Without correlation: from the Wilson interval of 10 out of 10.
    assert pairs(10, 0, 0, 0).low == pytest.approx(-0.27753, abs=1e-5)


@pytest.mark.parametrize(
    ("right_a", "right_b", "what"),
    [
        (np.ones(3, bool), np.ones(2, bool), r"shapes \(3,\) and \(2,\)"),
        (np.ones((2, 1), bool), np.ones((2, 1), bool), "shapes"),
        (np.ones(2, int), np.ones(2, bool), "got int64 and bool"),
        (np.ones(0, bool), np.ones(0, bool), "there are none"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    right_a: np.ndarray, right_b: np.ndarray, what: str
) -> None:
    with pytest.raises(DataError, match=what):
        paired_difference(right_a, right_b)
