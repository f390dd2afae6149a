"""What a user says about a file, and what is said of a reading."""

from __future__ import annotations

from dataclasses import replace

import pytest
from strategies import little_chorale

from chorale.errors import UsageError
from chorale.formats.reading import Reading, ReadingOptions
from chorale.music.keys import Key


def test_key_and_tempo_of_the_user_come_first() -> None:
    piece = little_chorale(key=Key("A", "minor"))
    assert ReadingOptions().apply(piece) == piece
    given = ReadingOptions(key=Key("C", "major"), tempo=100.0).apply(piece)
    assert given == replace(piece, key=Key("C", "major"))
    assert given.tempo == 100


@pytest.mark.parametrize(
    "options",
    [{"tempo": 9.9}, {"tempo": 401.0}, {"tempo": float("nan")}]
    + [{"parts": parts} for parts in ((1, 2, 3), (1, 1), (0,), ())],
)
def test_options_out_of_bounds(options: dict) -> None:
    with pytest.raises(UsageError, match="expected"):
        ReadingOptions(**options)


def test_remarks_are_printable_sentences() -> None:
    reading = Reading(little_chorale(), notes=("a\x1b[31m name is odd",))
    assert "\x1b" not in reading.remarks()[0]
    assert Reading(little_chorale(), off_grid=1, metre_assumed=True).remarks() == [
        "the file has no metre: bars are counted in 4/4",
        "1 note is off the grid of sixteenths, as triplets are: moved to it",
    ]
    assert Reading(little_chorale(), off_grid=2).remarks()[0].startswith("2 notes are")


def test_what_is_estimated_is_said_in_a_word() -> None:
    reading = Reading(little_chorale())
    assert reading.estimated == ""
    assert reading._replace(key_estimated=True).estimated == "key"
    assert reading._replace(metre_assumed=True).estimated == "metre"
    both = reading._replace(metre_assumed=True, key_estimated=True)
    assert both.estimated == "key metre"
