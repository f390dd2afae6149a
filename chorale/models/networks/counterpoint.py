"""Counterpoint: recurrence and attention over the piece, heads that see intervals.

Cells and plan are embedded and summed at each step; bidirectional LSTM layers and
attention over all steps carry time. Then `CellHead` writes each voice by its
surroundings: its own nearest visible cells before and after, and the other voices at
the step, all as intervals, and the motions against them. So a step up, an octave above
the bass or a parallel fifth is learned once for all notes.

A head sees of its own voice only the visible cells of other steps, and the voices of a
step are not conditioned on each other: hidden cells depend on visible cells alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from chorale.encoding.cells import CellVocabulary
from chorale.encoding.inputs import CellInputs
from chorale.encoding.plan import FEATURES
from chorale.models.networks.cell_head import CellHead, CellView
from chorale.models.networks.embeddings import SumOfEmbeddings
from chorale.models.networks.infilling import InfillingNetwork
from chorale.models.options import InfillerOptions
from chorale.music.voices import VOICE_NAMES
from chorale.nn.attention import AttentionBlock
from chorale.nn.causal import Tensor
from chorale.nn.recurrent import Bidirectional, LSTMCell


class Counterpoint(InfillingNetwork):
    """Infill by recurrence, attention and intervals; see InfillingNetwork."""

    def __init__(
        self,
        options: InfillerOptions,
        vocabulary: CellVocabulary,
        plan_features: Sequence[str],
    ) -> None:
        super().__init__(options, vocabulary, plan_features)
        units, dropout = options.units, options.dropout
        cells = {f"{name} cell": vocabulary.size + 2 for name in VOICE_NAMES}
        plan = {name: FEATURES[name] for name in plan_features}
        self.inputs_sum = SumOfEmbeddings(
            cells | plan, units, options.input_dropout, name="inputs"
        )
        self.recurrent = [
            (
                keras.layers.Dropout(dropout, name=f"dropout_{index}"),
                _bidirectional_lstm(units, name=f"recurrent_{index}"),
            )
            for index in range(options.recurrent_layers)
        ]
        self.attention = [
            AttentionBlock(
                units, options.heads, options.window, dropout, name=f"attention_{index}"
            )
            for index in range(options.layers)
        ]
        self.norm = keras.layers.LayerNormalization(name="norm")
        self.voices = CellHead(options, vocabulary, name="voices")

    def call(self, inputs: CellInputs, training: bool | None = None) -> Tensor:
        present = inputs.cells[..., 0] <= self.vocabulary.size  # (batch, steps)
        # (batch, steps, 4 + features), then (batch, steps, units)
        columns = ops.concatenate([inputs.cells, inputs.plan], axis=-1)
        hidden = self.inputs_sum(columns, training=training)
        for dropout, lstm in self.recurrent:
            hidden = dropout(hidden, training=training)
            hidden = lstm(hidden, present, training=training)
        for block in self.attention:
            hidden = block(hidden, present, training=training)
        view = CellView.of(inputs, self.vocabulary, self.plan_features)
        return self.voices(self.norm(hidden), view, training=training)


def _bidirectional_lstm(units: int, name: str) -> Bidirectional:
    """Return an LSTM in both directions, half of the units each."""
    forwards, backwards = (
        keras.layers.RNN(
            LSTMCell(units // 2, name="cell"), return_sequences=True, name=direction
        )
        for direction in ("forwards", "backwards")
    )
    return Bidirectional(forwards, backwards, name=name)
