"""Faults of chords and phrases planted into Bach: found there, and nothing elsewhere.

As `test_planted_errors`, for rules that look at more than two chords, at fermatas or at
the metre.
"""

from __future__ import annotations

import numpy as np
import pytest
from chord_patterns import BEAT, CHORD_PATTERNS, ChordPattern, near, places, plant

from chorale.corpus.loading import load_corpus
from chorale.music.score import Chorale
from chorale.voice_leading.checking import check

# Rule, voices, step, bar and beat.
Found = tuple[str, tuple[int, ...], int, int, float]

PIECES = 100
LEAST_SHARE = 0.99


@pytest.fixture(scope="module")
def pieces() -> list[Chorale]:
    """Chorales of train and valid, none of test."""
    corpus = load_corpus(splits=("train", "valid"))
    return corpus.train + corpus.valid


@pytest.fixture(scope="module")
def known() -> dict[int, set[Found]]:
    """What is found in the pieces that one of the tests has checked, by `id`."""
    return {}


def found(chorale: Chorale) -> set[Found]:
    """Return rule, voices, step, bar and beat of what is found."""
    return {
        (finding.rule, finding.voices, finding.step, finding.bar, finding.beat)
        for finding in check(chorale, level="strict")
    }


@pytest.mark.parametrize("pattern", CHORD_PATTERNS, ids=lambda pattern: pattern.rule)
def test_what_is_planted_is_found_and_nothing_else(
    pattern: ChordPattern, pieces: list[Chorale], known: dict[int, set[Found]]
) -> None:
    fitting = [piece for piece in pieces if places(piece, pattern)]
    random = np.random.default_rng(0)
    hits = clean = 0
    for place in np.linspace(0, len(fitting) - 1, PIECES).astype(int):
        piece = fitting[place]
        step = int(random.choice(places(piece, pattern)))
        before = sum(beats for _, beats in pattern.chords[: pattern.chord])
        at = step + BEAT * (before + pattern.beats)
        wanted = (pattern.rule, pattern.voices, at, piece.bars[at], piece.beat_at(at))
        if id(piece) not in known:
            known[id(piece)] = found(piece)
        here, there = known[id(piece)], found(plant(piece, pattern, step))
        hits += wanted in there
        around = near(piece, pattern, step)
        clean += all(around[finding[2]] for finding in here ^ there)
    assert hits >= LEAST_SHARE * PIECES
    assert clean >= LEAST_SHARE * PIECES
