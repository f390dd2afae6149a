"""Spelling: the written name of a pitch, such as F sharp or G flat.

A diatonic number counts the letters from C0, middle C being 28, whatever the
accidental: F sharp 4 and F 4 are both 31, G flat 4 is 32.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.keys import Key
from chorale.utils.arrays import IntArray

LETTERS = "CDEFGAB"
NATURALS = np.array([0, 2, 4, 5, 7, 9, 11])  # semitones from C up to each letter
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


def spell(pitch: int, key: Key) -> Spelling:
    """Return the spelling of a MIDI note in a key, see `diatonic_numbers`."""
    return Spelling.of(pitch, int(diatonic_numbers(np.array(pitch), key)))


def diatonic_numbers(pitches: IntArray, key: Key) -> IntArray:
    """Return the diatonic numbers of MIDI notes, spelled in a key.

    Among the spellings of a pitch class the one is chosen that lies, on the line of
    fifths, from two below to nine above the major tonic of the key signature: scale
    degrees, leading tones, the flat seventh. Pitches and numbers are int arrays of the
    same shape, which may be any.
    """
    lowest = key.fifths - 2
    # A semitone is seven fifths, octaves aside; fifths count from C, F is -1.
    fifths = lowest + (7 * pitches - lowest) % 12
    naturals = pitches - (fifths + 1) // 7
    # A fifth is four letters.
    numbers: IntArray = 7 * (naturals // 12 - 1) + 4 * fifths % 7
    return numbers
