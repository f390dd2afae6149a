"""Rules about one letter with two accidentals in different voices: cross relations."""

from __future__ import annotations

import numpy as np

from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import STEPS
from chorale.voice_leading.motion import both_move
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import PAIRS, Rule, RuleResult, Voices
from chorale.voice_leading.spacing import attacks

_LETTERS = 7


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
    is_false = _false_relations(piece)
    upper, lower = np.array(PAIRS).T
    faults = is_false[:, upper, lower] | is_false[:, lower, upper]
    return RuleResult(faults, both_move(piece, PAIRS))


def _false_relations(piece: Piece) -> BoolArray:
    """Return where a voice attacks what another has left, bool array (steps, 4, 4).

    The voice that leaves comes first.
    """
    shifts, moves = _inflections(piece), piece.moves
    is_false = (shifts != 0) & (moves[:, :, None] != 0) & (moves[:, None, :] != 0)
    # Whether some voice has the same inflection of the same note itself.
    own = np.einsum("svv->sv", shifts)[:, :, None, None] == shifts[:, None]
    classes = piece.pitches % 12
    own &= (classes[:, :, None] == classes[:, None, :])[:, :, None, :]
    left_by_step = np.isin(np.abs(moves), STEPS)[:, :, None]
    moves_on = left_by_step & (moves[:, :, None] * shifts < 0)
    result: BoolArray = is_false & ~own.any(axis=1) & ~moves_on
    return result


def _inflections(piece: Piece) -> IntArray:
    """Return the chromatic inflections between voices, int array (steps, 4, 4).

    It is how many semitones the note of the second voice is above that of the same
    letter that the first had a step earlier, octaves aside, from -2 to 2; 0 if it has
    another letter or the same note.
    """
    pitches, spelling = piece.pitches, piece.spelling
    before, now = pitches[:-1, :, None], pitches[1:, None, :]
    letters = spelling[:-1, :, None] - spelling[1:, None, :]
    same = (letters % _LETTERS == 0) & (before != SILENCE) & (now != SILENCE)
    semitones = (now - before + 2) % 12 - 2
    shifts = np.zeros((len(pitches), VOICES, VOICES), np.int64)
    shifts[1:] = np.where(same & (np.abs(semitones) <= 2), semitones, 0)
    return shifts


def _describe_false_relation(piece: Piece, step: int, voices: Voices) -> str:
    upper, lower = voices
    left, attacked = voices
    if not _false_relations(piece)[step, upper, lower]:
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
        bach_per_thousand=0.02,
        level="beginner",
    ),
    Rule(
        name="false-relation",
        summary="one letter with two accidentals in succession, in different voices",
        voices=PAIRS,
        find=false_relation,
        message=_describe_false_relation,
        bach_per_thousand=0.29,
    ),
)
