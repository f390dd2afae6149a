"""Rules about where voices are: crossing, spacing, range."""

from __future__ import annotations

import numpy as np

from chorale.music.keys import pitch_name
from chorale.music.voices import ALL_VOICES, BASS
from chorale.utils.arrays import IntArray
from chorale.voice_leading.dyads import begins_crossing, begins_spacing
from chorale.voice_leading.piece import NEIGHBOURS, Judged, Piece

# Between tenor and bass any distance is allowed.
UPPER_NEIGHBOURS = tuple(pair for pair in NEIGHBOURS if BASS not in pair)


def crossing(piece: Piece) -> Judged:
    """Find voices that sing below their lower neighbour; once until they return.

    An opportunity is a pair of neighbours of which at least one attacks. Source: voice
    crossing in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    return Judged(begins_crossing(piece.dyads(NEIGHBOURS)), _attacks(piece, NEIGHBOURS))


def spacing(piece: Piece) -> Judged:
    """Find soprano and alto, or alto and tenor, more than an octave apart.

    Found once until they come closer again. An opportunity is such a pair of which at
    least one attacks. Source: spacing in Aldwell & Schachter, Piston, and Kostka &
    Payne.
    """
    return Judged(
        begins_spacing(piece.dyads(UPPER_NEIGHBOURS)),
        _attacks(piece, UPPER_NEIGHBOURS),
    )


def range_(piece: Piece) -> Judged:
    """Find notes that lie outside the range of their voice.

    The ranges are those of `chorale.music.voices.ALL_VOICES`. An opportunity is a note.
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


def _attacks(piece: Piece, pairs: tuple[tuple[int, ...], ...]) -> IntArray:
    """Return how many of the pairs that sing have an attack, at each step."""
    upper, lower = np.array(pairs).T
    onsets, sounding = piece.chorale.onsets, piece.sounding
    both = sounding[:, upper] & sounding[:, lower]
    attacks: IntArray = ((onsets[:, upper] | onsets[:, lower]) & both).sum(axis=1)
    return attacks
