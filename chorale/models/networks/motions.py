"""Motions: the ways in which two voices may move from chord to chord, told apart.

What makes parallel fifths is not a note but four: the interval that two voices had, the
one that they come to, and that both moved, in one direction. Hidden layers that take
the chord before as a sum of embeddings find this out late and roughly. Here every such
combination is a number, a *way*, that may have a logit and a price of its own.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from chorale.encoding.tokens import SILENCE_TOKEN, Vocabulary
from chorale.nn.causal import Tensor

# Semitones from unison to octave, or none because one of the two is silent.
_INTERVALS = 14
_DIRECTIONS = 3  # stays or is not known, up, down
_WAYS = _INTERVALS**2 * _DIRECTIONS**2
_UNISON, _FIFTH, _OCTAVE = 0, 7, 12
# A step of Adam moves a number by no more than the learning rate, which is small beside
# the nats that a fault costs; so the table counts in larger units.
_UNIT = 20.0

_before, _theirs, _after, _own = np.indices(
    (_INTERVALS, _DIRECTIONS, _INTERVALS, _DIRECTIONS)
).reshape(4, _WAYS)
_IS_PARALLEL = (
    np.isin(_before, (_UNISON, _FIFTH, _OCTAVE))
    & (_before == _after)
    & (_theirs == _own)
    & (_own > 0)
)


def find_ways(
    last: Tensor, others_last: Tensor, others_now: Tensor, vocabulary: Vocabulary
) -> Tensor:
    """Return the way in which each token of a voice moves it against other voices.

    Args:
        last: int32 array (...), the voice's note a step before, as in `Past.pitches`.
        others_last, others_now: int32 arrays (..., others), those of the others.
        vocabulary: what the tokens mean.

    Returns:
        int32 array (..., others, vocabulary size).
    """
    tokens = np.arange(vocabulary.size, dtype="int32")
    last = last[..., None]
    now = ops.where(tokens == vocabulary.hold, last, tokens)  # (..., tokens)
    before = _within_octave(others_last, last, vocabulary)  # (..., others)
    theirs = _direction(others_last, others_now, vocabulary)
    after = _within_octave(others_now[..., None], now[..., None, :], vocabulary)
    own = _direction(last, now, vocabulary)[..., None, :]
    ways = (before * _DIRECTIONS + theirs)[..., None] * _INTERVALS + after
    return ways * _DIRECTIONS + own


def is_parallel(ways: Tensor) -> Tensor:
    """Return which ways are parallel fifths, octaves or unisons, a bool array."""
    return ops.take(_IS_PARALLEL, ways)


class MotionLogits(keras.layers.Layer):
    """Weigh the tokens of a voice by how it then moves against other voices.

    Calling it takes ways (..., others, tokens), see `find_ways`, and gives what is
    added to the logits, float (..., tokens).
    """

    def __init__(self, others: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = keras.layers.Embedding(
            others * _WAYS, 1, embeddings_initializer="zeros", name="table"
        )
        # The numbers of each other voice are its own.
        self.offsets = _WAYS * np.arange(others, dtype="int32")[:, None]

    def call(self, ways: Tensor) -> Tensor:
        return _UNIT * ops.sum(self.table(ways + self.offsets)[..., 0], axis=-2)


def _within_octave(one: Tensor, other: Tensor, vocabulary: Vocabulary) -> Tensor:
    wide = ops.abs(one - other)
    # An octave, and two, are no unison.
    within = wide % _OCTAVE + _OCTAVE * ops.cast(
        (wide > 0) & (wide % _OCTAVE == 0), "int32"
    )
    both = _is_note(one, vocabulary) & _is_note(other, vocabulary)
    return ops.where(both, within, _INTERVALS - 1)


def _direction(before: Tensor, after: Tensor, vocabulary: Vocabulary) -> Tensor:
    both = _is_note(before, vocabulary) & _is_note(after, vocabulary)
    is_up, is_down = (
        ops.cast(after > before, "int32"),
        ops.cast(after < before, "int32"),
    )
    return ops.where(both, is_up + 2 * is_down, 0)


def _is_note(tokens: Tensor, vocabulary: Vocabulary) -> Tensor:
    return (tokens > SILENCE_TOKEN) & (tokens < vocabulary.pitch_count)
