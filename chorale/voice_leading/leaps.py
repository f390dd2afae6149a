"""Rules about one voice that leaps."""

from __future__ import annotations

import numpy as np

from chorale.music.spelling import NATURALS
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.piece import Judged, Piece

_OCTAVE = 12  # semitones
_SEVENTHS = (10, 11)
_NUMBERS = "unison second third fourth fifth sixth seventh".split()


def large_leap(piece: Piece) -> Judged:
    """Find leaps of a seventh or of more than an octave; octaves are allowed.

    An opportunity is a voice that moves. Source: melodic motion in Aldwell & Schachter
    and in Kostka & Payne.
    """
    return Judged(is_large_leap(piece.moves), (piece.moves != 0).sum(axis=1))


def is_large_leap(moves: IntArray) -> BoolArray:
    """Return which motions, in semitones up or down, are such leaps."""
    size = np.abs(moves)
    return (size > _OCTAVE) | np.isin(size, _SEVENTHS)


def augmented_leap(piece: Piece) -> Judged:
    """Find augmented intervals from one note of a voice to the next.

    Only where the file tells F sharp from G flat: seconds of three semitones, fourths
    of six, and so on. A chromatic semitone, C to C sharp, is a step and allowed. An
    opportunity is a voice that moves. Source: melodic motion in Aldwell & Schachter,
    Piston, and Kostka & Payne.
    """
    if not piece.spelled:
        nothing = np.zeros(piece.pitches.shape, np.bool_)
        return Judged(nothing, nothing.sum(axis=1))
    letters = np.zeros(piece.moves.shape, np.int64)
    letters[1:] = np.diff(piece.spelling, axis=0)
    # Seen upwards, whichever way the voice goes.
    size = piece.moves * np.sign(letters)
    octaves, number = np.divmod(abs(letters), 7)
    widest = 12 * octaves + NATURALS[number]  # of a major or perfect interval
    moves = piece.moves != 0
    return Judged(moves & (letters != 0) & (size > widest), moves.sum(axis=1))


def say_large_leap(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    size = abs(int(piece.moves[step, voices[0]]))
    what = "a seventh" if size in _SEVENTHS else f"{size} semitones"
    return f"leap {_motion(piece, step, voices)} of {what}"


def say_augmented_leap(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    letters = abs(int(np.diff(piece.spelling[step - 1 : step + 1, voices[0]])[0]))
    name = _NUMBERS[letters % 7] if letters != 7 else "octave"
    return f"augmented {name} {_motion(piece, step, voices)}"


def _motion(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    """Return a voice's note before and after."""
    return f"{piece.name(step - 1, voices[0])}-{piece.name(step, voices[0])}"
