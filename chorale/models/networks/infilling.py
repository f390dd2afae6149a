"""Base of infilling networks: their inputs and outputs, and how they are built."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import keras

from chorale.encoding.cells import CellVocabulary
from chorale.encoding.inputs import CellInputs, last_axes
from chorale.models.options import INFILLERS, InfillerOptions
from chorale.nn.causal import Tensor
from chorale.nn.onnx_export import Value, export_graph


class InfillingNetwork(keras.Model):
    """Predict hidden cells from all visible ones.

    Calling it takes CellInputs (batch, steps, …) and gives logits (batch, steps, 4,
    vocabulary size). Absent steps at the end of a piece change nothing before them. At
    visible cells the logits mean nothing.

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
        """Leave it to the layers within; see `CausalLayer.build`."""

    def call(self, inputs: CellInputs, training: bool | None = None) -> Tensor:
        raise NotImplementedError


def build_infiller(
    options: InfillerOptions, vocabulary: CellVocabulary, plan_features: Sequence[str]
) -> InfillingNetwork:
    """Return a new network, built."""
    kind = INFILLERS[options.network]
    module = import_module(f"chorale.models.networks.{kind.module}")
    network: InfillingNetwork = getattr(module, kind.name)(
        options, vocabulary, plan_features
    )
    network(CellInputs.example(vocabulary, len(plan_features)))
    return network


def export_infiller(network: InfillingNetwork) -> bytes:
    """Return a network as an ONNX graph without weights; they must be final.

    Its inputs are those of CellInputs (batch, steps, …) that it reads; its output is
    logits (batch, steps, 4, vocabulary size).
    """

    def infill(*tensors: Tensor) -> Tensor:
        return network(CellInputs(*tensors), training=False)

    example = CellInputs.example(network.vocabulary, len(network.plan_features))
    inputs = [
        Value(name, "int32", (None, None, *axes))
        for name, axes in last_axes(example).items()
    ]
    return export_graph(network, infill, inputs, ["logits"])
