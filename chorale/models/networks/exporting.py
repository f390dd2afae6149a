"""Next-step networks as ONNX graphs without weights, over one set stored beside them.

step.onnx      inputs (batch, …), memory_0 …, position  →  hidden (batch, units),
               next_memory_0 …
soprano.onnx   hidden (rows, units), inputs (rows, …)  →  logits (rows, vocabulary
               size); and so each other voice
sequence.onnx  inputs (batch, steps, …)  →  hidden (batch, steps, units)

The inputs are those of `chorale.encoding.inputs.Inputs` that the graph reads. For the
memory see `chorale.nn.memory`: an input for each array that a step reads, an output for
the entry of each ring.
"""

from __future__ import annotations

from typing import Any

from chorale.encoding.inputs import Inputs, last_axes
from chorale.models.networks.next_step import NextStepNetwork
from chorale.music.voices import VOICE_NAMES
from chorale.nn.causal import Tensor
from chorale.nn.onnx_export import Value, export_graph, export_parts


def export_graphs(network: NextStepNetwork) -> dict[str, bytes]:
    """Return the graphs of a network by file name; its weights must be final."""
    count = len(Inputs._fields)
    rings = network.rings()
    reads = [shape for ring in rings for shape in ring.reads()]
    memory = [
        Value(f"memory_{index}", "float32", (None, *shape))
        for index, shape in enumerate(reads)
    ]
    position = Value("position", "int32", ())

    def step(*tensors: Tensor) -> Any:
        hidden, entries = network.body_step(
            Inputs(*tensors[:count]), tensors[count:-1], tensors[-1]
        )
        return [hidden, *entries]

    def sequence(*tensors: Tensor) -> Any:
        return network.body_sequence(Inputs(*tensors))

    def voices(hidden: Tensor, *tensors: Tensor) -> Any:
        return network.voices(hidden, Inputs(*tensors))

    def inputs(*leading: None) -> list[Value]:
        example = Inputs.example(network.vocabulary, len(network.plan_features))
        return [
            Value(name, "int32", (*leading, *axes))
            for name, axes in last_axes(example).items()
        ]

    hidden = Value("hidden", "float32", (None, network.units))
    entries = [f"next_memory_{index}" for index in range(len(rings))]
    heads = export_parts(network, voices, [hidden, *inputs(None)], "logits")
    return {
        "step.onnx": export_graph(
            network, step, [*inputs(None), *memory, position], ["hidden", *entries]
        ),
        **{
            f"{name}.onnx": graph
            for name, graph in zip(VOICE_NAMES, heads, strict=True)
        },
        "sequence.onnx": export_graph(
            network, sequence, inputs(None, None), ["hidden"]
        ),
    }
