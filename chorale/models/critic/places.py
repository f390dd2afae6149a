"""Where each beat of a plan stands: on a barline, before or under a fermata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chorale.encoding.plan import Plan
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.utils.arrays import BoolArray, IntArray, stack_padded

# Metrical levels of steps.
BARLINE, BEAT, HALF_BEAT, BETWEEN = range(4)
LEVELS = 4

# Places of beats. A fermata that reaches the end of the piece is the final one, and so
# is the last beat of a piece without it.
(
    ELSEWHERE,
    TWO_BEFORE,
    BEFORE,
    ARRIVAL,
    HELD,
    AFTER,
    BEFORE_FINAL,
    FINAL,
    FINAL_HELD,
) = range(9)
PLACES = 9


@dataclass(frozen=True, eq=False, kw_only=True)
class Places:
    """Where the steps of several plans stand; a row is a plan.

    Attributes:
        tonics: int array (rows,), pitch classes; 0 if the key is unknown.
        modes: int array (rows,), 0 major, 1 minor.
        levels: int array (rows, steps), BARLINE … BETWEEN.
        in_beat: int array (rows, steps), steps since the beat began.
        ends_beat: bool array (rows, steps), the last steps of beats; False after the
            end of a plan.
        places: int array (rows, steps), of the beat of each step, ELSEWHERE …
        leaves: bool array (rows, steps), the last steps of fermatas.
    """

    tonics: IntArray
    modes: IntArray
    levels: IntArray
    in_beat: IntArray
    ends_beat: BoolArray
    places: IntArray
    leaves: BoolArray

    @classmethod
    def of(cls, plans: Sequence[Plan]) -> Places:
        """Return the places of plans, padded to the length of the longest."""
        keys = [plan.key for plan in plans]
        positions = [plan.positions % STEPS_PER_QUARTER for plan in plans]
        ends = [np.append(part[1:] == 0, True) for part in positions]
        half = STEPS_PER_QUARTER // 2
        levels = [
            np.select(
                [plan.positions == 0, part == 0, part == half],
                [BARLINE, BEAT, HALF_BEAT],
                BETWEEN,
            )
            for plan, part in zip(plans, positions, strict=True)
        ]
        places = [
            _places(plan, own_ends) for plan, own_ends in zip(plans, ends, strict=True)
        ]
        leaves = [
            plan.fermatas & ~np.append(plan.fermatas[1:], False) for plan in plans
        ]
        return cls(
            tonics=np.array([key.tonic_class if key else 0 for key in keys]),
            modes=np.array(
                [int(key is not None and key.mode == "minor") for key in keys]
            ),
            levels=stack_padded(levels),
            in_beat=stack_padded(positions),
            ends_beat=stack_padded(ends, False),
            places=stack_padded(places),
            leaves=stack_padded(leaves, False),
        )

    def repeated(self, count: int) -> Places:
        """Return places in which each row comes `count` times, one after another."""
        return Places(
            **{
                name: np.repeat(rows, count, axis=0)
                for name, rows in vars(self).items()
            }
        )


def _places(plan: Plan, ends_beat: BoolArray) -> IntArray:
    """Return the place of the beat of each step, int array (steps,)."""
    lasts = np.flatnonzero(ends_beat)
    under = plan.fermatas[lasts]
    under[-1] = True
    final = len(under) - int(np.append(~under[::-1], True).argmax())
    places = np.full(len(lasts), ELSEWHERE)
    for beat in range(len(lasts)):
        if under[beat]:
            held = beat > 0 and under[beat - 1]
            places[beat] = HELD if held else ARRIVAL
            if beat >= final:
                places[beat] = FINAL if beat == final else FINAL_HELD
        elif beat + 1 < len(lasts) and under[beat + 1]:
            places[beat] = BEFORE_FINAL if beat + 1 >= final else BEFORE
        elif beat + 2 < len(lasts) and under[beat + 2]:
            places[beat] = TWO_BEFORE
        elif beat > 0 and under[beat - 1]:
            places[beat] = AFTER
    beats: IntArray = np.append(0, np.cumsum(ends_beat)[:-1])
    return places[beats]
