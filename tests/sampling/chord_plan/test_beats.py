"""Beats of a melody: places in the phrase, and roles of notes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from chorale.encoding.plan import Plan
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note
from chorale.sampling.chord_plan.beats import (
    ARRIVAL,
    BEFORE,
    BEGINNING,
    HELD,
    HELD_ON,
    LAST_ARRIVAL,
    LAST_BEFORE,
    LEAP_ON,
    OFF_BEAT,
    STEP_ON,
    STRONG,
    WEAK,
    Beat,
    beats_of,
)

LEAPS, LEAP_AND_STEP, STEP_AND_LEAP, STEPS = OFF_BEAT


def beats(
    notes: list[tuple[int, int]], ends: set[int], metre: str = "4/4", pickup: int = 0
) -> list[Beat]:
    """Return the beats of notes (pitch, steps); those of `ends` have fermatas."""
    starts = np.cumsum([0, *(length for _, length in notes)])
    sung = [
        Note(pitch, int(start), length)
        for (pitch, length), start in zip(notes, starts, strict=False)
    ]
    steps = int(starts[-1])
    bars, positions = number_bars(steps, [Metre.parse(metre)], pickup)
    fermatas = np.zeros(steps, np.bool_)
    for index in ends:
        fermatas[sung[index].start : sung[index].end] = True
    piece = Chorale.from_notes(
        [sung, [], [], []],
        steps,
        fermatas=fermatas,
        bars=bars,
        positions=positions,
        metres=(Metre.parse(metre),),
    )
    return beats_of(Plan.of(piece), piece.pitches[:, 0], piece.onsets[:, 0])


def test_places_in_two_phrases_of_four_quarters() -> None:
    quarters = [(60 + index % 3, 4) for index in range(16)]
    found = beats(quarters, {7, 15})
    first = [BEGINNING, WEAK, STRONG, WEAK, STRONG, WEAK, BEFORE, ARRIVAL]
    last = [*first[:-2], LAST_BEFORE, LAST_ARRIVAL]
    assert [beat.place for beat in found] == [*first, *last]
    assert [beat.step for beat in found] == [*range(0, 64, 4)]


def test_three_quarters_have_one_strong_beat() -> None:
    found = beats([(60, 4), (62, 4), (64, 4)] * 4, {11}, "3/4")
    strong = [beat.step for beat in found if beat.place == STRONG]
    assert strong == [12, 24, 36]


def test_a_last_note_is_held() -> None:
    found = beats([(60, 4), (62, 4), (64, 4), (62, 4), (60, 16)], {4})
    assert [beat.place for beat in found][3:] == [
        LAST_BEFORE,
        LAST_ARRIVAL,
        *[HELD] * 3,
    ]
    assert [beat.notes[0].role for beat in found[5:]] == [HELD_ON] * 3


def test_a_pickup_begins_the_phrase() -> None:
    found = beats([(60, 2), (62, 4), (64, 4), (62, 4), (60, 4)], {4}, pickup=2)
    assert [beat.step for beat in found] == [0, 2, 6, 10, 14]
    assert found[0].place == BEGINNING


def test_roles_of_notes() -> None:
    notes = [(60, 2), (62, 2), (67, 2), (60, 2), (62, 1), (64, 1), (60, 2), (60, 4)]
    first, second, third, _ = beats(notes, {7})
    assert [note.role for note in first.notes] == [STEP_ON, STEP_AND_LEAP]
    assert [note.role for note in second.notes] == [LEAP_ON, LEAP_AND_STEP]
    assert [note.role for note in third.notes] == [STEP_ON, STEP_AND_LEAP, LEAPS]


def test_a_passing_note_has_steps_on_both_sides() -> None:
    first, *_ = beats([(60, 2), (62, 2), (64, 4), (60, 8)], {3})
    assert first.notes[1].role == STEPS


def test_rests_have_no_notes() -> None:
    metre = Metre.parse("4/4")
    bars, positions = number_bars(16, [metre], 0)
    lines = [[Note(60, 0, 4), Note(62, 12, 4)], [], [], []]
    piece = Chorale.from_notes(lines, 16, bars=bars, positions=positions)
    found = beats_of(Plan.of(piece), piece.pitches[:, 0], piece.onsets[:, 0])
    assert [len(beat.notes) for beat in found] == [1, 0, 0, 1]
    assert [beat.pitch for beat in found] == [60, 0, 0, 62]


def test_a_note_after_a_rest_does_not_sound_at_the_beginning_of_its_beat() -> None:
    piece = Chorale.from_notes([[Note(60, 0, 4), Note(62, 6, 2)], [], [], []], 8)
    found = beats_of(Plan.of(piece), piece.pitches[:, 0], piece.onsets[:, 0])
    assert [beat.pitch for beat in found] == [60, 0]
    assert found[1].notes[0].pitch == 62


def test_notes_of_a_beat_end_with_the_phrase() -> None:
    notes = [(60, 4), (62, 4), (64, 2), (65, 1), (67, 1), (69, 4), (60, 16)]
    found = beats(notes, {3, 6})
    assert [note.pitch for note in found[2].notes] == [64, 65]
    assert [note.pitch for note in beats(notes, {6})[2].notes] == [64, 65, 67]


@pytest.mark.parametrize(
    ("metre", "lengths", "steps", "strong"),
    [
        ("4/4", [4] * 8, range(0, 32, 4), [0, 8, 16, 24]),
        ("3/4", [4] * 6, range(0, 24, 4), [0, 12]),
        ("5/4", [4] * 10, range(0, 40, 4), [0, 20]),
        ("3/8", [2] * 6, [0, 4, 6, 10], [0, 6]),
        ("5/8", [2] * 10, [0, 4, 8, 10, 14, 18], [0, 10]),
    ],
)
def test_beats_are_quarters_and_begin_with_the_bar(
    metre: str, lengths: list[int], steps: Sequence[int], strong: list[int]
) -> None:
    notes = [(60 + index % 2, length) for index, length in enumerate(lengths)]
    found = beats(notes, set(), metre)
    assert [beat.step for beat in found] == [*steps]
    assert [beat.step for beat in found if beat.is_strong] == strong


def test_bars_of_changing_metres_have_strong_beats_of_their_own() -> None:
    metres = [Metre(3, 4), Metre(4, 4, step=12)]
    bars, positions = number_bars(28, metres, 0)
    piece = Chorale.from_notes(
        [[Note(60, 0, 28)], [], [], []],
        28,
        bars=bars,
        positions=positions,
        metres=tuple(metres),
    )
    found = beats_of(Plan.of(piece), piece.pitches[:, 0], piece.onsets[:, 0])
    assert [beat.step for beat in found if beat.is_strong] == [0, 12, 20]
