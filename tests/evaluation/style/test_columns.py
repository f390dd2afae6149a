"""Windows as vectors of shares and rates."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.evaluation.style.columns import Columns
from chorale.evaluation.style.profiles import Profile


def profile(*bins: list[int], rates: list[tuple[int, int]]) -> Profile:
    """Return windows with one feature of two parts, and two measures."""
    counts = np.array(bins).reshape(len(bins), 2, -1)
    never = np.zeros((len(bins), 2))
    return Profile(
        groups=tuple(map(str, range(len(bins)))),
        counts={"texture": counts},
        measures={"bass_leaps": np.array(rates, float), "unseen_pairs": never},
    )


def test_rare_bins_share_a_column_and_measures_without_opportunity_have_none() -> None:
    # The mean shares of the second and third bin are 0.0075 and 0.01.
    windows = profile([60, 1, 1, 38], [98, 1, 2, 99], rates=[(3, 4), (0, 0)])
    columns = Columns.of(windows)
    assert columns.bins["texture"].tolist() == [0, 2, 3]
    assert columns.rates == {"bass_leaps": 0.75}
    assert columns.names == (*["texture"] * 4, "bass_leaps")
    # A window without an opportunity has the mean rate.
    expected = [[0.6, 0.01, 0.38, 0.01, 0.75], [0.49, 0.01, 0.495, 0.005, 0.75]]
    assert columns.vectors(windows) == pytest.approx(np.array(expected))


def test_without_columns_vectors_are_empty() -> None:
    windows = profile([50, 0, 0, 50], [1, 2, 3, 4], rates=[(1, 2), (0, 0)])
    assert Columns({}, {}).vectors(windows).shape == (2, 0)


def test_windows_are_seen_in_the_columns_of_others() -> None:
    columns = Columns.of(profile([50, 0, 0, 50], rates=[(1, 2)]))
    other = profile([1, 2, 3, 4], [0, 0, 0, 0], rates=[(0, 0), (1, 1)])
    expected = [[0.1, 0.4, 0.5, 0.5], [0, 0, 0, 1]]
    assert columns.vectors(other) == pytest.approx(np.array(expected))
