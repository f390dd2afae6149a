"""Rules about melodic leaps of one voice."""

from __future__ import annotations

import numpy as np

from chorale.music.spelling import NATURALS
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import OCTAVE
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult, Voices

_SEVENTHS = (10, 11)  # semitones
# Semitones of the diminished fourth, fifth and seventh by letters; 99 = no rule.
_DIMINISHED = np.array([99, 99, 99, 4, 6, 99, 9])
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
    """Find augmented melodic intervals.

    Examples are seconds of three semitones and fourths of six. A chromatic semitone, C
    to C sharp, is a step and allowed. Notes without spelling are spelled by key and
    context. An opportunity is a voice that moves.

    Source: melodic motion in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    moves = piece.moves != 0
    size, octaves, number = _written_intervals(piece)
    widest = OCTAVE * octaves + NATURALS[number]  # of a major or perfect interval
    is_same_letter = (octaves == 0) & (number == 0)
    faults = moves & ~is_same_letter & (size > widest)
    return RuleResult(faults, moves.sum(axis=1))


def diminished_leap(piece: Piece) -> RuleResult:
    """Find leaps of a diminished fourth, fifth or seventh that do not turn back.

    The voice has to move back into the interval next, unless its phrase ends. Notes
    without spelling are spelled by key and context. An opportunity is a voice that
    moves.

    Source: melodic motion in Aldwell & Schachter and in Kostka & Payne.
    """
    moves, following = piece.moves, piece.next_moves
    size, octaves, number = _written_intervals(piece)
    is_diminished = (octaves == 0) & (size == _DIMINISHED[number]) & (moves != 0)
    turns = (following * moves < 0) & (np.abs(following) < np.abs(moves))
    faults = is_diminished & ~turns & (following != 0)
    return RuleResult(faults, (moves != 0).sum(axis=1))


def _written_intervals(piece: Piece) -> tuple[IntArray, IntArray, IntArray]:
    """Return the melodic intervals as they are written, int arrays (steps, 4).

    They are the semitones, treated as ascending if the letters descend; the octaves;
    and the letters from 0, unison, to 6, seventh.
    """
    letters = np.diff(piece.spelling, axis=0, prepend=piece.spelling[:1])
    octaves, number = np.divmod(abs(letters), 7)
    return piece.moves * np.sign(letters), octaves, number


def _describe_large_leap(piece: Piece, step: int, voices: Voices) -> str:
    size = abs(int(piece.moves[step, voices[0]]))
    interval = "a seventh" if size in _SEVENTHS else f"{size} semitones"
    return f"leap {_melodic_interval(piece, step, voices)} of {interval}"


def _describe_altered_leap(piece: Piece, step: int, voices: Voices) -> str:
    letters = piece.spelling[[step - 1, step], voices[0]]
    number = abs(int(letters[1] - letters[0]))
    name = _NUMBERS[number if number <= 7 else number % 7]
    return f"{name} {_melodic_interval(piece, step, voices)}"


def _describe_augmented_leap(piece: Piece, step: int, voices: Voices) -> str:
    return f"augmented {_describe_altered_leap(piece, step, voices)}"


def _describe_diminished_leap(piece: Piece, step: int, voices: Voices) -> str:
    leap = _describe_altered_leap(piece, step, voices)
    return f"diminished {leap} does not turn back"


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
        summary="a voice moves by an augmented interval",
        find=augmented_leap,
        message=_describe_augmented_leap,
        bach_per_thousand=0.11,
        level="beginner",
    ),
    Rule(
        name="diminished-leap",
        summary="a voice leaps a diminished interval and does not turn back",
        find=diminished_leap,
        message=_describe_diminished_leap,
        bach_per_thousand=0.45,
    ),
)
