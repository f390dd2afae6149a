"""Layers of the forecasting networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def layers() -> Any:
    """Return the module, which loads Keras."""
    from chorale.forecasting import layers

    return layers


def test_missing_values_are_marked(layers):
    marked = layers.MarkMissing()(np.array([[[1, np.nan]]], "float32"))
    np.testing.assert_array_equal(marked, [[[1, 0, 0, 1]]])


def test_the_last_step_is_kept(layers):
    series = np.random.default_rng(0).standard_normal((2, 12, 2), "float32")
    np.testing.assert_array_equal(layers.LastStep()(series)[:, 0], series[:, -1])


def test_batches_are_normalized_inside_the_cell(layers):
    import keras

    keras.utils.set_random_seed(0)
    cell = layers.BatchNormCell(4)
    cell.build((None, 2))
    inputs = 5 + 3 * np.random.default_rng(0).standard_normal((64, 2), "float32")
    hidden = np.zeros((64, 4), "float32")
    outputs, _ = cell(inputs, [hidden], training=True)
    # The scale is 0.1, where tanh is almost linear.
    np.testing.assert_allclose(np.mean(outputs, axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.std(outputs, axis=0), 0.1, rtol=0.02)
    moved = np.asarray(cell.norms[0].moving_mean)
    assert np.abs(moved).min() > 0
    # Inference uses the moving statistics, so series do not influence each other.
    batch, _ = cell(inputs, [hidden])
    single, _ = cell(inputs[:1], [hidden[:1]])
    np.testing.assert_allclose(single, batch[:1], atol=1e-6)
