"""Rules about the line of the bass: it neither oscillates nor stands still.

They are for strict style: the first exercises of every book have only tonic and
dominant, and a pedal point is no fault.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.harmony.grid import arrival
from chorale.music.harmony.roman_numerals import CADENTIAL
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import BASS, SILENCE
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult, Voices
from chorale.voice_leading.stretches import phrase_numbers

_SLOW_NOTES, _NOTES = 4, 5  # of an oscillation that is a fault
_STATIC = 4 * STEPS_PER_QUARTER  # steps: the shortest note that is a static bass


class _Line(NamedTuple):
    """The notes of the bass, repeated ones as a single one.

    Attributes:
        pitches, starts, ends: int arrays (notes,); ends are the steps after the last.
        joined: bool array (notes,), whether a note follows the one before in the same
            phrase, without rest.
    """

    pitches: IntArray
    starts: IntArray
    ends: IntArray
    joined: BoolArray


def oscillating_bass(piece: Piece) -> RuleResult:
    """Find basses that go to and fro between two notes.

    Five notes A-B-A-B-A, or four if each lasts a quarter or longer, in one phrase;
    repeated notes count once. A longer oscillation is one fault, complete at that note.
    An opportunity is a note to which the bass moves within a phrase.

    Source: melodic interest of the bass in Aldwell & Schachter and in Piston.
    """
    line = _bass_line(piece)
    faults = np.zeros((len(piece.pitches), 1), np.bool_)
    opportunities = np.zeros(len(piece.pitches), np.int64)
    opportunities[line.starts[line.joined]] = 1
    alternating, is_found = 1, False  # notes of the present oscillation
    for index in range(len(line.starts)):
        if not line.joined[index]:
            alternating, is_found = 1, False
            continue
        goes_back = alternating > 1 and line.pitches[index] == line.pitches[index - 2]
        if not goes_back:
            is_found = False
        alternating = alternating + 1 if goes_back else 2
        last = slice(index + 1 - _SLOW_NOTES, index + 1)
        is_slow = (line.ends[last] - line.starts[last] >= STEPS_PER_QUARTER).all()
        is_long = alternating >= (_SLOW_NOTES if is_slow else _NOTES)
        if is_long and not is_found:
            faults[line.starts[index]] = True
            is_found = True
    return RuleResult(faults, opportunities)


def static_bass(piece: Piece) -> RuleResult:
    """Find basses that stay on a note while the harmony changes.

    The note, held or struck again, lasts four quarters or longer in one phrase, without
    the last chord of that, and the root of the harmony changes over it; a cadential
    six-four belongs to its dominant. The fault begins where the note does. An
    opportunity is a note of the bass, repeated ones counting once.

    Source: melodic interest of the bass in Aldwell & Schachter and in Piston.
    """
    line = _bass_line(piece)
    faults = np.zeros((len(piece.pitches), 1), np.bool_)
    opportunities = np.zeros(len(piece.pitches), np.int64)
    opportunities[line.starts[line.pitches != SILENCE]] = 1
    arrivals = np.array(
        [arrival(piece.chorale, p.start, p.end) for p in piece.analysis.phrases]
    )
    ends = np.minimum(line.ends, arrivals[phrase_numbers(piece)[line.starts]])
    is_long = (line.pitches != SILENCE) & (ends - line.starts >= _STATIC)
    for start, end in zip(line.starts[is_long], ends[is_long], strict=True):
        chosen = set(piece.analysis.harmony_at[start:end].tolist()) - {-1}
        harmonies = [piece.analysis.harmonies[index] for index in chosen]
        roots = {chord.root for chord in harmonies if chord.numeral != CADENTIAL}
        faults[start] = len(roots) > 1
    return RuleResult(faults, opportunities)


def _bass_line(piece: Piece) -> _Line:
    bass = piece.pitches[:, BASS]
    phrases = phrase_numbers(piece)
    is_new = np.append(True, (bass[1:] != bass[:-1]) | (phrases[1:] != phrases[:-1]))
    starts = np.flatnonzero(is_new)
    ends = np.append(starts[1:], len(bass))
    sounds = bass[starts] != SILENCE
    joined = np.zeros(len(starts), np.bool_)
    joined[1:] = (phrases[starts[1:]] == phrases[starts[:-1]]) & sounds[:-1]
    return _Line(bass[starts], starts, ends, joined)


def _describe_oscillation(piece: Piece, step: int, voices: Voices) -> str:
    return (
        f"goes to and fro between {piece.note_name(step - 1, BASS)} and "
        f"{piece.note_name(step, BASS)}"
    )


def _describe_static(piece: Piece, step: int, voices: Voices) -> str:
    return f"stays on {piece.note_name(step, BASS)} while the harmony changes"


RULES = (
    Rule(
        name="oscillating-bass",
        summary="the bass goes to and fro between two notes",
        voices=((BASS,),),
        find=oscillating_bass,
        message=_describe_oscillation,
        is_motion=False,
        bach_per_thousand=1.47,
        level="strict",
    ),
    Rule(
        name="static-bass",
        summary="the bass stays on a note while the harmony changes",
        voices=((BASS,),),
        find=static_bass,
        message=_describe_static,
        is_motion=False,
        bach_per_thousand=0.25,
        level="strict",
    ),
)
