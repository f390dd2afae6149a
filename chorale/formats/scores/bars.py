"""The bars of a score that are read: repeats, endings, metres, places on the grid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from chorale.errors import DataError
from chorale.formats.limits import MOST_STEPS
from chorale.formats.scores.written_score import Line, WrittenBar
from chorale.music.metre import COMMON_TIME, Measure, Metre

_FINEST_TIME = 10**15  # denominator of a time in steps; finer ones are damaged


@dataclass(frozen=True, kw_only=True)
class PlayedBars:
    """The bars that are read, in order.

    Attributes:
        bars: with their metres: that of a bar that is left out begins with the next.
        indices: of the bars in the score.
        starts: beginning of each bar and end of the last, in fractional steps.
        measures: lengths and metres on the grid; in common time if the score begins
            without a metre.
        left_out: numbers of the bars of endings that are left out.
        too_long: numbers of the bars that are longer than their metre.
    """

    bars: list[WrittenBar]
    indices: list[int]
    starts: list[Fraction]
    measures: list[Measure]
    left_out: list[int]
    too_long: list[int]

    @property
    def first_change(self) -> int | None:
        """The step at which another key begins than the first; None if none does."""
        first = self.bars[0].key
        for bar, start in zip(self.bars, self.starts, strict=False):
            if first is None or bar.key is None:
                continue
            other_mode = first.mode and bar.key.mode and first.mode != bar.key.mode
            if bar.key.fifths != first.fifths or other_mode:
                return math.ceil(start)
        return None


def play_bars(bars: Sequence[WrittenBar]) -> PlayedBars:
    """Return the bars as played at the last repeat, without empty ones.

    Raises:
        DataError: there are no notes, or the piece is too long.
    """
    kept = []
    indices = []
    left_out = []
    metre: Metre | None = None
    for index, (bar, played) in enumerate(
        zip(bars, _are_played_last(bars), strict=True)
    ):
        metre = bar.metre or metre
        if not played:
            left_out.append(bar.number)
        elif bar.length:
            kept.append(replace(bar, metre=metre))
            indices.append(index)
            metre = None
    starts = _starts(kept)
    measures = _measures(kept, starts)
    too_long = [
        bar.number
        for bar, measure in zip(kept, measures, strict=True)
        if measure.length > measure.metre.bar_length
    ]
    return PlayedBars(
        bars=kept,
        indices=indices,
        starts=starts,
        measures=measures,
        left_out=left_out,
        too_long=too_long,
    )


def fit_bars(
    bars: Sequence[WrittenBar], staves: Sequence[Sequence[Sequence[Line]]]
) -> list[WrittenBar]:
    """Return bars no longer than some of the staves need, if they exceed their metre.

    An accompaniment that is left out may have too many notes in a bar.

    Args:
        bars: as long as the longest of all staves.
        staves: the lines of each staff that is read, in each bar.
    """
    fitted = []
    metre: Metre | None = None
    for bar, *columns in zip(bars, *staves, strict=True):
        metre = bar.metre or metre
        if metre is not None and bar.length > metre.bar_length:
            ends = [note.end for lines in columns for line in lines for note in line]
            longest = max([*ends, Fraction(metre.bar_length)])
            bar = replace(bar, length=min(bar.length, longest))
        fitted.append(bar)
    return fitted


def _are_played_last(bars: Sequence[WrittenBar]) -> list[bool]:
    """Return for each bar whether it is played at the last repeat.

    Of endings that follow one another directly it is the one with the highest number,
    wherever it stands: of `1, 3` and `2` the former.
    """
    played = [True] * len(bars)
    for group in _groups_of_endings(bars):
        last = max((bars[index].endings for index in reversed(group)), key=max)
        for index in group:
            played[index] = bars[index].endings == last
    return played


def _groups_of_endings(bars: Sequence[WrittenBar]) -> Iterator[list[int]]:
    """Yield the indices of the bars of the endings of each repeat.

    Another first ending begins the endings of the next repeat.
    """
    group: list[int] = []
    has_first = False
    for index, bar in enumerate(bars):
        begins = not group or bar.endings != bars[group[-1]].endings
        is_next = begins and has_first and 1 in bar.endings
        if group and (is_next or not bar.endings):
            yield group
            group, has_first = [], False
        if bar.endings:
            group.append(index)
            has_first = has_first or 1 in bar.endings
    if group:
        yield group


def _starts(bars: Sequence[WrittenBar]) -> list[Fraction]:
    """Return the beginning of each bar and the end of the last, in steps."""
    starts = [Fraction(0)]
    for bar in bars:
        starts.append(starts[-1] + bar.length)
        if starts[-1] > MOST_STEPS or starts[-1].denominator > _FINEST_TIME:
            raise DataError(
                f"expected a piece of at most {MOST_STEPS} sixteenths, got "
                f"{float(starts[-1]):.0f} to the end of bar {bar.number}"
            )
    if not starts[-1]:
        raise DataError("expected notes, got none")
    return starts


def _measures(bars: Sequence[WrittenBar], starts: Sequence[Fraction]) -> list[Measure]:
    """Return the measures on the grid; a short first bar is a pickup."""
    measures = []
    metre = COMMON_TIME
    for index, bar in enumerate(bars):
        metre = bar.metre or metre
        length = math.ceil(starts[index + 1]) - math.ceil(starts[index])
        is_pickup = index == 0 and 0 < length < metre.bar_length and len(bars) > 1
        upbeat = bar.upbeat or is_pickup
        measures.append(Measure(length=length, metre=metre, upbeat=upbeat))
    return measures
