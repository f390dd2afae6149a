"""Rules about where voices are: crossing, spacing, range."""

from __future__ import annotations

import numpy as np

from chorale.keys import pitch_name
from chorale.score import BoolArray, IntArray
from chorale.voice_leading.piece import NEIGHBOURS, Judged, Piece
from chorale.voices import ALL_VOICES, BASS

_OCTAVE = 12  # semitones

# Between tenor and bass any distance is allowed.
UPPER_NEIGHBOURS = tuple(pair for pair in NEIGHBOURS if BASS not in pair)


def crossing(piece: Piece) -> Judged:
    """Find voices that sing below their lower neighbour; once until they return.

    An opportunity is a pair of neighbours of which at least one attacks. Source: voice
    crossing in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    upper, lower, both = _neighbours(piece, NEIGHBOURS)
    return Judged(
        _beginnings(both & (upper < lower)), _attacks(piece, NEIGHBOURS, both)
    )


def spacing(piece: Piece) -> Judged:
    """Find soprano and alto, or alto and tenor, more than an octave apart.

    Found once until they come closer again. An opportunity is such a pair of which at
    least one attacks. Source: spacing in Aldwell & Schachter, Piston, and Kostka &
    Payne.
    """
    upper, lower, both = _neighbours(piece, UPPER_NEIGHBOURS)
    return Judged(
        _beginnings(both & (upper - lower > _OCTAVE)),
        _attacks(piece, UPPER_NEIGHBOURS, both),
    )


def range_(piece: Piece) -> Judged:
    """Find notes that lie outside the range of their voice.

    The ranges are those of `chorale.voices.ALL_VOICES`. An opportunity is a note.
    Source: the ranges in Aldwell & Schachter.
    """
    lowest = np.array([voice.lowest for voice in ALL_VOICES])
    highest = np.array([voice.highest for voice in ALL_VOICES])
    onsets = piece.chorale.onsets
    outside = (piece.pitches < lowest) | (piece.pitches > highest)
    return Judged(onsets & outside, onsets.sum(axis=1))


def say_crossing(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    upper, lower = voices
    return f"{piece.name(step, upper)} lies below {piece.name(step, lower)}"


def say_spacing(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    upper, lower = voices
    return (
        f"{piece.name(step, lower)} and {piece.name(step, upper)} "
        "are more than an octave apart"
    )


def say_range(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    voice = ALL_VOICES[voices[0]]
    if piece.pitches[step, voices[0]] > voice.highest:
        return f"{piece.name(step, voices[0])} is above {pitch_name(voice.highest)}"
    return f"{piece.name(step, voices[0])} is below {pitch_name(voice.lowest)}"


def _neighbours(
    piece: Piece, pairs: tuple[tuple[int, ...], ...]
) -> tuple[IntArray, IntArray, BoolArray]:
    """Return pitches of the upper and lower voices, and where both sing."""
    upper, lower = np.array(pairs).T
    both = piece.sounding[:, upper] & piece.sounding[:, lower]
    return piece.pitches[:, upper], piece.pitches[:, lower], both


def _attacks(
    piece: Piece, pairs: tuple[tuple[int, ...], ...], both: BoolArray
) -> IntArray:
    """Return how many of the pairs that sing have an attack, at each step."""
    upper, lower = np.array(pairs).T
    onsets = piece.chorale.onsets
    attacks: IntArray = ((onsets[:, upper] | onsets[:, lower]) & both).sum(axis=1)
    return attacks


def _beginnings(holds: BoolArray) -> BoolArray:
    """Return the first step of each spell, column by column."""
    begins = holds.copy()
    begins[1:] &= ~holds[:-1]
    return begins
