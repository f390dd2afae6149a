"""Weighing tokens: which weight each token gets, looked up.

A head computes some weights of a row, and of each token only needs to know which of
them it gets by each *reference*: a note from which intervals are counted, the key, an
echo. That is its *place* among the weights, which tables give. So a head takes all of
its weights in one look-up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from keras import ops

from chorale.encoding.tokens import Vocabulary
from chorale.models.networks.intervals import (
    INTERVALS,
    NO_DEGREE,
    degree_table,
    interval_table,
)
from chorale.nn.causal import Tensor
from chorale.nn.lookups import Table, as_table, look_up, look_up_along
from chorale.utils.arrays import IntArray

NO_PLACE = 0  # of a token that gets no weight; those of weights are counted from 1


def weigh(weights: Sequence[Tensor], places: Sequence[Tensor]) -> Tensor:
    """Look up the weights of tokens by several references.

    Args:
        weights: float arrays (rows, …), counted through from place 1.
        places: int arrays (rows, references, tokens).

    Returns:
        float (rows, references of all, tokens), 0 at NO_PLACE.
    """
    padded = ops.pad(ops.concatenate(weights, axis=1), [[0, 0], [1, 0]])
    every = ops.concatenate(places, axis=1)
    references, tokens = every.shape[1:]
    flat = ops.reshape(every, (-1, references * tokens))
    return ops.reshape(look_up_along(padded, flat), (-1, references, tokens))


def interval_places(
    low: Tensor, tokens: IntArray, vocabulary: Vocabulary, first: int
) -> Tensor:
    """Return which weight each token gets by its interval from each of several notes.

    Args:
        low: int (rows, notes), the notes. Each has INTERVALS weights, side by side.
        tokens: int array (tokens,), those that are weighed.
        vocabulary: of the tokens.
        first: place of the first of the weights.

    Returns:
        int32 (rows, notes, tokens).
    """
    notes = np.arange(low.shape[1])
    table = interval_table(vocabulary)[:, tokens]  # (numbers, tokens)
    tables = first + table + INTERVALS * notes[:, np.newaxis, np.newaxis]
    return look_up(
        as_table(tables.reshape(-1, len(tokens))), low + as_table(len(table) * notes)
    )


def degree_places(
    key: Tensor, tokens: IntArray, vocabulary: Vocabulary, first: int
) -> Tensor:
    """Return which weight each token gets by its degree in a key, if it has one.

    Args:
        key: int (rows, 1), see `scale_degrees`. There are NO_DEGREE weights.
        tokens, vocabulary, first: as of `interval_places`.

    Returns:
        int32 (rows, 1, tokens).
    """
    degrees = degree_table(vocabulary)[:, tokens]
    return look_up(
        as_table(np.where(degrees == NO_DEGREE, NO_PLACE, first + degrees)), key
    )


def token_table(size: int, first: int) -> Table:
    """Return the places where one token alone gets a weight, int32 (1 + size, size).

    Row 0 is that of no token, row 1 + token that of a token.
    """
    return as_table(first * np.eye(1 + size, size, k=-1))
