"""The head of Counterpoint: the distributions of all cells of a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from chorale.encoding.cells import SILENT_CELL, CellVocabulary
from chorale.encoding.inputs import CellInputs
from chorale.encoding.neighbours import MAX_DISTANCE
from chorale.encoding.tokens import SILENCE_TOKEN
from chorale.models.networks.embeddings import SumOfEmbeddings
from chorale.models.networks.intervals import (
    DEGREES,
    INTERVALS,
    NO_DEGREE,
    interval,
    scale_degrees,
    weigh_degrees,
    weigh_intervals,
)
from chorale.models.networks.motions import MotionLogits, classify_motions
from chorale.models.options import InfillerOptions
from chorale.music.voices import VOICES
from chorale.nn.causal import Tensor

_STATES = 4  # of a cell: not visible, silent, held, struck


class CellView(NamedTuple):
    """What the head reads of each step, int32; a note is 0 if silent or not visible.

    In the shape (batch, steps, 4, 4) the first voice is the one that is written.
    """

    inputs: CellInputs
    now: Tensor  # (batch, steps, 4, 4), notes of all voices at the step
    states: Tensor  # (batch, steps, 4, 4), of their cells
    before: Tensor  # (batch, steps, 4), note of the voice's nearest visible cell before
    after: Tensor  # (batch, steps, 4), the same after
    all_before: Tensor  # (batch, steps, 4, 4), notes of all voices there
    all_after: Tensor
    key: Tensor  # (batch, steps, 4), of the plan

    @classmethod
    def of(
        cls,
        inputs: CellInputs,
        vocabulary: CellVocabulary,
        plan_features: Sequence[str],
    ) -> CellView:
        """Derive the view of whole pieces from the inputs of the network."""
        size, count = vocabulary.size, vocabulary.note_count
        # Tables of the note and the state of each cell, hidden and absent ones too.
        notes, states = np.zeros((2, size + 2), np.int32)
        notes[1:size] = 1 + np.arange(size - 1) % count
        states[SILENT_CELL], states[1:size], states[count + 1 : size] = 1, 2, 3
        all_before = ops.take(notes, inputs.before)
        all_after = ops.take(notes, inputs.after)
        every = ops.zeros_like(inputs.before)  # (batch, steps, 4, 4)
        key = ops.zeros_like(inputs.cells)
        if "key" in plan_features:
            key += inputs.plan[..., plan_features.index("key"), None]
        return cls(
            inputs,
            ops.take(notes, inputs.cells)[..., None, :] + every,
            ops.take(states, inputs.cells)[..., None, :] + every,
            _own(all_before),
            _own(all_after),
            all_before,
            all_after,
            key,
        )


class CellHead(keras.layers.Layer):
    """Write the cells of all voices at each step.

    The voices share all weights but those of the layer that reads the body and those
    of an interval to another voice.
    """

    def __init__(
        self, options: InfillerOptions, vocabulary: CellVocabulary, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary, self.width = vocabulary, options.voice_units
        self.notes = 1 + np.arange(vocabulary.note_count, dtype="int32")
        self.kinds = 1 + vocabulary.has_onsets  # of notes: held, struck
        sizes = [
            *[vocabulary.size + 2, MAX_DISTANCE + 1] * 2,  # before, after
            *[_STATES] * VOICES,
            *[DEGREES] * (VOICES + 2),  # now, before, after
            *[VOICES * INTERVALS] * VOICES,  # from before to the voices now
            *[INTERVALS] * (1 + VOICES),  # from before to after; from after to now
        ]
        self.around = SumOfEmbeddings(
            sizes, self.width, options.input_dropout, name="around"
        )
        self.hidden = keras.layers.Dense(VOICES * self.width, name="hidden")
        self.deeper = keras.layers.Dense(self.width, activation="silu", name="deeper")
        self.dropout = keras.layers.Dropout(options.dropout, name="dropout")
        self.logits = keras.layers.Dense(vocabulary.size, name="logits")
        self.degree_logits = keras.layers.Dense(NO_DEGREE, name="degree_logits")
        # Reference notes: before, once per kind; after; the voices now.
        self.interval_logits = keras.layers.Dense(
            (self.kinds + 1 + VOICES) * INTERVALS, name="interval_logits"
        )
        self.motions_before = MotionLogits(VOICES, name="motions_before")
        self.motions_after = MotionLogits(VOICES, name="motions_after")

    def build(self, *shapes: Any) -> None:
        self.voice_bias = self.add_weight(
            shape=(VOICES, self.vocabulary.size), initializer="zeros", name="voice_bias"
        )

    def call(
        self, hidden: Tensor, view: CellView, training: bool | None = None
    ) -> Tensor:
        """Return float (batch, steps, 4, size) for a body's (batch, steps, units)."""
        batch, steps = ops.shape(hidden)[0], ops.shape(hidden)[1]
        hidden = ops.reshape(self.hidden(hidden), (batch, steps, VOICES, self.width))
        around = self.around(self._columns(view), training=training)
        hidden = self.deeper(ops.silu(hidden + around))
        hidden = self.dropout(hidden, training=training)  # (batch, steps, 4, width)
        logits = self.logits(hidden) + self.voice_bias  # (batch, steps, 4, size)
        by_interval = self._by_interval(hidden, view)
        by_note = ops.sum(by_interval[..., self.kinds :, :], axis=-2)
        by_note += weigh_degrees(
            self.degree_logits(hidden), self.notes, view.key, self.vocabulary.notes
        )
        by_note += self._by_motion(view)  # (batch, steps, 4, notes)
        silence, *kinds = ops.split(
            logits, [1 + len(self.notes) * kind for kind in range(self.kinds)], axis=-1
        )
        kinds = [
            kind + by_note + by_interval[..., index, :]
            for index, kind in enumerate(kinds)
        ]
        return ops.concatenate([silence, *kinds], axis=-1)

    def _columns(self, view: CellView) -> Tensor:
        """Return the integers that are embedded, (batch, steps, 4, columns)."""
        notes = self.vocabulary.notes
        before, after = view.before[..., None], view.after[..., None]
        degrees = scale_degrees(
            ops.concatenate([view.now, before, after], axis=-1),
            view.key[..., None],
            notes,
        )
        voices = np.arange(VOICES, dtype="int32")[:, None]  # each its own values
        return ops.concatenate(
            [
                _own(view.inputs.before)[..., None],
                view.inputs.to_before[..., None],
                _own(view.inputs.after)[..., None],
                view.inputs.to_after[..., None],
                view.states,
                degrees,
                interval(before, view.now, notes) + INTERVALS * voices,
                interval(before, after, notes),
                interval(after, view.now, notes),
            ],
            axis=-1,
        )

    def _by_interval(self, hidden: Tensor, view: CellView) -> Tensor:
        """Return what intervals add, (batch, steps, 4, references, notes)."""
        before, after = view.before[..., None], view.after[..., None]
        low = ops.concatenate([*[before] * self.kinds, after, view.now], axis=-1)
        weights = self.interval_logits(hidden)
        return weigh_intervals(weights, low, self.notes, self.vocabulary.notes)

    def _by_motion(self, view: CellView) -> Tensor:
        """Return what motions add: from before, and in reverse from after."""
        notes = self.vocabulary.notes
        added = self.motions_before(
            classify_motions(view.before, view.all_before, view.now, notes)
        ) + self.motions_after(
            classify_motions(view.after, view.all_after, view.now, notes)
        )
        return added[..., SILENCE_TOKEN + 1 :]  # (batch, steps, 4, notes)


def _own(cells: Tensor) -> Tensor:
    """Return of (batch, steps, 4, 4) the diagonal, each voice's own, (…, 4)."""
    return ops.sum(cells * np.eye(VOICES, dtype="int32"), axis=-1)
