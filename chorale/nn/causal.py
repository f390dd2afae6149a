"""Causal layers, of which every body is built: over whole sequences and stepwise.

    whole sequence   layer(x)                (batch, steps, in) → (batch, steps, out)
    one step         layer.step(x, memory)   (batch, in) → (batch, out), new memory

Memory is a list of float tensors (batch, …), all zero before the first step. Both ways
give the same outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

Tensor = Any  # of the Keras backend
Memory = list[Tensor]


class CausalLayer(keras.layers.Layer):
    """A layer over time whose output at a step depends on no later step."""

    def build(self, *shapes: Any) -> None:
        """Leave it to the layers within, which are built when they are first called.

        Keras would trace the layer symbolically to find out their shapes.
        """

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Return float (batch, steps, out) for float (batch, steps, in).

        With the argument `training`, Keras passes the mode to all layers within.
        """
        raise NotImplementedError

    def step(self, inputs: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Return float (batch, out) for float (batch, in), and the new memory."""
        raise NotImplementedError

    def memory_shapes(self) -> list[tuple[int, ...]]:
        """Return the shapes of the memory for one sequence, once the layer is built."""
        return []


class EachStep(CausalLayer):
    """Apply a layer to each step separately: dense, dropout, normalization …"""

    def __init__(self, layer: keras.layers.Layer) -> None:
        super().__init__(name=layer.name)
        self.layer = layer

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        return self.layer(inputs)

    def step(self, inputs: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        return self(inputs[:, None])[:, 0], memory


class Chain(CausalLayer):
    """Apply layers in order."""

    def __init__(self, layers: Sequence[CausalLayer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layers = list(layers)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def step(self, inputs: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        remaining, following = list(memory), []
        for layer in self.layers:
            count = len(layer.memory_shapes())
            own, remaining = remaining[:count], remaining[count:]
            inputs, own = layer.step(inputs, own)
            following += own
        return inputs, following

    def memory_shapes(self) -> list[tuple[int, ...]]:
        return [shape for layer in self.layers for shape in layer.memory_shapes()]


class Residual(Chain):
    """A residual connection around a chain of layers."""

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        return inputs + super().call(inputs, training)

    def step(self, inputs: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        outputs, memory = super().step(inputs, memory)
        return inputs + outputs, memory


class Recurrent(CausalLayer):
    """Run a recurrent cell of Keras over the steps."""

    def __init__(self, cell: keras.layers.Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rnn = keras.layers.RNN(cell, return_sequences=True, name="rnn")

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        return self.rnn(inputs)

    def step(self, inputs: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        outputs, memory = self.rnn.cell(inputs, memory, training=False)
        return outputs, list(memory)

    def memory_shapes(self) -> list[tuple[int, ...]]:
        sizes = self.rnn.cell.state_size
        return [(size,) for size in ([sizes] if isinstance(sizes, int) else sizes)]


class CausalConvolution(CausalLayer):
    """Convolve over the current step and earlier ones, `dilation` steps apart.

    It is one matrix product over the taps side by side, so that whole sequences, single
    steps and every exported graph share one kernel (kernel_size * in, filters).
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        dilation: int = 1,
        activation: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # Lag of each tap in steps, the largest first.
        self.lags = [tap * dilation for tap in reversed(range(kernel_size))]
        self.product = keras.layers.Dense(
            filters, activation=activation, name="product"
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.channels = int(input_shape[-1] or 0)
        self.product.build((*input_shape[:-1], self.channels * len(self.lags)))

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        steps = ops.shape(inputs)[1]
        padded = ops.pad(inputs, [[0, 0], [self.lags[0], 0], [0, 0]])
        taps = [
            padded[:, self.lags[0] - lag : self.lags[0] - lag + steps]
            for lag in self.lags
        ]
        return self.product(ops.concatenate(taps, axis=-1))

    def step(self, inputs: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        # The memory holds the last inputs, the oldest first.
        recent = ops.concatenate([memory[0], inputs[:, None]], axis=1)
        taps = [recent[:, self.lags[0] - lag] for lag in self.lags]
        return self.product(ops.concatenate(taps, axis=-1)), [recent[:, 1:]]

    def memory_shapes(self) -> list[tuple[int, ...]]:
        return [(self.lags[0], self.channels)]
