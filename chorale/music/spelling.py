"""Spelling: the written name of a pitch, such as F sharp or G flat.

A diatonic number counts the letters from C0, middle C being 28, whatever the
accidental: F sharp 4 and F 4 are both 31, G flat 4 is 32.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from chorale.music.keys import Key
from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, IntArray

LETTERS = "CDEFGAB"
NATURALS = np.array([0, 2, 4, 5, 7, 9, 11])  # semitones from C up to each letter
# Fifths from the lowest of the twelve spellings of a key up to its major tonic.
_BELOW_TONIC = 2
_ACCIDENTALS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}


class Spelling(NamedTuple):
    """A written pitch: letter, sharps (flats negative), octave (middle C is in 4)."""

    letter: str
    alter: int
    octave: int

    @classmethod
    def of(cls, pitch: int, number: int) -> Spelling:
        """Return the spelling of a MIDI note with a given diatonic number."""
        octave, letter = divmod(number, len(LETTERS))
        alter = pitch - (12 * (octave + 1) + int(NATURALS[letter]))
        return cls(LETTERS[letter], alter, octave)

    @property
    def name(self) -> str:
        """Such as `Bb3`."""
        accidental = _ACCIDENTALS.get(self.alter, f"({self.alter:+d})")
        return f"{self.letter}{accidental}{self.octave}"


def diatonic_numbers(pitches: IntArray, key: Key) -> IntArray:
    """Return the diatonic numbers of MIDI notes, spelled in a key.

    Among the spellings of a pitch class the one is chosen that lies, on the line of
    fifths, from two below to nine above the major tonic of the key signature: scale
    degrees, leading tones, the flat seventh. Pitches and numbers are int arrays of the
    same shape, which may be any.
    """
    lowest = key.fifths - _BELOW_TONIC
    # A semitone is seven fifths, octaves aside.
    return _numbers(pitches, lowest + (7 * pitches - lowest) % 12)


def _numbers(pitches: IntArray, fifths: IntArray) -> IntArray:
    """Return the diatonic numbers of notes whose place on the line of fifths is known.

    Fifths count from C, F is -1.
    """
    naturals = pitches - (fifths + 1) // 7
    # A fifth is four letters.
    numbers: IntArray = 7 * (naturals // 12 - 1) + 4 * fifths % 7
    return numbers


# === In context ===

# Windows of twelve spellings on the line of fifths, as fifths from that of the key; the
# first is preferred when several fit equally.
_SHIFTS = np.array([0, -1, -2, -3, -4, -5, 1, 2, 3, 4])
_LOWEST, _HIGHEST = -15, 19  # F double flat and B double sharp
# Costs, fitted to the spelling of Bach's chorales in train: of each fifth down or up
# from the window of the key, at each chord, and of each fifth from chord to chord.
_DOWN, _UP, _CHANGE = 0.4, 0.48, 0.5
_RESPELLED = 1e4  # of a held note that would be spelled differently
# Costs of intervals by their fifths: up to 6, a tritone, they are diatonic; 7 is a
# chromatic semitone, 8 an augmented fifth, 9 a diminished seventh, 10 an augmented
# sixth, 11 an augmented third, 12 an enharmonic unison.
_CHORD_COSTS = np.array([0, 0, 0, 0, 0, 0, 0, 4, 1.2, 1, 2, 4, 6, 6])
_STEP_COSTS = np.array([0, 0, 0, 0, 0, 0, 0.4, 1, 1.2, 1.2, 2, 3, 1, 4])
_BLOCK = 512  # chords at a time, which bounds the memory


def spell_in_context(pitches: IntArray, onsets: BoolArray, key: Key) -> IntArray:
    """Return the diatonic numbers of the notes of a piece, spelled by key and context.

    At each chord all notes are spelled in one window on the line of fifths, near that
    of the key (Temperley, The Cognition of Basic Musical Structures, 2001, chapter 5).
    The chosen windows, found by dynamic programming, make chords and steps of thirds
    and fifths, seconds and tritones rather than of augmented and diminished intervals:
    in G major an F minor chord has an A flat, a leading tone of A a G sharp. A note is
    spelled as at its beginning as long as it is held.

    Args:
        pitches: int array (steps, voices), MIDI notes, 0 = silence.
        onsets: bool array (steps, voices), where notes begin.
        key: of the piece.

    Returns:
        Int array (steps, voices), meaningless in silence.
    """
    is_new = np.array(onsets.any(axis=1))
    is_new[1:] |= (pitches[1:] != pitches[:-1]).any(axis=1)
    is_new[0] = True
    starts = np.flatnonzero(is_new)
    chords, attacks = pitches[starts], onsets[starts]
    window = key.fifths - _BELOW_TONIC
    shifts = _SHIFTS[
        (window + _SHIFTS >= _LOWEST) & (window + _SHIFTS <= _HIGHEST - 11)
    ]
    lowest = (window + shifts)[:, np.newaxis]
    # By chord, window and voice.
    fifths = lowest + (7 * chords[:, np.newaxis, :] - lowest) % 12
    chosen = _cheapest_windows(fifths, chords != SILENCE, attacks, shifts)
    best = fifths[np.arange(len(chords)), chosen]
    return np.repeat(_numbers(chords, best), np.diff([*starts, len(pitches)]), axis=0)


def _cheapest_windows(
    fifths: IntArray, sounding: BoolArray, attacks: BoolArray, shifts: IntArray
) -> IntArray:
    """Return the index of the window of each chord, int array (chords,).

    Args:
        fifths: int array (chords, windows, voices), of each note in each window.
        sounding: bool array (chords, voices).
        attacks: bool array (chords, voices), whether the note begins with the chord.
        shifts: int array (windows,), fifths from the window of the key.
    """
    count, windows, voices = fifths.shape
    own = np.where(shifts < 0, -_DOWN * shifts, _UP * shifts) + np.zeros((count, 1))
    for upper, lower in combinations(range(voices), 2):
        both = sounding[:, upper] & sounding[:, lower]
        intervals = abs(fifths[:, :, upper] - fifths[:, :, lower])
        own += _CHORD_COSTS[np.minimum(intervals, 13)] * both[:, np.newaxis]
    change = _CHANGE * abs(shifts[:, np.newaxis] - shifts)
    costs = own[0]
    came_from = np.zeros((count, windows), np.int64)
    for first in range(1, count, _BLOCK):
        block = slice(first, min(first + _BLOCK, count))
        before = slice(first - 1, block.stop - 1)
        # By chord, window of the chord before, window and voice.
        steps = abs(fifths[block][:, np.newaxis] - fifths[before][:, :, np.newaxis])
        both = sounding[block] & sounding[before]
        held = sounding[block] & ~attacks[block]
        moves = np.where(
            held[:, np.newaxis, np.newaxis],
            np.where(steps > 0, _RESPELLED, 0.0),
            _STEP_COSTS[np.minimum(steps, 13)] * both[:, np.newaxis, np.newaxis],
        ).sum(axis=3)
        for place, move in enumerate(moves + change, start=first):
            totals = costs[:, np.newaxis] + move
            came_from[place] = totals.argmin(axis=0)
            costs = totals.min(axis=0) + own[place]
    chosen = np.zeros(count, np.int64)
    chosen[-1] = costs.argmin()
    for place in range(count - 1, 0, -1):
        chosen[place - 1] = came_from[place, chosen[place]]
    return chosen
