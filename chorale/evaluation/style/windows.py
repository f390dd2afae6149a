"""Windows: the stretches of chorales that are compared.

A sample is judged without its opening, which is Bach's. What it is compared with has to
start at the same place in the piece and to have the same length and metre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.music.score import Chorale

# Openings have two full bars by default, so judging begins here.
FIRST_BAR = 3
_TOLERANCE = 1.25  # ratio up to which two lengths are alike
_FEW = 10  # chorales of a metre: too few to draw from them alone


@dataclass(frozen=True, eq=False)
class Window:
    """A chorale from a step to its end.

    What precedes is context: the note that the first interval comes from, the bars that
    a later one may repeat.

    Raises:
        DataError: the window is empty.
    """

    chorale: Chorale  # the piece, cut where the window ends
    start: int  # first step that counts
    # Windows of one group are dependent: never on both sides of a comparison, never
    # drawn together. The piece itself, or for a sample the piece that its opening comes
    # from.
    group: str
    is_cut: bool = False  # whether the piece continues: the window has no ending

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.chorale.steps:
            raise DataError(
                f"expected a window from a step of 0 to {self.chorale.steps - 1}, "
                f"got one from step {self.start}"
            )

    @property
    def steps(self) -> int:
        """Number of steps that count."""
        return self.chorale.steps - self.start


class Matched(NamedTuple):
    """Windows matched to others, in the same order."""

    windows: list[Window]  # of other chorales
    other_metre: int  # number of windows in another metre
    shorter: int  # number of windows that are shorter by more than a fifth


def numbered_from_one(chorale: Chorale) -> Chorale:
    """Return a chorale whose first full bar is bar 1, as windows of parts of works."""
    ahead = int(chorale.bars[0]) - 1
    return replace(chorale, bars=chorale.bars - ahead) if ahead > 0 else chorale


def windows_of(
    chorales: Sequence[Chorale], *, first_bar: int = FIRST_BAR
) -> list[Window]:
    """Return chorales from a bar to their ends, each its own group.

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


def match_windows(
    windows: Sequence[Window],
    chorales: Sequence[Chorale],
    random: np.random.Generator,
) -> Matched:
    """Match each window with one of another chorale, alike in place, length and metre.

    The match begins at the first step of the bar with the same number. It goes to the
    end of its chorale, so that it has an ending, unless that makes it longer by more
    than a quarter: then it is cut to the same number of steps. All chorales of a metre
    are used before any is used again, those of the nearest length first. No window is
    matched with its own group.

    Args:
        windows: that are judged.
        chorales: to draw from. Metres that few of them have are not kept apart.
        random: orders chorales of one length.

    Raises:
        DataError: no other chorale has the bar.
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
                f"expected another chorale with a bar {bar} to compare "
                f"{window.group} with, got none"
            )
        index = order[min(ranks)[-1]]
        chorale = chorales[index]
        steps = _steps_from(chorale, bar)
        is_cut = steps > _TOLERANCE * window.steps
        if is_cut:
            steps = window.steps
        uses[index] += 1
        other_metre += metres[index] != metre
        shorter += _TOLERANCE * steps < window.steps
        start = _first_step(chorale, bar)
        is_whole = start + steps == chorale.steps
        part = chorale if is_whole else chorale.opening(start + steps)
        found.append(Window(part, start, groups[index], is_cut))
    return Matched(found, other_metre, shorter)


def _groups(chorales: Sequence[Chorale]) -> list[str]:
    """Return the source of each chorale, or its index if it has none."""
    return [chorale.source or str(index) for index, chorale in enumerate(chorales)]


def _steps_from(chorale: Chorale, bar: int) -> int:
    """Return the number of steps from a bar to the end."""
    return chorale.steps - _first_step(chorale, bar)


def _first_step(chorale: Chorale, bar: int) -> int:
    """Return the first step of a bar, or of the next bar that exists."""
    return int(np.argmax(chorale.bars >= bar))
