from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import floats

from chorale.sampling.particles import (
    ancestors,
    effective_sample_size,
    normalized_weights,
    systematic,
)


def test_normalized_weights_sum_to_one() -> None:
    log_weights = np.log([[1.0, 3.0], [1e-300, 1e-300]]) - 800
    np.testing.assert_allclose(
        normalized_weights(log_weights), [[0.25, 0.75], [0.5, 0.5]]
    )
    # A note impossible for all particles changes no weight.
    impossible = np.array([[-math.inf] * 2, [0.0, -math.inf]])
    np.testing.assert_allclose(normalized_weights(impossible), [[0.5, 0.5], [1, 0]])


def test_the_effective_sample_size_counts_particles_of_equal_weight() -> None:
    weights = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0], [4, 2, 1, 1]])
    with np.errstate(divide="ignore"):
        number = effective_sample_size(np.log(weights))
    assert number == pytest.approx([4, 1, 2, 64 / 22])


def test_particles_are_resampled_once_few_of_them_count() -> None:
    with np.errstate(divide="ignore"):
        log_weights = np.log([[3, 3, 1, 1], [1, 1, 0, 0], [1, 9, 0, 0], [0, 0, 0, 1]])
    copied = ancestors(log_weights, np.full(4, 0.5))
    # Half of them is enough.
    assert copied.tolist() == [[0, 1, 2, 3], [0, 1, 2, 3], [1, 1, 1, 1], [3, 3, 3, 3]]


def test_systematic_resampling_is_evenly_spaced() -> None:
    weights = np.array([[0.5, 0.25, 0.25]])
    for uniform, expected in ((0.0, [0, 0, 1, 2]), (0.99, [0, 0, 1, 2])):
        drawn = systematic(weights, np.array([uniform]), 4)
        assert drawn.tolist() == [expected]
    # One draw is a draw by weight.
    uniforms = (np.arange(1000) + 0.5) / 1000
    drawn = systematic(np.tile(weights, (1000, 1)), uniforms, 1)[:, 0]
    assert np.bincount(drawn).tolist() == [500, 250, 250]


@given(
    arrays(float, (3, 7), elements=floats(0, 1)),
    arrays(float, 3, elements=floats(0, 1, exclude_max=True)),
)
def test_particles_are_drawn_in_proportion_to_their_weight(
    weights: np.ndarray, uniforms: np.ndarray
) -> None:
    weights[:, 0] += 1e-6
    weights /= weights.sum(axis=1, keepdims=True)
    for count in (1, 7, 50):
        drawn = systematic(weights, uniforms, count)
        assert drawn.shape == (3, count) and (np.diff(drawn, axis=1) >= 0).all()
        for row, of_piece in zip(drawn, weights, strict=True):
            often = np.bincount(row, minlength=7)
            assert (np.abs(often - count * of_piece) <= 1 + 1e-9).all()
