"""What rules of chords and phrases read of the harmonic analysis.

Roots and basses, ends of phrases, and the names of harmonies in messages.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.harmony.analysis import Harmony
from chorale.music.harmony.degrees import key_number
from chorale.music.harmony.grid import arrival
from chorale.music.harmony.roman_numerals import Chord, numeral
from chorale.music.harmony.templates import chord
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.spelling import Spelling, diatonic_numbers
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.piece import Piece

CHORD = tuple(range(VOICES))  # the voices of a rule about whole chords
FEWEST_VOICES = 3  # that make a chord
_PIECE_BARS = 2  # the shortest piece of which an ending is expected
TRIADS = ("major", "minor")  # the qualities of consonant ones
THIRDS = (3, 4)  # semitones: minor, major


class Stretch(NamedTuple):
    """Successive harmonies on one root in a phrase.

    Attributes:
        start, end: its first step and the step after its last.
        harmonies: in order.
        begins_phrase: whether it is the first of its phrase.
    """

    start: int
    end: int
    harmonies: tuple[Harmony, ...]
    begins_phrase: bool


def stretches(piece: Piece) -> list[Stretch]:
    """Return the stretches of one root of a piece, in order."""
    starts = {phrase.start for phrase in piece.analysis.phrases}
    found: list[Stretch] = []
    for harmony in piece.analysis.harmonies:
        begins = harmony.start in starts
        last = found[-1] if found else None
        if (
            last is None
            or begins
            or last.end != harmony.start
            or last.harmonies[-1].root != harmony.root
        ):
            found.append(Stretch(harmony.start, harmony.end, (harmony,), begins))
        else:
            harmonies = (*last.harmonies, harmony)
            found[-1] = last._replace(end=harmony.end, harmonies=harmonies)
    return found


def harmony_at(piece: Piece, step: int) -> Harmony:
    """Return the harmony of a step, which has one."""
    return piece.analysis.harmonies[int(piece.analysis.harmony_at[step])]


def basses(pitches: IntArray) -> IntArray:
    """Return the lowest sounding pitch of each step, (steps,); 0 in silence."""
    lowest = np.where(pitches == SILENCE, np.iinfo(np.int64).max, pitches).min(axis=1)
    return np.where((pitches == SILENCE).all(axis=1), SILENCE, lowest)


def phrase_numbers(piece: Piece) -> IntArray:
    """Return the number of the phrase of each step, (steps,), from 0."""
    starts = [phrase.start for phrase in piece.analysis.phrases]
    is_start = np.zeros(len(piece.pitches), np.int64)
    is_start[starts[1:]] = 1
    return np.cumsum(is_start)


def last_chords(piece: Piece) -> list[tuple[int, int]]:
    """Return where the last chords of phrases are: the first step, the step after.

    They are the fermatas, and the last chord of the piece, if it is long enough to
    have an ending.
    """
    chorale = piece.chorale
    ends = chorale.fermata_spans()
    last = piece.analysis.phrases[-1]
    start = arrival(chorale, last.start, last.end)
    if has_ending(chorale) and not any(end > start for _, end in ends):
        ends.append((start, chorale.steps))
    return ends


def is_in_last_chord(piece: Piece) -> BoolArray:
    """Return which steps are in the last chord of a phrase, bool array (steps,)."""
    inside = np.zeros(len(piece.pitches), np.bool_)
    for start, end in last_chords(piece):
        inside[start:end] = True
    return inside


def has_ending(chorale: Chorale) -> bool:
    """Return whether a piece is long enough for an ending: two bars or longer."""
    return chorale.steps >= _PIECE_BARS * chorale.metre.bar_length


def name_in(key: Key, harmony: Harmony) -> str:
    """Return such as `iv6 of D minor`: the numeral of a harmony in any key."""
    number = Chord(chord(harmony.root, harmony.quality), harmony.inversion)
    return f"{numeral(number, key_number(key))} of {key.name}"


def name_of(harmony: Harmony) -> str:
    """Return such as `V65 of G major`: a harmony in its own key."""
    return f"{harmony.numeral} of {harmony.key.name}"


def class_name(pitch_class: int, key: Key) -> str:
    """Return the name of a pitch class in a key, such as `F#`."""
    pitch = 60 + pitch_class % 12
    number = int(diatonic_numbers(np.array(pitch), key))
    return Spelling.of(pitch, number).name.rstrip("0123456789")
