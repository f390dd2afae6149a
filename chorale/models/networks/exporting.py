"""Next-step networks as ONNX graphs without weights, over one set stored beside them.

step.onnx      past_pitches, past_ages (batch, 4), plan (batch, features),
               memory_0 …  →  hidden (batch, units), next_memory_0 …
soprano.onnx   hidden (rows, units), past_pitches, past_ages, tokens, echo_tokens
               (rows, 4), echo_lengths (rows,), recall (rows, 3), plan (rows,
               features)  →  logits (rows, vocabulary size); and so each other voice
sequence.onnx  past_pitches, past_ages (batch, steps, 4),
               plan (batch, steps, features)  →  hidden (batch, steps, units)
"""

from __future__ import annotations

from typing import Any

from chorale.encoding.tunes import COLUMNS
from chorale.models.networks.next_step import NextStepNetwork
from chorale.music.voices import VOICE_NAMES, VOICES
from chorale.nn.causal import Tensor
from chorale.nn.onnx_export import Value, export_graph, export_parts


def export_graphs(network: NextStepNetwork) -> dict[str, bytes]:
    """Return the graphs of a network by file name; its weights must be final."""
    memory = network.memory_shapes()

    def step(pitches: Tensor, ages: Tensor, plan: Tensor, *memory: Tensor) -> Any:
        hidden, following = network.body_step(pitches, ages, plan, list(memory))
        return [hidden, *following]

    def given(*free: None) -> list[Value]:
        return [
            Value("past_pitches", "int32", (*free, VOICES)),
            Value("past_ages", "int32", (*free, VOICES)),
            Value("plan", "int32", (*free, len(network.plan_features))),
        ]

    hidden = Value("hidden", "float32", (None, network.units))
    written = [
        Value("tokens", "int32", (None, VOICES)),
        Value("echo_tokens", "int32", (None, VOICES)),
        Value("echo_lengths", "int32", (None,)),
        Value("recall", "int32", (None, COLUMNS)),
    ]
    memories = [
        Value(f"memory_{index}", "float32", (None, *shape))
        for index, shape in enumerate(memory)
    ]
    following = [f"next_{value.name}" for value in memories]
    return {
        "step.onnx": export_graph(
            network, step, [*given(None), *memories], ["hidden", *following]
        ),
        **{
            f"{name}.onnx": graph
            for name, graph in zip(
                VOICE_NAMES,
                export_parts(
                    network, network.voices, [hidden, *given(None), *written], "logits"
                ),
                strict=True,
            )
        },
        "sequence.onnx": export_graph(
            network, network.body_sequence, given(None, None), ["hidden"]
        ),
    }
