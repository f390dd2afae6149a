"""Keys, key estimation and names of pitches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.music.keys import Key, estimate_key, parse_pitch, pitch_name


@given(st.integers(-7, 7), st.sampled_from(["major", "minor"]))
def test_keys_read_what_they_write(fifths: int, mode: str) -> None:
    key = Key.from_fifths(fifths, mode)
    assert key.fifths == fifths
    assert Key.parse(key.name) == key
    # A fifth up is one sharp more, in either mode.
    assert key.tonic_class == (fifths * 7 + (0 if mode == "major" else 9)) % 12


def test_keys_on_black_notes_take_the_fewest_accidentals() -> None:
    assert Key.from_tonic_class(10, "major") == Key("Bb", "major")
    assert Key.from_tonic_class(1, "minor") == Key("C#", "minor")
    with pytest.raises(DataError, match="H major"):
        Key.parse("H major")


def test_the_key_of_a_scale_with_its_cadence() -> None:
    c_major = [[72, 67, 64, 48], [71, 67, 62, 55], [72, 69, 65, 53], [72, 67, 64, 48]]
    assert estimate_key(np.array(c_major)) == Key("C", "major")
    assert estimate_key(np.array(c_major) + 3) == Key("Eb", "major")
    a_minor = [[69, 64, 60, 57], [68, 64, 59, 52], [69, 65, 62, 50], [69, 64, 60, 45]]
    assert estimate_key(np.array(a_minor)) == Key("A", "minor")
    only = [Key("G", "major"), Key("E", "minor")]
    assert estimate_key(np.array(c_major), only) == Key("G", "major")
    assert estimate_key(np.zeros((4, 4), np.int64), only) == only[0]


def test_pitch_names() -> None:
    assert [pitch_name(pitch) for pitch in (60, 61, 59, 81)] == "C4 C#4 B3 A5".split()


@pytest.mark.parametrize(
    ("name", "pitch"),
    [("C4", 60), (" a0 ", 21), ("Bb2", 46), ("f#5", 78), ("B#3", 60), ("G9", 127)],
)
def test_notes_are_parsed(name: str, pitch: int) -> None:
    assert parse_pitch(name) == pitch


@given(pitch=st.integers(1, 127))
def test_names_of_notes_come_back(pitch: int) -> None:
    assert parse_pitch(pitch_name(pitch)) == pitch


@pytest.mark.parametrize("name", ["", "H4", "C", "4", "C10", "G#9", "C-1", "C#b4"])
def test_other_names_of_notes_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="such as C4 or Bb2"):
        parse_pitch(name)
