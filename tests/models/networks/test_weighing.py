"""Weights of tokens by several references, against a reading token by token."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import wide_vocabulary

pytestmark = pytest.mark.keras

ROWS = 30


@pytest.mark.parametrize("encoding", ["hold", "pitch"])
def test_each_token_gets_the_weights_of_its_intervals_and_of_its_degree(encoding):
    from chorale.models.networks.intervals import (
        INTERVALS,
        NO_DEGREE,
        interval,
        scale_degrees,
    )
    from chorale.models.networks.weighing import (
        degree_places,
        interval_places,
        weigh,
    )

    vocabulary = wide_vocabulary(encoding)
    random = np.random.default_rng(0)
    low = random.integers(0, vocabulary.nothing + 1, (ROWS, 2)).astype("int32")
    key = random.integers(0, 25, (ROWS, 1)).astype("int32")
    by_interval = random.normal(size=(ROWS, 2 * INTERVALS)).astype("float32")
    by_degree = random.normal(size=(ROWS, NO_DEGREE)).astype("float32")
    # Some of the tokens, in any order.
    tokens = random.permutation(vocabulary.size)[:20]
    found = np.asarray(
        weigh(
            [by_interval, by_degree],
            [
                interval_places(low, tokens, vocabulary, first=1),
                degree_places(key, tokens, vocabulary, first=1 + 2 * INTERVALS),
            ],
        )
    )
    assert found.shape == (ROWS, 3, 20)
    for row in range(ROWS):
        for index, token in enumerate(tokens):
            for note in range(2):
                place = int(interval(low[row, note], token, vocabulary))
                expected = by_interval[row, INTERVALS * note + place]
                assert found[row, note, index] == expected
            degree = int(scale_degrees(token, key[row, 0], vocabulary))
            expected = 0 if degree == NO_DEGREE else by_degree[row, degree]
            assert found[row, 2, index] == expected


def test_one_token_alone_gets_the_weight_of_its_row():
    from chorale.models.networks.weighing import NO_PLACE, token_table

    table = token_table(4, first=7)
    assert table.tolist() == [
        [NO_PLACE] * 4,
        [7, 0, 0, 0],
        [0, 7, 0, 0],
        [0, 0, 7, 0],
        [0, 0, 0, 7],
    ]
