"""Parallels beside those that music21 finds, every difference explained."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest

from chorale.corpus.loading import load_corpus
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.spelling import Spelling, diatonic_numbers
from chorale.voice_leading.checking import check

RULES = {
    "parallel-fifths": "parallelFifth",
    "parallel-octaves": "parallelOctave",
    "parallel-unisons": "parallelUnison",
}
# What a parallel in contrary motion is with us; a unison then counts as an octave.
CONTRARY = {
    "parallel-fifths": "contrary-fifths",
    "parallel-octaves": "contrary-octaves",
    "parallel-unisons": "contrary-octaves",
}
PAIRS = [(upper, lower) for lower in range(4) for upper in range(lower)]


@cache
def note_of(pitch: int, key: Key) -> Any:
    """Return a music21 note, spelled as the engraver does."""
    from music21 import note
    from music21 import pitch as pitches

    number = int(diatonic_numbers(np.array(pitch), key))
    letter, alter, octave = Spelling.of(pitch, number)
    return note.Note(pitches.Pitch(step=letter, octave=octave, accidental=alter))


def quartet(chorale: Chorale, step: int, upper: int, lower: int) -> Any:
    """Return music21's view of what two voices do from the step before."""
    from music21.voiceLeading import VoiceLeadingQuartet

    assert chorale.key is not None
    return VoiceLeadingQuartet(
        *(
            note_of(int(chorale.pitches[at, voice]), chorale.key)
            for voice in (upper, lower)
            for at in (step - 1, step)
        )
    )


def compare(chorale: Chorale, share: float, random: np.random.Generator) -> Counter:
    """Count what the two find in the pairs of voices that both move.

    Args:
        share: of the pairs without a perfect interval before and after that are looked
            at; all others are.

    Returns:
        How often each occurs: `pairs` looked at, `agree` on a parallel, `contrary`
        (perfect intervals in contrary motion, which music21 counts as parallels and we
        by rules of their own), `fermata` (we count no motion out of one), and
        `unexplained`.
    """
    ours = {
        (finding.step, finding.voices, finding.rule)
        for finding in check(chorale, rules=[*RULES, *CONTRARY.values()])
    }
    counts: Counter = Counter()
    pitches, fermatas = chorale.pitches, chorale.fermatas
    for step in range(1, chorale.steps):
        for upper, lower in PAIRS:
            four = pitches[step - 1 : step + 1][:, [upper, lower]]
            if not four.all() or (four[0] == four[1]).any():
                continue
            classes = abs(four[:, 0] - four[:, 1]) % 12
            if not np.isin(classes, (0, 7)).all() and random.random() >= share:
                continue
            counts["pairs"] += 1
            motion = quartet(chorale, step, upper, lower)
            for rule, method in RULES.items():
                we = (step, (upper, lower), rule) in ours
                they = getattr(motion, method)()
                contrary = (step, (upper, lower), CONTRARY[rule]) in ours
                if we and they:
                    counts["agree"] += 1
                elif they and contrary and motion.contraryMotion():
                    counts["contrary"] += 1
                elif they and fermatas[step - 1] and not fermatas[step]:
                    counts["fermata"] += 1
                elif we or they:
                    counts["unexplained"] += 1
    return counts


def test_music21_finds_the_same_parallels() -> None:
    corpus = load_corpus(splits=("train", "valid"))
    counts: Counter = Counter()
    random = np.random.default_rng(0)
    for chorale in (corpus.train + corpus.valid)[::8]:
        counts += compare(chorale, 0.02, random)
    assert counts["pairs"] > 300
    assert counts["agree"] > 3
    assert counts["contrary"] > 3
    assert counts["fermata"] > 0
    assert not counts["unexplained"]


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("parallel-fifths", (67, 60), (69, 62)),
        ("parallel-fifths", (67, 60), (65, 59)),
        ("parallel-octaves", (72, 60), (74, 62)),
        ("parallel-octaves", (72, 60), (74, 74)),
        ("parallel-unisons", (60, 60), (62, 62)),
        ("parallel-unisons", (72, 60), (74, 62)),
    ],
)
def test_by_example(rule: str, before: tuple[int, int], after: tuple[int, int]) -> None:
    pitches = [[upper, 0, 0, lower] for upper, lower in (before, after)]
    chorale = Chorale(pitches=pitches, key=Key("C", "major"))
    they = getattr(quartet(chorale, 1, 0, 3), RULES[rule])()
    assert bool(check(chorale, rules=[rule])) == they
