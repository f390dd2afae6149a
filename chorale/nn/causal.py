"""Causal layers, of which every body is built: over whole sequences and stepwise.

    whole sequence   layer(x)        (batch, steps, in) → (batch, steps, out)
    one step         layer.step(x, memory, position)
                                     (batch, in) → (batch, out), new entries of memory

A layer declares its memory as ring buffers (`chorale.nn.memory`). A step is given the
entries that it reads and returns the new ones. Both ways give the same outputs.

Bodies from outside (`chorale.register_body`) are mostly a `Chain` of causal layers and
of ordinary layers of Keras, which `as_causal` explains. A layer of another kind is a
CausalLayer of its own, such as the mean of all steps so far:

    class RunningMean(CausalLayer):
        def call(self, inputs, training=None):
            count = ops.arange(1, ops.shape(inputs)[1] + 1)
            return ops.cumsum(inputs, 1) / ops.cast(count[:, None], inputs.dtype)

        def step(self, inputs, memory, position):
            total = memory[0] + inputs
            return total / ops.cast(position + 1, inputs.dtype), [total]

        def rings(self):
            return [Ring(1, (64,))]  # the total, for inputs of 64 units

A layer within is made in `__init__` and called, never built by hand; a weight has a
name (`self.add_weight(…, name="scale")`). What it computes is written in `keras.ops`,
so that it can be stored as an ONNX graph and trained on any backend.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from chorale.errors import UsageError
from chorale.nn.memory import Ring

Tensor = Any  # of the Keras backend


class CausalLayer(keras.layers.Layer):
    """A layer over time whose output at a step depends on no later step.

    A subclass has `call`, `step` and, if a step keeps something for later ones,
    `rings`. Both faces agree to 1e-4; training a body from outside checks it.
    """

    def build(self, *shapes: Any) -> None:
        """Leave it to the layers within, which are built when they are first called.

        Keras would trace the layer symbolically to find out their shapes.
        """

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Return float (batch, steps, out) for float (batch, steps, in).

        With the argument `training`, Keras passes the mode to all layers within.
        """
        raise NotImplementedError

    def step(
        self, inputs: Tensor, memory: Sequence[Tensor], position: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the output of one step and the new entry of each ring.

        Args:
            inputs: float (batch, in).
            memory: what the layer reads of its rings, see `Ring.reads`.
            position: int (), the number of steps before this one.

        Returns:
            float (batch, out), and float (batch, …) for each ring.
        """
        raise NotImplementedError

    def rings(self) -> list[Ring]:
        """Return what a step keeps for later ones, once the layer is built."""
        return []


class EachStep(CausalLayer):
    """Apply a layer to each step separately: dense, dropout, normalization …"""

    def __init__(self, layer: keras.layers.Layer) -> None:
        super().__init__(name=layer.name)
        self.layer = layer

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        return self.layer(inputs)

    def step(
        self, inputs: Tensor, memory: Sequence[Tensor], position: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        if getattr(self.layer.input_spec, "ndim", None) is None:
            return self.layer(inputs), []
        return self.layer(inputs[:, None])[:, 0], []  # it insists on an axis of steps


class Chain(CausalLayer):
    """Apply layers in order, each as `as_causal` makes it."""

    def __init__(self, layers: Sequence[keras.layers.Layer], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layers = [as_causal(layer) for layer in layers]

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def step(
        self, inputs: Tensor, memory: Sequence[Tensor], position: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        remaining, entries = iter(memory), []
        for layer in self.layers:
            reads = [next(remaining) for ring in layer.rings() for _ in ring.reads()]
            inputs, own = layer.step(inputs, reads, position)
            entries += own
        return inputs, entries

    def rings(self) -> list[Ring]:
        return [ring for layer in self.layers for ring in layer.rings()]


class Residual(Chain):
    """A residual connection around a chain of layers."""

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        return inputs + super().call(inputs, training)

    def step(
        self, inputs: Tensor, memory: Sequence[Tensor], position: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        outputs, entries = super().step(inputs, memory, position)
        return inputs + outputs, entries


class Recurrent(CausalLayer):
    """Run a recurrent cell of Keras over the steps."""

    def __init__(self, cell: keras.layers.Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rnn = keras.layers.RNN(cell, return_sequences=True, name="rnn")

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        cell = self.rnn.cell
        if training and getattr(cell, "has_sequence", False):
            return cell.over_steps(inputs)
        return self.rnn(inputs)

    def step(
        self, inputs: Tensor, memory: Sequence[Tensor], position: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        outputs, states = self.rnn.cell(inputs, list(memory), training=False)
        return outputs, list(states)

    def rings(self) -> list[Ring]:
        sizes = self.rnn.cell.state_size
        sizes = [sizes] if isinstance(sizes, int) else sizes
        return [Ring(1, (size,)) for size in sizes]


def as_causal(layer: keras.layers.Layer) -> CausalLayer:
    """Return a layer of Keras as a causal layer; a causal one as it is.

    A recurrent layer (SimpleRNN, LSTM, GRU, RNN of a cell) runs over the steps and
    returns an output for each. Any other layer is applied to each step separately, as
    are Dense, Dropout, LayerNormalization and Activation.

    Raises:
        UsageError: a layer that sees later steps, or one that has a causal layer of its
            own here.
    """
    if isinstance(layer, CausalLayer):
        return layer
    if isinstance(layer, keras.layers.RNN):
        if layer.go_backwards:
            raise UsageError(f"{layer.name} runs backwards, so it is not causal")
        return Recurrent(layer.cell, name=layer.name)
    others = {
        keras.layers.Conv1D: "write CausalConvolution of chorale.nn.causal instead",
        keras.layers.MultiHeadAttention: (
            "write WindowedAttention of chorale.nn.attention instead"
        ),
        keras.layers.Bidirectional: "it sees later steps, so it is not causal",
    }
    for kind, why in others.items():
        if isinstance(layer, kind):
            raise UsageError(f"{layer.name}, a {kind.__name__} layer, in a body: {why}")
    return EachStep(layer)


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

    def step(
        self, inputs: Tensor, memory: Sequence[Tensor], position: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        taps = ops.concatenate([*memory, inputs], axis=-1)
        return self.product(taps), [inputs]

    def rings(self) -> list[Ring]:
        return [Ring(self.lags[0], (self.channels,), tuple(self.lags[:-1]))]
