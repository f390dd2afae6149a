"""Sums of embeddings: integers that are dropped as a whole."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def test_integers_are_dropped_whole_and_in_training_alone() -> None:
    from chorale.models.networks.embeddings import SumOfEmbeddings

    layer = SumOfEmbeddings({"left": 2, "right": 2}, 3, dropout=0.5)
    integers = np.ones((1, 400, 2), "int32")
    summed = np.asarray(layer(integers))[0]
    first, second = np.asarray(layer.table.embeddings)[[1, 3]]
    np.testing.assert_allclose(summed, np.tile(first + second, (400, 1)), rtol=1e-5)
    noisy = np.asarray(layer(integers, training=True))[0]
    # What is kept counts double.
    kinds = 2 * np.array([0 * first, first, second, first + second])
    distance = np.abs(noisy[:, None] - kinds).max(axis=-1)
    assert (distance.min(axis=1) < 1e-5).all()
    counts = np.bincount(distance.argmin(axis=1), minlength=4)
    assert (counts > 60).all()


def test_training_sums_the_rows_that_are_looked_up() -> None:
    from chorale.models.networks.embeddings import SumOfEmbeddings

    sizes = [3, 5, 2]
    columns = dict(zip("abc", sizes, strict=True))
    layer = SumOfEmbeddings(columns, 4, dropout=0.0)
    random = np.random.default_rng(0)
    integers = random.integers(0, sizes, (2, 6, 3)).astype("int32")
    looked_up = np.asarray(layer(integers))  # builds it
    trained = np.asarray(layer(integers, training=True))
    np.testing.assert_allclose(trained, looked_up, atol=1e-6)
    table = np.asarray(layer.table.embeddings)
    expected = table[integers + np.array([0, 3, 8])].sum(axis=-2)
    np.testing.assert_allclose(trained, expected, atol=1e-6)


def test_gradients_are_dense_so_that_clipping_measures_them_right() -> None:
    import tensorflow as tf

    from chorale.models.networks.embeddings import SumOfEmbeddings

    layer = SumOfEmbeddings({"a": 2, "b": 3}, 1, dropout=0.0)
    integers = np.array([[[1, 0], [1, 2], [1, 0]]], "int32")
    layer(integers)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(integers, training=True))
    gradient = tape.gradient(loss, layer.table.embeddings.value)
    assert isinstance(gradient, tf.Tensor)  # no slices, one for each look-up
    np.testing.assert_allclose(np.asarray(gradient)[:, 0], [0, 3, 2, 0, 1])
