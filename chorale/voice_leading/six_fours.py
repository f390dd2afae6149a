"""The rule about six-four chords."""

from __future__ import annotations

import numpy as np

from chorale.music.harmony.analysis import Harmony
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import BASS
from chorale.utils.arrays import IntArray
from chorale.voice_leading.dyads import FIFTH, STEPS
from chorale.voice_leading.metrical_weights import BEAT, metrical_weights
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult, Voices
from chorale.voice_leading.stretches import (
    TRIADS,
    basses,
    harmony_at,
    is_in_last_chord,
    name_of,
    phrase_numbers,
)

_DOMINANTS = ("major", "dominant seventh")
_SIX_FOUR = 2  # inversion


def unprepared_six_four(piece: Piece) -> RuleResult:
    """Find six-four chords that are of none of the usual kinds.

    The kinds are: cadential, followed by the dominant on its bass, which is on no
    stronger beat; passing, the bass moving through it by step in one direction; pedal,
    the bass staying on its note before and after it; arpeggiated, the same triad in
    another position before or after it. Looked at are major and minor triads that last
    a quarter or longer, with the fifth in the bass from the beginning, not the last
    chords of phrases. An opportunity is a harmony on a beat.

    Source: uses of the six-four chord in Kostka & Payne, and in Aldwell & Schachter.
    """
    harmonies = piece.analysis.harmonies
    weights = metrical_weights(piece.chorale)
    bass = basses(piece.pitches)
    phrases = phrase_numbers(piece)
    faults = np.zeros((len(weights), 1), np.bool_)
    opportunities = np.zeros(len(weights), np.int64)
    starts = np.array([harmony.start for harmony in harmonies], np.int64)
    opportunities[starts[weights[starts] >= BEAT]] = 1
    is_end = is_in_last_chord(piece)
    for index, harmony in enumerate(harmonies):
        start = harmony.start
        if not _is_six_four(harmony, bass) or is_end[start]:
            continue
        before, after = (
            harmonies[near]
            if 0 <= near < len(harmonies)
            and phrases[harmonies[near].start] == phrases[start]
            else None
            for near in (index - 1, index + 1)
        )
        faults[start] = not (
            _is_cadential(harmony, after, bass, weights)
            or _is_arpeggiated(harmony, before, after)
            or _is_pedal(harmony, before, after, bass)
            or _is_passing(start, bass, phrases)
        )
    return RuleResult(faults, opportunities)


def _is_six_four(harmony: Harmony, bass: IntArray) -> bool:
    return (
        harmony.inversion == _SIX_FOUR
        and harmony.quality in TRIADS
        and harmony.end - harmony.start >= STEPS_PER_QUARTER
        and int(bass[harmony.start] - harmony.root) % 12 == FIFTH
    )


def _is_cadential(
    harmony: Harmony, after: Harmony | None, bass: IntArray, weights: IntArray
) -> bool:
    return (
        after is not None
        and after.root == bass[harmony.start] % 12
        and after.inversion == 0
        and after.quality in _DOMINANTS
        and bool(weights[harmony.start] >= weights[after.start])
    )


def _is_arpeggiated(
    harmony: Harmony, before: Harmony | None, after: Harmony | None
) -> bool:
    return any(
        near is not None and near.root == harmony.root for near in (before, after)
    )


def _is_pedal(
    harmony: Harmony, before: Harmony | None, after: Harmony | None, bass: IntArray
) -> bool:
    """Return whether the bass has the same note before, in and after a harmony."""
    if before is None or after is None:
        return False
    notes = bass[[before.end - 1, harmony.start, after.start]] % 12
    return bool((notes == notes[0]).all())


def _is_passing(start: int, bass: IntArray, phrases: IntArray) -> bool:
    """Return whether the bass moves by step through the note that it has at a step."""
    inside = np.flatnonzero(phrases == phrases[start])
    others = inside[bass[inside] != bass[start]]
    later = others[others > start]
    if start - 1 not in others or not len(later):
        return False
    reached = int(bass[start] - bass[start - 1])
    left = int(bass[later[0]] - bass[start])
    return reached * left > 0 and abs(reached) in STEPS and abs(left) in STEPS


def _describe(piece: Piece, step: int, voices: Voices) -> str:
    harmony = harmony_at(piece, step)
    return f"{name_of(harmony)} is neither cadential, passing, pedal nor arpeggiated"


RULES = (
    Rule(
        name="unprepared-six-four",
        summary="a six-four is neither cadential, passing, pedal nor arpeggiated",
        voices=((BASS,),),
        find=unprepared_six_four,
        message=_describe,
        is_motion=False,
        bach_per_thousand=2.24,
    ),
)
