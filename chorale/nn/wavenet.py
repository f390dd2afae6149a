"""WaveNet bodies: simplified, full, and convolutions under an LSTM as in the book."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from chorale.nn.bodies import BodyOptions
from chorale.nn.causal import (
    CausalConvolution,
    CausalLayer,
    Chain,
    EachStep,
    Recurrent,
    Tensor,
)
from chorale.nn.memory import Ring
from chorale.nn.recurrent import LSTMCell


def simple_wavenet(options: BodyOptions) -> CausalLayer:
    """Return a WaveNet without gates, residuals and skips: rectified convolutions.

    The dilation doubles within each stack; `layers=4, stacks=2` is the network of
    Géron, Hands-On Machine Learning, chapter 15.
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

    then two rectified 1 × 1 convolutions. The dilation doubles within each stack.
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
        # No layer reads what the last one would add.
        self.residuals = [
            keras.layers.Dense(units, name=f"residual_{i}")
            for i in range(len(dilations) - 1)
        ]
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.head = [keras.layers.Dense(units, name=f"head_{i}") for i in range(2)]

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        return self._run(inputs, lambda gate, x: gate(x))

    def step(
        self, inputs: Tensor, memory: Sequence[Tensor], position: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        remaining, entries = iter(memory), []

        def convolve(gate: CausalConvolution, x: Tensor) -> Tensor:
            reads = [next(remaining) for ring in gate.rings() for _ in ring.reads()]
            outputs, own = gate.step(x, reads, position)
            entries.extend(own)
            return outputs

        return self._run(inputs, convolve), entries

    def _run(
        self, x: Tensor, convolve: Callable[[CausalConvolution, Tensor], Tensor]
    ) -> Tensor:
        skipped = 0
        for i, gate in enumerate(self.gates):
            filtered, opening = ops.split(convolve(gate, x), 2, axis=-1)
            z = self.dropout(ops.tanh(filtered) * ops.sigmoid(opening))
            skipped = skipped + self.skips[i](z)
            if i < len(self.residuals):
                x = x + self.residuals[i](z)
        for dense in self.head:
            skipped = dense(ops.relu(skipped))
        return skipped

    def rings(self) -> list[Ring]:
        return [ring for gate in self.gates for ring in gate.rings()]


def wavenet_lstm(options: BodyOptions) -> CausalLayer:
    """Return causal convolutions under an LSTM, each rectified and batch-normalized.

    With 4 layers and 256 units, the body of the chorale network of Géron, Hands-On
    Machine Learning, chapter 15, exercise 10: dilations 1, 2, 4, 8, filters 32, 48, 64,
    96.
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
