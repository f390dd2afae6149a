"""Next-step networks as predictors: in Keras, and in ONNX Runtime without TensorFlow.

The inputs of a step are derived here from the notes so far; a network carries only the
memory of its body from step to step. Bundled models are ONNX graphs; Keras runs the
network that was just trained.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from chorale.encoding.inputs import Context, Inputs, last_axes
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import NO_TUNES, Tunes
from chorale.models.predictor import log_softmax
from chorale.music.voices import VOICE_NAMES, VOICE_ORDER, VOICES
from chorale.nn.onnx_sessions import Graph, Shapes, as_weights
from chorale.utils.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from chorale.models.networks.next_step import NextStepNetwork

T = TypeVar("T")

# Keras compiles a network for each length; lengths are rounded up to a multiple.
_COMPILED_STEPS = 64
# Steps that the voice heads score at once. More take memory, a gigabyte for eight long
# pieces, and are no faster.
_SCORED_STEPS = 256


class NetworkState(NamedTuple):
    """What a network carries from step to step, for a batch of sequences."""

    context: Context
    inputs: Inputs  # of the current step, arrays (batch, …)
    hidden: FloatArray  # (batch, units), the body's output at the current step
    memory: list[FloatArray]  # of the body, arrays (batch, …)


class NetworkPredictor(ABC):
    """A next-step network; subclasses run it in Keras or ONNX Runtime.

    Args:
        vocabulary, plan_features: of the network.
        memory_shapes: shapes of the body's memory for one sequence.
        tunes: of the pieces that it was trained on; NO_TUNES if it does not use them.
    """

    voice_order: tuple[int, ...] = VOICE_ORDER
    members = 1

    def __init__(
        self,
        vocabulary: Vocabulary,
        plan_features: Sequence[str],
        memory_shapes: Sequence[Sequence[int]],
        tunes: Tunes,
    ) -> None:
        self.vocabulary = vocabulary
        self.plan_features = tuple(plan_features)
        self.memory_shapes = [tuple(shape) for shape in memory_shapes]
        self.tunes = tunes

    @abstractmethod
    def _step(
        self, inputs: Inputs, memory: list[FloatArray]
    ) -> tuple[FloatArray, list[FloatArray]]:
        """Return hidden (batch, units) and the memory after one step."""

    @abstractmethod
    def _sequence(self, inputs: Inputs) -> FloatArray:
        """Return hidden (batch, steps, units) of whole sequences."""

    @abstractmethod
    def _voice(self, voice: int, hidden: FloatArray, inputs: Inputs) -> FloatArray:
        """Return logits (rows, size) for hidden (rows, units), `tokens` given."""

    def without(self, tokens: IntArray) -> NetworkPredictor:
        """Return a copy for scoring a piece of its train split.

        It does not recall the tune of that piece, as if the piece were unseen.

        Args:
            tokens: int array (steps, 4), of the whole piece.
        """
        predictor = copy(self)
        predictor.tunes = self.tunes.without(tokens, self.vocabulary)
        return predictor

    def start(self, plan: IntArray) -> NetworkState:
        batch = len(plan)
        memory = [np.zeros((batch, *s), np.float32) for s in self.memory_shapes]
        return self._state(Context.begin(batch, self.vocabulary), plan, memory)

    def advance(
        self, state: NetworkState, tokens: IntArray, plan: IntArray
    ) -> NetworkState:
        context = state.context.after(tokens, self.vocabulary, self.tunes)
        return self._state(context, plan, state.memory)

    def select(self, state: NetworkState, rows: IntArray) -> NetworkState:
        return NetworkState(
            state.context.at(rows),
            state.inputs.at(rows),
            state.hidden[rows],
            [array[rows] for array in state.memory],
        )

    def voice_logits(
        self, state: NetworkState, voice: int, chosen: IntArray
    ) -> FloatArray:
        inputs = state.inputs._replace(tokens=chosen.astype(np.int32))
        return self._voice(voice, state.hidden, inputs)

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        inputs = Inputs.of_pieces(tokens, plan, self.vocabulary, self.tunes)
        rows = tokens.shape[0] * tokens.shape[1]
        hidden = self._sequence(inputs).reshape(rows, -1)
        flat = inputs.map(lambda array: array.reshape(rows, *array.shape[2:]))
        scores = []
        for begin in range(0, rows, _SCORED_STEPS):
            chosen = slice(begin, begin + _SCORED_STEPS)
            some = flat.at(chosen)
            logits = [self._voice(v, hidden[chosen], some) for v in range(VOICES)]
            scores.append(log_softmax(np.stack(logits, axis=1)))
        return np.concatenate(scores).reshape(*tokens.shape, -1)

    def _state(
        self, context: Context, plan: IntArray, memory: list[FloatArray]
    ) -> NetworkState:
        inputs = context.inputs(plan, self.tunes)
        return NetworkState(context, inputs, *self._step(inputs, memory))


class KerasPredictor(NetworkPredictor):
    """A network in Keras: the one that was just trained."""

    def __init__(self, network: NextStepNetwork, tunes: Tunes = NO_TUNES) -> None:
        super().__init__(
            network.vocabulary, network.plan_features, network.memory_shapes(), tunes
        )
        self.network = network

    def _step(
        self, inputs: Inputs, memory: list[FloatArray]
    ) -> tuple[FloatArray, list[FloatArray]]:
        hidden, memory = self.network.body_step(inputs, memory)
        return np.asarray(hidden), [np.asarray(tensor) for tensor in memory]

    def _sequence(self, inputs: Inputs) -> FloatArray:
        return np.asarray(self.network.body_sequence(inputs))

    def _voice(self, voice: int, hidden: FloatArray, inputs: Inputs) -> FloatArray:
        return np.asarray(self.network.voice(voice, hidden, inputs))

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        # The whole network at once is compiled, for a few lengths; its parts are not.
        steps = tokens.shape[1]
        padding = [(0, 0), (0, -steps % _COMPILED_STEPS), (0, 0)]
        inputs = Inputs.of_pieces(tokens, plan, self.vocabulary, self.tunes)
        padded = inputs.map(lambda array: np.pad(array, padding[: array.ndim]))
        return log_softmax(self.network.predict_on_batch(padded)[:, :steps])


class OnnxPredictor(NetworkPredictor):
    """A network in ONNX Runtime, as `chorale.models.networks.exporting` writes it.

    Args:
        folder: where `step.onnx`, `sequence.onnx` and a graph for each voice lie.
        weights: the network's weights by name.
        vocabulary, plan_features, memory_shapes, tunes: as in NetworkPredictor.
        units: width of the body's output.

    Raises:
        ModelError: a graph of a step that ONNX Runtime does not take or run. That of
            whole sequences is checked when it is first needed.
    """

    def __init__(
        self,
        folder: Path,
        weights: Mapping[str, FloatArray],
        vocabulary: Vocabulary,
        plan_features: Sequence[str],
        memory_shapes: Sequence[Sequence[int]],
        units: int,
        tunes: Tunes,
    ) -> None:
        super().__init__(vocabulary, plan_features, memory_shapes, tunes)
        self._folder, self._weights = folder, as_weights(weights)
        memory = self._memories(self.memory_shapes)
        example = Inputs.example(vocabulary, len(self.plan_features))
        hidden: Shapes = {"hidden": (units,)}
        self._inputs: Shapes = {**last_axes(example), **memory, **hidden}
        self._example = example
        self._outputs: dict[str, Shapes] = {
            "step": {**hidden, **{f"next_{name}": () for name in memory}},
            "sequence": hidden,
            **{name: {"logits": (vocabulary.size,)} for name in VOICE_NAMES},
        }
        self._graphs: dict[str, Graph] = {}
        for name in ("step", *VOICE_NAMES):
            self._graph(name)

    def _step(
        self, inputs: Inputs, memory: list[FloatArray]
    ) -> tuple[FloatArray, list[FloatArray]]:
        arrays = {**inputs._asdict(), **self._memories(memory)}
        hidden, *memory = self._graph("step").run(arrays)
        return hidden, memory

    def _sequence(self, inputs: Inputs) -> FloatArray:
        return self._graph("sequence").run(inputs._asdict())[0]

    def _voice(self, voice: int, hidden: FloatArray, inputs: Inputs) -> FloatArray:
        arrays = {"hidden": hidden, **inputs._asdict()}
        return self._graph(VOICE_NAMES[voice]).run(arrays)[0]

    def _graph(self, name: str) -> Graph:
        """Open a graph when it is first needed: sampling needs no whole sequences."""
        if name not in self._graphs:
            self._graphs[name] = Graph(
                self._folder / f"{name}.onnx",
                self._inputs,
                self._outputs[name],
                weights=self._weights,
                # Single steps are too small to be shared among threads.
                threads=0 if name == "sequence" else 1,
                example=self._example_of(name),
            )
        return self._graphs[name]

    def _example_of(self, name: str) -> dict[str, Any]:
        """Return inputs of a graph: of one sequence of two steps, or of one step."""
        if name == "sequence":
            return self._example._asdict()
        step = self._example.map(lambda array: array[:, 0])
        memory = [
            np.zeros((1, *shape), np.float32)
            for shape in (self.memory_shapes if name == "step" else ())
        ]
        hidden = np.zeros((1, *self._inputs["hidden"]), np.float32)
        return {**step._asdict(), **self._memories(memory), "hidden": hidden}

    @staticmethod
    def _memories(parts: Sequence[T]) -> dict[str, T]:
        return {f"memory_{index}": part for index, part in enumerate(parts)}
