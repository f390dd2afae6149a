"""Layers that only the forecasting networks use."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from chorale.nn.causal import Tensor


class LastStep(layers.Layer):
    """Keep the last step: (batch, steps, units) → (batch, 1, units)."""

    def __init__(self) -> None:
        super().__init__(name="last_step")

    def call(self, inputs: Tensor) -> Tensor:
        return inputs[:, -1:]


class MarkMissing(layers.Layer):
    """Replace NaN by 0 and append a mask of missing values: variables are doubled."""

    def __init__(self) -> None:
        super().__init__(name="mark_missing")

    def call(self, inputs: Tensor) -> Tensor:
        missing = ops.isnan(inputs)
        values = ops.where(missing, 0.0, inputs)
        return ops.concatenate([values, ops.cast(missing, values.dtype)], axis=-1)


class BatchNormCell(layers.SimpleRNNCell):
    """Simple recurrent cell with batch normalization: h' = tanh(BN(Wx) + BN(Uh) + b).

    Cooijmans et al., "Recurrent Batch Normalization" (2017), with their initial scale
    of 0.1, which keeps tanh from saturating, but with statistics shared by all steps.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.norms = [
            layers.BatchNormalization(
                center=False,
                gamma_initializer=keras.initializers.Constant(0.1),
                name=f"norm_{part}",
            )
            for part in "xh"
        ]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        for norm in self.norms:
            norm.build((None, self.units))

    def call(
        self, inputs: Tensor, states: Any, training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        (hidden,) = states
        x = self.norms[0](ops.matmul(inputs, self.kernel), training=training)
        h = self.norms[1](ops.matmul(hidden, self.recurrent_kernel), training=training)
        hidden = ops.tanh(x + h + self.bias)
        return hidden, [hidden]
