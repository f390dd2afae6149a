"""Rules about melodic leaps of one voice."""

from __future__ import annotations

import numpy as np

from chorale.music.spelling import NATURALS
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import OCTAVE
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult, Voices

_SEVENTHS = (10, 11)  # semitones
_NUMBERS = "unison second third fourth fifth sixth seventh octave".split()


def large_leap(piece: Piece) -> RuleResult:
    """Find leaps of a seventh or more than an octave; octaves are allowed.

    An opportunity is a voice that moves.

    Source: melodic motion in Aldwell & Schachter and in Kostka & Payne.
    """
    return RuleResult(is_large_leap(piece.moves), (piece.moves != 0).sum(axis=1))


def is_large_leap(moves: IntArray) -> BoolArray:
    """Return which motions, in semitones up or down, are large leaps."""
    size = np.abs(moves)
    return (size > OCTAVE) | np.isin(size, _SEVENTHS)


def augmented_leap(piece: Piece) -> RuleResult:
    """Find augmented melodic intervals, in scores whose notes are spelled.

    Examples are seconds of three semitones and fourths of six. A chromatic semitone, C
    to C sharp, is a step and allowed. An opportunity is a voice that moves.

    Source: melodic motion in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    moves = (piece.moves != 0) & piece.has_spelling
    letters = np.diff(piece.spelling, axis=0, prepend=piece.spelling[:1])
    # Descending intervals are treated as ascending.
    size = piece.moves * np.sign(letters)
    octaves, number = np.divmod(abs(letters), 7)
    widest = OCTAVE * octaves + NATURALS[number]  # of a major or perfect interval
    return RuleResult(moves & (letters != 0) & (size > widest), moves.sum(axis=1))


def _describe_large_leap(piece: Piece, step: int, voices: Voices) -> str:
    size = abs(int(piece.moves[step, voices[0]]))
    interval = "a seventh" if size in _SEVENTHS else f"{size} semitones"
    return f"leap {_melodic_interval(piece, step, voices)} of {interval}"


def _describe_augmented_leap(piece: Piece, step: int, voices: Voices) -> str:
    letters = piece.spelling[[step - 1, step], voices[0]]
    number = abs(int(letters[1] - letters[0]))
    name = _NUMBERS[number if number <= 7 else number % 7]
    return f"augmented {name} {_melodic_interval(piece, step, voices)}"


def _melodic_interval(piece: Piece, step: int, voices: Voices) -> str:
    (voice,) = voices
    return f"{piece.note_name(step - 1, voice)}-{piece.note_name(step, voice)}"


RULES = (
    Rule(
        name="large-leap",
        summary="a voice leaps a seventh or more than an octave",
        find=large_leap,
        message=_describe_large_leap,
        bach_per_thousand=0.81,
        level="beginner",
    ),
    Rule(
        name="augmented-leap",
        summary="a voice moves by an augmented interval; only in scores",
        find=augmented_leap,
        message=_describe_augmented_leap,
        level="beginner",
    ),
)
