"""Metre: time signatures, bar numbers, beats and pickups on the grid of sixteenths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.utils.arrays import IntArray

STEPS_PER_QUARTER = 4  # one step is a sixteenth
STEPS_PER_WHOLE = 4 * STEPS_PER_QUARTER
_MOST_UNITS = 255  # numerator of a time signature; a byte in MIDI files


@dataclass(frozen=True)
class Metre:
    """A time signature.

    Attributes:
        numerator, denominator: as written, 4 and 4 for common time.
        step: the first step of the first bar in this metre.

    Raises:
        DataError: bars of this metre are not a whole number of sixteenths.
    """

    numerator: int
    denominator: int
    step: int = 0

    def __post_init__(self) -> None:
        is_known = self.denominator in (1, 2, 4, 8, 16)
        is_known = is_known and 1 <= self.numerator <= _MOST_UNITS
        if not is_known or self.step < 0:
            raise DataError(
                "expected a time signature of whole sixteenths such as '3/4', "
                f"got {self.name!r}"
            )

    @property
    def name(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @property
    def bar_length(self) -> int:
        """Steps in a full bar."""
        return self.numerator * STEPS_PER_WHOLE // self.denominator

    @property
    def beat_length(self) -> int:
        """Steps in a beat: a dotted unit in compound metre, else at most a quarter."""
        unit = STEPS_PER_WHOLE // self.denominator
        if self.numerator % 3 == 0 and unit < STEPS_PER_QUARTER:
            return 3 * unit
        return min(unit, STEPS_PER_QUARTER)

    @classmethod
    def parse(cls, text: str, step: int = 0) -> Metre:
        """Read a time signature such as `3/4`."""
        match = re.fullmatch(r"\s*([0-9]{1,4})\s*/\s*([0-9]{1,4})\s*", text)
        if match is None:
            raise DataError(f"expected a time signature such as '3/4', got {text!r}")
        return cls(int(match[1]), int(match[2]), step)


COMMON_TIME = Metre(4, 4)


class Bar(NamedTuple):
    """A bar as written, between two barlines; its places and lengths are in steps."""

    start: int  # its first step
    length: int
    number: int  # as in `Chorale.bars`
    position: int  # offset of its first step in a full bar; not 0 for a pickup
    metre: Metre  # the time signature in force

    @property
    def end(self) -> int:
        return self.start + self.length


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure of a score, before bars are numbered."""

    length: int  # in steps
    metre: Metre  # the time signature in force
    upbeat: bool = False  # whether a short measure lacks the beginning of a bar


def number_bars(
    steps: int, metres: Sequence[Metre], pickup: int = 0
) -> tuple[IntArray, IntArray]:
    """Number the bars of a piece of full bars, with or without a pickup.

    Args:
        steps: length of the piece.
        metres: time signatures in order, each at the first step of a bar.
        pickup: steps before the first barline, fewer than a bar.

    Returns:
        `bars` and `positions`, int arrays (steps,): the pickup is bar 0 and has the
        positions of the end of a full bar.
    """
    bars = np.zeros(steps, np.int64)
    positions = np.zeros(steps, np.int64)
    remaining = list(metres)
    length = remaining.pop(0).bar_length
    bar, position = (0, length - pickup) if pickup else (1, 0)
    for step in range(steps):
        if position == length:
            bar, position = bar + 1, 0
        if remaining and step >= remaining[0].step and position == 0:
            length = remaining.pop(0).bar_length
        bars[step], positions[step] = bar, position
        position += 1
    return bars, positions


def number_measures(
    measures: Sequence[Measure], *, first_bar: int = 1
) -> tuple[IntArray, IntArray, tuple[Metre, ...]]:
    """Number the bars of a score whose measures may be short.

    A bar divided by a repeat sign or a double bar stays one bar with continuous
    positions. A short measure that the next one does not complete is the end of a bar
    if it is an upbeat, else the beginning of one. An upbeat at the beginning is bar 0.

    Args:
        measures: in order.
        first_bar: number of the first bar that is not an upbeat.

    Returns:
        `bars` and `positions`, int arrays (steps,), and the metres of a Chorale.
    """
    bars: list[int] = []
    positions: list[int] = []
    metres: list[Metre] = []
    bar, position = first_bar - 1, 0
    for index, measure in enumerate(measures):
        full = measure.metre.bar_length
        changed = not metres or measure.metre.name != metres[-1].name
        if changed:
            metres.append(replace(measure.metre, step=len(bars)))
        if changed or not position or position + measure.length > full:
            upbeat = measure.upbeat and measure.length < full
            position = full - measure.length if upbeat else 0
            bar = 0 if index == 0 and upbeat else bar + 1
        for _ in range(measure.length):
            if position == full:
                bar, position = bar + 1, 0
            bars.append(bar)
            positions.append(position)
            position += 1
        position %= full
    return np.array(bars, np.int64), np.array(positions, np.int64), tuple(metres)


def metres_of(bars: IntArray, positions: IntArray) -> tuple[Metre, ...]:
    """Return time signatures that fit numbered bars: 3/4 for bars of 12 steps, not 6/8.

    A bar is in a new metre if it is longer than those before, or shorter and as long as
    the next. Otherwise a shorter bar, such as the last, is incomplete.

    Args:
        bars: int array (steps,), numbers of bars.
        positions: int array (steps,), steps since the barline.

    Returns:
        The metres in order, the first at step 0; 4/4 for a single short bar.
    """
    starts = np.flatnonzero(np.diff(bars, prepend=bars[0] - 1))
    lengths = (positions[np.append(starts[1:], len(bars)) - 1] + 1).tolist()
    metres: list[Metre] = []
    for start, length, following in zip(
        starts.tolist(), lengths, [*lengths[1:], 0], strict=True
    ):
        before = metres[-1] if metres else COMMON_TIME
        is_first = not metres and following
        if (
            is_first
            or length > before.bar_length
            or before.bar_length > length == following
        ):
            metres.append(_metre_of(length, start if metres else 0))
    return tuple(metres) or (COMMON_TIME,)


def _metre_of(length: int, step: int) -> Metre:
    """Return the metre of bars of a length in steps; 4/4 if none is that long."""
    for denominator in (4, 8, 16, 2, 1):
        units, rest = divmod(length * denominator, STEPS_PER_WHOLE)
        if not rest and units <= _MOST_UNITS:
            return Metre(units, denominator, step)
    return replace(COMMON_TIME, step=step)


def bar_lengths(metres: Sequence[Metre], steps: int) -> IntArray:
    """Return the length of a full bar at each step, int array (steps,), in steps."""
    lengths = np.empty(steps, np.int64)
    for metre in metres:
        lengths[metre.step :] = metre.bar_length
    return lengths


def beat_lengths(metres: Sequence[Metre], steps: int) -> IntArray:
    """Return the length of a beat at each step, int array (steps,), in steps."""
    lengths = np.empty(steps, np.int64)
    for metre in metres:
        lengths[metre.step :] = metre.beat_length
    return lengths
