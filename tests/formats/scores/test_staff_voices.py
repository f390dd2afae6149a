"""Voices on a staff: written as voices, as chords, as both, unisons written once."""

from __future__ import annotations

from fractions import Fraction

import pytest

from chorale.errors import DataError
from chorale.formats.scores.notes import ScoreNote
from chorale.formats.scores.staff_voices import (
    Guesses,
    most_at_once,
    ordered_by_height,
    separate_bar,
    upper_line,
)
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


@pytest.mark.parametrize(
    ("pitch", "singers"),
    [(48, (2, 3)), (46, (2, 3)), (45, (3,)), (64, (2, 3)), (69, (2,))],
)
def test_a_note_out_of_reach_is_no_unison(pitch: int, singers: tuple[int, ...]) -> None:
    guesses = Guesses()
    lines = [line(((60, 48), 8), (pitch, 8))]
    separated = separate_bar(lines, 2, Metre(4, 4), guesses, (2, 3))
    last = [[note.pitches[0] for note in voice][1:] for voice in separated]
    assert last == [[pitch] * (2 in singers), [pitch] * (3 in singers)]
    assert (guesses.unisons, guesses.alone) == (
        ([7], []) if len(singers) == 2 else ([], [7])
    )


def test_a_voice_sings_what_is_written_in_it_however_low() -> None:
    lines = [line((60, 8), (41, 8)), line((48, 8))]
    separated = separate_bar(lines, 2, Metre(4, 4), Guesses(), (2, 3))
    assert [[note.pitches[0] for note in voice] for voice in separated] == [
        [60, 41],
        [48, 41],
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


# === Voices by height ===


def pitches(bars: list) -> list:
    return [[[note.pitches for note in line] for line in bar] for bar in bars]


def test_two_voices_of_which_the_second_is_above_change_places() -> None:
    bars = [[line((60, 16)), line((72, 16))], [line((62, 16)), line((71, 16))]]
    ordered = ordered_by_height(bars)
    assert ordered is not None
    assert pitches(ordered) == [[[(72,)], [(60,)]], [[(71,)], [(62,)]]]


@pytest.mark.parametrize(
    "bars",
    [
        [[line((72, 16)), line((60, 16))]],
        # Below in two thirds of the time, not in more.
        [[line((60, 8), (72, 4)), line((64, 12))]],
        # A unison, a rest and a voice alone say nothing.
        [
            [line((60, 8), (60, 8)), line((60, 8), (None, 8))],
            [line((60, 16))],
            [line((None, 16)), line((72, 16))],
        ],
    ],
)
def test_voices_in_order_stay(bars: list) -> None:
    assert ordered_by_height(bars) is None


def test_a_crossing_bar_is_no_exchange() -> None:
    bars = [[line((60, 16)), line((64, 16))], *[[line((72, 16)), line((64, 16))]] * 2]
    assert ordered_by_height(bars) is None


def test_the_upper_line_takes_top_notes_and_the_first_voice() -> None:
    bars = [
        [line(((72, 67), 4), (71, 4), (72, 4), (None, 4))],
        [line((None, 16)), line((74, 8), (72, 8))],
        [line((71, 16)), line((67, 16))],
    ]
    found = upper_line(bars)
    assert found is not None
    melody, chords, seconds = found
    assert pitches(melody) == [
        [[(72,), (71,), (72,), ()]],
        [[(74,), (72,)]],
        [[(71,)]],
    ]
    assert (chords, seconds) == ([7], [7])


def test_a_melody_of_chords_has_no_upper_line() -> None:
    one_in_four = [[line(((72, 67), 4), (71, 4), (72, 4), (71, 4))]]
    assert upper_line(one_in_four) is not None
    assert upper_line([*one_in_four, [line(((72, 67), 16))]]) is None


def test_the_most_notes_at_once() -> None:
    assert most_at_once([]) == 0
    assert most_at_once([line((72, 8), (71, 8))]) == 1
    assert most_at_once([line((72, 8), (71, 8)), line(((67, 60), 4), at=6)]) == 3
    assert most_at_once([line((None, 16)), line((72, 16))]) == 1
