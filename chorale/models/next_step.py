"""Next-step networks as predictors: in Keras, and in ONNX Runtime without TensorFlow.

The inputs of a step are derived here from the notes so far; a network carries only the
memory of its body from step to step, in ring buffers (`chorale.nn.memory`). A state
owns the arrays that a step reads and writes. They stay the same while the piece
advances, so a graph is bound to them once. Bundled models are ONNX graphs; Keras runs
the network that was just trained.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chorale.encoding.inputs import Context, Inputs, last_axes
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import NO_TUNES, Tunes
from chorale.models.critic.tables import Critic
from chorale.models.predictor import log_softmax
from chorale.music.voices import VOICE_NAMES, VOICE_ORDER, VOICES
from chorale.nn.memory import Memory, Ring
from chorale.nn.onnx_sessions import BoundGraph, Graph, Shapes, as_weights
from chorale.utils.arrays import FloatArray, IntArray
from chorale.utils.threads import usable_cores

if TYPE_CHECKING:
    from chorale.models.networks.next_step import NextStepNetwork

# Keras compiles a network for each length; lengths are rounded up to a multiple.
_COMPILED_STEPS = 64
# Steps that the voice heads score at once. More take memory, a gigabyte for eight long
# pieces, and are no faster.
_SCORED_STEPS = 256
# Sequences from which on a step of the body is shared among all cores. With 64, two
# cores take two thirds of the time of one; the results have the same bytes.
_LARGE_BATCH = 32


class NetworkState(NamedTuple):
    """What a network carries from step to step, for a batch of sequences.

    `advance` overwrites these arrays and returns a state that shares them; `select`
    copies them.
    """

    context: Context
    inputs: Inputs  # of the current step, int32 arrays (batch, …)
    hidden: FloatArray  # (batch, units), the body's output at the current step
    memory: Memory  # of the body
    graphs: dict[Any, BoundGraph]  # bound to these arrays


class NetworkPredictor(ABC):
    """A next-step network; subclasses run it in Keras or ONNX Runtime.

    Args:
        vocabulary, plan_features: of the network.
        rings: the body's memory.
        units: width of the body's output.
        tunes: of the pieces that it was trained on; NO_TUNES if it does not use them.

    Attributes:
        critic: that steers samplers of the network; None if there is none.
    """

    voice_order: tuple[int, ...] = VOICE_ORDER
    threads = 1
    members = 1
    critic: Critic | None = None

    def __init__(
        self,
        vocabulary: Vocabulary,
        plan_features: Sequence[str],
        rings: Sequence[Ring],
        units: int,
        tunes: Tunes,
    ) -> None:
        self.vocabulary = vocabulary
        self.plan_features = tuple(plan_features)
        self.rings, self.units = tuple(rings), units
        self.tunes = tunes
        self._example = Inputs.example(vocabulary, len(self.plan_features))

    @abstractmethod
    def _step(self, state: NetworkState) -> None:
        """Run the body: write `hidden` and the entries of the memory."""

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
        context = Context.begin(batch, self.vocabulary)
        return self._advance(self._state(context, Memory(self.rings, batch)), plan)

    def advance(
        self, state: NetworkState, tokens: IntArray, plan: IntArray
    ) -> NetworkState:
        context = state.context.after(tokens, self.vocabulary, self.tunes)
        return self._advance(state._replace(context=context), plan)

    def select(self, state: NetworkState, rows: IntArray) -> NetworkState:
        selected = self._state(state.context.at(rows), state.memory.at(rows))
        for own, others in zip(selected.inputs, state.inputs, strict=True):
            own[...] = others[rows]
        selected.hidden[...] = state.hidden[rows]
        return selected

    def voice_logits(
        self, state: NetworkState, voice: int, chosen: IntArray
    ) -> FloatArray:
        rows = len(chosen)
        inputs = state.inputs.at(slice(rows))._replace(tokens=chosen.astype(np.int32))
        return self._voice(voice, state.hidden[:rows], inputs)

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

    def _state(self, context: Context, memory: Memory) -> NetworkState:
        """Return a state with arrays of its own, to be filled."""
        batch = memory.batch
        inputs = self._example.map(
            lambda array: np.zeros((batch, *array.shape[2:]), np.int32)
        )
        hidden = np.zeros((batch, self.units), np.float32)
        return NetworkState(context, inputs, hidden, memory, {})

    def _advance(self, state: NetworkState, plan: IntArray) -> NetworkState:
        """Fill the arrays of a state, of which context and memory are there."""
        state.context.fill(state.inputs, plan, self.tunes)
        self._step(state)
        state.memory.advance()
        return state


class KerasPredictor(NetworkPredictor):
    """A network in Keras: the one that was just trained."""

    def __init__(self, network: NextStepNetwork, tunes: Tunes = NO_TUNES) -> None:
        super().__init__(
            network.vocabulary,
            network.plan_features,
            network.rings(),
            network.units,
            tunes,
        )
        self.network = network

    def _step(self, state: NetworkState) -> None:
        memory = state.memory
        hidden, entries = self.network.body_step(
            state.inputs, memory.reads, memory.position
        )
        state.hidden[...] = np.asarray(hidden)
        for own, entry in zip(memory.entries, entries, strict=True):
            own[...] = np.asarray(entry)

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

    def voice_logits(
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
