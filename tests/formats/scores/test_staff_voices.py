"""Voices on a staff: written as voices, as chords, as both, unisons written once."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chorale.errors import DataError
from chorale.formats.scores.notes import ScoreNote
from chorale.formats.scores.staff_voices import Guesses, separate_bar
from chorale.music.metre import Metre


def line(*notes: tuple[int | tuple[int, ...] | None, int], at: int = 0) -> list:
    """Return a written voice from pitches (None for a rest) and lengths in steps."""
    written, start = [], Fraction(at)
    for pitch, length in notes:
        pitches = (
            () if pitch is None else pitch if isinstance(pitch, tuple) else (pitch,)
        )
        written.append(
            ScoreNote(
                pitches=pitches,
                tied=(False,) * len(pitches),
                start=start,
                end=start + length,
                fermata=False,
                bar=7,
                spelling=pitches,
            )
        )
        start += length
    return written


def voices(*lines: list, count: int = 2, guesses: Guesses | None = None) -> list:
    """Return pitch, start and end of the notes of each voice."""
    guesses = Guesses() if guesses is None else guesses
    separated = separate_bar(lines, count, Metre(4, 4), guesses)
    return [
        [(note.pitches[0], int(note.start), int(note.end)) for note in voice]
        for voice in separated
    ]


def test_voices_chords_and_a_mixture() -> None:
    expected = [[(72, 0, 8), (71, 8, 16)], [(67, 0, 8), (62, 8, 16)]]
    assert voices(line((72, 8), (71, 8)), line((67, 8), (62, 8))) == expected
    assert voices(line(((72, 67), 8), ((71, 62), 8))) == expected
    assert voices(line(((72, 67), 8), (71, 8)), line((62, 8), at=8)) == expected


def test_crossing_voices_keep_their_lines() -> None:
    assert voices(line((60, 16)), line((64, 16))) == [[(60, 0, 16)], [(64, 0, 16)]]


def test_a_unison_is_written_once() -> None:
    guesses = Guesses()
    both = [(69, 4, 8), (71, 8, 16)]
    assert voices(line(((72, 67), 4), (69, 4), (71, 8)), guesses=guesses) == [
        [(72, 0, 4), *both],
        [(67, 0, 4), *both],
    ]
    assert guesses.unisons == [7, 7]
    # The lower voice begins in the middle of the bar.
    assert voices(line((72, 8), (71, 8)), line((67, 8), at=8)) == [
        [(72, 0, 8), (71, 8, 16)],
        [(72, 0, 8), (67, 8, 16)],
    ]


def test_a_written_rest_is_silence() -> None:
    guesses = Guesses()
    assert voices(line((72, 16)), line((None, 16)), guesses=guesses) == [
        [(72, 0, 16)],
        [],
    ]
    assert voices(line((None, 8), (72, 8)), line((67, 16))) == [
        [(72, 8, 16)],
        [(67, 0, 16)],
    ]
    assert voices(line((None, 8), ((72, 67), 8))) == [[(72, 8, 16)], [(67, 8, 16)]]
    assert not guesses.unisons and not guesses.unwritten


def test_a_voice_that_stops_under_a_held_note_is_silent() -> None:
    guesses = Guesses()
    assert voices(line((72, 16)), line((67, 8)), guesses=guesses) == [
        [(72, 0, 16)],
        [(67, 0, 8)],
    ]
    assert guesses.unwritten == [7]


def test_a_third_line_of_rests_or_of_what_follows() -> None:
    expected = [[(72, 0, 16)], [(67, 0, 8), (65, 8, 16)]]
    upper = line((72, 16))
    assert voices(upper, line((67, 8), (65, 8)), line((None, 16))) == expected
    assert voices(upper, line((67, 8)), line((65, 8), at=8)) == expected


def test_one_voice_in_several_lines() -> None:
    assert voices(line((72, 8)), line((67, 8), at=8), count=1) == [
        [(72, 0, 8), (67, 8, 16)]
    ]
    assert voices(line((72, 8)), line((72, 8)), count=1) == [[(72, 0, 8)]]


@pytest.mark.parametrize(
    ("lines", "count", "message"),
    [
        (
            [line(((72, 67), 4))],
            1,
            "one voice .* got 2 notes .* bar 7, beat 1",
        ),
        ([line((72, 8)), line((67, 4), at=4)], 1, "got 2 notes .* bar 7, beat 2"),
        ([line(((72, 67, 64), 4))], 2, "2 voices .* got 3 notes .* bar 7, beat 1"),
        (
            [line((72, 8), ((72, 67), 8)), line((64, 16))],
            2,
            "2 voices on a staff, got 3 notes at once in bar 7, beat 3",
        ),
        ([line((72, 16)), line((67, 16)), line((64, 16))], 2, "got 3 notes at once"),
        (
            [line(((72, 67, 60), 4), (60, 4))],
            3,
            "3 voices .* got 1 note in bar 7, beat 2",
        ),
    ],
)
def test_too_many_notes(lines: list, count: int, message: str) -> None:
    with pytest.raises(DataError, match=message):
        voices(*lines, count=count)
