"""WaveNet bodies: the simplified one, the full one, and the book's one with LSTM."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from chorale.nn.bodies import BodyOptions
from chorale.nn.causal import (
    CausalConvolution,
    CausalLayer,
    Chain,
    EachStep,
    Memory,
    Recurrent,
    Tensor,
)
from chorale.nn.recurrent import LSTMCell


def simple_wavenet(options: BodyOptions) -> CausalLayer:
    """Return rectified causal convolutions, the dilation doubling within each stack.

    What remains of a WaveNet without gates, residuals and skips; `layers=4, stacks=2`
    is the one of Géron, Hands-On Machine Learning, chapter 15.
    """
    layers: list[CausalLayer] = []
    for stack in range(options.stacks):
        for layer in range(options.layers):
            name = f"stack_{stack}_layer_{layer}"
            convolution = CausalConvolution(
                options.units,
                options.kernel_size,
                dilation=2**layer,
                activation="relu",
                name=name,
            )
            layers.append(convolution)
            if options.dropout:
                dropout = keras.layers.Dropout(options.dropout, name=f"{name}_dropout")
                layers.append(EachStep(dropout))
    return Chain(layers, name="body")


def wavenet(options: BodyOptions) -> CausalLayer:
    """Return a WaveNet; `layers=10, stacks=3` is the full one of the paper."""
    return WaveNet(options, name="body")


class WaveNet(CausalLayer):
    """Gated dilated convolutions with residual and skip connections.

    van den Oord et al., "WaveNet: A Generative Model for Raw Audio" (2016), figure 4:

        z = tanh(W_f * x) ⊙ σ(W_g * x);   x ← x + W_r z;   output = Σ W_s z

    then two rectified 1 × 1 convolutions. Within each stack the dilation doubles from
    layer to layer.
    """

    def __init__(self, options: BodyOptions, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        units, dropout = options.units, options.dropout
        dilations = [2**layer for layer in range(options.layers)] * options.stacks
        self.gates = [
            CausalConvolution(
                2 * units, options.kernel_size, dilation, name=f"gate_{i}"
            )
            for i, dilation in enumerate(dilations)
        ]
        self.skips = [
            keras.layers.Dense(units, name=f"skip_{i}") for i in range(len(dilations))
        ]
        # After the last gate there is nothing left to feed.
        self.residuals = [
            keras.layers.Dense(units, name=f"residual_{i}")
            for i in range(len(dilations) - 1)
        ]
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.head = [keras.layers.Dense(units, name=f"head_{i}") for i in range(2)]

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        skipped = 0
        for i, gate in enumerate(self.gates):
            z = self.dropout(_gated(gate(inputs)))
            skipped = skipped + self.skips[i](z)
            if i < len(self.residuals):
                inputs = inputs + self.residuals[i](z)
        return self._finish(skipped)

    def step(self, inputs: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        skipped, following = 0, []
        for i, gate in enumerate(self.gates):
            convolved, own_following = gate.step(inputs, [memory[i]])
            z = _gated(convolved)
            skipped = skipped + self.skips[i](z)
            if i < len(self.residuals):
                inputs = inputs + self.residuals[i](z)
            following += own_following
        return self._finish(skipped), following

    def memory_shapes(self) -> list[tuple[int, ...]]:
        return [shape for gate in self.gates for shape in gate.memory_shapes()]

    def _finish(self, skipped: Tensor) -> Tensor:
        for dense in self.head:
            skipped = dense(ops.relu(skipped))
        return skipped


def _gated(convolved: Tensor) -> Tensor:
    filtered, gate = ops.split(convolved, 2, axis=-1)
    return ops.tanh(filtered) * ops.sigmoid(gate)


def wavenet_lstm(options: BodyOptions) -> CausalLayer:
    """Return the book's chorale network without its ends: convolutions, then LSTM.

    `layers` causal convolutions with dilations 1, 2, 4, 8 …, 32, 48, 64 and 96 wide
    under an LSTM of 256 units, each rectified and batch-normalized. Géron, Hands-On
    Machine Learning, chapter 15, exercise 10.
    """
    layers: list[CausalLayer] = []
    for layer in range(options.layers):
        # 32, 48, 64, 96, 128, 192 …: each pair of layers doubles.
        filters = options.units // 8 * 2 ** (layer // 2)
        filters += filters // 2 * (layer % 2)
        convolution = CausalConvolution(
            filters,
            options.kernel_size,
            2**layer,
            activation="relu",
            name=f"convolution_{layer}",
        )
        norm = keras.layers.BatchNormalization(name=f"norm_{layer}")
        layers += [convolution, EachStep(norm)]
    if options.dropout:
        dropout = keras.layers.Dropout(options.dropout, name="dropout")
        layers.append(EachStep(dropout))
    cell = LSTMCell(
        options.units,
        recurrent_dropout=options.recurrent_dropout,
        layer_norm=options.layer_norm,
        name="cell",
    )
    return Chain([*layers, Recurrent(cell, name="recurrent")], name="body")
