"""Chords with tendency tones: dominants, which resolve, and seventh chords."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chorale.music.harmony.analysis import Analysis, Harmony
from chorale.music.harmony.templates import INTERVALS
from chorale.music.keys import Key
from chorale.utils.arrays import BoolArray, IntArray

NO_TONE = NO_CHORD = -1
_FIFTH_DOWN, _SEMITONE_UP, _STEPS_UP = 5, 1, (1, 2)  # semitones from root to root
_THIRD, _FIFTH = 4, 7  # semitones above the root, and above the tonic
_SEVENTH = "dominant seventh"
_DIMINISHED = ("diminished", "half-diminished", "diminished seventh")
# Semitones above the tonic; minor without its raised seventh.
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
# Their seventh is written as an augmented sixth, which rises.
_AUGMENTED_SIXTH = re.compile("It|Ger|Fr")


class TendencyChords(NamedTuple):
    """The chords with a tendency tone, with the chord that follows, in order.

    Attributes:
        leading: int array (chords,), pitch class of the leading tone of a dominant or
            leading-tone chord that leads to its tonic; else NO_TONE.
        sevenths: int array (chords,), pitch class of the seventh of a dominant seventh,
            or of another seventh chord whose root moves down a fifth or up a step; else
            NO_TONE.
        is_dominant: bool array (chords,), whether it is a dominant seventh.
        moves_on: bool array (chords,), whether its root moves down a fifth or up a
            step.
        starts: int array (chords,), the first step of each.
        ends: int array (chords,), the step at which the next chord begins.
        tonics: int array (chords,), pitch class of the root of the next chord.
        at: int array (steps,), index of the chord at a step, or NO_CHORD.
    """

    leading: IntArray
    sevenths: IntArray
    is_dominant: BoolArray
    moves_on: BoolArray
    starts: IntArray
    ends: IntArray
    tonics: IntArray
    at: IntArray


def find_tendency_chords(
    analysis: Analysis, phrase_starts: BoolArray
) -> TendencyChords:
    """Find the chords with a tendency tone that another chord follows in the phrase.

    Successive harmonies of one root are one chord. Passing notes and suspensions belong
    to it until the next begins.

    A dominant is a major triad or dominant seventh whose root moves down a fifth. A
    diatonic triad is one on the fifth degree only: a tonic that moves to the
    subdominant has no leading tone. With a seventh, or a third outside the key, the
    chord on any degree is an applied dominant. A leading-tone chord is a diminished
    triad or seventh chord whose root moves up a semitone.

    Args:
        analysis: of the piece.
        phrase_starts: bool array (steps,), where a phrase begins.
    """
    rows: list[tuple[int, ...]] = []
    at = np.full(analysis.steps, NO_CHORD)
    for chord, following in pairwise(_chords(analysis, phrase_starts)):
        start, end = chord[0].start, following[0].start
        if chord[-1].end != end or phrase_starts[start + 1 : end + 1].any():
            continue
        tonic = following[0].root
        move = (tonic - chord[0].root) % 12
        leading = _leading_tone(chord, move, analysis.key)
        seventh = _seventh(chord, move)
        if leading != NO_TONE or seventh != NO_TONE:
            at[start:end] = len(rows)
            is_dominant = any(harmony.quality == _SEVENTH for harmony in chord)
            rows.append(
                (leading, seventh, is_dominant, _moves_on(move), start, end, tonic)
            )
    table = np.array(rows, np.int64).reshape(-1, 7).T
    return TendencyChords(
        leading=table[0],
        sevenths=table[1],
        is_dominant=table[2] == 1,
        moves_on=table[3] == 1,
        starts=table[4],
        ends=table[5],
        tonics=table[6],
        at=at,
    )


def _chords(analysis: Analysis, phrase_starts: BoolArray) -> list[list[Harmony]]:
    """Return the harmonies, those of one root and phrase together."""
    phrase = np.cumsum(phrase_starts)
    chords: list[list[Harmony]] = []
    for harmony in analysis.harmonies:
        before = chords[-1][-1] if chords else None
        if (
            before is not None
            and before.root == harmony.root
            and before.end == harmony.start
            and phrase[before.start] == phrase[harmony.start]
        ):
            chords[-1].append(harmony)
        else:
            chords.append([harmony])
    return chords


def _leading_tone(chord: list[Harmony], move: int, key: Key) -> int:
    """Return the leading tone of a chord whose root moves by some semitones."""
    root = chord[0].root
    third = (root + _THIRD) % 12
    qualities = {harmony.quality for harmony in chord}
    if move == _SEMITONE_UP and qualities.intersection(_DIMINISHED):
        return root
    if move != _FIFTH_DOWN:
        return NO_TONE
    is_fifth = (root - key.tonic_class) % 12 == _FIFTH
    is_foreign = (third - key.tonic_class) % 12 not in _SCALES[key.mode]
    is_dominant = _SEVENTH in qualities or (
        "major" in qualities and (is_fifth or is_foreign)
    )
    return third if is_dominant else NO_TONE


def _seventh(chord: list[Harmony], move: int) -> int:
    """Return the seventh of a chord whose root moves by some semitones."""
    for harmony in reversed(chord):
        if not _moves_on(move) and harmony.quality != _SEVENTH:
            continue
        tones = INTERVALS[harmony.quality]
        if len(tones) > 3 and not _AUGMENTED_SIXTH.match(harmony.numeral):
            return (harmony.root + tones[3]) % 12
    return NO_TONE


def _moves_on(move: int) -> bool:
    """Return whether a root moves down a fifth or up a step, in semitones."""
    return move == _FIFTH_DOWN or move in _STEPS_UP
