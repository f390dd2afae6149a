"""Motions: how two voices move from one chord to the next, as classes.

Parallel fifths take four notes: two voices a fifth apart reach another fifth, both
moving in one direction. Hidden layers over a sum of embeddings of the previous chord
learn this late and roughly. Here every combination of both intervals and both
directions is a class of relative motion, which can have a logit and a penalty.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from chorale.encoding.tokens import Vocabulary
from chorale.models.networks.intervals import is_note
from chorale.nn.causal import Tensor

# Semitones from unison to octave, or none where either voice is silent.
_INTERVALS = 14
_DIRECTIONS = 3  # stays or unknown, up, down
_MOTIONS = _INTERVALS**2 * _DIRECTIONS**2
_UNISON, _FIFTH, _OCTAVE = 0, 7, 12
# Adam moves a weight by no more than the learning rate per step, which is small beside
# the nats that an error costs; so the table counts in larger units.
_UNIT = 20.0

_from, _theirs, _to, _own = np.indices(
    (_INTERVALS, _DIRECTIONS, _INTERVALS, _DIRECTIONS)
).reshape(4, _MOTIONS)
_IS_PARALLEL = (
    np.isin(_from, (_UNISON, _FIFTH, _OCTAVE))
    & (_from == _to)
    & (_theirs == _own)
    & (_own > 0)
)


def classify_motions(
    last: Tensor, others_last: Tensor, others_now: Tensor, vocabulary: Vocabulary
) -> Tensor:
    """Return the class of motion of each token of a voice against other voices.

    Args:
        last: int32 array (...), the voice's note a step before, as in `Past.pitches`.
        others_last, others_now: int32 arrays (..., others), those of the others.
        vocabulary: of the tokens.

    Returns:
        int32 array (..., others, vocabulary size).
    """
    tokens = np.arange(vocabulary.size, dtype="int32")
    last = last[..., None]
    now = ops.where(tokens == vocabulary.hold, last, tokens)  # (..., tokens)
    before = _within_octave(others_last, last, vocabulary)  # (..., others)
    theirs = _direction(others_last, others_now, vocabulary)  # (..., others)
    # (..., others, tokens) and (..., 1, tokens)
    after = _within_octave(others_now[..., None], now[..., None, :], vocabulary)
    own = _direction(last, now, vocabulary)[..., None, :]
    motions = (before * _DIRECTIONS + theirs)[..., None] * _INTERVALS + after
    return motions * _DIRECTIONS + own


def is_parallel(motions: Tensor) -> Tensor:
    """Return which motions are parallel fifths, octaves or unisons, a bool array."""
    return ops.take(_IS_PARALLEL, motions)


class MotionLogits(keras.layers.Layer):
    """Weigh the tokens of a voice by their motion against other voices.

    Args:
        others: number of the other voices, each with weights of its own.

    Calling it takes motions (..., others, tokens), see `classify_motions`, and gives
    float (..., tokens).
    """

    def __init__(self, others: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.table = keras.layers.Embedding(
            others * _MOTIONS, 1, embeddings_initializer="zeros", name="table"
        )
        self.offsets = _MOTIONS * np.arange(others, dtype="int32")[:, None]

    def build(self, *shapes: Any) -> None:
        """Leave it to the layers within; see `CausalLayer.build`."""

    def call(self, motions: Tensor) -> Tensor:
        weights = self.table(motions + self.offsets)[..., 0]  # (..., others, tokens)
        return _UNIT * ops.sum(weights, axis=-2)


def _within_octave(first: Tensor, second: Tensor, vocabulary: Vocabulary) -> Tensor:
    """Return intervals reduced to an octave; octaves stay distinct from unisons."""
    wide = ops.abs(first - second)
    is_octave = (wide > 0) & (wide % _OCTAVE == 0)
    within = wide % _OCTAVE + _OCTAVE * ops.cast(is_octave, "int32")
    both = is_note(first, vocabulary) & is_note(second, vocabulary)
    return ops.where(both, within, _INTERVALS - 1)


def _direction(before: Tensor, after: Tensor, vocabulary: Vocabulary) -> Tensor:
    both = is_note(before, vocabulary) & is_note(after, vocabulary)
    is_up = ops.cast(after > before, "int32")
    is_down = ops.cast(after < before, "int32")
    return ops.where(both, is_up + 2 * is_down, 0)
