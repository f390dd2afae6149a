"""Dominants: the chords whose tones have a way to go."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.chords import NO_ROOT, QUALITY_NAMES, name_chords
from chorale.music.keys import Key
from chorale.utils.arrays import BoolArray, IntArray

_MAJOR = QUALITY_NAMES.index("major")
_SEVENTH = QUALITY_NAMES.index("dominant seventh")
_FIFTH_DOWN, _STEPS_UP = 5, (1, 2)  # semitones from root to root
# Semitones above the tonic; the raised seventh of minor is not of its signature.
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}


class Dominants(NamedTuple):
    """The dominants of a piece that go on within their phrase, in order.

    Attributes:
        roots: int array (dominants,), pitch class of the root.
        starts: int array (dominants,), the first step of each.
        ends: int array (dominants,), the step at which the chord of resolution begins.
        sevenths: bool array (dominants,), whether it has its seventh somewhere.
        by_fifth: bool array (dominants,), whether it resolves by fifth, and not, as a
            seventh may, deceptively.
        at: int array (steps,), which dominant governs a step, from its start to its
            end; -1: none.
    """

    roots: IntArray
    starts: IntArray
    ends: IntArray
    sevenths: BoolArray
    by_fifth: BoolArray
    at: IntArray


def find_dominants(pitches: IntArray, phrases: IntArray, key: Key) -> Dominants:
    """Find the dominants that resolve within their phrase.

    A dominant is a major triad or a dominant seventh, in whatever inversion, and the
    next chord of another root or kind stands on the root a fifth below or, deceptively
    and after a seventh alone, on the one a step above. What passing notes and
    suspensions make of the steps between belongs to it. A triad whose notes are all the
    key's is a dominant on the fifth degree alone: the tonic that goes to the
    subdominant has no leading tone. A seventh, or a third from outside the key, makes
    any degree the dominant of the next.

    Args:
        pitches: int array (steps, 4), MIDI notes, 0 = silence.
        phrases: int array (steps,), the number of the phrase.
        key: of the piece.
    """
    chords = name_chords(pitches)
    named = np.flatnonzero(chords.roots != NO_ROOT)
    roots, qualities = chords.roots[named], chords.qualities[named]
    is_major = (qualities == _MAJOR) | (qualities == _SEVENTH)
    # Steps in a row of one root, one kind and one phrase are one chord.
    kinds = np.stack([roots, is_major, phrases[named]], axis=1)
    first = np.ones(len(named), np.bool_)
    first[1:] = (kinds[1:] != kinds[:-1]).any(axis=1)
    places = np.flatnonzero(first)
    if not len(places):
        nothing = np.zeros(0, np.int64)
        nowhere = np.full(len(pitches), -1)
        none = nothing != 0
        return Dominants(nothing, nothing, nothing, none, none, nowhere)
    has_seventh = np.logical_or.reduceat(qualities == _SEVENTH, places)
    roots, is_major, phrase = kinds[places].T
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
    starts, ends = named[places[chosen]], named[places[chosen + 1]]
    at = np.full(len(pitches), -1)
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        at[start:end] = index
    return Dominants(
        roots[chosen], starts, ends, has_seventh[chosen], falls[chosen], at
    )
