"""What a user says about a file, and what is said of a reading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bach import few_chorales
from strategies import little_chorale

from chorale.errors import UsageError
from chorale.formats.reading import Reading, ReadingOptions, with_estimated_metre
from chorale.music.keys import Key
from chorale.music.metre import COMMON_TIME


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


def test_an_assumed_metre_is_estimated_and_marked() -> None:
    waltz = next(
        piece
        for piece in few_chorales().train
        if piece.metre.name == "3/4" and piece.pickup
    )
    plain = replace(waltz, metres=(COMMON_TIME,), bars=None, positions=None)
    reading = with_estimated_metre(Reading(plain, metre_assumed=True))
    assert (reading.chorale.metre.name, reading.chorale.pickup) == ("3/4", 4)
    assert np.array_equal(reading.chorale.pitches, waltz.pitches)
    assert (reading.estimated, reading.metre_assumed) == ("metre", False)
    assert reading.remarks() == [
        "the file has no metre: read as 3/4 with a pickup of 1/4, by the notes"
    ]
    reading = with_estimated_metre(Reading(plain, metre_default=True))
    assert (reading.chorale.metre.name, reading.estimated) == ("3/4", "metre")
    assert "the notes contradict 4/4" in reading.remarks()[0]
    # What a file states otherwise is kept.
    stated = Reading(plain)
    assert with_estimated_metre(stated) is stated


def test_a_default_metre_that_fits_is_kept() -> None:
    piece = next(
        piece
        for piece in few_chorales().train
        if piece.metre.name == "4/4" and not piece.pickup
    )
    stated = Reading(piece, metre_default=True)
    assert with_estimated_metre(stated) is stated
    reading = with_estimated_metre(Reading(piece, metre_assumed=True))
    assert reading.chorale == piece
    assert reading.estimated == "metre"
    assert reading.remarks()[0].endswith("read as 4/4 with no pickup, by the notes")


def test_bars_of_a_short_piece_stay_assumed() -> None:
    reading = Reading(little_chorale().excerpt(0, 40), metre_assumed=True)
    assert with_estimated_metre(reading) is reading
