"""The head of a voice: the distribution of its next token, from the body's output.

A head embeds what its cues read of the step (`chorale.models.networks.cues`): the
previous notes and those already written now by name, as intervals from its own last
note, as degrees of the scale, an earlier place in the piece, a known tune. It weighs
every token by name and by each of these cues.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from chorale.encoding.tokens import Vocabulary
from chorale.models.networks.cues import (
    View,
    arrivals_of,
    cues_of,
    departures_of,
    voices_before,
    weigh_tokens,
)
from chorale.models.networks.embeddings import SumOfEmbeddings
from chorale.models.networks.motions import are_parallel
from chorale.models.options import NetworkOptions
from chorale.music.voices import VOICES
from chorale.nn.causal import Tensor


class VoiceHead(keras.layers.Layer):
    """The distribution of one voice's token at one step.

    Args:
        voice: whose head it is; of the step it sees the voices written before it.
        vocabulary: of the tokens.
        options: of the network: `voice_units`, dropout and which cues there are.
            `unlikelihood` is the weight of a loss on the probability of parallel
            fifths, octaves and unisons (Welleck et al., "Neural text generation with
            unlikelihood training", 2020).
        has_key: whether the plan has the key, so that notes have scale degrees.
    """

    def __init__(
        self,
        voice: int,
        vocabulary: Vocabulary,
        options: NetworkOptions,
        has_key: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.voice, self.vocabulary = voice, vocabulary
        # The first voice of a step moves against none.
        self.unlikelihood = options.unlikelihood if voices_before(voice) else 0.0
        kinds = cues_of(voice, options, has_key)
        columns: dict[str, int] = {}
        for kind in kinds:
            columns |= kind.sizes(voice, vocabulary)
        # === Layers ===
        units = options.voice_units
        self.notes = SumOfEmbeddings(
            columns, units, options.input_dropout, name="notes"
        )
        self.hidden = keras.layers.Dense(units, name="hidden")
        self.deeper = keras.layers.Dense(units, activation="silu", name="deeper")
        self.dropout = keras.layers.Dropout(options.dropout, name="dropout")
        self.logits = keras.layers.Dense(vocabulary.size, name="logits")
        self.cues: list[Any] = [kind(voice, vocabulary) for kind in kinds]

    def build(self, *shapes: Any) -> None:
        """Leave it to the layers within; see `CausalLayer.build`."""

    def call(self, hidden: Tensor, view: View, training: bool | None = None) -> Tensor:
        """Return float (rows, vocabulary size) for a body's output (rows, units)."""
        notes = self.notes(self.columns(view), training=training)
        hidden = self.deeper(ops.silu(self.hidden(hidden) + notes))
        hidden = self.dropout(hidden, training=training)  # (rows, voice units)
        logits = self.logits(hidden)
        if writing := [cue for cue in self.cues if cue.writes]:
            logits += weigh_tokens(writing, hidden, view)
        if training and self.unlikelihood:
            self.add_loss(self.unlikelihood * self._parallels_loss(logits, view))
        return logits

    def columns(self, view: View) -> Tensor:
        """Return the integers that the head embeds, int (rows, columns)."""
        columns = [column for cue in self.cues for column in cue.columns(view)]
        return ops.concatenate(columns, axis=-1)

    def _parallels_loss(self, logits: Tensor, view: View) -> Tensor:
        """Return -log(1 - probability of parallels), in nats per note of four voices.

        All steps count: padding repeats the piece (`chorale.training.next_step`), and
        motion out of a fermata counts too, although no rule covers it.
        """
        both = departures_of, arrivals_of
        motions = [part(self.voice, view, self.vocabulary) for part in both]
        is_parallel = ops.any(are_parallel(*motions), axis=1)  # (rows, tokens)
        probabilities = ops.where(is_parallel, ops.softmax(logits), 0)
        nats = -ops.log1p(-ops.clip(ops.sum(probabilities, axis=-1), 0, 0.999))
        return ops.mean(nats) / VOICES
