"""Errors planted into Bach: each is found where it is, and nothing else far from it.

The errors are two or three chords written out by hand; nothing here asks the checker
where they would fit. Any beats of a phrase take them, transposed to the key of the
piece.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from chord_patterns import CHORD_PATTERNS

from chorale.corpus.loading import load_corpus
from chorale.music.keys import Key
from chorale.music.score import Chorale, changes
from chorale.music.spelling import diatonic_numbers
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.checking import Finding, check
from chorale.voice_leading.rules import RULES

BEAT = 4  # steps, for every chord of a pattern
PIECES = 25

Chord = tuple[int, int, int, int]


@dataclass(frozen=True)
class Pattern:
    """Chords in C, soprano to bass, that break a rule.

    Attributes:
        before, after: two of them.
        voices: who breaks it.
        chord: in which of the chords the fault is complete.
        letters: the diatonic numbers of the soprano's notes, where they matter.
        last: a third chord, if the fault needs one.
    """

    rule: str
    before: Chord
    after: Chord
    voices: tuple[int, ...]
    chord: int = 1
    letters: tuple[int, int] | None = None
    last: Chord | None = None

    @property
    def chords(self) -> list[Chord]:
        return [self.before, self.after, *([self.last] if self.last else [])]


PATTERNS = [
    Pattern("parallel-fifths", (72, 64, 55, 48), (71, 65, 57, 50), (2, 3)),
    Pattern("parallel-octaves", (72, 67, 64, 48), (74, 67, 59, 50), (0, 3)),
    Pattern("parallel-unisons", (72, 64, 64, 48), (71, 65, 65, 50), (1, 2)),
    Pattern("contrary-fifths", (67, 64, 60, 48), (62, 59, 57, 55), (0, 3)),
    Pattern("contrary-octaves", (72, 67, 64, 48), (67, 64, 60, 55), (0, 3)),
    Pattern("direct-fifths", (64, 60, 55, 48), (69, 62, 53, 50), (0, 3)),
    Pattern("direct-octaves", (72, 67, 60, 52), (77, 69, 60, 53), (0, 3)),
    Pattern("unequal-fifths", (74, 65, 62, 47), (76, 67, 60, 48), (1, 3)),
    Pattern("crossing", (72, 67, 64, 48), (72, 60, 64, 48), (1, 2)),
    Pattern("overlap", (72, 64, 60, 48), (74, 67, 65, 47), (1, 2)),
    Pattern("spacing", (72, 67, 64, 48), (77, 64, 60, 48), (0, 1)),
    Pattern("range", (72, 67, 64, 48), (88, 67, 64, 48), (0,)),
    Pattern("doubled-leading-tone", (71, 62, 59, 43), (72, 64, 60, 48), (0, 2), 0),
    Pattern("unresolved-leading-tone", (71, 67, 62, 43), (67, 64, 60, 48), (0,)),
    Pattern("leading-tone-leap", (74, 71, 67, 43), (72, 67, 64, 48), (1,)),
    Pattern("unresolved-seventh", (71, 65, 62, 43), (72, 67, 64, 48), (1,)),
    Pattern("large-leap", (72, 67, 64, 48), (72, 67, 64, 58), (3,)),
    # A flat to B.
    Pattern(
        "augmented-leap", (68, 65, 60, 53), (71, 65, 62, 50), (0,), letters=(33, 34)
    ),
    # F down to B, and on to A.
    Pattern(
        "diminished-leap",
        (77, 69, 60, 53),
        (71, 67, 62, 43),
        (0,),
        last=(69, 64, 60, 45),
    ),
    # C sharp against C, and after C.
    Pattern(
        "chromatic-clash", (72, 67, 64, 48), (73, 64, 60, 45), (0, 2), letters=(35, 35)
    ),
    Pattern(
        "false-relation", (76, 67, 60, 52), (73, 69, 64, 45), (0, 2), letters=(37, 35)
    ),
    # F over C, E and G.
    Pattern(
        "unprepared-dissonance",
        (74, 67, 59, 43),
        (77, 67, 64, 48),
        (0,),
        last=(76, 67, 64, 48),
    ),
    Pattern(
        "unresolved-dissonance",
        (74, 67, 59, 43),
        (77, 67, 64, 48),
        (0,),
        chord=2,
        last=(72, 67, 64, 48),
    ),
]

# Rules about chords and phrases look further; see `test_planted_chords`.
NAMES = [pattern.rule for pattern in PATTERNS]


@pytest.fixture(scope="module")
def pieces() -> list[tuple[Chorale, set[Finding]]]:
    """Some chorales of train and valid, none of test, and what is found there."""
    corpus = load_corpus(splits=("train", "valid"))
    chorales = [
        chorale for chorale in corpus.train + corpus.valid if places_for(chorale, 3)
    ]
    chosen = np.linspace(0, len(chorales) - 1, PIECES).astype(int)
    return [
        (chorale, set(check(chorale, rules=NAMES, spelling=spelling_of(chorale))))
        for chorale in (chorales[place] for place in chosen)
    ]


def places_for(chorale: Chorale, beats: int) -> list[int]:
    """Return the steps at which chords of a beat each fit into a phrase."""
    around, length = 2 * BEAT, beats * BEAT
    return [
        step
        for step in range(around, chorale.steps - length - around)
        if chorale.positions[step] % BEAT == 0
        and not chorale.fermatas[step - around : step + length + around].any()
        and chorale.pitches[step - around : step + length + around].all()
    ]


def beat_of(chorale: Chorale, step: int) -> float:
    unit = {2: 8, 4: 4, 8: 2}[chorale.metre.denominator]
    return 1 + int(chorale.positions[step]) / unit


def diatonic(pitch: int, key: Key) -> int:
    """Return the diatonic number of a note as the engraver spells it."""
    return int(diatonic_numbers(np.array(pitch), key))


def spelling_of(chorale: Chorale) -> IntArray:
    assert chorale.key is not None
    numbers = [diatonic(pitch, chorale.key) for pitch in range(128)]
    return np.array(numbers)[chorale.pitches]


def plant(
    chorale: Chorale, pattern: Pattern, step: int
) -> tuple[Chorale, IntArray, BoolArray]:
    """Overwrite beats, and return the piece, its spelling, and what may change.

    What may change are the steps from the beginning of the notes that sounded before
    the beats, to the end of those that are struck after them.
    """
    key = chorale.key
    assert key is not None
    up = (key.tonic_class + 6) % 12 - 6  # the nearest way from C
    pitches = chorale.pitches.copy()
    middle, end = step + BEAT, step + BEAT * len(pattern.chords)
    pitches[step:end] = np.repeat(np.array(pattern.chords) + up, BEAT, axis=0)
    onsets = chorale.onsets.copy()
    onsets[step:end] = False
    onsets[step : end + 1 : BEAT] = True
    planted = replace(chorale, pitches=pitches, onsets=onsets | changes(pitches))
    spelling = spelling_of(planted)
    if pattern.letters:
        higher = diatonic(60 + up, key) - 28
        spelling[step:middle, 0] = pattern.letters[0] + higher
        spelling[middle : middle + BEAT, 0] = pattern.letters[1] + higher
    near = np.zeros(chorale.steps, np.bool_)
    near[step - 1 : end + 1] = True
    for voice in range(4):
        for note in chorale.notes(voice):
            if note.start < step <= note.start + note.length:
                near[note.start : step] = True
        for note in planted.notes(voice):
            if note.start <= end < note.start + note.length:
                near[end : note.start + note.length + 1] = True
    return planted, spelling, near


def shares(
    pattern: Pattern, pieces: list[tuple[Chorale, set[Finding]]]
) -> tuple[float, float]:
    """Plant a pattern into every piece, at one of the places where it fits.

    Returns:
        The share of pieces in which it is found at its bar and beat, and the share in
        which no finding came or went except near it.
    """
    random = np.random.default_rng(0)
    found = clean = 0
    for chorale, before in pieces:
        step = int(random.choice(places_for(chorale, len(pattern.chords))))
        piece, spelling, near = plant(chorale, pattern, step)
        after = set(check(piece, rules=NAMES, spelling=spelling))
        at = step + pattern.chord * BEAT
        wanted = (int(chorale.bars[at]), beat_of(chorale, at))
        found += any(
            (finding.rule, finding.voices) == (pattern.rule, pattern.voices)
            and (finding.bar, finding.beat) == wanted
            for finding in after - before
        )
        clean += all(near[finding.step] for finding in before ^ after)
    return found / len(pieces), clean / len(pieces)


def test_there_is_a_pattern_for_every_rule() -> None:
    rules = [*NAMES, *(pattern.rule for pattern in CHORD_PATTERNS)]
    assert rules == list(RULES)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.rule)
def test_what_is_planted_is_found_and_nothing_else(
    pattern: Pattern, pieces: list[tuple[Chorale, set[Finding]]]
) -> None:
    found, clean = shares(pattern, pieces)
    assert found == 1
    assert clean == 1
