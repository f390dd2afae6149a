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
from chorale.models.networks.embeddings import SumOfEmbeddings
from chorale.models.networks.intervals import (
    DEGREES,
    INTERVALS,
    NO_DEGREE,
    degree_table,
    interval_table,
)
from chorale.models.networks.motions import (
    MotionLogits,
    arrival_places,
    arrivals,
    departures,
)
from chorale.models.networks.weighing import degree_places, interval_places, weigh
from chorale.models.options import InfillerOptions
from chorale.music.voices import VOICE_NAMES, VOICES
from chorale.nn.causal import Tensor
from chorale.nn.lookups import as_table, look_up, look_up_pairs

_STATES = 4  # of a cell: not visible, silent, held, struck


class CellView(NamedTuple):
    """What the head reads of each cell, int32 (rows, …); a row is a voice at a step.

    A note is 0 if silent or not visible.
    """

    nearest: Tensor  # (rows, 4): the cell before, steps to there, the same after
    now: Tensor  # (rows, 4), notes of all voices at the step
    states: Tensor  # (rows, 4), of their cells
    before: Tensor  # (rows, 1), note of the voice's nearest visible cell before
    after: Tensor  # (rows, 1), the same after
    all_before: Tensor  # (rows, 4), notes of all voices there
    all_after: Tensor
    key: Tensor  # (rows, 1), of the plan

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
        before, after = (
            ops.reshape(cells, (-1, VOICES)) for cells in (inputs.before, inputs.after)
        )
        key = ops.zeros_like(inputs.cells[..., :1])
        if "key" in plan_features:
            key = inputs.plan[..., plan_features.index("key"), None]
        own_before, own_after = _own(inputs.before), _own(inputs.after)
        nearest = [own_before, inputs.to_before, own_after, inputs.to_after]
        return cls(
            ops.concatenate([ops.reshape(part, (-1, 1)) for part in nearest], axis=1),
            look_up(notes, _for_each_voice(inputs.cells)),
            look_up(states, _for_each_voice(inputs.cells)),
            look_up(notes, ops.reshape(own_before, (-1, 1))),
            look_up(notes, ops.reshape(own_after, (-1, 1))),
            look_up(notes, before),
            look_up(notes, after),
            _for_each_voice(key),
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
        now = VOICE_NAMES
        columns = {
            "before": vocabulary.size + 2,
            "steps to before": MAX_DISTANCE + 1,
            "after": vocabulary.size + 2,
            "steps to after": MAX_DISTANCE + 1,
            **{f"{name} state": _STATES for name in now},
            **{f"{name} degree": DEGREES for name in (*now, "before", "after")},
            **{f"before to {name}": VOICES * INTERVALS for name in now},
            "before to after": INTERVALS,
            **{f"after to {name}": INTERVALS for name in now},
        }
        self.around = SumOfEmbeddings(
            columns, self.width, options.input_dropout, name="around"
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
        batch, steps = ops.shape(hidden)[:2]
        hidden = ops.reshape(self.hidden(hidden), (-1, self.width))  # (rows, width)
        around = self.around(self._columns(view), training=training)
        hidden = self.deeper(ops.silu(hidden + around))
        hidden = self.dropout(hidden, training=training)
        by_reference = self._by_reference(hidden, view)  # (rows, references, notes)
        by_note = ops.sum(by_reference[:, self.kinds :], axis=1)
        silence, *kinds = ops.split(
            self.logits(hidden),
            [1 + len(self.notes) * kind for kind in range(self.kinds)],
            axis=-1,
        )
        kinds = [
            kind + by_note + by_reference[:, index] for index, kind in enumerate(kinds)
        ]
        logits = ops.concatenate([silence, *kinds], axis=-1)
        shape = (batch, steps, VOICES, self.vocabulary.size)
        return ops.reshape(logits, shape) + self.voice_bias

    def _columns(self, view: CellView) -> Tensor:
        """Return the integers that are embedded, (rows, columns)."""
        notes = ops.concatenate([view.now, view.before, view.after], axis=-1)
        degrees = degree_table(self.vocabulary.notes)
        intervals = interval_table(self.vocabulary.notes)
        to_now = look_up_pairs(intervals, view.before, view.now)
        # Each voice has values of its own.
        values = as_table(INTERVALS * np.arange(VOICES)[:, np.newaxis])
        to_now = ops.reshape(to_now, (-1, VOICES, VOICES)) + values
        return ops.concatenate(
            [
                view.nearest,
                view.states,
                look_up_pairs(degrees, view.key, notes),
                ops.reshape(to_now, (-1, VOICES)),
                look_up_pairs(intervals, view.before, view.after),
                look_up_pairs(intervals, view.after, view.now),
            ],
            axis=-1,
        )

    def _by_reference(self, hidden: Tensor, view: CellView) -> Tensor:
        """Return what each reference adds to each note, (rows, references, notes).

        The first references are the note before, once per kind, and concern its cells
        alone.
        """
        notes = self.vocabulary.notes
        low = [*[view.before] * self.kinds, view.after, view.now]
        weights = [
            self.interval_logits(hidden),
            self.degree_logits(hidden),
            # From before, and in reverse from after.
            self.motions_before(
                departures(view.before, view.all_before, view.now, notes)
            ),
            self.motions_after(departures(view.after, view.all_after, view.now, notes)),
        ]
        firsts = np.cumsum([1, *[part.shape[1] for part in weights]]).tolist()
        moving = [
            arrivals(own, view.now, notes)[:, :, 1:]  # all but silence
            for own in (view.before, view.after)
        ]
        places = [
            interval_places(
                ops.concatenate(low, axis=1), self.notes, notes, first=firsts[0]
            ),
            degree_places(view.key, self.notes, notes, first=firsts[1]),
            arrival_places(moving[0], first=firsts[2]),
            arrival_places(moving[1], first=firsts[3]),
        ]
        return weigh(weights, places)


def _own(cells: Tensor) -> Tensor:
    """Return of (batch, steps, 4, 4) the diagonal, each voice's own, (…, 4)."""
    return ops.sum(cells * np.eye(VOICES, dtype="int32"), axis=-1)


def _for_each_voice(values: Tensor) -> Tensor:
    """Return (batch, steps, values) once per voice, (rows, values)."""
    count = values.shape[-1]
    once = ops.reshape(values, (-1, 1, count))
    return ops.reshape(ops.tile(once, (1, VOICES, 1)), (-1, count))
