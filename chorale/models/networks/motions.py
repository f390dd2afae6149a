"""Motions: how two voices move from one chord to the next, as classes.

Parallel fifths take four notes: two voices a fifth apart reach another fifth, both
moving in one direction. Hidden layers over a sum of embeddings of the previous chord
learn this late and roughly. Here every combination of both intervals and both
directions is a class of relative motion, which can have a logit and a penalty.

A class is a *departure*, what is known of a motion before the voice moves (the interval
before, and where the other voice goes), and an *arrival*, what a token makes of it (the
interval after, and where the voice itself goes).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from chorale.encoding.tokens import Vocabulary
from chorale.models.networks.intervals import is_note, numbers_of
from chorale.nn.causal import Tensor
from chorale.nn.lookups import as_table, look_up, look_up_pairs
from chorale.utils.arrays import IntArray

# Semitones from unison to octave, or none where either voice is silent.
_INTERVALS = 14
_DIRECTIONS = 3  # stays or unknown, up, down
ARRIVALS = DEPARTURES = _INTERVALS * _DIRECTIONS
_MOTIONS = DEPARTURES * ARRIVALS
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


def departures(
    last: Tensor, others_last: Tensor, others_now: Tensor, vocabulary: Vocabulary
) -> Tensor:
    """Return the departure of a voice's motion against other voices.

    Args:
        last: int32 array (rows, 1), the voice's note a step before, as in
            `Past.pitches`.
        others_last, others_now: int32 arrays (rows, others), those of the others.
        vocabulary: of the tokens.

    Returns:
        int32 array (rows, others), 0 to DEPARTURES - 1.
    """
    first, second = numbers_of(vocabulary)[:, np.newaxis], numbers_of(vocabulary)
    before = as_table(_DIRECTIONS * _within_octave(first, second, vocabulary))
    theirs = as_table(_direction(first, second, vocabulary))
    return look_up_pairs(before, others_last, last) + look_up_pairs(
        theirs, others_last, others_now
    )


def arrivals(last: Tensor, others_now: Tensor, vocabulary: Vocabulary) -> Tensor:
    """Return the arrival of each token of a voice against other voices.

    Args:
        last, others_now, vocabulary: as of `departures`.

    Returns:
        int32 array (rows, others, vocabulary size), 0 to ARRIVALS - 1.
    """
    numbers = numbers_of(vocabulary)[:, np.newaxis]
    tokens = np.arange(vocabulary.pitch_count)  # all but HOLD
    after = as_table(_DIRECTIONS * _within_octave(numbers, tokens, vocabulary))
    own = as_table(_direction(numbers, tokens, vocabulary))
    # (rows, others, tokens) and (rows, 1, tokens)
    moving = look_up(after, others_now) + look_up(own, last)
    if vocabulary.hold is None:
        return moving
    # A voice that holds stays where it was.
    among = numbers_of(vocabulary)
    staying = as_table(_DIRECTIONS * _within_octave(numbers, among, vocabulary))
    held = look_up_pairs(staying, others_now, last)  # (rows, others)
    return ops.concatenate([moving, ops.expand_dims(held, -1)], axis=-1)


def arrival_places(arrivals: Tensor, first: int) -> Tensor:
    """Return which weight each token gets of those that `MotionLogits` gives.

    Args:
        arrivals: int32 array (rows, others, tokens).
        first: place of the first weight, see `chorale.models.networks.weighing`.

    Returns:
        int32 (rows, others, tokens).
    """
    begins = first + ARRIVALS * np.arange(arrivals.shape[1])
    return arrivals + as_table(begins[:, np.newaxis])


def are_parallel(departures: Tensor, arrivals: Tensor) -> Tensor:
    """Return which motions are parallel fifths, octaves or unisons.

    Args:
        departures: int32 array (rows, others).
        arrivals: int32 array (rows, others, tokens).

    Returns:
        bool array (rows, others, tokens).
    """
    motions = ops.expand_dims(departures * ARRIVALS, -1) + arrivals
    return look_up(_IS_PARALLEL, motions)


class MotionLogits(keras.layers.Layer):
    """The weights of motions against other voices.

    Args:
        others: number of the other voices, each with weights of its own.

    Calling it takes departures (rows, others) and gives the weights of the arrivals
    that each leaves, float (rows, others * ARRIVALS).
    """

    def __init__(self, others: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.others = others
        self.table = keras.layers.Embedding(
            others * _MOTIONS, 1, embeddings_initializer="zeros", name="table"
        )

    def build(self, *shapes: Any) -> None:
        self.table.build(None)

    def call(self, departures: Tensor) -> Tensor:
        rows = ops.reshape(self.table.embeddings, (self.others * DEPARTURES, ARRIVALS))
        places = departures + as_table(DEPARTURES * np.arange(self.others))
        weights = look_up(rows, places)  # (rows, others, arrivals)
        return _UNIT * ops.reshape(weights, (-1, self.others * ARRIVALS))


def _within_octave(
    first: IntArray, second: IntArray, vocabulary: Vocabulary
) -> IntArray:
    """Return intervals reduced to an octave; octaves stay distinct from unisons."""
    wide = np.abs(first - second)
    is_octave = (wide > 0) & (wide % _OCTAVE == 0)
    within = wide % _OCTAVE + _OCTAVE * is_octave
    both = is_note(first, vocabulary) & is_note(second, vocabulary)
    return np.where(both, within, _INTERVALS - 1)


def _direction(before: IntArray, after: IntArray, vocabulary: Vocabulary) -> IntArray:
    """Return 1 where a voice goes up, 2 where it goes down, or else 0."""
    both = is_note(before, vocabulary) & is_note(after, vocabulary)
    return np.where(both, 1 * (after > before) + 2 * (after < before), 0)
