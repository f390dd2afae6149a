"""Intervals and scale degrees as integers, and weights of tokens by them.

What is learned of an interval or a degree holds in every key and at every pitch, so a
step up, an octave above the bass or a leading tone is learned once.
"""

from __future__ import annotations

import numpy as np
from keras import ops

from chorale.encoding.tokens import SILENCE_TOKEN, Vocabulary
from chorale.nn.causal import Tensor
from chorale.utils.arrays import IntArray

# Degrees count the semitones above a tonic, of major keys, then of minor ones.
NO_DEGREE = 24
DEGREES = NO_DEGREE + 1
_WIDEST = 36  # semitones; a wider interval counts as this wide
# Intervals are counted from the widest downwards to the widest upwards.
NO_INTERVAL = 2 * _WIDEST + 1
INTERVALS = NO_INTERVAL + 1


def is_note(tokens: Tensor, vocabulary: Vocabulary) -> Tensor:
    """Return which tokens, or pitches of a Past, are MIDI notes, a bool array."""
    return (tokens > SILENCE_TOKEN) & (tokens < vocabulary.pitch_count)


def interval(low: Tensor, high: Tensor, vocabulary: Vocabulary) -> Tensor:
    """Return the intervals from some tokens up to others.

    Args:
        low, high: int arrays of tokens, or of pitches of a Past, that broadcast.
        vocabulary: of the tokens.

    Returns:
        int array: semitones upwards plus 36, from 0 (three octaves down or more) to 72;
        NO_INTERVAL where either is no note.
    """
    semitones = ops.clip(high - low, -_WIDEST, _WIDEST) + _WIDEST
    are_notes = is_note(low, vocabulary) & is_note(high, vocabulary)
    return ops.where(are_notes, semitones, NO_INTERVAL)


def scale_degrees(tokens: Tensor, key: Tensor, vocabulary: Vocabulary) -> Tensor:
    """Return the scale degrees of tokens in a key.

    Args:
        tokens: int array of tokens, or of pitches of a Past.
        key: int array that broadcasts with it, the plan feature `key`: 0 if unknown,
            then the major keys from C up, then the minor ones.
        vocabulary: of the tokens.

    Returns:
        int array: semitones above the tonic of a major key, 12 more in a minor key;
        NO_DEGREE for what is no note and in an unknown key.
    """
    pitch = tokens - 1 + vocabulary.lowest
    degree = (pitch - (key - 1)) % 12 + 12 * ((key - 1) // 12)
    return ops.where(is_note(tokens, vocabulary) & (key > 0), degree, NO_DEGREE)


def weigh_degrees(
    weights: Tensor, tokens: IntArray, key: Tensor, vocabulary: Vocabulary
) -> Tensor:
    """Look up the weight of each token's scale degree, 0 for a token without one.

    Args:
        weights: float (..., NO_DEGREE).
        tokens: int32 array (tokens,), those that are weighed.
        key: int (...), see `scale_degrees`.
        vocabulary: of the tokens.

    Returns:
        float (..., tokens).
    """
    none = 0 * weights[..., :1]
    weights = ops.concatenate([weights, none], axis=-1)  # (..., DEGREES)
    degrees = scale_degrees(tokens, key[..., None], vocabulary)  # (..., tokens)
    return ops.take_along_axis(weights, degrees, axis=-1)


def weigh_intervals(
    weights: Tensor, low: Tensor, tokens: IntArray, vocabulary: Vocabulary
) -> Tensor:
    """Look up the weight of the interval from each of several notes to each token.

    Args:
        weights: float (..., notes * INTERVALS), those of a note side by side.
        low: int (..., notes), the notes.
        tokens: int32 array (tokens,), those that are weighed.
        vocabulary: of the tokens.

    Returns:
        float (..., notes, tokens).
    """
    notes = low.shape[-1]
    offsets = INTERVALS * np.arange(notes, dtype="int32")[:, None]  # (notes, 1)
    places = interval(low[..., None], tokens, vocabulary) + offsets
    shape = ops.shape(places)  # (..., notes, tokens)
    flat = ops.reshape(places, (*shape[:-2], notes * len(tokens)))
    added = ops.take_along_axis(weights, flat, axis=-1)  # (..., notes * tokens)
    return ops.reshape(added, shape)
