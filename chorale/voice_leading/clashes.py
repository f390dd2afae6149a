"""Rules about one letter with two accidentals in different voices: cross relations."""

from __future__ import annotations

import numpy as np

from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.motion import both_move
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import PAIRS, Rule, RuleResult, Voices
from chorale.voice_leading.spacing import attacks

_LETTERS = 7
_STEPS = (1, 2)  # semitones of a melodic step


def chromatic_clash(piece: Piece) -> RuleResult:
    """Find two voices with one letter and different accidentals, until one moves.

    C against C sharp is a clash in any octave, C sharp against D flat or D is none.
    Notes without spelling are spelled by key and context. An opportunity is a pair of
    voices of which at least one attacks.

    Source: the simultaneous cross relation in Piston and in Kostka & Payne.
    """
    upper, lower = np.array(PAIRS).T
    pitches, letters = piece.pitches, piece.spelling % _LETTERS
    clash = (letters[:, upper] == letters[:, lower]) & piece.dyads(PAIRS).sounding
    clash &= (pitches[:, upper] - pitches[:, lower]) % 12 != 0
    changes = np.diff(pitches, axis=0) != 0
    faults = clash.copy()
    faults[1:] &= ~clash[:-1] | changes[:, upper] | changes[:, lower]
    return RuleResult(faults, attacks(piece, PAIRS))


def false_relation(piece: Piece) -> RuleResult:
    """Find a letter that one voice leaves and another attacks with another accidental.

    It is none if any voice has the chromatic semitone itself; nor if the first voice
    moves on by step as its accidental wants, the higher of the two notes up, the lower
    down, as with the two forms of the melodic minor scale; nor from phrase to phrase.
    Only successive steps are compared. An opportunity is a pair of voices that both
    move.

    Source: cross relations in Aldwell & Schachter, Piston, and Kostka & Payne, with
    their exceptions.
    """
    faults = np.zeros((len(piece.pitches), len(PAIRS)), np.bool_)
    for column, (upper, lower) in enumerate(PAIRS):
        faults[:, column] = _is_false(piece, upper, lower)
        faults[:, column] |= _is_false(piece, lower, upper)
    return RuleResult(faults, both_move(piece, PAIRS))


def _is_false(piece: Piece, left: int, attacked: int) -> BoolArray:
    """Return where a voice attacks what another has left, bool array (steps,)."""
    shift = _inflections(piece, left, attacked)
    move = piece.moves[:, left]
    is_false = (shift != 0) & (move != 0) & (piece.moves[:, attacked] != 0)
    for voice in range(piece.pitches.shape[1]):
        own = _inflections(piece, voice, voice) == shift
        own &= piece.pitches[:, voice] % 12 == piece.pitches[:, attacked] % 12
        is_false &= ~own
    moves_on = np.isin(np.abs(move), _STEPS) & (move * shift < 0)
    result: BoolArray = is_false & ~moves_on
    return result


def _inflections(piece: Piece, before: int, now: int) -> IntArray:
    """Return the chromatic inflections between two voices, int array (steps,).

    It is how many semitones the note of voice `now` is above that of the same letter
    that voice `before` had a step earlier, octaves aside, from -2 to 2; 0 if it has
    another letter or the same note.
    """
    shifts = np.zeros(len(piece.pitches), np.int64)
    first, second = piece.pitches[:-1, before], piece.pitches[1:, now]
    letters = piece.spelling[:-1, before] - piece.spelling[1:, now]
    same = (letters % _LETTERS == 0) & (first != SILENCE) & (second != SILENCE)
    semitones = (second - first + 2) % 12 - 2
    shifts[1:] = np.where(same & (np.abs(semitones) <= 2), semitones, 0)
    return shifts


def _describe_false_relation(piece: Piece, step: int, voices: Voices) -> str:
    upper, lower = voices
    left, attacked = voices
    if not _is_false(piece, upper, lower)[step]:
        left, attacked = lower, upper
    before, now = piece.note_name(step - 1, left), piece.note_name(step, attacked)
    return f"{now} follows {before} of the other voice"


RULES = (
    Rule(
        name="chromatic-clash",
        summary="one letter sounds with two accidentals at once: C against C sharp",
        voices=PAIRS,
        find=chromatic_clash,
        message="{upper} against {lower}",
        is_motion=False,
        level="beginner",
    ),
    Rule(
        name="false-relation",
        summary="one letter with two accidentals in succession, in different voices",
        voices=PAIRS,
        find=false_relation,
        message=_describe_false_relation,
    ),
)
