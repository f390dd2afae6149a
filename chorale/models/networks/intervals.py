"""Intervals and scale degrees as integers, and tables of them.

What is learned of an interval or a degree holds in every key and at every pitch, so a
step up, an octave above the bass or a leading tone is learned once. Networks look all
of them up in tables (`chorale.nn.lookups`), which the functions here fill.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from chorale.encoding.plan import FEATURES
from chorale.encoding.tokens import SILENCE_TOKEN, Vocabulary
from chorale.nn.lookups import Table, as_table
from chorale.utils.arrays import BoolArray, IntArray

# Degrees count the semitones above a tonic, of major keys, then of minor ones.
NO_DEGREE = 24
DEGREES = NO_DEGREE + 1
_WIDEST = 36  # semitones; a wider interval counts as this wide
# Intervals are counted from the widest downwards to the widest upwards.
NO_INTERVAL = 2 * _WIDEST + 1
INTERVALS = NO_INTERVAL + 1


def numbers_of(vocabulary: Vocabulary) -> IntArray:
    """Return all tokens and pitches of a Past, int array (pitch count + 1,).

    HOLD has the number of what is nothing in the past.
    """
    return np.arange(vocabulary.nothing + 1)


def is_note(tokens: IntArray, vocabulary: Vocabulary) -> BoolArray:
    """Return which tokens, or pitches of a Past, are MIDI notes."""
    is_note: BoolArray = (tokens > SILENCE_TOKEN) & (tokens < vocabulary.pitch_count)
    return is_note


def interval(low: IntArray, high: IntArray, vocabulary: Vocabulary) -> IntArray:
    """Return the intervals from some tokens up to others.

    Args:
        low, high: int arrays of tokens, or of pitches of a Past, that broadcast.
        vocabulary: of the tokens.

    Returns:
        int array: semitones upwards plus 36, from 0 (three octaves down or more) to 72;
        NO_INTERVAL where either is no note.
    """
    semitones = np.clip(high - low, -_WIDEST, _WIDEST) + _WIDEST
    are_notes = is_note(low, vocabulary) & is_note(high, vocabulary)
    return np.where(are_notes, semitones, NO_INTERVAL)


def scale_degrees(tokens: IntArray, key: IntArray, vocabulary: Vocabulary) -> IntArray:
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
    return np.where(is_note(tokens, vocabulary) & (key > 0), degree, NO_DEGREE)


@cache
def interval_table(vocabulary: Vocabulary) -> Table:
    """Return the interval from each number up to each, int32 (numbers, numbers)."""
    numbers = numbers_of(vocabulary)
    return as_table(interval(numbers[:, np.newaxis], numbers, vocabulary))


@cache
def degree_table(vocabulary: Vocabulary) -> Table:
    """Return in each key the scale degree of each number, int32 (keys, numbers)."""
    keys = np.arange(FEATURES["key"])[:, np.newaxis]
    return as_table(scale_degrees(numbers_of(vocabulary), keys, vocabulary))
