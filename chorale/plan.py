"""The plan: what is known about each step of a piece before its notes are.

A network is told where in the bar it is, how long the bar is, whether a fermata stands,
and how far the next fermata and the end are. A sampler borrows the plan of an existing
chorale, shortened or lengthened to the bars asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chorale.errors import UsageError
from chorale.score import BoolArray, Chorale, IntArray, Metre, lay_bars

# Distances are told exactly up to two bars of common time, then in half bars up to
# eight bars; what is further away is all one.
_EXACT, _COARSE, _FAR = 32, 8, 128
_DISTANCES = _EXACT + (_FAR - _EXACT) // _COARSE + 1

_LONGEST_BAR = 32  # steps of 4/2, the longest bar in Bach's chorales

# The plan's features: name -> number of values, each an integer from 0.
FEATURES = {
    "step": 16,  # step number mod 16: all that a classic CSV tells
    "position": _LONGEST_BAR,  # steps since the barline
    "bar_length": _LONGEST_BAR + 1,  # steps in a full bar
    "fermata": 2,
    "to_fermata": _DISTANCES,  # 0 while one stands; the last value if none is left
    "to_end": _DISTANCES,  # 0 at the last step
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """A piece without its notes.

    Attributes:
        fermatas: bool array (steps,), True while a fermata stands.
        bars, positions: int arrays (steps,), as in Chorale.
        metres: time signatures in order.
    """

    fermatas: BoolArray
    bars: IntArray
    positions: IntArray
    metres: tuple[Metre, ...]

    @classmethod
    def of(cls, chorale: Chorale) -> Plan:
        """Return the plan of an existing chorale."""
        return cls(
            fermatas=chorale.fermatas,
            bars=chorale.bars,
            positions=chorale.positions,
            metres=chorale.metres,
        )

    @property
    def steps(self) -> int:
        return len(self.fermatas)

    def features(self, names: Sequence[str] = tuple(FEATURES)) -> IntArray:
        """Return the named features, int array (steps, len(names)); see FEATURES."""
        bar_lengths = np.empty(self.steps, np.int64)
        for metre in self.metres:
            bar_lengths[metre.step :] = metre.bar_length
        columns = {
            "step": np.arange(self.steps) % FEATURES["step"],
            "position": self.positions,
            "bar_length": bar_lengths,
            "fermata": self.fermatas.astype(np.int64),
            "to_fermata": _bucket(_steps_to_next(self.fermatas)),
            "to_end": _bucket(np.arange(self.steps)[::-1]),
        }
        table = np.stack([columns[name] for name in names], axis=-1)
        return np.minimum(table, [FEATURES[name] - 1 for name in names])

    def with_bars(self, bars: int) -> Plan:
        """Return a plan of the same kind, `bars` bars long, that ends as this one does.

        A pickup and the last bar, which completes it, count as one bar. A shorter plan
        keeps the beginning; a longer one repeats the phrases from the beginning. The
        last bar takes the fermatas of this plan's last bar.

        Raises:
            UsageError: fewer than one bar.
        """
        if bars < 1:
            raise UsageError(f"expected at least 1 bar, got {bars}")
        pickup = int(np.argmax(self.bars > 0)) if self.bars[0] == 0 else 0
        metres = [self.metres[0]]
        steps = bars * metres[0].bar_length
        for metre in self.metres[1:]:
            if metre.step >= steps:
                break
            # From here on the remaining bars are of another length.
            steps = metre.step + round(
                (steps - metre.step) / metres[-1].bar_length * metre.bar_length
            )
            metres.append(metre)
        numbers, positions = lay_bars(steps, metres, pickup)
        kept = min(steps, self.steps)
        numbers[:kept], positions[:kept] = self.bars[:kept], self.positions[:kept]
        last = min(metres[-1].bar_length, self.steps, steps)
        # Whole bars repeat, so that a fermata keeps its place in the bar.
        period = max(self.steps // last * last, 1)
        fermatas = self.fermatas[:period][np.arange(steps) % period]
        fermatas[-last:] = self.fermatas[-last:]
        return Plan(
            fermatas=fermatas, bars=numbers, positions=positions, metres=tuple(metres)
        )

    def chorale(self, pitches: IntArray, onsets: BoolArray, **fields: Any) -> Chorale:
        """Fill the plan with notes.

        Args:
            pitches, onsets: arrays (steps, 4).
            fields: key, tempo, title and source of the Chorale.
        """
        return Chorale(
            pitches=pitches,
            onsets=onsets,
            fermatas=self.fermatas,
            bars=self.bars,
            positions=self.positions,
            metres=self.metres,
            **fields,
        )


def _steps_to_next(marks: BoolArray) -> IntArray:
    """Return the steps from each step to the next mark, _FAR where none is left."""
    distances = np.empty(len(marks), np.int64)
    distance = _FAR
    for step in reversed(range(len(marks))):
        distance = 0 if marks[step] else min(distance + 1, _FAR)
        distances[step] = distance
    return distances


def _bucket(distances: IntArray) -> IntArray:
    """Return distances in steps as values of a feature, from 0 to _DISTANCES - 1."""
    coarse = _EXACT + (np.minimum(distances, _FAR) - _EXACT) // _COARSE
    return np.where(distances < _EXACT, distances, coarse)
