"""Sentences for the user on what of a score is read differently from how it is written.

What a reader or the choice of staves has to say is in `WrittenScore.notes` and
`Staff.remarks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from chorale.formats.places import list_bars
from chorale.formats.remarks import on_unisons
from chorale.formats.scores.bars import PlayedBars
from chorale.formats.scores.staff_voices import Guesses
from chorale.formats.scores.written_score import WrittenBar

_Value = TypeVar("_Value")


def remarks_on(
    bars: Sequence[WrittenBar], played: PlayedBars, guesses: Sequence[Guesses]
) -> list[str]:
    """Return sentences on repeats, guessed voices, changes of key, tempo and metre.

    Args:
        bars: of the score.
        played: those that are read.
        guesses: what was guessed about the voices of each staff.
    """
    return [
        *_on_repeats(bars, played),
        *_on_voices(guesses),
        *_on_changes(bars),
        *_on_metres(bars, played),
    ]


def _on_repeats(bars: Sequence[WrittenBar], played: PlayedBars) -> list[str]:
    if played.left_out:
        return [
            "repeats are read once, with the last ending, without "
            + list_bars(played.left_out)
        ]
    if any(bar.repeat_start or bar.repeat_end for bar in bars):
        return ["repeats are read once"]
    return []


def _on_voices(guesses: Sequence[Guesses]) -> list[str]:
    remarks = on_unisons(bar for guess in guesses for bar in guess.unisons)
    unwritten = [bar for guess in guesses for bar in (*guess.unwritten, *guess.alone)]
    if unwritten:
        remarks.append(
            "where neither a note nor a rest is written for a voice, it is silent in "
            + list_bars(sorted(unwritten))
        )
    return remarks


def _on_changes(bars: Sequence[WrittenBar]) -> list[str]:
    """Return sentences on key signatures and tempos after the beginning."""
    remarks = []
    keys = [(bar.number, bar.key.fifths) for bar in bars if bar.key]
    if changes := _changes(keys):
        remarks.append(
            "the key signature changes, only the first is kept: " + list_bars(changes)
        )
    tempos = [
        (bar.number, bar.tempo)
        for index, bar in enumerate(bars)
        if bar.tempo or not index
    ]
    if changes := _changes(tempos):
        remarks.append(
            "the tempo changes, only that of the beginning is kept: "
            + list_bars(changes)
        )
    return remarks


def _changes(values: Iterable[tuple[int, _Value]]) -> list[int]:
    """Return the numbers of the bars with another value than the one before."""
    return [
        number for (_, before), (number, after) in pairwise(values) if before != after
    ]


def _on_metres(bars: Sequence[WrittenBar], played: PlayedBars) -> list[str]:
    remarks = []
    if played.too_long:
        remarks.append(
            "bars that are longer than the metre are counted as several: "
            + list_bars(played.too_long)
        )
    first = next((bar for bar in bars if bar.metre), None)
    if first is not None and bars[0].metre is None:
        remarks.append(
            f"there is no metre before bar {first.number}: the bars before are counted "
            "in 4/4"
        )
    return remarks
