"""Networks as ONNX graphs without weights, over the one set stored beside them.

    step.onnx      past_pitches, past_ages (batch, 4), plan (batch, features),
                   memory_0 …  →  hidden (batch, units), next_memory_0 …
    voices.onnx    hidden (rows, units), past_pitches, past_ages, tokens (rows, 4),
                   plan (rows, features)  →  logits (rows, 4, vocabulary size)
    sequence.onnx  past_pitches, past_ages (batch, steps, 4),
                   plan (batch, steps, features)  →  hidden (batch, steps, units)

Each initializer of a graph that is a weight of the network bears the weight's name and
holds no data; whoever runs the graph supplies it.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from chorale.networks.causal import Tensor
from chorale.networks.next_step import NextStepNetwork
from chorale.voices import VOICES

OPSET = 18
# A constant of a graph that is no weight: shapes, offsets, folded scalars.
_LARGEST_CONSTANT = 1024


class _Face(keras.Model):
    """One face of a network as a model of its own, called with a list of tensors."""

    def __init__(self, network: NextStepNetwork, function: Callable[..., Any]) -> None:
        super().__init__(name="face")
        self.network = network
        self.function = function
        self.built = True  # the network is

    def call(self, inputs: list[Tensor]) -> Any:
        return self.function(*inputs)


def export_graphs(network: NextStepNetwork) -> dict[str, bytes]:
    """Return the three graphs of a network by file name.

    Its weights must be final: those of the graphs are told by their values.
    """
    memory = network.memory_shapes()

    def step(pitches: Tensor, ages: Tensor, plan: Tensor, *memory: Tensor) -> Any:
        hidden, following = network.body_step(pitches, ages, plan, list(memory))
        return [hidden, *following]

    notes = [("past_pitches", "int32", (VOICES,)), ("past_ages", "int32", (VOICES,))]
    plan = ("plan", "int32", (len(network.plan_features),))
    hidden = ("hidden", "float32", (network.units,))
    tokens = ("tokens", "int32", (VOICES,))
    memories = [(f"memory_{i}", "float32", shape) for i, shape in enumerate(memory)]
    following = [f"next_{name}" for name, _, _ in memories]
    graphs: dict[str, tuple[Callable[..., Any], int, list[Any], list[str]]] = {
        "step.onnx": (step, 1, [*notes, plan, *memories], ["hidden", *following]),
        "voices.onnx": (network.voices, 1, [hidden, *notes, plan, tokens], ["logits"]),
        "sequence.onnx": (network.body_sequence, 2, [*notes, plan], ["hidden"]),
    }
    exported = {}
    for name, (function, free_axes, inputs, outputs) in graphs.items():
        signature = [
            keras.InputSpec(shape=(None,) * free_axes + shape, dtype=dtype, name=label)
            for label, dtype, shape in inputs
        ]
        model = _export(_Face(network, function), signature)
        _rename(model.graph, [value.name for value in model.graph.output], outputs)
        _leave_out_weights(model.graph, network)
        exported[name] = model.SerializeToString(deterministic=True)
    return exported


def _export(face: _Face, signature: Sequence[keras.InputSpec]) -> Any:
    """Return a face as an ONNX model, its weights inside."""
    import onnx

    with tempfile.TemporaryDirectory() as folder, _silence():
        path = Path(folder) / "face.onnx"
        face.export(
            str(path),
            format="onnx",
            input_signature=[list(signature)],
            opset_version=OPSET,
            verbose=False,
        )
        return onnx.load(str(path))


def _leave_out_weights(graph: Any, network: NextStepNetwork) -> None:
    """Name the initializers that are weights of the network, and drop their data."""
    import onnx

    weights = {name: np.asarray(w) for name, w in network.named_weights().items()}
    names: dict[str, str] = {}
    for initializer in graph.initializer:
        values = onnx.numpy_helper.to_array(initializer)
        if values.dtype != np.float32 or values.ndim == 0:
            continue
        same = (
            name
            for name, weight in weights.items()
            if name not in names.values() and np.array_equal(weight, values)
        )
        name = next(same, None)
        if name is not None:
            names[initializer.name] = name
            initializer.ClearField("raw_data")
            initializer.ClearField("float_data")
            initializer.data_location = onnx.TensorProto.EXTERNAL
            initializer.external_data.add(key="location", value="weights.npz")
        elif values.size > _LARGEST_CONSTANT:
            raise RuntimeError(
                f"the exported graph holds {initializer.name} of shape {values.shape}, "
                "which is no weight of the network"
            )
    _rename(graph, list(names), list(names.values()))


def _rename(graph: Any, old: Sequence[str], new: Sequence[str]) -> None:
    """Rename values of a graph and of the graphs inside its loops."""
    names = dict(zip(old, new, strict=True))
    for value in [*graph.input, *graph.output, *graph.initializer, *graph.value_info]:
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        for places in (node.input, node.output):
            for index, name in enumerate(places):
                places[index] = names.get(name, name)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, old, new)


@contextlib.contextmanager
def _silence() -> Any:
    """Keep the converter's progress and deprecation notes off the user's screen."""
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
