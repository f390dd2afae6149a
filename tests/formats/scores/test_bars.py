"""Bars of a score that are read: endings, lengths, metres."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from chorale.errors import DataError
from chorale.formats.scores.bars import play_bars
from chorale.formats.scores.written_score import WrittenBar
from chorale.music.metre import Metre

COMMON, TRIPLE = Metre(4, 4), Metre(3, 4)


def bars(*lengths: float, **fields: dict[int, Any]) -> list[WrittenBar]:
    """Return bars numbered from 1; fields by name and number."""
    return [
        WrittenBar(
            number=number,
            length=Fraction(length),
            **{
                name: values[number]
                for name, values in fields.items()
                if number in values
            },
        )
        for number, length in enumerate(lengths, start=1)
    ]


def with_endings(text: str) -> list[WrittenBar]:
    """Return bars from the numbers of their brackets, as in `- 12 3`."""
    words = text.split()
    endings = {
        number: frozenset(map(int, word.strip("-")))
        for number, word in enumerate(words, start=1)
    }
    return bars(*[16] * len(words), endings=endings)


@pytest.mark.parametrize(
    ("endings", "indices"),
    [
        ("- -", [0, 1]),
        ("- 1 2 -", [0, 2, 3]),
        ("- 1 1 2 2", [0, 3, 4]),
        ("- 12 3", [0, 2]),
        ("- 1 2 3 -", [0, 3, 4]),
        ("- 1", [0, 1]),
        ("- 1 - 2", [0, 1, 2, 3]),
        ("- 1 2 - 1 2", [0, 2, 3, 5]),
        # The third time the first bracket again.
        ("- 13 2 -", [0, 1, 3]),
        ("- 13 13 2", [0, 1, 2]),
        ("- 2 1", [0, 1]),
        ("- 14 2 3", [0, 1]),
        ("- 13 24", [0, 2]),
        # A second ending that lasts to the first ending of the next repeat.
        ("- 1 2 2 1 2", [0, 2, 3, 5]),
        ("- 13 2 1 2", [0, 1, 4]),
    ],
)
def test_the_ending_of_the_last_time_is_read(endings: str, indices: list[int]) -> None:
    played = play_bars(with_endings(endings))
    assert played.indices == indices
    left_out = set(range(len(endings.split()))) - set(indices)
    assert played.left_out == [index + 1 for index in sorted(left_out)]


def test_bars_of_no_length_are_passed_over_in_silence() -> None:
    played = play_bars(bars(16, 0, 16))
    assert (played.indices, played.left_out) == ([0, 2], [])
    assert played.starts == [0, 16, 32]


def test_a_metre_begins_with_the_next_bar_that_is_read() -> None:
    endings = {2: frozenset({1}), 3: frozenset({2})}
    played = play_bars(bars(16, 12, 12, endings=endings, metre={2: TRIPLE}))
    assert [measure.metre for measure in played.measures] == [COMMON, TRIPLE]
    assert [bar.metre for bar in played.bars] == [None, TRIPLE]


def test_measures_are_whole_steps() -> None:
    # Two and a half steps, as of a bar with a triplet at its end.
    played = play_bars(bars(2.5, 15.5, 16, metre={1: COMMON}))
    assert played.starts == [0, Fraction(5, 2), 18, 34]
    assert [measure.length for measure in played.measures] == [3, 15, 16]


@pytest.mark.parametrize(
    ("lengths", "upbeats"),
    [
        ((4, 16, 12), [True, False, False]),
        ((16, 4, 16), [False, False, False]),
        ((12,), [False]),
    ],
)
def test_a_short_first_bar_is_a_pickup(
    lengths: tuple[int, ...], upbeats: list[bool]
) -> None:
    played = play_bars(bars(*lengths))
    assert [measure.upbeat for measure in played.measures] == upbeats


def test_bars_longer_than_their_metre_are_named() -> None:
    played = play_bars(bars(16, 20, 12, metre={3: TRIPLE}))
    assert played.too_long == [2]


@pytest.mark.parametrize("lengths", [(), (0, 0)])
def test_a_score_without_notes(lengths: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="expected notes, got none"):
        play_bars(bars(*lengths))


def test_damaged_lengths() -> None:
    with pytest.raises(DataError, match=r"at most 100000 .* got 100016 .* bar 2"):
        play_bars(bars(100_000, 16))
    with pytest.raises(DataError, match="bar 1"):
        play_bars([WrittenBar(number=1, length=Fraction(1, 10**16))])
