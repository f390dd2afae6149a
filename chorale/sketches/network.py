"""The networks that classify drawings, from ink to the logits of words.

`build_network` gives either as a Keras model with two inputs, padded at the end: ink
(batch, points, 3), see `chorale.sketches.strokes`, and lengths (batch,), the points
that are no padding, at least 1; the output is logits (batch, words).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from chorale.sketches.options import NetworkOptions

Tensor = Any  # of whichever backend Keras runs on
Shape = tuple[Any, ...]  # None where it varies

_MASKED = -1e4  # added to what may not be seen
_POINT_UNITS = 96  # width of the layers that read every point
_FREQUENCIES = (1, 2, 4)  # half waves of a place across the drawing


def build_network(options: NetworkOptions, words: int) -> keras.Model:
    """Return a network for drawings of so many words."""
    ink = keras.Input((None, 3), name="ink")
    lengths = keras.Input((), dtype="int32", name="lengths")
    summary = BODIES[options.network](ink, lengths, **options.sizes)
    logits = keras.layers.Dense(words, name="words")(summary)
    return keras.Model([ink, lengths], logits, name=options.network)


def book(ink: Tensor, lengths: Tensor) -> Tensor:
    """Return the summary (batch, 128) of the book's network, exercise 9 of chapter 15.

    Three convolutions with batch normalization, each halving the points, then two LSTM
    layers. It sees the padding as points that do not move.
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
    """Return the summary (batch, 4 * units) of convolutions under recurrent layers.

    Two narrow convolution blocks read every point and its neighbours along the line,
    then pairs of points are joined, and `layers` recurrent layers read the pairs from
    both ends.
    """
    present = Present(name="present")(ink, lengths)  # (batch, points, 1)
    x = InkFeatures(name="features")(ink, present)
    x = keras.layers.Dense(_POINT_UNITS, name="embed")(x)
    for index in range(2):
        x = ConvolutionBlock(name=f"convolution_{index}")(x, present)
    x, present = JoinPairs(name="join")(x, present)
    x = keras.layers.Dense(units, name="widen")(x)
    for index in range(layers):
        x = BothWays(units, name=f"lstm_{index}")(x, present)
    x = keras.layers.LayerNormalization(epsilon=1e-5, name="norm")(x)
    x = MaskedPooling(name="pool")(x, present)
    return keras.layers.Dropout(dropout, name="dropout")(x)


BODIES: dict[str, Callable[..., Tensor]] = {"conv-lstm": conv_lstm, "book": book}


# === Layers ===


class Present(keras.layers.Layer):
    """1 for points and 0 for padding, (batch, points, 1)."""

    def call(self, ink: Tensor, lengths: Tensor) -> Tensor:
        places = ops.arange(ops.shape(ink)[1])
        return ops.cast(places < lengths[:, None], ink.dtype)[..., None]


class InkFeatures(keras.layers.Layer):
    """What the ink says of each point: where it is, and how the line comes to it.

    The place as it is and as waves (Vaswani et al., 2017, section 3.5, here of space),
    so that near places differ; way, length and direction of the step; pen; how much of
    the drawing is done.
    """

    def call(self, ink: Tensor, present: Tensor) -> Tensor:
        step, ends = ink[..., :2], ink[..., 2:]
        begins = ops.concatenate([ops.ones_like(ends[:, :1]), ends[:, :-1]], axis=1)
        place = ops.cumsum(step, axis=1)
        length = ops.sqrt(ops.sum(step**2, axis=-1, keepdims=True) + 1e-6)
        count = ops.cumsum(present, axis=1)
        features = [
            2 * place - 1,
            4 * step,
            4 * length,
            step / length,
            begins,
            ends,
            count / 40,
            count / (ops.sum(present, axis=1, keepdims=True) + 1e-6),
            ops.cumsum(begins * present, axis=1) / 8,
        ]
        for frequency in _FREQUENCIES:
            features.append(ops.sin(np.pi * frequency * place))
            features.append(ops.cos(np.pi * frequency * place))
        return ops.concatenate(features, axis=-1) * present


class ConvolutionBlock(keras.layers.Layer):
    """x + two dense layers of a depthwise convolution of x (Liu et al., 2022)."""

    def __init__(self, width: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width

    def build(self, x_shape: Shape, present_shape: Shape) -> None:
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

    def call(self, x: Tensor, present: Tensor) -> Tensor:
        points, reach = ops.shape(x)[1], self.width // 2
        padded = ops.pad(self.norm(x) * present, [(0, 0), (reach, reach), (0, 0)])
        # A sum of shifted copies: processors have no quick depthwise convolution.
        mixed = sum(
            padded[:, shift : shift + points] * self.kernel[shift]
            for shift in range(self.width)
        )
        return x + self.down(ops.gelu(self.up(mixed)))


class BothWays(keras.layers.Layer):
    """Two LSTM layers side by side, one from the first point on, one from the last.

    (batch, points, any) → (batch, points, 2 * units). What is padding is read after
    the points by the one and by the other too, so it changes nothing.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.onward = keras.layers.LSTM(units, return_sequences=True, name="onward")
        self.back = keras.layers.LSTM(units, return_sequences=True, name="back")

    def build(self, x_shape: Shape, present_shape: Shape) -> None:
        self.onward.build(x_shape)
        self.back.build(x_shape)

    def call(self, x: Tensor, present: Tensor) -> Tensor:
        # Turned round by a product, (batch, points, points): compiled, it is quicker
        # than gathering, and any backend and ONNX Runtime can do it.
        places = ops.arange(ops.shape(x)[1])
        last = ops.sum(ops.cast(present, "int32"), axis=1)[..., None] - 1
        turn = ops.cast(places[:, None] + places == last, x.dtype)
        back = ops.matmul(turn, self.back(ops.matmul(turn, x)))
        return ops.concatenate([self.onward(x), back], axis=-1)


class JoinPairs(keras.layers.Layer):
    """Put each point beside the next: half as many, twice as wide. Points are even."""

    def call(self, x: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        batch, pairs = ops.shape(x)[0], ops.shape(x)[1] // 2
        joined = ops.reshape(x * present, (batch, pairs, 2 * x.shape[-1]))
        return joined, ops.max(ops.reshape(present, (batch, pairs, 2, 1)), axis=2)


class MaskedPooling(keras.layers.Layer):
    """Mean and maximum over all points that are no padding, (batch, 2 * units)."""

    def call(self, x: Tensor, present: Tensor) -> Tensor:
        mean = ops.sum(x * present, axis=1) / ops.sum(present, axis=1)
        return ops.concatenate(
            [mean, ops.max(x + (1 - present) * _MASKED, axis=1)], axis=-1
        )
