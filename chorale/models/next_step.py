"""Next-step networks as predictors: what all share, and the one in Keras.

The inputs of a step are derived here from the notes so far; a network carries only the
memory of its body from step to step, in ring buffers (`chorale.nn.memory`). A state
owns the arrays that a step reads and writes. They stay the same while the piece
advances, so a graph is bound to them once. Bundled models are ONNX graphs
(`chorale.models.onnx_next_step`); Keras runs the network that was just trained.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chorale.encoding.inputs import Context, Inputs
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import NO_TUNES, Tunes
from chorale.models.calibration.lines import Lines
from chorale.models.calibration.tables import Calibration, Observed, Weights
from chorale.models.critic.tables import Critic
from chorale.models.predictor import log_softmax
from chorale.music.voices import VOICE_ORDER, VOICES
from chorale.nn.memory import Memory, Ring
from chorale.nn.onnx_sessions import BoundGraph
from chorale.utils.arrays import FloatArray, IntArray

if TYPE_CHECKING:
    from chorale.models.networks.next_step import NextStepNetwork

# Keras compiles a network for each length; lengths are rounded up to a multiple.
_COMPILED_STEPS = 64
# Steps that the voice heads score at once. More take memory, a gigabyte for eight long
# pieces, and hardly less time.
_SCORED_STEPS = 64


class NetworkState(NamedTuple):
    """What a network carries from step to step, for a batch of sequences.

    `advance` overwrites these arrays and returns a state that shares them, and so does
    `select` for as many rows; otherwise it copies them.
    """

    context: Context
    inputs: Inputs  # of the current step, int32 arrays (batch, …)
    hidden: FloatArray  # (batch, units), the body's output at the current step
    memory: Memory  # of the body
    graphs: dict[Any, BoundGraph]  # bound to these arrays
    lines: Lines | None  # of the voices; None without a calibration
    # Of the calibration at this step, by the number of rows that voices are asked for.
    weights: dict[int, Weights]


class NetworkPredictor(ABC):
    """A next-step network; subclasses run it in Keras or ONNX Runtime.

    Args:
        vocabulary, plan_features: of the network.
        rings: the body's memory.
        units: width of the body's output.
        tunes: of the pieces that it was trained on; NO_TUNES if it does not use them.

    Attributes:
        critic: that steers samplers of the network; None if there is none.
        calibration: of its logits; None if there is none.
    """

    voice_order: tuple[int, ...] = VOICE_ORDER
    threads = 1
    members = 1
    critic: Critic | None = None
    calibration: Calibration | None = None

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
        lines = None
        if self.calibration is not None:
            lines = Lines.begin(batch, self.vocabulary)
        state = self._state(context, Memory(self.rings, batch), lines)
        return self._advance(state, plan)

    def advance(
        self, state: NetworkState, tokens: IntArray, plan: IntArray
    ) -> NetworkState:
        context = state.context.after(tokens, self.vocabulary, self.tunes)
        lines = state.lines
        if lines is not None:
            lines = lines.after(context.past.pitches)
        return self._advance(
            state._replace(context=context, lines=lines, weights={}), plan
        )

    def select(self, state: NetworkState, rows: IntArray) -> NetworkState:
        context, memory = state.context.at(rows), state.memory.select(rows)
        lines = None if state.lines is None else state.lines.at(rows)
        if memory is state.memory:  # as many rows: the arrays stay the same
            selected = state._replace(context=context, lines=lines, weights={})
        else:
            selected = self._state(context, memory, lines)
        for own, others in zip(selected.inputs, state.inputs, strict=True):
            own[...] = others[rows]
        selected.hidden[...] = state.hidden[rows]
        return selected

    def voice_logits(
        self, state: NetworkState, voice: int, chosen: IntArray
    ) -> FloatArray:
        logits = self._step_logits(state, voice, chosen)
        if self.calibration is None or state.lines is None:
            return logits
        rows = len(chosen)
        if rows not in state.weights:
            some = slice(rows)
            state.weights[rows] = self._calibration_weights(
                state.inputs.at(some), state.lines.at(some)
            )
        return np.add(logits, state.weights[rows].of(voice, chosen))

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        inputs = Inputs.of_pieces(tokens, plan, self.vocabulary, self.tunes)
        logits = self._logits(inputs)
        if self.calibration is not None:
            lines = Lines.of_pieces(inputs.past_pitches, self.vocabulary)
            flat = inputs.map(_as_rows)
            weights = self._calibration_weights(flat, Lines(*map(_as_rows, lines)))
            for voice in range(VOICES):
                added = weights.of(voice, flat.tokens)
                logits[:, :, voice] += added.reshape(logits[:, :, voice].shape)
        return log_softmax(logits)

    def _step_logits(
        self, state: NetworkState, voice: int, chosen: IntArray
    ) -> FloatArray:
        """Return the logits of `voice_logits` without a calibration."""
        rows = len(chosen)
        inputs = state.inputs.at(slice(rows))._replace(tokens=chosen.astype(np.int32))
        return self._voice(voice, state.hidden[:rows], inputs)

    def _logits(self, inputs: Inputs) -> FloatArray:
        """Return the logits of whole pieces, float (batch, steps, 4, size)."""
        flat = inputs.map(_as_rows)
        rows = len(flat.tokens)
        hidden = self._sequence(inputs).reshape(rows, -1)
        logits = []
        for begin in range(0, rows, _SCORED_STEPS):
            chosen = slice(begin, begin + _SCORED_STEPS)
            some = flat.at(chosen)
            voices = [self._voice(v, hidden[chosen], some) for v in range(VOICES)]
            logits.append(np.stack(voices, axis=1))
        return np.concatenate(logits).reshape(*inputs.tokens.shape, -1)

    def _calibration_weights(self, inputs: Inputs, lines: Lines) -> Weights:
        """Return what the calibration adds to the logits of all voices.

        Args:
            inputs: arrays (rows, …).
            lines: arrays (rows, 4) and (rows, 4, 3).
        """
        assert self.calibration is not None
        observed = Observed(inputs, lines, self.vocabulary, self.plan_features)
        return Weights(self.calibration, observed)

    def _state(
        self, context: Context, memory: Memory, lines: Lines | None
    ) -> NetworkState:
        """Return a state with arrays of its own, to be filled."""
        batch = memory.batch
        inputs = self._example.map(
            lambda array: np.zeros((batch, *array.shape[2:]), np.int32)
        )
        hidden = np.zeros((batch, self.units), np.float32)
        return NetworkState(context, inputs, hidden, memory, {}, lines, {})

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

    def _logits(self, inputs: Inputs) -> FloatArray:
        # The whole network at once is compiled, for a few lengths; its parts are not.
        steps = inputs.tokens.shape[1]
        padding = [(0, 0), (0, -steps % _COMPILED_STEPS), (0, 0)]
        padded = inputs.map(lambda array: np.pad(array, padding[: array.ndim]))
        return np.array(self.network.predict_on_batch(padded)[:, :steps])


def _as_rows(array: IntArray) -> IntArray:
    """Return an array (batch, steps, …) as (batch * steps, …)."""
    return array.reshape(-1, *array.shape[2:])
