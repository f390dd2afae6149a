"""Next-step networks as predictors in ONNX Runtime, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from chorale.encoding.inputs import Inputs, last_axes
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import Tunes
from chorale.models.next_step import NetworkPredictor, NetworkState
from chorale.music.voices import VOICE_NAMES
from chorale.nn.memory import Ring
from chorale.nn.onnx_sessions import Graph, Shapes, as_weights
from chorale.utils.arrays import FloatArray, IntArray
from chorale.utils.threads import usable_cores

# Sequences from which on a step of the body is shared among all cores. With 64, two
# cores take two thirds of the time of one; the results have the same bytes.
_LARGE_BATCH = 32


class OnnxPredictor(NetworkPredictor):
    """A network in ONNX Runtime, as `chorale.models.networks.exporting` writes it.

    Args:
        folder: where `step.onnx`, `sequence.onnx` and a graph for each voice lie.
        weights: the network's weights by name.
        vocabulary, plan_features, rings, units, tunes: as in NetworkPredictor.

    Graphs are opened when they are first needed: sampling needs no whole sequences, and
    likelihoods no single steps. One that ONNX Runtime does not take or run is refused
    then.

    Raises:
        ModelError: weights that are no numbers; by the methods, a damaged graph.
    """

    def __init__(
        self,
        folder: Path,
        weights: Mapping[str, FloatArray],
        vocabulary: Vocabulary,
        plan_features: Sequence[str],
        rings: Sequence[Ring],
        units: int,
        tunes: Tunes,
    ) -> None:
        super().__init__(vocabulary, plan_features, rings, units, tunes)
        self.threads = usable_cores()
        self._folder, self._weights = folder, as_weights(weights)
        hidden: Shapes = {"hidden": (units,)}
        reads = [shape for ring in rings for shape in ring.reads()]
        memory = {f"memory_{index}": shape for index, shape in enumerate(reads)}
        axes = last_axes(self._example)
        self._inputs: Shapes = {**axes, **memory, "position": (), **hidden}
        entries = {
            f"next_memory_{index}": ring.shape for index, ring in enumerate(rings)
        }
        self._outputs: dict[str, Shapes] = {
            "step": {**hidden, **entries},
            "sequence": hidden,
            **{name: {"logits": (vocabulary.size,)} for name in VOICE_NAMES},
        }
        self._graphs: dict[tuple[str, int], Graph] = {}  # by name and threads
        self._opening = Lock()

    def _step(self, state: NetworkState) -> None:
        if "step" not in state.graphs:
            memory = state.memory
            entries = {f"next_memory_{i}": a for i, a in enumerate(memory.entries)}
            is_large = memory.batch >= _LARGE_BATCH
            state.graphs["step"] = self._graph(
                "step", self.threads if is_large else 1
            ).bind(
                {
                    **state.inputs._asdict(),
                    **{f"memory_{i}": array for i, array in enumerate(memory.reads)},
                    "position": memory.position,
                },
                {"hidden": state.hidden, **entries},
            )
        state.graphs["step"].run()

    def _step_logits(
        self, state: NetworkState, voice: int, chosen: IntArray
    ) -> FloatArray:
        rows = len(chosen)
        if (voice, rows) not in state.graphs:
            inputs = state.inputs.at(slice(rows))._asdict()
            logits = np.empty((rows, self.vocabulary.size), np.float32)
            state.graphs[voice, rows] = self._graph(VOICE_NAMES[voice]).bind(
                {**inputs, "hidden": state.hidden[:rows]}, {"logits": logits}
            )
        state.inputs.tokens[:rows] = chosen
        (logits,) = state.graphs[voice, rows].run()
        return logits.copy()

    def _sequence(self, inputs: Inputs) -> FloatArray:
        return self._graph("sequence").run(inputs._asdict())[0]

    def _voice(self, voice: int, hidden: FloatArray, inputs: Inputs) -> FloatArray:
        arrays = {"hidden": hidden, **inputs._asdict()}
        return self._graph(VOICE_NAMES[voice]).run(arrays)[0]

    def _graph(self, name: str, threads: int = 1) -> Graph:
        """Return a graph; open it, and the voice heads beside it, if need be.

        Single steps of a few pieces are too small to be shared among threads, and
        batches of whole sequences are scored side by side.
        """
        wanted = name, threads
        if wanted not in self._graphs:
            with self._opening, ThreadPoolExecutor() as pool:
                needed = {wanted, *((voice, 1) for voice in VOICE_NAMES)}
                needed -= set(self._graphs)
                opened = pool.map(lambda each: self._open(*each), needed)
                self._graphs.update(zip(needed, opened, strict=True))
        return self._graphs[wanted]

    def _open(self, name: str, threads: int) -> Graph:
        return Graph(
            self._folder / f"{name}.onnx",
            self._inputs,
            self._outputs[name],
            weights=self._weights,
            threads=threads,
            prepack=name != "sequence",
            example=self._example_of(name),
        )

    def _example_of(self, name: str) -> dict[str, Any]:
        """Return inputs of a graph: of one sequence of two steps, or of one step."""
        if name == "sequence":
            return self._example._asdict()
        arrays = self._example.map(lambda array: array[:, 0])._asdict()
        arrays["position"] = np.zeros((), np.int32)
        for other, axes in self._inputs.items():
            if other not in arrays:
                arrays[other] = np.zeros((1, *axes), np.float32)
        return arrays
