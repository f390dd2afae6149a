"""Names of intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from music21.interval import Interval
from music21.pitch import Pitch

from chorale.music.intervals import interval_name
from chorale.music.spelling import LETTERS


@pytest.mark.parametrize(
    ("semitones", "letters", "name"),
    [
        (-2, -1, "a major second"),  # a clarinet in B flat
        (-3, -2, "a minor third"),  # a clarinet in A
        (-7, -4, "a perfect fifth"),  # a horn in F
        (-9, -5, "a major sixth"),  # an alto saxophone
        (3, 2, "a minor third"),  # a clarinet in E flat
        (-14, -8, "a major ninth"),  # a tenor saxophone
        (-21, -12, "a major thirteenth"),  # a baritone saxophone
        (12, 7, "an octave"),
        (-24, -14, "2 octaves"),
        (-26, -15, "2 octaves and a major second"),
        (6, 3, "an augmented fourth"),
        (6, 4, "a diminished fifth"),
        (0, 0, "a perfect unison"),
        (0, 1, "a diminished second"),
        (5, 1, "5 semitones"),
        (1, 3, "1 semitone"),
    ],
)
def test_names(semitones: int, letters: int, name: str) -> None:
    assert interval_name(semitones, letters) == name
    assert interval_name(-semitones, -letters) == name


@given(st.integers(0, 6), st.integers(2, 4), st.integers(-1, 1), st.integers(0, 13))
def test_music21_gives_the_same_names(
    letter: int, octave: int, alter: int, letters: int
) -> None:
    low = Pitch(step=LETTERS[letter], octave=octave, accidental=0)
    number = letter + letters
    high = Pitch(step=LETTERS[number % 7], octave=octave + number // 7)
    high.accidental = alter
    semitones = int(high.ps - low.ps)
    name = interval_name(semitones, letters)
    theirs = Interval(low, high).niceName.lower()
    if semitones < 0 or "doubly" in theirs:
        return
    if letters == 7 and "perfect" in theirs:
        theirs = "octave"
    assert name.split(" ", 1)[1] == theirs
