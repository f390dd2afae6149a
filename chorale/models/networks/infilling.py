"""What infilling networks have in common: what they are told, and what they give."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import keras
import numpy as np

from chorale.encoding.cells import CellVocabulary
from chorale.encoding.neighbours import network_inputs
from chorale.models.options import INFILLERS, InfillerOptions
from chorale.music.voices import VOICES
from chorale.nn.causal import Tensor
from chorale.nn.onnx_export import Value, export_graph


class InfillingNetwork(keras.Model):
    """Predict hidden cells from all visible ones.

    Calling it takes a dict of int32 arrays, `cells` (batch, steps, 4) with numbers of
    their own for hidden and absent ones (`chorale.encoding.cells.masked`), `plan`
    (batch,
    steps, features) and the neighbours of each cell (`chorale.encoding.neighbours`),
    and gives
    logits (batch, steps, 4, vocabulary size). Absent steps at the end of a piece change
    nothing before them. At visible cells the logits mean nothing.

    Attributes:
        vocabulary: of the cells.
        plan_features: names of the columns of `plan`.
    """

    def __init__(
        self,
        options: InfillerOptions,
        vocabulary: CellVocabulary,
        plan_features: Sequence[str],
    ) -> None:
        super().__init__(name="network")
        self.options = options
        self.vocabulary = vocabulary
        self.plan_features = tuple(plan_features)

    def build(self, *shapes: Any) -> None:
        """Leave it to the layers, which are built when they are first called.

        Keras would trace the whole network to find out their shapes.
        """

    def call(self, inputs: dict[str, Tensor], training: bool | None = None) -> Tensor:
        raise NotImplementedError


def build_infiller(
    options: InfillerOptions, vocabulary: CellVocabulary, plan_features: Sequence[str]
) -> InfillingNetwork:
    """Return a new network, its weights made."""
    kind = INFILLERS[options.network]
    network_class = getattr(
        import_module(f"chorale.models.networks.{kind.module}"), kind.name
    )
    network: InfillingNetwork = network_class(options, vocabulary, plan_features)
    cells = np.zeros((1, 2, VOICES), "int32")
    plan = np.zeros((1, 2, len(plan_features)), "int32")
    network(network_inputs(cells, plan, vocabulary))
    return network


def export_infiller(network: InfillingNetwork) -> bytes:
    """Return a network as an ONNX graph without weights; they must be final.

    infill.onnx    cells (batch, steps, 4), plan (batch, steps, features), before, after
                   (batch, steps, 4, 4), to_before, to_after (batch, steps, 4)
                   →  logits (batch, steps, 4, vocabulary size)
    """
    shapes = {
        "cells": (VOICES,),
        "plan": (len(network.plan_features),),
        "before": (VOICES, VOICES),
        "after": (VOICES, VOICES),
        "to_before": (VOICES,),
        "to_after": (VOICES,),
    }

    def infill(*tensors: Tensor) -> Tensor:
        return network(dict(zip(shapes, tensors, strict=True)), training=False)

    values = [
        Value(name, "int32", (None, None, *shape)) for name, shape in shapes.items()
    ]
    return export_graph(network, infill, values, ["logits"])
