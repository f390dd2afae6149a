"""Motions: a logit for every way in which two voices may move from chord to chord.

What makes parallel fifths is not a note but four: the interval that two voices had, the
one that they come to, and that both moved, in one direction. Hidden layers that take
the chord before as a sum of embeddings find this out late and roughly. Here every such
combination has a number of its own in a table, and what Bach avoids is soon known.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from chorale.networks.causal import Tensor
from chorale.tokens import SILENCE_TOKEN, Vocabulary

_INTERVALS = 13  # semitones within the octave, or none because one of the two is silent
_DIRECTIONS = 3  # stays or is not known, up, down
_WAYS = _INTERVALS**2 * _DIRECTIONS**2
# A step of Adam moves a number by no more than the learning rate, which is small beside
# the nats that a fault costs; so the table counts in larger units.
_UNIT = 20.0


class MotionLogits(keras.layers.Layer):
    """Weigh the tokens of a voice by how it then moves against other voices.

    Args:
        vocabulary: what the tokens mean.
        others: number of voices that have moved before.
    """

    def __init__(self, vocabulary: Vocabulary, others: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary, self.others = vocabulary, others
        self.table = keras.layers.Embedding(
            others * _WAYS, 1, embeddings_initializer="zeros", name="table"
        )

    def call(self, last: Tensor, others_last: Tensor, others_now: Tensor) -> Tensor:
        """Return what is added to the logit of each token, (..., vocabulary size).

        Args:
            last: int array (...), the voice's note a step before, as in `Past.pitches`.
            others_last, others_now: int arrays (..., others), those of the others.
        """
        tokens = np.arange(self.vocabulary.size, dtype="int32")
        last = last[..., None]
        now = ops.where(tokens == self.vocabulary.hold, last, tokens)  # (..., tokens)
        before = _within_octave(others_last, last, self.vocabulary)  # (..., others)
        theirs = _direction(others_last, others_now, self.vocabulary)
        after = _within_octave(
            others_now[..., None], now[..., None, :], self.vocabulary
        )
        own = _direction(last, now, self.vocabulary)[..., None, :]
        # One number for each combination, those of each other voice on their own.
        ways = (before * _DIRECTIONS + theirs)[..., None] * _INTERVALS + after
        ways = ways * _DIRECTIONS + own  # (..., others, tokens)
        offsets = _WAYS * np.arange(self.others, dtype="int32")[:, None]
        return _UNIT * ops.sum(self.table(ways + offsets)[..., 0], axis=-2)


def _within_octave(low: Tensor, high: Tensor, vocabulary: Vocabulary) -> Tensor:
    both = _is_note(low, vocabulary) & _is_note(high, vocabulary)
    return ops.where(both, (high - low) % 12, _INTERVALS - 1)


def _direction(before: Tensor, after: Tensor, vocabulary: Vocabulary) -> Tensor:
    both = _is_note(before, vocabulary) & _is_note(after, vocabulary)
    is_up, is_down = (
        ops.cast(after > before, "int32"),
        ops.cast(after < before, "int32"),
    )
    return ops.where(both, is_up + 2 * is_down, 0)


def _is_note(tokens: Tensor, vocabulary: Vocabulary) -> Tensor:
    return (tokens > SILENCE_TOKEN) & (tokens < vocabulary.pitch_count)
