"""Quantization: performed notes on the grid, legato, doubled and divided voices."""

from __future__ import annotations

import pytest

from chorale.errors import DataError
from chorale.formats.midi.quantization import (
    PerformedNote,
    count_overlaps,
    off_grid,
    quantize,
    without_divisi,
    without_doubles,
)
from chorale.music.score import Note


def note(pitch: int, start: float, end: float) -> PerformedNote:
    return PerformedNote(pitch=pitch, start=start, end=end)


def place(step: int) -> str:
    return f"step {step}"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0.4, 3.6, (0, 4)),
        (0.5, 2.5, (1, 2)),  # halves move up, and 2.5 not to 2
        (1.5, 3.5, (2, 2)),
        (4.0, 4.2, (4, 1)),  # at least a sixteenth
        (3.6, 3.9, (4, 1)),
    ],
)
def test_notes_move_to_the_nearest_step(
    start: float, end: float, expected: tuple[int, int]
) -> None:
    assert note(60, start, end).quantized == Note(60, *expected)


def test_legato_is_cut_at_the_next_note() -> None:
    line = [note(60, 0, 4.4), note(62, 4, 8.2), note(64, 8, 12)]
    assert quantize(reversed(line), place) == [
        *(Note(60, 0, 4), Note(62, 4, 4), Note(64, 8, 4))
    ]
    assert count_overlaps(line) == 0  # so little is not worth a word
    assert count_overlaps([note(60, 0, 4.9), note(62, 4, 8)]) == 1


def test_a_slow_legato_may_overlap_more() -> None:
    assert len(quantize([note(60, 0, 9), note(62, 8, 16)], place)) == 2
    assert len(quantize([note(60, 0, 11), note(62, 8, 16)], place)) == 2
    with pytest.raises(DataError, match="two in step 8"):
        quantize([note(60, 0, 12), note(62, 8, 16)], place)
    with pytest.raises(DataError, match="two in step 8"):  # it ends before the first
        quantize([note(60, 0, 11), note(62, 8, 10)], place)


def test_chords_are_refused() -> None:
    with pytest.raises(DataError, match=r"one note at a time .* two in step 0"):
        quantize([note(60, 0, 4), note(64, 0.1, 4)], place)


def test_a_note_too_short_for_the_grid_makes_room() -> None:
    line = [note(60, 0, 0.2), note(62, 0.3, 4)]
    assert quantize(line, place) == [Note(62, 0, 4)]


def test_notes_between_two_steps_are_found() -> None:
    starts = (0.0, 1.25, 2.26, 3.5, 4.74, 5.8)
    line = [note(60, start, start + 0.5) for start in starts]
    assert off_grid(line) == [2, 4, 5]


def test_the_longer_of_two_equal_notes_is_kept() -> None:
    line = [note(60, 0, 2), note(60, 0.1, 4), note(60, 4, 8), note(64, 0, 4)]
    kept, left_out = without_doubles(line)
    assert left_out == 1
    assert [(n.pitch, n.start, n.end) for n in kept] == [
        *((64, 0, 4), (60, 0, 2), (60, 4, 8))
    ]
    same = [note(60, 0, 2), note(60, 0, 4)]
    assert without_doubles(same) == ([same[1]], 1)


def melody(*extra: PerformedNote) -> list[PerformedNote]:
    """Return forty notes of C5, a step each, with others."""
    return [*(note(72, n, n + 1) for n in range(40)), *extra]


@pytest.mark.parametrize(("outer", "pitch"), [(1, 76), (-1, 67), (0, 72)])
def test_of_a_divided_chord_one_note_is_read(outer: int, pitch: int) -> None:
    line = melody(note(76, 39, 40), note(67, 39, 40))
    kept, omitted = without_divisi(line, outer=outer)
    assert len(kept) == 40 and kept[-1].pitch == pitch
    assert omitted == [39, 39]


def test_a_voice_that_is_often_divided_is_left_as_it_is() -> None:
    line = melody(*(note(60, n, n + 1) for n in range(5)))
    assert without_divisi(line) == (line, [])
    short = [note(72, 0, 1), note(60, 0, 1), note(72, 1, 2)]
    assert without_divisi(short) == (short, [])
