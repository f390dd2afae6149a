"""Counterpoint: steps that hear the whole piece, and heads that see intervals.

Cells and plan are embedded and summed step by step; LSTM layers in both directions and
attention over all steps carry time. Then each voice is written by what stands around:
its own nearest visible cells before and after, and the other voices at the step, all as
intervals, and the ways in which it moves against them
(`chorale.models.networks.motions`). So
what a step up is, an octave above the bass or a parallel fifth need not be learnt note
by note.

A head sees of its own voice only what is visible elsewhere, and the voices of a step
are not conditioned on each other: hidden cells hear visible cells alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from chorale.encoding.cells import SILENT_CELL, CellVocabulary
from chorale.encoding.inputs import CellInputs
from chorale.encoding.neighbours import MAX_DISTANCE
from chorale.encoding.plan import FEATURES
from chorale.encoding.tokens import SILENCE_TOKEN
from chorale.models.networks.infilling import InfillingNetwork
from chorale.models.networks.motions import MotionLogits, find_ways
from chorale.models.networks.voice_heads import (
    NO_DEGREE,
    NO_INTERVAL,
    SumOfEmbeddings,
    interval,
    scale_degrees,
)
from chorale.models.options import InfillerOptions
from chorale.music.voices import VOICES
from chorale.nn.causal import Tensor
from chorale.nn.recurrent import LSTMCell

_MASKED = -1e9  # added to the scores of steps after the end
_INTERVALS = NO_INTERVAL + 1
_DEGREES = NO_DEGREE + 1
_STATES = 4  # of a cell: not visible, silent, held, struck


class Counterpoint(InfillingNetwork):
    """Infill by recurrence, attention and intervals; see InfillingNetwork."""

    def __init__(
        self,
        options: InfillerOptions,
        vocabulary: CellVocabulary,
        plan_features: Sequence[str],
    ) -> None:
        super().__init__(options, vocabulary, plan_features)
        cells = [vocabulary.size + 2] * VOICES
        plan = [FEATURES[name] for name in plan_features]
        self.inputs_sum = SumOfEmbeddings(
            cells + plan, options.units, options.input_dropout, name="inputs"
        )
        self.body: list[keras.layers.Layer] = [
            BothDirections(options.units, options.dropout, name=f"recurrent_{index}")
            for index in range(options.recurrent_layers)
        ]
        self.body += [
            AttentionBlock(
                options.units,
                options.heads,
                options.window,
                options.dropout,
                name=f"attention_{index}",
            )
            for index in range(options.layers)
        ]
        self.norm = keras.layers.LayerNormalization(name="norm")
        self.voices = VoiceLogits(options, vocabulary, name="voices")

    def call(self, inputs: CellInputs, training: bool | None = None) -> Tensor:
        cells, plan = inputs.cells, inputs.plan
        present = cells[..., 0] <= self.vocabulary.size
        told = ops.concatenate([cells, plan], axis=-1)
        hidden = self.inputs_sum(told, training=training)
        for layer in self.body:
            hidden = layer(hidden, present, training=training)
        return self.voices(self.norm(hidden), self._around(inputs), training=training)

    def _around(self, inputs: CellInputs) -> Around:
        size, count = self.vocabulary.size, self.vocabulary.note_count
        # Numbers of cells, hidden and absent ones among them, as notes and as states.
        notes = np.zeros(size + 2, "int32")
        notes[1:size] = 1 + np.arange(size - 1) % count
        states = np.zeros(size + 2, "int32")
        states[SILENT_CELL], states[1:size], states[count + 1 : size] = 1, 2, 3
        own = np.eye(VOICES, dtype="int32")
        cells = inputs.cells
        before, after = (
            ops.sum(getattr(inputs, name) * own, axis=-1)
            for name in ("before", "after")
        )
        key = ops.zeros_like(cells[..., 0])
        if "key" in self.plan_features:
            key = inputs.plan[..., self.plan_features.index("key")]
        return Around(
            ops.take(notes, cells),
            ops.take(states, cells),
            before,
            after,
            ops.take(notes, inputs.before),
            ops.take(notes, inputs.after),
            inputs.to_before,
            inputs.to_after,
            key,
        )


class Around(NamedTuple):
    """What the heads see, all int32; a note is 0 if it is silence or not visible.

    Attributes:
        now, states: (batch, steps, 4), notes and states of the cells of the step.
        before, after: (batch, steps, 4), nearest visible cells of each voice.
        notes_before, notes_after: (batch, steps, 4, 4), notes of all voices there.
        to_before, to_after: (batch, steps, 4), distances in steps.
        key: (batch, steps), of the plan.
    """

    now: Tensor
    states: Tensor
    before: Tensor
    after: Tensor
    notes_before: Tensor
    notes_after: Tensor
    to_before: Tensor
    to_after: Tensor
    key: Tensor


class VoiceLogits(keras.layers.Layer):
    """Write the cells of all voices at each step.

    Tables and layers are shared by the voices, but for what reads the body and what
    weighs an interval to another voice.
    """

    def __init__(
        self, options: InfillerOptions, vocabulary: CellVocabulary, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary = vocabulary
        self.width = options.voice_units
        around = [
            *[vocabulary.size + 2, MAX_DISTANCE + 1] * 2,  # before, after
            *[_STATES] * VOICES,
            *[_DEGREES] * (VOICES + 2),  # now, before, after
            *[VOICES * _INTERVALS] * VOICES,  # from before to the voices now
            *[_INTERVALS] * (1 + VOICES),  # from before to after; from after to now
        ]
        self.around = SumOfEmbeddings(
            around, self.width, options.input_dropout, name="around"
        )
        self.hidden = keras.layers.Dense(VOICES * self.width, name="hidden")
        self.deeper = keras.layers.Dense(self.width, activation="silu", name="deeper")
        self.dropout = keras.layers.Dropout(options.dropout, name="dropout")
        self.logits = keras.layers.Dense(vocabulary.size, name="logits")
        self.degree_logits = keras.layers.Dense(NO_DEGREE, name="degree_logits")
        # A note that is held, one that is struck, both: against the note before, that
        # after, the voices now.
        self.references = 1 + vocabulary.has_onsets + 1 + VOICES
        self.interval_logits = keras.layers.Dense(
            self.references * _INTERVALS, name="interval_logits"
        )
        self.motions_before = MotionLogits(VOICES, name="motions_before")
        self.motions_after = MotionLogits(VOICES, name="motions_after")

    def build(self, *shapes: Any) -> None:
        self.voice_bias = self.add_weight(
            shape=(VOICES, self.vocabulary.size), initializer="zeros", name="voice_bias"
        )

    def call(
        self, hidden: Tensor, around: Around, training: bool | None = None
    ) -> Tensor:
        """Return float (batch, steps, 4, size) for a body's output."""
        batch, steps = ops.shape(hidden)[0], ops.shape(hidden)[1]
        hidden = ops.reshape(self.hidden(hidden), (batch, steps, VOICES, self.width))
        columns = self._columns(around)
        hidden = ops.silu(hidden + self.around(columns, training=training))
        hidden = self.dropout(self.deeper(hidden), training=training)
        logits = self.logits(hidden) + self.voice_bias
        count = self.vocabulary.note_count
        silence, *kinds = (
            logits[..., :1],
            *(
                logits[..., 1 + first : 1 + first + count]
                for first in range(0, self.vocabulary.size - 1, count)
            ),
        )
        by_interval = self._by_interval(hidden, around)
        shared = ops.sum(by_interval[..., len(kinds) :, :], axis=-2)
        shared += self._by_degree(hidden, around)
        shared += self._by_motion(around)
        kinds = [kind + shared + by_interval[..., i, :] for i, kind in enumerate(kinds)]
        return ops.concatenate([silence, *kinds], axis=-1)

    def _columns(self, around: Around) -> Tensor:
        """Return the integers that are embedded, (batch, steps, 4, columns)."""
        notes = self.vocabulary.notes
        own_before, own_after = self._own(around)
        now = around.now[..., None, :]  # as every voice sees it
        every = ops.zeros_like(own_before)
        key = around.key[..., None, None]
        degrees = scale_degrees(
            ops.concatenate([now + every, own_before, own_after], axis=-1), key, notes
        )
        voices = np.arange(VOICES, dtype="int32")[:, None]
        return ops.concatenate(
            [
                around.before[..., None],
                around.to_before[..., None],
                around.after[..., None],
                around.to_after[..., None],
                around.states[..., None, :] + every,
                degrees,
                interval(own_before, now, notes) + _INTERVALS * voices,
                interval(own_before, own_after, notes),
                interval(own_after, now, notes),
            ],
            axis=-1,
        )

    def _own(self, around: Around) -> tuple[Tensor, Tensor]:
        """Return the notes of each voice before and after, (batch, steps, 4, 1)."""
        own = np.eye(VOICES, dtype="int32")
        return (
            ops.sum(around.notes_before * own, axis=-1, keepdims=True),
            ops.sum(around.notes_after * own, axis=-1, keepdims=True),
        )

    def _by_interval(self, hidden: Tensor, around: Around) -> Tensor:
        """Return what intervals add, (batch, steps, 4, references, notes)."""
        own_before, own_after = self._own(around)
        now = around.now[..., None, :] + ops.zeros_like(own_before)
        before = [own_before] * (self.references - 1 - VOICES)
        low = ops.concatenate([*before, own_after, now], axis=-1)[..., None]
        notes = 1 + np.arange(self.vocabulary.note_count, dtype="int32")
        offsets = _INTERVALS * np.arange(self.references, dtype="int32")[:, None]
        places = interval(low, notes, self.vocabulary.notes) + offsets
        shape = ops.shape(places)
        flat = ops.reshape(places, (*shape[:-2], self.references * len(notes)))
        added = ops.take_along_axis(self.interval_logits(hidden), flat, axis=-1)
        return ops.reshape(added, shape)

    def _by_degree(self, hidden: Tensor, around: Around) -> Tensor:
        """Return what degrees add, (batch, steps, 4, notes)."""
        by_degree = self.degree_logits(hidden)
        by_degree = ops.concatenate([by_degree, 0 * by_degree[..., :1]], axis=-1)
        notes = 1 + np.arange(self.vocabulary.note_count, dtype="int32")
        degrees = scale_degrees(
            notes, around.key[..., None, None], self.vocabulary.notes
        )
        degrees += ops.zeros_like(around.now)[..., None]
        return ops.take_along_axis(by_degree, degrees, axis=-1)

    def _by_motion(self, around: Around) -> Tensor:
        """Return what motions add, from the note before and, backwards, from after."""
        vocabulary = self.vocabulary.notes
        own_before, own_after = (note[..., 0] for note in self._own(around))
        now = around.now[..., None, :] + ops.zeros_like(own_before)[..., None]
        added = self.motions_before(
            find_ways(own_before, around.notes_before, now, vocabulary)
        ) + self.motions_after(
            find_ways(own_after, around.notes_after, now, vocabulary)
        )
        return added[..., SILENCE_TOKEN + 1 :]


class BothDirections(keras.layers.Layer):
    """Run an LSTM from either end, half of the units each.

    Calling it takes float (batch, steps, units) and bool (batch, steps), which steps
    are present; what comes from behind begins at the last that is.
    """

    def __init__(self, units: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.forwards, self.backwards = (
            keras.layers.RNN(
                LSTMCell(units // 2, name="cell"), return_sequences=True, name=name
            )
            for name in ("forwards", "backwards")
        )

    def build(self, *shapes: Any) -> None:
        """Leave it to the layers within."""

    def call(
        self, inputs: Tensor, present: Tensor, training: bool | None = None
    ) -> Tensor:
        inputs = self.dropout(inputs, training=training)
        forwards = self.forwards(inputs, mask=present, training=training)
        backwards = self.backwards(
            inputs[:, ::-1], mask=present[:, ::-1], training=training
        )
        return ops.concatenate([forwards, backwards[:, ::-1]], axis=-1)


class AttentionBlock(keras.layers.Layer):
    """A pre-norm transformer block that attends to all steps that are present.

    Distances are told by a learned bias per head, one for each up to `window` steps
    back and ahead; further ones are all alike.
    """

    def __init__(
        self, units: int, heads: int, window: int, dropout: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.heads, self.window, self.width = heads, window, units // heads
        self.norms = [
            keras.layers.LayerNormalization(name=name)
            for name in ("norm_attend", "norm_think")
        ]
        self.query_key_value = keras.layers.Dense(3 * units, name="query_key_value")
        self.merge = keras.layers.Dense(units, name="merge")
        self.widen = keras.layers.Dense(2 * units, activation="silu", name="widen")
        self.narrow = keras.layers.Dense(units, name="narrow")
        self.dropout = keras.layers.Dropout(dropout, name="dropout")

    def build(self, *shapes: Any) -> None:
        self.lag_bias = self.add_weight(
            shape=(2 * self.window + 1, self.heads),
            initializer="zeros",
            name="lag_bias",
        )

    def call(
        self, inputs: Tensor, present: Tensor, training: bool | None = None
    ) -> Tensor:
        attended = self._attend(self.norms[0](inputs), present)
        inputs += self.dropout(attended, training=training)
        deeper = self.narrow(self.widen(self.norms[1](inputs)))
        return inputs + self.dropout(deeper, training=training)

    def _attend(self, inputs: Tensor, present: Tensor) -> Tensor:
        batch, steps = ops.shape(inputs)[0], ops.shape(inputs)[1]
        packed = self.query_key_value(inputs)
        packed = ops.reshape(packed, (batch, steps, 3, self.heads, self.width))
        query, key, value = packed[:, :, 0], packed[:, :, 1], packed[:, :, 2]
        lag = ops.arange(steps)[:, None] - ops.arange(steps)[None, :]
        lag = ops.clip(lag, -self.window, self.window) + self.window
        bias = ops.transpose(ops.take(self.lag_bias, lag, axis=0), (2, 0, 1))
        absent = ops.where(present, 0.0, _MASKED)[:, None, None, :]
        scores = ops.einsum("bqhd,bkhd->bhqk", query, key) / self.width**0.5
        weights = ops.softmax(scores + bias + absent, axis=-1)
        mixed = ops.einsum("bhqk,bkhd->bqhd", weights, value)
        mixed = ops.reshape(mixed, (batch, steps, self.heads * self.width))
        return self.merge(mixed)
