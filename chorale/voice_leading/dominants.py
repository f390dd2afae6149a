"""Dominants: the chords that contain tendency tones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.chords import NO_ROOT, QUALITY_NAMES, name_chords
from chorale.music.keys import Key
from chorale.utils.arrays import BoolArray, IntArray

_MAJOR = QUALITY_NAMES.index("major")
_SEVENTH = QUALITY_NAMES.index("dominant seventh")
_FIFTH_DOWN, _STEPS_UP = 5, (1, 2)  # semitones from root to root
# Semitones above the tonic; minor without its raised seventh.
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}


class Dominants(NamedTuple):
    """The dominants of a piece that resolve within their phrase, in order.

    Attributes:
        roots: int array (dominants,), pitch class of the root.
        starts: int array (dominants,), the first step of each.
        ends: int array (dominants,), the step at which the chord of resolution begins.
        sevenths: bool array (dominants,), whether the seventh sounds in it.
        by_fifth: bool array (dominants,), whether it resolves by fifth, not
            deceptively.
        at: int array (steps,), index of the dominant at a step; -1 = none.
    """

    roots: IntArray
    starts: IntArray
    ends: IntArray
    sevenths: BoolArray
    by_fifth: BoolArray
    at: IntArray


def find_dominants(pitches: IntArray, phrase_starts: BoolArray, key: Key) -> Dominants:
    """Find the dominants that resolve within their phrase.

    A dominant is a major triad or dominant seventh in any inversion, followed by a
    chord whose root is a fifth lower or, in a deceptive resolution of a seventh, a step
    higher. Passing notes and suspensions between the two chords belong to it. A
    diatonic triad is a dominant on the fifth degree only: a tonic that moves to the
    subdominant has no leading tone. With a seventh, or a third outside the key, the
    chord on any degree is an applied dominant.

    Args:
        pitches: int array (steps, 4), MIDI notes, 0 = silence.
        phrase_starts: bool array (steps,), where a phrase begins.
        key: of the piece.
    """
    chords = name_chords(pitches)
    named = np.flatnonzero(chords.roots != NO_ROOT)
    roots, qualities = chords.roots[named], chords.qualities[named]
    is_major = (qualities == _MAJOR) | (qualities == _SEVENTH)
    # Successive steps of the same root, kind and phrase are one chord.
    kinds = np.stack([roots, is_major, np.cumsum(phrase_starts)[named]], axis=1)
    first = np.ones(len(named), np.bool_)
    first[1:] = (kinds[1:] != kinds[:-1]).any(axis=1)
    heads = np.flatnonzero(first)
    has_seventh = np.logical_or.reduceat(qualities == _SEVENTH, heads)
    roots, is_major, phrase = kinds[heads].T
    degrees = (roots - key.tonic_class) % 12
    is_foreign = ~np.isin((degrees + 4) % 12, _SCALES[key.mode])
    moves = (roots[1:] - roots[:-1]) % 12
    falls = moves == _FIFTH_DOWN
    resolves = (
        (falls | (has_seventh[:-1] & np.isin(moves, _STEPS_UP)))
        & (phrase[1:] == phrase[:-1])
        & (is_major[:-1] != 0)
        & (has_seventh | is_foreign | (degrees == 7))[:-1]
    )
    chosen = np.flatnonzero(resolves)
    starts, ends = named[heads[chosen]], named[heads[chosen + 1]]
    at = np.full(len(pitches), -1)
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        at[start:end] = index
    return Dominants(
        roots[chosen], starts, ends, has_seventh[chosen], falls[chosen], at
    )
