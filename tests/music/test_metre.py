"""Metre: lengths of bars and beats; numbers and positions of the bars of a score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import chorales

from chorale.errors import DataError
from chorale.music.metre import (
    Measure,
    Metre,
    bar_lengths,
    metres_of,
    number_bars,
    number_measures,
)
from chorale.music.score import Chorale

COMMON, TRIPLE = Metre(4, 4), Metre(3, 4)


@pytest.mark.parametrize(
    ("name", "bar", "beat"),
    [
        ("4/4", 16, 4),
        ("3/4", 12, 4),
        ("2/2", 16, 4),
        ("3/2", 24, 4),
        ("3/8", 6, 6),
        ("6/8", 12, 6),
        ("5/8", 10, 2),
        ("12/8", 24, 6),
        ("6/4", 24, 4),
        ("9/16", 9, 3),
        ("1/1", 16, 4),
    ],
)
def test_lengths_of_bars_and_beats(name: str, bar: int, beat: int) -> None:
    metre = Metre.parse(f" {name} ")
    assert (metre.name, metre.bar_length, metre.beat_length) == (name, bar, beat)


@pytest.mark.parametrize(
    "text", ["", "4", "4/", "4/3", "4/32", "0/4", "256/4", "-3/4", "3/4/4", "٣/4", "C"]
)
def test_what_is_no_metre(text: str) -> None:
    with pytest.raises(DataError, match=r"such as '3/4', got "):
        Metre.parse(text)


def test_a_metre_does_not_begin_before_the_piece() -> None:
    assert Metre(3, 4, 0).step == 0
    with pytest.raises(DataError):
        Metre(3, 4, -1)


def test_bars_count_from_one_and_a_pickup_is_bar_zero() -> None:
    bars, positions = number_bars(20, [COMMON])
    assert bars.tolist() == [1] * 16 + [2] * 4
    assert positions.tolist() == [*range(16), *range(4)]
    bars, positions = number_bars(20, [TRIPLE], pickup=4)
    assert bars.tolist() == [0] * 4 + [1] * 12 + [2] * 4
    assert positions.tolist() == [8, 9, 10, 11, *range(12), *range(4)]


def test_a_metre_changes_at_the_next_barline() -> None:
    bars, positions = number_bars(44, [COMMON, Metre(3, 4, 16)])
    assert bars.tolist() == [1] * 16 + [2] * 12 + [3] * 12 + [4] * 4
    # A change that is written within a bar waits for its end.
    assert number_bars(44, [COMMON, Metre(3, 4, 10)])[0].tolist() == bars.tolist()
    assert positions[28] == 0
    assert bar_lengths([COMMON, Metre(3, 4, 16)], 20).tolist() == [16] * 16 + [12] * 4


@given(st.integers(1, 80), st.sampled_from(["4/4", "3/4", "6/8"]), st.data())
def test_measures_of_full_bars_are_bars(
    steps: int, name: str, data: st.DataObject
) -> None:
    metre = Metre.parse(name)
    pickup = data.draw(st.integers(0, metre.bar_length - 1))
    bars, positions = number_bars(steps, [metre], pickup)
    lengths = [pickup] * bool(pickup)
    while sum(lengths) < steps:
        lengths.append(metre.bar_length)
    measures = [
        Measure(length=length, metre=metre, upbeat=length == pickup)
        for length in lengths
    ]
    found, places, metres = number_measures(measures)
    assert found[:steps].tolist() == bars.tolist()
    assert places[:steps].tolist() == positions.tolist()
    assert metres == (metre,)


# === Measures of a score ===


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


# === Metres from bars ===


@given(piece=chorales())
def test_metres_of_bars_fit_them(piece: Chorale) -> None:
    metres = metres_of(piece.bars, piece.positions)
    lengths = bar_lengths(metres, piece.steps)
    assert (piece.positions < lengths).all()
    if piece.bars[-1] > piece.bars[0]:
        assert metres[0].bar_length == piece.metre.bar_length


@pytest.mark.parametrize(
    ("text", "pickup", "expected"),
    [
        ("3/4", 4, "3/4"),
        ("4/4", 0, "4/4"),
        ("6/8", 2, "3/4"),
        ("2/2", 8, "4/4"),
        ("5/8", 0, "5/8"),
        ("3/16", 1, "3/16"),
        ("3/2", 4, "6/4"),
    ],
)
def test_the_metre_of_bars_is_the_plainest(
    text: str, pickup: int, expected: str
) -> None:
    metre = Metre.parse(text)
    bars, positions = number_bars(3 * metre.bar_length + 3, [metre], pickup)
    assert [found.name for found in metres_of(bars, positions)] == [expected]


def test_a_bar_without_a_metre_is_in_common_time() -> None:
    steps = np.arange(5000)
    metres = metres_of(np.append(np.ones(4999, int), 2), np.append(steps[:4999], 0))
    assert [metre.name for metre in metres] == ["4/4"]
