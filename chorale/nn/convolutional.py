"""Convolutional bodies: causal convolutions alone, and under a GRU."""

from __future__ import annotations

from dataclasses import replace

import keras

from chorale.nn.bodies import BodyOptions
from chorale.nn.causal import CausalConvolution, CausalLayer, Chain, EachStep, Residual
from chorale.nn.recurrent import gru


def conv(options: BodyOptions) -> CausalLayer:
    """Return residual causal convolutions, the dilation doubling within each stack.

    They resemble the temporal convolutional networks of Bai, Kolter & Koltun (2018).
    """
    blocks: list[CausalLayer] = []
    for stack in range(options.stacks):
        for layer in range(options.layers):
            parts: list[CausalLayer] = [
                EachStep(keras.layers.LayerNormalization(name="norm")),
                CausalConvolution(
                    options.units,
                    options.kernel_size,
                    dilation=2**layer,
                    activation="relu",
                    name="convolution",
                ),
            ]
            if options.dropout:
                dropout = keras.layers.Dropout(options.dropout, name="dropout")
                parts.append(EachStep(dropout))
            parts.append(EachStep(keras.layers.Dense(options.units, name="project")))
            blocks.append(Residual(parts, name=f"stack_{stack}_layer_{layer}"))
    return Chain(blocks, name="body")


def conv_gru(options: BodyOptions) -> CausalLayer:
    """Return `layers` causal convolutions, then one GRU."""
    return Chain([conv(options), gru(replace(options, layers=1))], name="body")
