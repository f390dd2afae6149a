"""Bars of a score: numbers, positions and metres."""

from __future__ import annotations

import pytest

from chorale.music.metre import Measure, Metre, number_measures

COMMON, TRIPLE = Metre(4, 4), Metre(3, 4)


def bar(length: int, metre: Metre = COMMON, *, upbeat: bool = False) -> Measure:
    return Measure(length=length, metre=metre, upbeat=upbeat)


@pytest.mark.parametrize(
    ("measures", "bars", "starts"),
    [
        ([bar(16), bar(16)], [16, 16], [0, 0]),
        ([bar(4, upbeat=True), bar(16), bar(12)], [4, 16, 12], [12, 0, 0]),
        ([bar(16), bar(12), bar(4), bar(16)], [16, 16, 16], [0, 0, 0]),
        ([bar(12), bar(16)], [12, 16], [0, 0]),
        ([bar(16), bar(4, upbeat=True), bar(16)], [16, 4, 16], [0, 12, 0]),
        ([bar(16), bar(12), bar(12, TRIPLE)], [16, 12, 12], [0, 0, 0]),
        ([bar(32), bar(16)], [16, 16, 16], [0, 0, 0]),
        ([bar(16, upbeat=True), bar(16)], [16, 16], [0, 0]),
    ],
    ids=[
        "full",
        "pickup",
        "cut in two",
        "cut short",
        "an upbeat inside",
        "a new metre",
        "two bars long",
        "no upbeat is as long as a bar",
    ],
)
def test_bars_are_counted(
    measures: list[Measure], bars: list[int], starts: list[int]
) -> None:
    numbers, positions, _ = number_measures(measures)
    first = 0 if measures[0].upbeat and measures[0].length < 16 else 1
    expected_numbers, expected_positions = [], []
    for index, (length, start) in enumerate(zip(bars, starts, strict=True)):
        expected_numbers += [first + index] * length
        expected_positions += range(start, start + length)
    assert numbers.tolist() == expected_numbers
    assert positions.tolist() == expected_positions


def test_metres_stand_where_they_change() -> None:
    measures = [bar(4, upbeat=True), bar(16), bar(12, TRIPLE), bar(12, TRIPLE), bar(16)]
    _, _, metres = number_measures(measures)
    assert metres == (COMMON, Metre(3, 4, 20), Metre(4, 4, 44))


def test_an_excerpt_keeps_the_number_of_its_first_bar() -> None:
    numbers, _, _ = number_measures([bar(16), bar(16)], first_bar=5)
    assert numbers.tolist() == [5] * 16 + [6] * 16
