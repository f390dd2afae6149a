"""Ranges of voices are parsed, and a note outside is named with its place."""

from __future__ import annotations

import numpy as np
import pytest
from bach import all_chorales
from strategies import little_chorale

from chorale.corpus.ranges import ANY, SATB, Span, check_ranges, parse_ranges
from chorale.errors import DataError, UsageError
from chorale.music.score import Chorale


def test_ranges_are_parsed() -> None:
    assert parse_ranges(" SATB ") == SATB
    assert parse_ranges("any") == ANY == (Span(1, 127),) * 4
    assert parse_ranges("C2-C6") == (Span(36, 84),) * 4
    assert parse_ranges("c4-a5, G3-e5,Bb2-A4 ,E2-D4") == (
        Span(60, 81),
        Span(55, 76),
        Span(46, 69),
        Span(40, 62),
    )


@pytest.mark.parametrize(
    "text",
    ["", "tenor", "C2", "C2-", "C6-C2", "C2-C6,C2-C6", "C2-H6", "36-84", "C2-C6-C7"],
)
def test_other_ranges_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        parse_ranges(text)


def test_what_people_sing_is_accepted() -> None:
    for piece in (*all_chorales().train, *all_chorales().valid):
        check_ranges(piece, SATB)
    low = Chorale(pitches=np.array([[57, 48, 45, 36]]))  # as in motets of men's voices
    check_ranges(low, SATB)


def test_a_note_outside_is_named_with_voice_bar_and_beat() -> None:
    piece = little_chorale()  # in A minor, with a pickup of a quarter
    soprano, bass = piece.pitches[:, 0], piece.pitches[:, 3]
    check_ranges(piece, parse_ranges("any"))
    lowest = parse_ranges("C2-D5")
    check_ranges(piece, lowest)
    with pytest.raises(DataError) as caught:
        check_ranges(piece, parse_ranges("C2-C#5"))
    step = int(np.argmax(soprano == 74))
    beat = 1 + int(piece.positions[step]) // 4
    assert str(caught.value) == (
        "the soprano leaves its range: expected C2 to C#5, got D5 in "
        f"bar {piece.bars[step]}, beat {beat}"
    )
    # The first note of each voice, and how many more there are.
    with pytest.raises(DataError, match=r"got D5 in .* the bass .* and 2 more notes"):
        check_ranges(piece, parse_ranges("C3-C5,C3-C6,C3-C6,C3-C6"))
    assert bass[bass > 0].min() < 48


def test_an_octave_off_is_outside() -> None:
    piece = little_chorale()
    for semitones in (-24, 24):
        with pytest.raises(DataError, match="bar 0, beat 4"):
            check_ranges(piece.transpose(semitones), SATB)


def test_rests_are_inside() -> None:
    check_ranges(Chorale(pitches=np.array([[72, 0, 0, 48]])), parse_ranges("C3-C5"))
