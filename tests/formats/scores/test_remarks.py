"""What is said of a score that is read differently from how it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from written_scores import KEY, score, staff

from chorale.formats.scores.bars import play_bars
from chorale.formats.scores.remarks import remarks_on
from chorale.formats.scores.staff_voices import Guesses
from chorale.music.metre import Metre


def remarks(*guesses: Guesses, **bars: dict[int, dict[str, Any]]) -> list[str]:
    """Return the remarks on a score of four bars of 4/4."""
    written = score(staff("72:16|71:16|72:16|71:16"), **bars).bars
    return remarks_on(written, play_bars(written), guesses)


def test_of_an_ordinary_score_nothing_is_said() -> None:
    assert remarks(Guesses(notes=4)) == []


def test_repeats_with_and_without_endings() -> None:
    assert remarks(bars={2: {"repeat_end": True}}) == ["repeats are read once"]
    endings = {
        number: {"endings": frozenset({each})} for number, each in ((2, 1), (3, 2))
    }
    assert remarks(bars=endings) == [
        "repeats are read once, with the last ending, without bar 2"
    ]


def test_guessed_voices_of_all_staves() -> None:
    assert remarks(Guesses(unisons=[3, 1], unwritten=[2]), Guesses(unisons=[1])) == [
        "notes that are written once for two voices are read as unisons in "
        "bars 1 and 3",
        "where neither a note nor a rest is written for a voice, it is silent in bar 2",
    ]


@pytest.mark.parametrize(
    ("tempos", "said"),
    [
        ({1: 90.0, 2: 90.0}, False),
        ({1: 90.0, 2: 60.0}, True),
        ({2: 60.0}, True),
        ({1: 90.0}, False),
    ],
)
def test_later_tempos_are_said(tempos: dict[int, float], said: bool) -> None:
    found = remarks(bars={number: {"tempo": tempo} for number, tempo in tempos.items()})
    remark = "the tempo changes, only that of the beginning is kept: bar 2"
    assert found == [remark] * said


def test_later_keys_are_said_unless_they_repeat_the_first() -> None:
    flat = replace(KEY, fifths=-1)
    assert remarks(bars={3: {"key": KEY}}) == []
    assert remarks(bars={2: {"key": flat}, 4: {"key": KEY}}) == [
        "the key signature changes, only the first is kept: bars 2 and 4"
    ]


def test_odd_metres() -> None:
    late = {1: {"metre": None}, 3: {"metre": Metre(3, 4)}}
    assert remarks(bars=late) == [
        "bars that are longer than the metre are counted as several: bars 3 and 4",
        "there is no metre before bar 3: the bars before are counted in 4/4",
    ]
