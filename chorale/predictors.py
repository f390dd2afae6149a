"""The seam between networks and music: the distribution of the next step's notes.

Samplers and likelihoods see a Predictor and nothing behind it. A step is written one
voice after another, in `voice_order`, each conditioned on the voices already written:

    state = predictor.start(plan[:, 0])
    for step in range(steps):
        tokens = zeros((batch, 4))
        for voice in predictor.voice_order:
            logits = predictor.voice_logits(state, voice, tokens)
            tokens[:, voice] = choose(logits)
        state = predictor.advance(state, tokens, plan[:, step + 1])

Behind it stand a network in Keras, the same network in ONNX Runtime (what the package
ships, no TensorFlow needed) and a fake of known probabilities for tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from chorale.echoes import Echo, Trail, echoes
from chorale.errors import ModelError
from chorale.graphs import as_weights, open_graph
from chorale.score import IntArray
from chorale.tokens import Past, Vocabulary
from chorale.voices import VOICE_NAMES, VOICE_ORDER, VOICES

if TYPE_CHECKING:
    from chorale.networks.next_step import NextStepNetwork

FloatArray = npt.NDArray[np.float32]
Inputs = dict[str, npt.NDArray[np.int32]]  # of a network, by name
State = TypeVar("State")

# Keras compiles a network anew for each length; lengths are rounded up to this.
_COMPILED_STEPS = 64


class Predictor(Protocol[State]):
    """The distribution of the next step's notes, one voice after another.

    Attributes:
        vocabulary: what the tokens mean.
        voice_order: the order in which the voices of a step are written.
        plan_features: names of the columns of `plan` (see `chorale.plan.FEATURES`).
    """

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def voice_order(self) -> tuple[int, ...]: ...

    @property
    def plan_features(self) -> tuple[str, ...]: ...

    def start(self, plan: IntArray) -> State:
        """Return the state before the first step.

        Args:
            plan: int array (batch, features), the plan at step 0.
        """
        ...

    def advance(self, state: State, tokens: IntArray, plan: IntArray) -> State:
        """Return the state after one more step. `state` itself is left as it was.

        Args:
            tokens: int array (batch, 4), the step just written.
            plan: int array (batch, features), the plan of the step to come.
        """
        ...

    def select(self, state: State, rows: IntArray) -> State:
        """Return the state of some rows of the batch, which may come several times.

        Args:
            rows: int array (rows,), indices.
        """
        ...

    def voice_logits(self, state: State, voice: int, chosen: IntArray) -> FloatArray:
        """Return unnormalised log-probabilities of one voice's next token.

        Args:
            voice: index of the voice.
            chosen: int array (batch, 4); read only at the voices that come before
                `voice` in `voice_order`.

        Returns:
            float array (batch, vocabulary size).
        """
        ...

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        """Return the log-probabilities of every token at every place of whole pieces.

        Args:
            tokens: int array (batch, steps, 4). Pieces may be padded at their ends:
                nothing depends on what comes later.
            plan: int array (batch, steps, features).

        Returns:
            float array (batch, steps, 4, vocabulary size), natural logarithms; entry
            (b, t, v) is given the steps before t and the voices before v.
        """
        ...


def log_softmax(logits: npt.NDArray[Any]) -> FloatArray:
    """Return log-probabilities along the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    normaliser = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return np.asarray(shifted - normaliser, np.float32)


class NetworkState(NamedTuple):
    """What a network carries from step to step, for a batch of sequences.

    Attributes:
        past: the notes as they stand, arrays (batch, 4).
        trail: what was written before.
        inputs: what the network is told at the present step, arrays (batch, …).
        hidden: float array (batch, units), the body's output at the present step.
        memory: the body's memory, float arrays (batch, …).
    """

    past: Past
    trail: Trail
    inputs: Inputs
    hidden: FloatArray
    memory: list[FloatArray]


class NetworkPredictor(ABC):
    """A next-step network, whatever runs it.

    Args:
        vocabulary, plan_features: of the network.
        memory_shapes: shapes of the body's memory for one sequence.
    """

    voice_order: tuple[int, ...] = VOICE_ORDER

    def __init__(
        self,
        vocabulary: Vocabulary,
        plan_features: Sequence[str],
        memory_shapes: Sequence[Sequence[int]],
    ) -> None:
        self.vocabulary = vocabulary
        self.plan_features = tuple(plan_features)
        self.memory_shapes = [tuple(shape) for shape in memory_shapes]

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

    def start(self, plan: IntArray) -> NetworkState:
        batch = len(plan)
        memory = [np.zeros((batch, *s), np.float32) for s in self.memory_shapes]
        return self._state(
            self.vocabulary.begin((batch,)), Trail.empty(batch), plan, memory
        )

    def advance(
        self, state: NetworkState, tokens: IntArray, plan: IntArray
    ) -> NetworkState:
        past = self.vocabulary.follow(state.past, tokens)
        return self._state(past, state.trail.after(tokens, past), plan, state.memory)

    def select(self, state: NetworkState, rows: IntArray) -> NetworkState:
        return NetworkState(
            state.past.at(rows),
            state.trail.at(rows),
            {name: array[rows] for name, array in state.inputs.items()},
            state.hidden[rows],
            [array[rows] for array in state.memory],
        )

    def voice_logits(
        self, state: NetworkState, voice: int, chosen: IntArray
    ) -> FloatArray:
        inputs = {**state.inputs, "tokens": chosen.astype(np.int32)}
        return self._voice(voice, state.hidden, inputs)

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        inputs = self._whole_inputs(tokens, plan)
        rows = tokens.shape[0] * tokens.shape[1]
        hidden = self._sequence(inputs).reshape(rows, -1)
        flat = {
            name: array.reshape(rows, *array.shape[2:])
            for name, array in inputs.items()
        }
        logits = [self._voice(voice, hidden, flat) for voice in range(VOICES)]
        return log_softmax(np.stack(logits, axis=1)).reshape(*tokens.shape, -1)

    def _state(
        self, past: Past, trail: Trail, plan: IntArray, memory: list[FloatArray]
    ) -> NetworkState:
        inputs = _inputs(past, trail.echo(), plan)
        return NetworkState(past, trail, inputs, *self._step(inputs, memory))

    def _whole_inputs(self, tokens: IntArray, plan: IntArray) -> Inputs:
        """Return all inputs of whole pieces, arrays (batch, steps, …)."""
        past, heard = self.vocabulary.pasts(tokens), echoes(self.vocabulary, tokens)
        return {**_inputs(past, heard, plan), "tokens": tokens.astype(np.int32)}


class KerasPredictor(NetworkPredictor):
    """A network in Keras: the one that was just trained."""

    def __init__(self, network: NextStepNetwork) -> None:
        super().__init__(
            network.vocabulary, network.plan_features, network.memory_shapes()
        )
        self.network = network

    def _step(
        self, inputs: Inputs, memory: list[FloatArray]
    ) -> tuple[FloatArray, list[FloatArray]]:
        hidden, memory = self.network.body_step(**_of_body(inputs), memory=memory)
        return np.asarray(hidden), [np.asarray(tensor) for tensor in memory]

    def _sequence(self, inputs: Inputs) -> FloatArray:
        return np.asarray(self.network.body_sequence(**_of_body(inputs)))

    def _voice(self, voice: int, hidden: FloatArray, inputs: Inputs) -> FloatArray:
        told: dict[str, Any] = inputs
        return np.asarray(self.network.voices(hidden, **told)[voice])

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        # The whole network at once is compiled, for a few lengths; its parts are not.
        steps = tokens.shape[1]
        padding = [(0, 0), (0, -steps % _COMPILED_STEPS), (0, 0)]
        logits = self.network.predict_on_batch(
            {
                name: np.pad(array, padding[: array.ndim])
                for name, array in self._whole_inputs(tokens, plan).items()
            }
        )
        return log_softmax(logits[:, :steps])


class OnnxPredictor(NetworkPredictor):
    """A network in ONNX Runtime, as `chorale.networks.exporting` writes it.

    Args:
        folder: where `step.onnx`, `sequence.onnx` and a graph for each voice lie.
        weights: the network's weights by name.
        vocabulary, plan_features, memory_shapes: as in NetworkPredictor.
        units: width of the body's output.

    Raises:
        ModelError: a graph that ONNX Runtime does not take.
    """

    def __init__(
        self,
        folder: Path,
        weights: Mapping[str, FloatArray],
        vocabulary: Vocabulary,
        plan_features: Sequence[str],
        memory_shapes: Sequence[Sequence[int]],
        units: int,
    ) -> None:
        super().__init__(vocabulary, plan_features, memory_shapes)
        self._units = units
        self._folder = folder
        # The sessions refer to these values for as long as they live.
        self._weights = as_weights(weights)
        self._sessions: dict[str, Any] = {}
        self._wanted: dict[str, set[str]] = {}

    def _step(
        self, inputs: Inputs, memory: list[FloatArray]
    ) -> tuple[FloatArray, list[FloatArray]]:
        memories = {f"memory_{index}": array for index, array in enumerate(memory)}
        hidden, *memory = self._run("step", {**inputs, **memories})
        return hidden, memory

    def _sequence(self, inputs: Inputs) -> FloatArray:
        return self._run("sequence", inputs)[0]

    def _voice(self, voice: int, hidden: FloatArray, inputs: Inputs) -> FloatArray:
        return self._run(VOICE_NAMES[voice], {"hidden": hidden, **inputs})[0]

    def _run(
        self, graph: str, inputs: Mapping[str, npt.NDArray[Any]]
    ) -> list[FloatArray]:
        session = self._session(graph)
        wanted = self._wanted[graph]
        feeds = {name: array for name, array in inputs.items() if name in wanted}
        outputs: list[FloatArray] = session.run(None, feeds)
        return outputs

    def _session(self, graph: str) -> Any:
        """Open a graph when it is first needed: sampling needs no whole sequences."""
        if graph not in self._sessions:
            path = self._folder / f"{graph}.onnx"
            # Single steps are too small to be worth sharing among threads.
            threads = 0 if graph == "sequence" else 1
            session = open_graph(path, self._weights, threads=threads)
            self._check(session, path)
            # A graph has no input for what its network has no use for.
            self._wanted[graph] = {value.name for value in session.get_inputs()}
            self._sessions[graph] = session
        return self._sessions[graph]

    def _check(self, session: Any, path: Path) -> None:
        """Make sure that a graph is one of the network that the card describes."""
        memory = [(f"memory_{i}", shape) for i, shape in enumerate(self.memory_shapes)]
        expected = {
            "hidden": (self._units,),
            "plan": (len(self.plan_features),),
            "logits": (self.vocabulary.size,),
            **dict(memory),
        }
        values = [*session.get_inputs(), *session.get_outputs()]
        for value in values:
            shape = expected.get(value.name, ())
            if shape and tuple(value.shape[-len(shape) :]) != shape:
                raise ModelError(
                    f"{path}: the model does not fit its card: expected {value.name} "
                    f"of shape {shape}, got {value.shape}"
                )
        given = sum(value.name.startswith("memory_") for value in values)
        if path.stem == "step" and given != len(memory):
            raise ModelError(
                f"{path}: the model does not fit its card: expected a memory of "
                f"{len(memory)} parts, got {given}"
            )


def _inputs(past: Past, heard: Echo, plan: IntArray) -> Inputs:
    """Return what a network is told before anything is written, by name."""
    inputs = {
        "past_pitches": past.pitches,
        "past_ages": past.ages,
        "echo_tokens": heard.tokens,
        "echo_lengths": heard.lengths,
        "plan": plan,
    }
    return {name: array.astype(np.int32) for name, array in inputs.items()}


def _of_body(inputs: Inputs) -> dict[str, Any]:
    """Return those inputs that a body reads; voice heads read all."""
    return {name: inputs[name] for name in ("past_pitches", "past_ages", "plan")}


@dataclass(frozen=True)
class FakePredictor:
    """Four independent Markov chains of known probabilities, to test samplers with.

    Attributes:
        vocabulary: of the chains.
        table: float array (4, pitch_count + 1, vocabulary size), the probability of
            each token given the voice and its sounding pitch (`Past.pitches`).
    """

    vocabulary: Vocabulary
    table: npt.NDArray[np.float64]
    voice_order: tuple[int, ...] = VOICE_ORDER
    plan_features: tuple[str, ...] = ("step",)

    def start(self, plan: IntArray) -> Past:
        return self.vocabulary.begin((len(plan),))

    def advance(self, state: Past, tokens: IntArray, plan: IntArray) -> Past:
        return self.vocabulary.follow(state, tokens)

    def select(self, state: Past, rows: IntArray) -> Past:
        return state.at(rows)

    def voice_logits(self, state: Past, voice: int, chosen: IntArray) -> FloatArray:
        return self._logarithms(voice, state.pitches[:, voice])

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        pitches = self.vocabulary.pasts(tokens).pitches
        voices = range(len(self.voice_order))
        return np.stack([self._logarithms(v, pitches[..., v]) for v in voices], axis=-2)

    def _logarithms(self, voice: int, pitches: IntArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.table[voice, pitches]), np.float32)
