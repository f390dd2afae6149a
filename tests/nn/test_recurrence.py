"""Gradients written out for recurrences, beside those of the loops of Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras

BATCH, STEPS, WIDTH, UNITS = 3, 7, 4, 5


def recurrent(name: str, **options: Any) -> Any:
    """Return a built recurrent layer with biases that are not zero."""
    import keras

    from chorale.nn import recurrent as cells
    from chorale.nn.causal import Recurrent

    keras.utils.set_random_seed(1)
    layer = Recurrent(getattr(cells, name)(UNITS, **options))
    layer(np.zeros((1, 2, WIDTH), np.float32))
    random = np.random.default_rng(2)
    for weight in layer.trainable_weights:
        weight.assign(0.7 * random.normal(size=weight.shape))
    return layer


def gradients(layer: Any, inputs: Any, training: bool) -> tuple[Any, list[Any]]:
    """Return outputs, and gradients of a sum of them: of inputs, then of weights."""
    import tensorflow as tf

    factors = np.random.default_rng(3).normal(size=(BATCH, STEPS, UNITS))
    tensor = tf.constant(inputs)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        outputs = layer(tensor, training=training)
        loss = tf.reduce_sum(outputs * factors.astype(np.float32))
    variables = [weight.value for weight in layer.trainable_weights]
    found = tape.gradient(loss, [tensor, *variables])
    return np.asarray(outputs), [np.asarray(gradient) for gradient in found]


@pytest.mark.parametrize("name", ["GRUCell", "LSTMCell"])
def test_training_has_the_outputs_and_gradients_of_the_loop(name: str) -> None:
    layer = recurrent(name)
    assert layer.rnn.cell.has_sequence
    inputs = np.random.default_rng(4).normal(size=(BATCH, STEPS, WIDTH))
    outputs, found = gradients(layer, inputs.astype(np.float32), training=True)
    expected_outputs, expected = gradients(
        layer, inputs.astype(np.float32), training=False
    )
    np.testing.assert_allclose(outputs, expected_outputs, atol=2e-6)
    assert len(found) == len(expected) == 4  # inputs, two kernels, bias
    for gradient, wanted in zip(found, expected, strict=True):
        assert np.abs(wanted).max() > 0.1
        np.testing.assert_allclose(gradient, wanted, atol=2e-5)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SimpleCell", {}),
        ("PeepholeLSTMCell", {}),
        ("GRUCell", {"layer_norm": True}),
        ("LSTMCell", {"recurrent_dropout": 0.2}),
    ],
)
def test_other_cells_train_by_the_loop(name: str, options: dict[str, Any]) -> None:
    assert not recurrent(name, **options).rnn.cell.has_sequence


def test_a_body_builds_when_it_is_first_called_in_training() -> None:
    from chorale.nn.bodies import BodyOptions, build_body

    body = build_body(BodyOptions(body="gru", units=4, layers=2, dropout=0.0))
    inputs = np.random.default_rng(5).normal(size=(2, 6, 4)).astype(np.float32)
    np.testing.assert_allclose(
        np.asarray(body(inputs, training=True)),
        np.asarray(body(inputs, training=False)),
        atol=1e-6,
    )
