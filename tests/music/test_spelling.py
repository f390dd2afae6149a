"""Spelling of pitches in keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from strategies import keys

from chorale.music.keys import Key
from chorale.music.spelling import Spelling, diatonic_numbers, spell


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("C major", "C C# D D# E F F# G G# A Bb B"),
        ("G minor", "C C# D Eb E F F# G Ab A Bb B"),
        ("E major", "B# C# D D# E E# F# F## G# A A# B"),
        ("Ab minor", "C Db D Eb Fb F Gb G Ab Bbb Bb Cb"),
    ],
)
def test_pitches_are_spelled_by_the_key(key: str, names: str) -> None:
    spelled = [spell(pitch, Key.parse(key)) for pitch in range(60, 72)]
    assert [
        letter + ("#" * alter if alter > 0 else "b" * -alter)
        for letter, alter, _ in spelled
    ] == names.split()


@given(keys())
def test_a_spelling_sounds_as_its_pitch(key: Key) -> None:
    naturals = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
    for pitch in range(1, 128):
        letter, alter, octave = spell(pitch, key)
        assert 12 * (octave + 1) + naturals[letter] + alter == pitch


def test_diatonic_numbers_count_white_keys() -> None:
    pitches = np.array([[60, 61, 71], [72, 12, 0]])
    numbers = diatonic_numbers(pitches, Key("C", "major"))
    assert numbers.tolist() == [[28, 28, 34], [35, 0, -7]]
    assert diatonic_numbers(np.array(61), Key("Db", "major")) == 29


@pytest.mark.parametrize(
    ("pitch", "number", "name"),
    [
        (60, 28, "C4"),
        (61, 28, "C#4"),
        (61, 29, "Db4"),
        (59, 28, "Cb4"),
        (60, 27, "B#3"),
    ],
)
def test_a_note_has_the_name_of_its_number(pitch: int, number: int, name: str) -> None:
    assert Spelling.of(pitch, number).name == name


def test_a_spelling_beyond_double_accidentals_says_by_how_much() -> None:
    assert Spelling.of(63, 28).name == "C(+3)4"
