"""Faults of chords and phrases, to be planted into pieces by tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chorale.music.score import Chorale, changes
from chorale.utils.arrays import BoolArray

BEAT = 4  # steps

PitchSet = tuple[int, int, int, int]


@dataclass(frozen=True)
class ChordPattern:
    """Chords in C, soprano to bass, that break a rule.

    Attributes:
        voices: those of the finding.
        chords: the notes and the number of beats of each.
        chord: the one at which the fault begins or is complete.
        beats: from its beginning to the finding.
        place: where it is planted: "phrase", anywhere within one; "barline", so that
            the last chord begins a beat before one; "fermata", so that the last chord
            is under one; "end", so that it is the last chord of a piece.
    """

    rule: str
    voices: tuple[int, ...]
    chords: tuple[tuple[PitchSet, int], ...]
    chord: int
    beats: int = 0
    place: str = "phrase"

    @property
    def steps(self) -> int:
        """How long it is."""
        return BEAT * sum(beats for _, beats in self.chords)


_ALL = (0, 1, 2, 3)
_BASS = (3,)
_TONIC = (72, 67, 64, 48)
_DOMINANT = (71, 67, 62, 43)
_SUBDOMINANT = (72, 69, 65, 53)

CHORD_PATTERNS = [
    ChordPattern(
        "open-fifth",
        _ALL,
        ((_TONIC, 1), ((74, 67, 62, 55), 1), (_TONIC, 1)),
        1,
    ),
    ChordPattern(  # G, D and F
        "missing-third",
        _ALL,
        ((_TONIC, 1), ((74, 67, 65, 43), 1), (_TONIC, 1)),
        1,
    ),
    ChordPattern(  # D minor over A, to which the bass leaps
        "unprepared-six-four",
        _BASS,
        ((_TONIC, 1), ((74, 69, 65, 45), 1), ((74, 67, 59, 43), 1)),
        1,
    ),
    ChordPattern(
        "phrase-end-dissonance",
        _ALL,
        ((_TONIC, 1), ((71, 65, 62, 43), 1)),
        1,
        place="fermata",
    ),
    ChordPattern(
        "phrase-end-inversion",
        _BASS,
        ((_DOMINANT, 1), ((72, 67, 60, 52), 1)),
        1,
        place="fermata",
    ),
    ChordPattern(
        "missing-cadence",
        _ALL,
        ((_TONIC, 1), (_DOMINANT, 1), ((74, 69, 65, 50), 1)),
        2,
        place="end",
    ),
    ChordPattern(
        "oscillating-bass",
        _BASS,
        (
            (_DOMINANT, 1),
            (_TONIC, 1),
            (_SUBDOMINANT, 1),
            (_TONIC, 1),
            (_SUBDOMINANT, 1),
        ),
        4,
    ),
    ChordPattern(
        "static-bass",
        _BASS,
        (
            (_DOMINANT, 1),
            (_TONIC, 1),
            ((72, 69, 65, 48), 1),
            ((71, 65, 62, 48), 1),
            (_TONIC, 1),
            (_DOMINANT, 1),
        ),
        1,
    ),
    ChordPattern(
        "syncopation",
        _BASS,
        ((_DOMINANT, 1), (_TONIC, 2)),
        1,
        beats=1,
        place="barline",
    ),
]


def places(chorale: Chorale, pattern: ChordPattern) -> list[int]:
    """Return the steps at which a pattern fits into a piece, with room around.

    There are none in a piece whose phrases are not marked by fermatas.
    """
    if len(chorale.fermata_spans()) < 3:
        return []
    around, steps = 2 * BEAT, pattern.steps
    last = pattern.chords[-1][1] * BEAT
    if pattern.place in ("fermata", "end"):
        spans = chorale.fermata_spans()
        chosen = spans[-1:] if pattern.place == "end" else spans[:-1]
        starts = [
            (start - (steps - last), start)
            for start, end in chosen
            if end - start >= last
            and (end == chorale.steps) == (pattern.place == "end")
        ]
    else:
        starts = [
            (step, step + steps + around)
            for step in range(around, chorale.steps - steps - around)
            if pattern.place == "phrase"
            or (
                chorale.positions[step + steps - last + BEAT] == 0
                and chorale.positions[step] == chorale.metre.bar_length - 2 * BEAT
            )
        ]
    return [
        step
        for step, free in starts
        if step >= around
        and chorale.positions[step] % BEAT == 0
        and not chorale.fermatas[step - around : free].any()
        and chorale.pitches[step - around : step + steps + around].all()
    ]


def near(chorale: Chorale, pattern: ChordPattern, step: int) -> BoolArray:
    """Return what a pattern at a step may change, bool array (steps,).

    It is the pattern, two beats before and four after it.
    """
    inside = np.zeros(chorale.steps, np.bool_)
    inside[max(0, step - 2 * BEAT) : step + pattern.steps + 4 * BEAT] = True
    return inside


def plant(chorale: Chorale, pattern: ChordPattern, step: int) -> Chorale:
    """Overwrite a piece with a pattern from a step on.

    The last chord lasts to the end of a fermata.
    """
    key = chorale.key
    assert key is not None
    up = (key.tonic_class + 6) % 12 - 6  # the nearest way from C
    pitches, onsets = chorale.pitches.copy(), chorale.onsets.copy()
    end = step + pattern.steps
    begin = step
    for chord, beats in pattern.chords:
        pitches[begin : begin + beats * BEAT] = np.array(chord) + up
        onsets[begin : begin + beats * BEAT] = False
        onsets[begin] = True
        begin += beats * BEAT
    while end < chorale.steps and chorale.fermatas[end - 1] and chorale.fermatas[end]:
        pitches[end], onsets[end] = pitches[end - 1], False
        end += 1
    if end < chorale.steps:
        onsets[end] = pitches[end] > 0
    return replace(chorale, pitches=pitches, onsets=onsets | changes(pitches))
