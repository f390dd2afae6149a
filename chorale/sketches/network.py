"""The networks that classify drawings, from ink to the logits of words.

A Keras model has two inputs, padded at the end: ink (batch, points, 3), see
`chorale.sketches.strokes.Inks`, and lengths (batch,), the number of points without
padding, at least 1. Its output is logits (batch, words).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from chorale.nn.recurrent import Bidirectional
from chorale.sketches.options import NetworkOptions

Tensor = Any  # of the Keras backend
Shape = tuple[Any, ...]  # None where it varies

_MASKED = -1e4  # added to masked values before a maximum
_POINT_UNITS = 96  # width of the layers before pairs of points are joined
_FREQUENCIES = (1, 2, 4)  # half periods of a position wave across the drawing


def build_network(options: NetworkOptions, words: int) -> keras.Model:
    """Return an untrained network with `words` classes."""
    ink = keras.Input((None, 3), name="ink")
    lengths = keras.Input((), dtype="int32", name="lengths")
    summary = BODIES[options.network](ink, lengths, **options.sizes)
    logits = keras.layers.Dense(words, name="words")(summary)
    return keras.Model([ink, lengths], logits, name=options.network)


def book(ink: Tensor, lengths: Tensor) -> Tensor:
    """Return the summary (batch, 128) of the book's network, exercise 9 of chapter 15.

    Three strided convolutions with batch normalization, each halving the points, then
    two LSTM layers. Padding is not masked: the network sees points that do not move.
    """
    x = ink
    for index, (filters, width) in enumerate([(32, 5), (64, 5), (128, 3)]):
        x = keras.layers.Conv1D(
            filters, width, 2, "same", activation="relu", name=f"conv_{index}"
        )(x)
        x = keras.layers.BatchNormalization(name=f"norm_{index}")(x)
    x = keras.layers.LSTM(128, return_sequences=True, name="lstm_0")(x)
    return keras.layers.LSTM(128, name="lstm_1")(x)


def conv_lstm(
    ink: Tensor, lengths: Tensor, *, units: int, layers: int, dropout: float
) -> Tensor:
    """Return the summary (batch, 4 * units) of bidirectional LSTMs over convolutions.

    Two convolution blocks of _POINT_UNITS read every point with its neighbors, then
    pairs of points are joined, and `layers` bidirectional LSTM layers read the pairs.
    """
    valid = PointMask(name="present")(ink, lengths)  # (batch, points, 1)
    x = PointFeatures(name="features")(ink, valid)  # (batch, points, 24)
    x = keras.layers.Dense(_POINT_UNITS, name="embed")(x)
    for index in range(2):
        x = ConvolutionBlock(name=f"convolution_{index}")(x, valid)
    x, valid = JoinPairs(name="join")(x, valid)  # (batch, points / 2, 192)
    x = keras.layers.Dense(units, name="widen")(x)
    for index in range(layers):
        forwards, backwards = (
            keras.layers.LSTM(units, return_sequences=True, name=name)
            for name in ("onward", "back")
        )
        lstm = Bidirectional(forwards, backwards, name=f"lstm_{index}")
        x = lstm(x, valid[..., 0])
    x = keras.layers.LayerNormalization(epsilon=1e-5, name="norm")(x)
    x = MaskedPooling(name="pool")(x, valid)  # (batch, 4 * units)
    return keras.layers.Dropout(dropout, name="dropout")(x)


BODIES: dict[str, Callable[..., Tensor]] = {"conv-lstm": conv_lstm, "book": book}


# === Layers ===


class PointMask(keras.layers.Layer):
    """The mask (batch, points, 1): 1 for points, 0 for padding."""

    def call(self, ink: Tensor, lengths: Tensor) -> Tensor:
        position = ops.arange(ops.shape(ink)[1])
        return ops.cast(position < lengths[:, None], ink.dtype)[..., None]


class PointFeatures(keras.layers.Layer):
    """Features of each point, (batch, points, 24).

    Position as coordinates and as sinusoidal encoding (Vaswani et al., 2017, section
    3.5, here in space); displacement, its length and direction; pen states; how much of
    the drawing is done.
    """

    def call(self, ink: Tensor, valid: Tensor) -> Tensor:
        step, ends = ink[..., :2], ink[..., 2:]
        begins = ops.concatenate([ops.ones_like(ends[:, :1]), ends[:, :-1]], axis=1)
        position = ops.cumsum(step, axis=1)
        length = ops.sqrt(ops.sum(step**2, axis=-1, keepdims=True) + 1e-6)
        count = ops.cumsum(valid, axis=1)
        features = [
            2 * position - 1,
            4 * step,
            4 * length,
            step / length,
            begins,
            ends,
            count / 40,
            count / (ops.sum(valid, axis=1, keepdims=True) + 1e-6),
            ops.cumsum(begins * valid, axis=1) / 8,
        ]
        for frequency in _FREQUENCIES:
            features.append(ops.sin(np.pi * frequency * position))
            features.append(ops.cos(np.pi * frequency * position))
        return ops.concatenate(features, axis=-1) * valid


class ConvolutionBlock(keras.layers.Layer):
    """Residual block: depthwise convolution and two dense layers (Liu et al., 2022)."""

    def __init__(self, width: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width

    def build(self, x_shape: Shape, valid_shape: Shape) -> None:
        units = x_shape[-1]
        self.norm = keras.layers.LayerNormalization(epsilon=1e-5, name="norm")
        self.norm.build(x_shape)
        self.kernel = self.add_weight(
            shape=(self.width, units),
            initializer=keras.initializers.RandomNormal(stddev=self.width**-0.5),
            name="kernel",
        )
        self.up = keras.layers.Dense(2 * units, name="up")
        self.up.build(x_shape)
        self.down = keras.layers.Dense(units, name="down")
        self.down.build((*x_shape[:-1], 2 * units))

    def call(self, x: Tensor, valid: Tensor) -> Tensor:
        points, reach = ops.shape(x)[1], self.width // 2
        padded = ops.pad(self.norm(x) * valid, [(0, 0), (reach, reach), (0, 0)])
        # A sum of shifted copies, as depthwise convolutions are slow on CPUs.
        mixed = sum(
            padded[:, shift : shift + points] * self.kernel[shift]
            for shift in range(self.width)
        )
        return x + self.down(ops.gelu(self.up(mixed)))


class JoinPairs(keras.layers.Layer):
    """Concatenate pairs of points, (batch, 2 n, units) -> (batch, n, 2 * units)."""

    def call(self, x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        batch, pairs = ops.shape(x)[0], ops.shape(x)[1] // 2
        joined = ops.reshape(x * valid, (batch, pairs, 2 * x.shape[-1]))
        return joined, ops.max(ops.reshape(valid, (batch, pairs, 2, 1)), axis=2)


class MaskedPooling(keras.layers.Layer):
    """Mean and maximum over the points, (batch, any, units) -> (batch, 2 * units)."""

    def call(self, x: Tensor, valid: Tensor) -> Tensor:
        mean = ops.sum(x * valid, axis=1) / ops.sum(valid, axis=1)
        maximum = ops.max(x + (1 - valid) * _MASKED, axis=1)
        return ops.concatenate([mean, maximum], axis=-1)
