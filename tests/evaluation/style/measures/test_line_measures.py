"""Measures of lines on hand-made voices."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hand_made import chords, piece

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.lines import MEASURES
from chorale.evaluation.style.windows import Window
from chorale.music.keys import Key
from chorale.music.score import Chorale


def counted(name: str, chorale: Chorale, start: int = 0) -> tuple[float, float]:
    return MEASURES[name].count(Analysis.of(Window(chorale, start, "")))


def line(*pitches: int, length: int = 4) -> Chorale:
    return piece([(pitch, length) for pitch in pitches])


def test_returns_are_notes_that_come_back_at_once() -> None:
    turning = line(72, 74, 72, 71, 72, 74)
    assert counted("soprano_returns", turning) == (2, 4)
    # Only notes of the window count, the notes before are context.
    assert counted("soprano_returns", turning, 8) == (2, 4)
    assert counted("soprano_returns", turning, 12) == (1, 3)
    # A note struck again is one note, and nothing returns across a rest.
    assert counted("soprano_returns", line(72, 72, 74, 72)) == (1, 1)
    assert counted("soprano_returns", line(72, 74, 0, 72)) == (0, 0)
    assert counted("alto_returns", turning) == (0, 0)


def test_oscillation_is_a_return_of_a_return() -> None:
    assert counted("soprano_oscillates", line(72, 74, 72, 74, 72)) == (2, 2)
    assert counted("soprano_oscillates", line(72, 74, 72, 71, 72)) == (0, 2)


@pytest.mark.parametrize(
    ("pitches", "found"),
    [
        ((72, 74, 76, 77), 1),
        ((77, 76, 74, 72, 71), 2),
        ((72, 74, 76, 74, 72), 0),
        ((72, 74, 76, 79, 81, 83, 84), 1),
        ((72, 74, 74, 76, 77), 1),
    ],
)
def test_scales_have_four_notes(pitches: tuple[int, ...], found: int) -> None:
    changes = sum(a != b for a, b in pairwise(pitches))
    assert counted("soprano_scales", line(*pitches)) == (found, changes)


def test_leaps_are_fourths_and_more_and_want_a_way_back() -> None:
    leaping = line(72, 77, 76, 72, 67, 60, 62)
    assert counted("soprano_leaps", leaping) == (3, 6)
    # Two leaps down in a row: the first is not recovered.
    assert counted("soprano_unrecovered", leaping) == (1, 3)


def test_repeated_notes_are_struck_again() -> None:
    assert counted("soprano_repeats", line(72, 72, 74, 74, 74)) == (3, 4)


def test_half_beats_have_attacks_or_not() -> None:
    chorale = piece([(72, 2), (74, 2), (76, 4)], [(67, 8)])
    assert counted("soprano_half_beats", chorale) == (1, 2)
    assert counted("alto_half_beats", chorale) == (0, 2)
    assert counted("half_beats", chorale) == (1, 2)


def test_outer_voices_move_apart_or_all_go_one_way() -> None:
    chorale = chords([72, 67, 64, 48], [74, 69, 65, 50], [76, 67, 62, 48])
    assert counted("contrary", chorale) == (1, 2)
    assert counted("same_way", chorale) == (1, 2)


def test_width_is_time_of_more_than_a_fifth() -> None:
    chorale = chords([72, 65, 60, 48], [72, 64, 60, 48])
    assert counted("soprano_wide", chorale) == (4, 8)
    assert counted("tenor_wide", chorale) == (8, 8)


@pytest.mark.parametrize(
    ("pitches", "key", "found"),
    [
        ((67, 66, 65, 67), Key("C", "major"), (1, 1)),  # F# F
        ((65, 66, 67, 65), Key("C", "major"), (0, 1)),  # F# G
        ((72, 70, 71, 72), Key("C", "major"), (1, 1)),  # Bb B
        ((72, 70, 69, 72), Key("C", "major"), (0, 1)),  # Bb A
        ((69, 68, 67, 65), Key("A", "minor"), (1, 1)),  # G# G
        ((69, 68, 69, 68), Key("A", "minor"), (0, 1)),  # G# A, then G# to the end
        ((71, 70, 71, 69), Key("A", "minor"), (1, 1)),  # Bb B
        ((67, 66, 66, 65), Key("C", "major"), (1, 1)),  # struck again
        ((66, 0, 65, 67), Key("C", "major"), (0, 0)),  # across a rest
        ((67, 66, 65, 67), Key("G", "major"), (0, 1)),  # F in G, to G
    ],
)
def test_an_accidental_is_cancelled_by_the_note_it_alters(
    pitches: tuple[int, ...], key: Key, found: tuple[int, int]
) -> None:
    chorale = replace(line(*pitches), key=key)
    assert counted("cancelled_accidentals", chorale) == found
    assert counted("cancelled_accidentals", chorale, 13) == (0, 0)
