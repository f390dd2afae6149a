"""Voices on one staff or track: unisons, rests, crossings."""

from __future__ import annotations

import pytest

from chorale.errors import DataError
from chorale.formats.midi.voice_separation import Separation, separate_voices
from chorale.music.score import Note


def place(step: int) -> str:
    return f"bar {step // 16 + 1}"


def chords(*rows: tuple[int, ...]) -> list[Note]:
    """Return chords of a quarter each."""
    return [
        Note(pitch, 4 * index, 4) for index, row in enumerate(rows) for pitch in row
    ]


def upper(notes: list[Note]) -> Separation:
    """Return soprano and alto."""
    return separate_voices(notes, 2, (0,), place)


def pitches(separation: Separation) -> list[list[int]]:
    return [[note.pitch for note in line] for line in separation.lines]


def test_chords_are_separated_by_height() -> None:
    found = separate_voices(
        chords((72, 60, 64, 48), (71, 62, 65, 50)), 4, (0, 3), place
    )
    assert pitches(found) == [[72, 71], [64, 65], [60, 62], [48, 50]]
    assert (found.unisons, found.rests, found.doubled) == ([], [[], [], [], []], 0)


@pytest.mark.parametrize(
    "rows",
    [
        [(71, 67), (69, 66), (69,), (71, 67)],
        [(67, 62), (64,), (67, 64)],
        [(72, 69), (71,), (71,), (72, 69)],
    ],
)
def test_a_unison_written_once(rows: list[tuple[int, ...]]) -> None:
    found = upper(chords(*rows))
    assert pitches(found) == [[row[0] for row in rows], [row[-1] for row in rows]]
    assert found.unisons == [
        4 * index for index, row in enumerate(rows) if len(row) == 1
    ]


def test_a_unison_written_twice() -> None:
    found = upper(chords((71, 67), (69, 69), (71, 67)))
    assert pitches(found) == [[71, 69, 71], [67, 69, 67]]
    assert found.unisons == []


@pytest.mark.parametrize("rest", [1, 2])
def test_a_rest_in_the_lower_voice(rest: int) -> None:
    rows = [(72, 64), (74, 65), (76, 64), (74, 62), (72, 64)]
    rows[rest] = rows[rest][:1]
    found = upper(chords(*rows))
    assert pitches(found)[0] == [72, 74, 76, 74, 72]
    assert found.lines[1] == [note for note in chords(*rows) if note.pitch < 70]
    assert found.rests == [[], [(4 * rest, 4 * rest + 4)]]


def test_the_longer_of_two_equal_notes_may_be_the_lower_voice() -> None:
    notes = [Note(66, 0, 4), Note(66, 0, 2), Note(67, 2, 2), Note(69, 4, 4)]
    found = upper([*notes, Note(64, 4, 4)])
    assert found.lines == [
        [Note(66, 0, 2), Note(67, 2, 2), Note(69, 4, 4)],
        [Note(66, 0, 4), Note(64, 4, 4)],
    ]


def test_the_soprano_joins_the_alto_that_goes_on() -> None:
    # The alto holds a half, on which the soprano sings a quarter.
    notes = [Note(66, 0, 4), Note(62, 0, 4), Note(62, 4, 8), Note(67, 8, 4)]
    found = upper(notes)
    assert found.lines[0] == [Note(66, 0, 4), Note(62, 4, 4), Note(67, 8, 4)]
    assert found.lines[1] == [Note(62, 0, 4), Note(62, 4, 8)]
    assert found.unisons == [4]


def test_a_silent_staff() -> None:
    assert upper([]) == Separation([[], []], rests=[[], []])


def test_silence_of_both_is_no_remark() -> None:
    notes = [*chords((71, 67)), Note(71, 12, 4), Note(67, 12, 4)]
    found = upper(notes)
    assert found.rests == [[], []]
    assert pitches(found) == [[71, 71], [67, 67]]


def test_a_held_note_stays_in_its_voice() -> None:
    notes = [Note(72, 0, 8), Note(64, 0, 4), Note(76, 4, 4)]
    assert pitches(upper(notes)) == [[72], [64, 76]]


def test_a_note_that_reaches_into_the_next_is_cut() -> None:
    notes = [Note(72, 0, 5), Note(64, 0, 5), Note(74, 4, 4), Note(65, 4, 4)]
    found = upper(notes)
    assert found.lines == [
        [Note(72, 0, 4), Note(74, 4, 4)],
        [Note(64, 0, 4), Note(65, 4, 4)],
    ]


def test_doubled_notes_are_read_once() -> None:
    found = upper(chords((72, 72, 64, 64), (71, 71, 65)))
    assert pitches(found) == [[72, 71], [64, 65]]
    assert found.doubled == 3


def test_too_many_notes_are_named_with_their_place() -> None:
    rows = [(72, 64)] * 5 + [(72, 69, 64)]
    with pytest.raises(DataError, match="2 voices, got 3 notes at once in bar 2"):
        upper(chords(*rows))
    held = [Note(72, 0, 16), Note(64, 0, 16), Note(67, 4, 4)]
    with pytest.raises(DataError, match="got 3 notes at once in bar 1"):
        upper(held)


@pytest.mark.parametrize(
    "notes",
    [
        [Note(48 + 5 * (index % 4), 4 * index, 4) for index in range(16)],  # arpeggios
        chords(*[(72, 67, 64), (71, 67, 62)] * 8),  # three voices
    ],
)
def test_another_texture_is_refused(notes: list[Note]) -> None:
    with pytest.raises(DataError, match="mostly fewer notes sound at once, first in"):
        separate_voices(notes, 4, (0, 3), place)


def test_one_line_is_no_two_voices() -> None:
    with pytest.raises(DataError, match=r"expected 2 voices, mostly .* in bar 1"):
        upper(chords(*[(72,), (71,), (69,), (72, 67)] * 4))


def test_time_grows_linearly() -> None:
    notes = chords(*[(72, 67, 64, 48), (71, 67, 62, 50)] * 2500)
    found = separate_voices(notes, 4, (0, 3), place)
    assert [len(line) for line in found.lines] == [5000] * 4
