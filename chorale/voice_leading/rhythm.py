"""The rule about harmonic rhythm: syncopation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from chorale.music.harmony.roman_numerals import CADENTIAL
from chorale.music.voices import BASS, SILENCE
from chorale.utils.arrays import IntArray
from chorale.voice_leading.metrical_weights import BEAT, metrical_weights
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult, Voices
from chorale.voice_leading.stretches import (
    Stretch,
    basses,
    harmony_at,
    is_in_last_chord,
    name_of,
    stretches,
)


def syncopation(piece: Piece) -> RuleResult:
    """Find harmonies that begin on a weaker beat and last into a stronger one.

    Root and bass stay, held or struck again, from a place in the bar to a stronger
    one: from off a beat to a beat, from a weak beat to the barline or to the middle of
    a bar of two halves, which are equally strong. A cadential six-four belongs to its
    dominant. It is no fault at the beginning of a phrase, nor in its last chord. An
    opportunity is a beat within a phrase.

    Source: harmonic rhythm in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    weights = metrical_weights(piece.chorale)
    bass = basses(piece.pitches)
    faults = np.zeros((len(weights), 1), np.bool_)
    opportunities = (weights >= BEAT) & (bass != SILENCE)
    opportunities[[phrase.start for phrase in piece.analysis.phrases]] = False
    may_last = is_in_last_chord(piece)
    for stretch in stretches(piece):
        for start, end in _runs_of_bass(stretch, bass):
            is_first = stretch.begins_phrase and start == stretch.start
            begins = [start, _with_six_four(piece, start, bass)]
            stronger = np.flatnonzero(weights[start:end] > weights[begins].max())
            if len(stronger) and not is_first and not may_last[start]:
                faults[start + stronger[0]] = True
    return RuleResult(faults, opportunities.astype(np.int64))


def _with_six_four(piece: Piece, start: int, bass: IntArray) -> int:
    """Return where the cadential six-four of a harmony begins, or else `start`."""
    index = int(piece.analysis.harmony_at[start])
    before = piece.analysis.harmonies[index - 1]
    is_cadential = index > 0 and before.numeral == CADENTIAL and before.end == start
    same_bass = (bass[before.start] - bass[start]) % 12 == 0
    return before.start if is_cadential and same_bass else start


def _runs_of_bass(stretch: Stretch, bass: IntArray) -> list[tuple[int, int]]:
    """Return where the bass has each of its notes: the first step, the step after."""
    inside = bass[stretch.start : stretch.end]
    changes = np.flatnonzero(np.diff(inside)) + 1 + stretch.start
    return list(pairwise([stretch.start, *changes.tolist(), stretch.end]))


def _describe(piece: Piece, step: int, voices: Voices) -> str:
    harmony = harmony_at(piece, step)
    begins = piece.chorale.beat_at(_beginning(piece, step))
    return (
        f"{name_of(harmony)} begins on beat {begins:g} and lasts into beat "
        f"{piece.chorale.beat_at(step):g}, which is stronger"
    )


def _beginning(piece: Piece, step: int) -> int:
    """Return where the harmony and bass of a step began."""
    bass = basses(piece.pitches)
    return next(
        start
        for stretch in stretches(piece)
        if stretch.start <= step < stretch.end
        for start, end in _runs_of_bass(stretch, bass)
        if start <= step < end
    )


RULES = (
    Rule(
        name="syncopation",
        summary="a harmony begins on a weaker beat and lasts into a stronger one",
        voices=((BASS,),),
        find=syncopation,
        message=_describe,
        is_motion=False,
        bach_per_thousand=2.39,
    ),
)
