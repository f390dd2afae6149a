from __future__ import annotations

import numpy as np
import pytest

from chorale.errors import DataError
from chorale.evaluation.style.bootstrap import Groups

NAMES = ("b", "a", "b", "c", "b")


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_draws_are_of_groups_with_and_without_replacement() -> None:
    groups = Groups(NAMES)
    assert groups.count == 3
    drawn = groups.subsample(3, 50, generator())
    assert all(sorted(row) == [0, 1, 2] for row in drawn.tolist())
    assert groups.subsample(2, 50, generator()).shape == (50, 2)
    again = groups.resample(3, 50, generator())
    assert set(again.ravel().tolist()) == {0, 1, 2}
    assert any(len(set(row)) < 3 for row in again.tolist())


def test_any_window_of_a_drawn_group_is_picked() -> None:
    groups = Groups(NAMES)
    drawn = np.tile([0, 1, 2], (100, 1))
    picked = groups.pick(drawn, generator())
    assert [set(column) for column in picked.T.tolist()] == [{1}, {0, 2, 4}, {3}]


def test_weights_count_what_was_picked_and_the_rest_what_was_not_drawn() -> None:
    groups = Groups(NAMES)
    assert groups.weights(np.array([[4, 1, 4]])).tolist() == [[0, 1, 0, 0, 2]]
    assert groups.complement(np.array([[1], [2]])).tolist() == [
        [0, 1, 0, 1, 0],
        [1, 1, 1, 0, 1],
    ]


@pytest.mark.parametrize("least", [0, 4])
def test_too_few_groups_are_refused(least: int) -> None:
    Groups(NAMES).check(3)
    with pytest.raises(DataError, match="different chorales, got 3"):
        Groups(NAMES).check(least)
