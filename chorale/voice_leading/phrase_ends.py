"""Rules about the ends of phrases: dissonances, inversions."""

from __future__ import annotations

import numpy as np

from chorale.music.harmony.templates import INTERVALS
from chorale.music.voices import BASS, SILENCE
from chorale.utils.arrays import IntArray
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult, Voices
from chorale.voice_leading.stretches import (
    CHORD,
    FEWEST_VOICES,
    TRIADS,
    basses,
    harmony_at,
    last_chords,
    name_of,
)

# Positions of the triad: 0 is root position, 1 and 2 are its inversions.
INVERTED, NO_TRIAD, NO_CHORD = (1, 2), 3, 4


def _inversions() -> IntArray:
    """Return the position of the triad to which pitch classes belong, (4096, 12).

    Rows are sets of pitch classes, a bit each; columns are the pitch class of the bass.
    A position is 0, 1, 2 or NO_TRIAD. Of an incomplete triad it is the lowest one
    possible: a third alone is in root position.
    """
    table = np.full((1 << 12, 12), NO_TRIAD)
    sets = np.arange(1 << 12)
    for root in range(12):
        for quality in TRIADS:
            tones = [(root + tone) % 12 for tone in INTERVALS[quality]]
            inside = (sets & ~sum(1 << tone for tone in tones)) == 0
            for position, tone in enumerate(tones):
                table[inside, tone] = np.minimum(table[inside, tone], position)
    return table


_INVERSIONS = _inversions()


def phrase_end_dissonance(piece: Piece) -> RuleResult:
    """Find phrases that do not end on a consonant triad.

    The ends of phrases are the fermatas and the end of the piece. There is a fault if
    at no moment of the last chord all notes belong to one major or minor triad, in any
    inversion, complete or not: suspensions may resolve in it, and parts move on. An
    opportunity is a phrase that ends on three voices or more.

    Source: cadences in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    return _result(piece, (NO_TRIAD,))


def phrase_end_inversion(piece: Piece) -> RuleResult:
    """Find phrases that end on an inverted triad.

    There is a fault if at no moment of the last chord a triad is in root position, and
    no `phrase_end_dissonance`. An opportunity is a phrase that ends on three voices or
    more.

    Source: cadences in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    return _result(piece, INVERTED)


def end_position(pitches: IntArray) -> int:
    """Return on which position of a triad a phrase ends.

    Args:
        pitches: int array (steps, 4), MIDI notes of its last chord.

    Returns:
        The lowest of all moments: 0 in root position, one of INVERTED; NO_TRIAD for a
        dissonant chord, NO_CHORD if fewer than three voices sound.
    """
    return int(_positions(pitches).min())


def _result(piece: Piece, faulty: tuple[int, ...]) -> RuleResult:
    """Return the phrase ends of which the best chord is in some position."""
    faults = np.zeros((len(piece.pitches), 1), np.bool_)
    opportunities = np.zeros(len(piece.pitches), np.int64)
    for start, end in last_chords(piece):
        positions = _positions(piece.pitches[start:end])
        best = int(positions.min())
        if best != NO_CHORD:
            step = start + int((positions != NO_CHORD).argmax())
            opportunities[step] = 1
            faults[step] = best in faulty
    return RuleResult(faults, opportunities)


def _positions(pitches: IntArray) -> IntArray:
    """Return the position of the triad of each step, NO_TRIAD or NO_CHORD."""
    sounding = pitches != SILENCE
    bits = np.where(sounding, 1 << (pitches % 12), 0)
    sets = np.bitwise_or.reduce(bits, axis=1)
    positions = _INVERSIONS[sets, basses(pitches) % 12]
    return np.where(sounding.sum(axis=1) >= FEWEST_VOICES, positions, NO_CHORD)


def _describe_dissonance(piece: Piece, step: int, voices: Voices) -> str:
    last = harmony_at(piece, step)
    if last.quality in TRIADS:
        return f"the phrase ends on {name_of(last)} with a dissonant note"
    return f"the phrase ends on a dissonant chord, {name_of(last)}"


def _describe_inversion(piece: Piece, step: int, voices: Voices) -> str:
    last = harmony_at(piece, step)
    return f"the phrase ends on {name_of(last)}, not in root position"


RULES = (
    Rule(
        name="phrase-end-dissonance",
        summary="a phrase does not end on a consonant triad",
        voices=(CHORD,),
        find=phrase_end_dissonance,
        message=_describe_dissonance,
        is_motion=False,
        bach_per_thousand=4.4,
        level="beginner",
    ),
    Rule(
        name="phrase-end-inversion",
        summary="a phrase ends on an inverted triad",
        voices=((BASS,),),
        find=phrase_end_inversion,
        message=_describe_inversion,
        is_motion=False,
        bach_per_thousand=7.54,
    ),
)
