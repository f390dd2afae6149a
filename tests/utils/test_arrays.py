"""Padding to batches."""

from __future__ import annotations

import numpy as np

from chorale.utils.arrays import stack_padded

TABLES = [np.array([[1, 2]]), np.array([[3, 4], [5, 6]])]


def test_the_last_row_is_repeated() -> None:
    expected = [[[1, 2], [1, 2]], [[3, 4], [5, 6]]]
    assert stack_padded(TABLES).tolist() == expected


def test_a_value_fills_the_end() -> None:
    assert stack_padded(TABLES, -1).tolist() == [[[1, 2], [-1, -1]], [[3, 4], [5, 6]]]


def test_the_type_is_kept() -> None:
    masks = [np.ones((1, 2), np.bool_), np.ones((3, 2), np.bool_)]
    assert stack_padded(masks, 0).dtype == np.bool_
