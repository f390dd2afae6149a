"""Windows: the parts of chorales that are compared.

A sample is judged without its opening, which is Bach's; what stands beside it has to be
as long, from the same place of a piece and in the same metre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.music.score import Chorale

# Openings have two full bars unless said otherwise, so what is judged begins here.
FIRST_BAR = 3
_LONGER = 1.25  # times as long as another: no longer of the same length
_FEW = 10  # chorales, which would come again and again


@dataclass(frozen=True, eq=False)
class Window:
    """A chorale from a step on, to its end.

    What lies before is context: the note that a first interval comes from, the bars
    that a later one may repeat.

    Attributes:
        chorale: the piece, cut where the window ends.
        start: the first step that counts.
        group: what must not be on both sides of a comparison, nor be drawn twice: the
            piece itself, or for a sample the piece that its opening came from.
        is_cut: whether the piece went on, so that this is no ending.

    Raises:
        DataError: the window is empty.
    """

    chorale: Chorale
    start: int
    group: str
    is_cut: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.chorale.steps:
            raise DataError(
                f"expected a window from a step of 0 to {self.chorale.steps - 1}, "
                f"got one from step {self.start}"
            )

    @property
    def steps(self) -> int:
        """Steps that count."""
        return self.chorale.steps - self.start


class Matched(NamedTuple):
    """Windows that stand beside others, one for each and in their order.

    Attributes:
        windows: of other chorales.
        other_metre: how many of them are in another metre, for want of chorales.
        shorter: how many are shorter by more than a fifth, for want of chorales.
    """

    windows: list[Window]
    other_metre: int
    shorter: int


def windows_of(
    chorales: Sequence[Chorale], *, first_bar: int = FIRST_BAR
) -> list[Window]:
    """Return chorales from a bar on to their ends, each a group of its own.

    Raises:
        DataError: a chorale has no such bar.
    """
    for chorale in chorales:
        if chorale.bars[-1] < first_bar:
            raise DataError(
                f"expected chorales of at least {first_bar} bars, got "
                f"{chorale.source or chorale.title!r} of {chorale.bars[-1]}"
            )
    return [
        Window(chorale, _first_step(chorale, first_bar), group)
        for chorale, group in zip(chorales, _groups(chorales), strict=True)
    ]


def matched(
    windows: Sequence[Window],
    chorales: Sequence[Chorale],
    random: np.random.Generator,
) -> Matched:
    """Draw for each window one of another chorale, of the same place and metre.

    It begins at the first step of the bar with the same number and goes on to the end
    of its chorale, or is cut to the same number of steps where that would be longer by
    more than a quarter: an ending is worth more than a few steps. In each metre all
    chorales are drawn before any comes again, those of the nearest length first. A
    window is never beside one of its own group.

    Args:
        windows: what is to be judged.
        chorales: to draw from. Metres that few of them have are not kept apart.
        random: orders chorales of one length.

    Raises:
        DataError: there is no other chorale that has the bar.
    """
    groups = _groups(chorales)
    order = random.permutation(len(chorales))
    metres = [chorale.metre.name for chorale in chorales]
    uses = [0] * len(chorales)
    found = []
    other_metre = shorter = 0
    for window in windows:
        bar = int(window.chorale.bars[window.start])
        metre = window.chorale.metre.name
        is_rare = metres.count(metre) < _FEW
        ranks = [
            (
                metres[index] != metre and not is_rare,
                uses[index],
                abs(_steps_from(chorales[index], bar) - window.steps),
                place,
            )
            for place, index in enumerate(order)
            if chorales[index].bars[-1] >= bar and groups[index] != window.group
        ]
        if not ranks:
            raise DataError(
                f"expected another chorale that has a bar {bar}, to stand beside "
                f"{window.group}, got none"
            )
        index = order[min(ranks)[-1]]
        chorale = chorales[index]
        steps = _steps_from(chorale, bar)
        is_cut = steps > _LONGER * window.steps
        if is_cut:
            steps = window.steps
        uses[index] += 1
        other_metre += metres[index] != metre
        shorter += _LONGER * steps < window.steps
        start = _first_step(chorale, bar)
        part = chorale.opening(start + steps)
        found.append(Window(part, start, groups[index], is_cut))
    return Matched(found, other_metre, shorter)


def _groups(chorales: Sequence[Chorale]) -> list[str]:
    """Return the name of each chorale, a number where it has none."""
    return [one.source or str(index) for index, one in enumerate(chorales)]


def _steps_from(chorale: Chorale, bar: int) -> int:
    """Return how many steps there are from a bar on."""
    return chorale.steps - _first_step(chorale, bar)


def _first_step(chorale: Chorale, bar: int) -> int:
    """Return the first step of a bar, or of the next that there is."""
    return int(np.argmax(chorale.bars >= bar))
