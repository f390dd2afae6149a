"""Recurrent layers: padding of bidirectional ones."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.keras


def test_bidirectional_lstm_ignores_padding() -> None:
    import keras

    from chorale.nn.recurrent import Bidirectional

    keras.utils.set_random_seed(0)
    layer = Bidirectional(
        *(keras.layers.LSTM(4, return_sequences=True) for _ in range(2))
    )
    x = np.random.default_rng(0).normal(size=(2, 6, 3)).astype(np.float32)
    lengths = [4, 6]
    present = np.arange(6) < np.array(lengths)[:, None]
    outputs = np.asarray(layer(x, present))
    for row, length in enumerate(lengths):
        steps = x[row : row + 1, :length]
        forwards = np.asarray(layer.forwards(steps))[0]
        backwards = np.asarray(layer.backwards(steps[:, ::-1].copy()))[0, ::-1]
        expected = np.concatenate([forwards, backwards], axis=1)
        np.testing.assert_allclose(outputs[row, :length], expected, atol=1e-6)
