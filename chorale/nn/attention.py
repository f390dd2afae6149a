"""Attention with learned relative positions, causal or over whole pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from chorale.nn.bodies import BodyOptions
from chorale.nn.causal import CausalLayer, Chain, EachStep, Residual, Tensor
from chorale.nn.lookups import look_up
from chorale.nn.memory import Ring
from chorale.nn.recurrent import lstm

_MASKED = -1e9  # added to masked scores


def attention(options: BodyOptions) -> CausalLayer:
    """Return pre-norm transformer blocks (Vaswani et al., 2017; Xiong et al., 2020).

    Positions enter as a learned bias per head and lag, as in Raffel et al. (2020),
    section 2.1, but one for every lag of the window. `recurrent_layers` come first.
    """
    blocks: list[CausalLayer] = []
    if options.recurrent_layers:
        blocks.append(lstm(replace(options, layers=options.recurrent_layers)))
    for index in range(options.layers):
        attend: list[CausalLayer] = [
            EachStep(keras.layers.LayerNormalization(name="norm")),
            WindowedAttention(
                options.units, options.heads, options.window, name="attention"
            ),
        ]
        think: list[CausalLayer] = [
            EachStep(keras.layers.LayerNormalization(name="norm")),
            EachStep(keras.layers.Dense(4 * options.units, "silu", name="widen")),
            EachStep(keras.layers.Dense(options.units, name="narrow")),
        ]
        for parts in (attend, think):
            if options.dropout:
                dropout = keras.layers.Dropout(options.dropout, name="dropout")
                parts.append(EachStep(dropout))
        blocks += [
            Residual(attend, name=f"attend_{index}"),
            Residual(think, name=f"think_{index}"),
        ]
    norm = EachStep(keras.layers.LayerNormalization(name="norm"))
    return Chain([*blocks, norm], name="body")


class WindowedAttention(CausalLayer):
    """Multi-head attention over the current step and the `window` - 1 before it.

    Single steps read the rings of keys and values as they lie and add their own, so
    that no window is copied.
    """

    def __init__(self, units: int, heads: int, window: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads, self.window, self.width = heads, window, units // heads
        self.query_key_value = keras.layers.Dense(3 * units, name="query_key_value")
        self.merge = keras.layers.Dense(units, name="merge")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.query_key_value.build(input_shape)
        self.merge.build((*input_shape[:-1], self.heads * self.width))
        self.lag_bias = self.add_weight(
            shape=(self.window, self.heads), initializer="zeros", name="lag_bias"
        )

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        steps = ops.shape(inputs)[1]
        lag = ops.arange(steps)[:, None] - ops.arange(steps)[None, :]
        visible = ops.logical_and(lag >= 0, lag < self.window)
        bias = ops.take(self.lag_bias, ops.clip(lag, 0, self.window - 1), axis=0)
        bias = ops.where(visible[..., None], bias, _MASKED)  # (steps, steps, heads)
        packed = self.query_key_value(inputs)
        mixed = _attend(packed, ops.transpose(bias, (2, 0, 1)), self.heads)
        return self.merge(mixed)

    def step(
        self, inputs: Tensor, memory: Sequence[Tensor], position: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        packed = self.query_key_value(inputs)
        packed = ops.reshape(packed, (-1, 3, self.heads, self.width))
        query, key, value = (packed[:, part] for part in range(3))
        keys, values = memory  # (batch, heads, slots, width)
        query = query / self.width**0.5
        past = ops.squeeze(ops.matmul(keys, ops.expand_dims(query, -1)), -1)
        past += self._bias_of_slots(position)  # (batch, heads, slots)
        present = ops.sum(query * key, axis=-1, keepdims=True)  # (batch, heads, 1)
        present += ops.expand_dims(self.lag_bias[0], -1)
        weights = ops.softmax(ops.concatenate([past, present], axis=-1), axis=-1)
        of_past, of_present = ops.split(weights, [self.window], axis=-1)
        mixed = ops.squeeze(ops.matmul(ops.expand_dims(of_past, 2), values), 2)
        mixed = ops.reshape(mixed + of_present * value, (-1, self.heads * self.width))
        return self.merge(mixed), [key, value]

    def _bias_of_slots(self, position: Tensor) -> Tensor:
        """Return what is added to the scores of the slots, float (heads, slots).

        There are as many slots as the window has steps, the present one included. So
        the oldest one, about to be replaced, is masked, as empty ones are.
        """
        # The numbers are positive: backends and ONNX differ in negative remainders.
        slots = np.arange(self.window, dtype="int32")
        lags = ops.mod(position + self.window - 1 - slots, self.window) + 1
        is_empty = ops.cast(lags > position, "int32")
        lags += self.window * is_empty
        bias = look_up(self.lag_bias, ops.minimum(lags, self.window - 1))
        is_masked = ops.cast(lags >= self.window, "float32")
        return ops.transpose(bias + _MASKED * is_masked[:, None])

    def rings(self) -> list[Ring]:
        ring = Ring(self.window, (self.heads, self.width), ())
        return [ring, ring]  # keys and values


class AttentionBlock(keras.layers.Layer):
    """A pre-norm transformer block over all steps of a piece, before and after.

    Relative positions have a learned bias per head, one for each of up to `window`
    steps back and ahead; those further away share one.
    """

    def __init__(
        self, units: int, heads: int, window: int, dropout: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.heads, self.window = heads, window
        self.norms = [
            keras.layers.LayerNormalization(name=name)
            for name in ("norm_attend", "norm_think")
        ]
        self.query_key_value = keras.layers.Dense(3 * units, name="query_key_value")
        self.merge = keras.layers.Dense(units, name="merge")
        self.widen = keras.layers.Dense(2 * units, activation="silu", name="widen")
        self.narrow = keras.layers.Dense(units, name="narrow")
        self.dropout = keras.layers.Dropout(dropout, name="dropout")

    def build(self, *shapes: Any) -> None:
        self.lag_bias = self.add_weight(
            shape=(2 * self.window + 1, self.heads),
            initializer="zeros",
            name="lag_bias",
        )

    def call(
        self, inputs: Tensor, present: Tensor, training: bool | None = None
    ) -> Tensor:
        """Return float (batch, steps, units).

        Args:
            inputs: float (batch, steps, units).
            present: bool (batch, steps), False for padding.
            training: passed on to dropout.
        """
        steps = ops.shape(inputs)[1]
        lag = ops.arange(steps)[:, None] - ops.arange(steps)[None, :]
        lag = ops.clip(lag, -self.window, self.window) + self.window
        bias = ops.transpose(ops.take(self.lag_bias, lag, axis=0), (2, 0, 1))
        absent = ops.where(present, 0.0, _MASKED)[:, None, None, :]
        packed = self.query_key_value(self.norms[0](inputs))
        # (heads, steps, steps) + (batch, 1, 1, steps)
        attended = self.merge(_attend(packed, bias + absent, self.heads))
        inputs += self.dropout(attended, training=training)
        deeper = self.narrow(self.widen(self.norms[1](inputs)))
        return inputs + self.dropout(deeper, training=training)


def _attend(packed: Tensor, bias: Tensor, heads: int) -> Tensor:
    """Return scaled dot-product attention, float (batch, steps, units).

    Args:
        packed: float (batch, steps, 3 * units), query, key and value side by side.
        bias: float that broadcasts with (batch, heads, queries, keys), added to scores.
        heads: number of attention heads.
    """
    batch, steps = ops.shape(packed)[0], ops.shape(packed)[1]
    width = packed.shape[-1] // (3 * heads)
    packed = ops.reshape(packed, (batch, steps, 3, heads, width))
    query, key, value = packed[:, :, 0], packed[:, :, 1], packed[:, :, 2]
    scores = ops.einsum("bqhd,bkhd->bhqk", query, key) / width**0.5
    weights = ops.softmax(scores + bias, axis=-1)
    mixed = ops.einsum("bhqk,bkhd->bqhd", weights, value)
    return ops.reshape(mixed, (batch, steps, heads * width))
