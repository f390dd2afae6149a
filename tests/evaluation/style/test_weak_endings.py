"""Weak endings in words."""

from __future__ import annotations

import pytest
from hand_made import C_MINOR, chords, fermatas

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.weak_endings import weak_end, weak_phrase_ends
from chorale.evaluation.style.windows import Window
from chorale.music.keys import Key
from chorale.music.score import Chorale

TONIC = [72, 67, 64, 48]
SUBDOMINANT = [72, 69, 65, 53]
DOMINANT = [71, 67, 62, 55]


def analyzed(chorale: Chorale, start: int = 0, *, is_cut: bool = False) -> Analysis:
    return Analysis.of(Window(chorale, start, "", is_cut))


def two_phrases(first: list[int], last: list[int], key: Key | None = None) -> Chorale:
    rows = [TONIC, SUBDOMINANT, DOMINANT, first, TONIC, SUBDOMINANT, DOMINANT, last]
    marks = fermatas(32, (12, 16), (28, 32))
    return chords(*rows, fermatas=marks, **({} if key is None else {"key": key}))


def test_phrases_that_rest_are_not_weak() -> None:
    assert weak_phrase_ends(analyzed(two_phrases(TONIC, TONIC))) == []


def test_inversions_and_dissonances_are_weak() -> None:
    inverted = analyzed(two_phrases([72, 67, 60, 52], TONIC))
    assert weak_phrase_ends(inverted) == [(12, "ends on the inversion I6 in C major")]
    dissonant = analyzed(two_phrases([74, 67, 64, 48], TONIC))
    ((step, text),) = weak_phrase_ends(dissonant)
    assert step == 12 and text.startswith("ends on a dissonance over I")
    # Before the window nothing counts.
    later = analyzed(two_phrases([72, 67, 60, 52], TONIC), 16)
    assert weak_phrase_ends(later) == []


@pytest.mark.parametrize(
    ("last", "step", "text"),
    [
        # The dominant has begun a beat before.
        ([74, 67, 59, 55], 24, "ends on G major, the home key is C major"),
        ([72, 69, 64, 57], 28, "ends on A minor, the home key is C major"),
        ([72, 67, 60, 52], 28, "ends on an inversion of the tonic, I6"),
    ],
)
def test_pieces_that_end_elsewhere(last: list[int], step: int, text: str) -> None:
    assert weak_end(analyzed(two_phrases(TONIC, last))) == (step, text)


def test_pieces_that_end_at_home() -> None:
    assert weak_end(analyzed(two_phrases(TONIC, TONIC))) is None
    alone = chords(TONIC, TONIC)
    text = "ends on the tonic, to which no dominant or subdominant leads"
    assert weak_end(analyzed(alone)) == (0, text)
    bare = two_phrases(TONIC, [72, 67, 60, 48])
    assert weak_end(analyzed(bare)) == (28, "ends on the tonic without its third")
    # A Picardy third is at home in minor.
    minor = chords([72, 67, 63, 48], [72, 68, 65, 53], DOMINANT, TONIC, key=C_MINOR)
    assert weak_end(analyzed(minor)) is None


def test_what_was_cut_has_no_end() -> None:
    chorale = two_phrases(TONIC, [74, 67, 59, 55])
    assert weak_end(analyzed(chorale, is_cut=True)) is None
    silence = Chorale(pitches=[[0] * 4] * 4)
    assert weak_end(analyzed(silence)) is None
