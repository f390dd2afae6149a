"""The plan: what is known about each step of a piece before its notes are.

A network reads the place in the bar, the length of the bar, whether a fermata stands,
how far the next fermata and the end are, and the key. A sampler borrows the plan of an
existing chorale, shortened or lengthened to the bars asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chorale.errors import UsageError
from chorale.music.keys import Key
from chorale.music.metre import Metre, bar_lengths, number_bars
from chorale.music.score import Chorale
from chorale.utils.arrays import BoolArray, IntArray

# Distances are exact up to two bars of common time, then in half bars up to eight bars,
# and clipped there.
_EXACT, _COARSE, _FAR = 32, 8, 128
_DISTANCES = _EXACT + (_FAR - _EXACT) // _COARSE + 1

_LONGEST_BAR = 32  # steps of 4/2, the longest bar in Bach's chorales

# The plan's features: name -> number of values, each an integer from 0.
FEATURES = {
    "step": 16,  # step number mod 16: all that a classic CSV has
    "position": _LONGEST_BAR,  # steps since the barline
    "bar_length": _LONGEST_BAR + 1,  # steps in a full bar
    "fermata": 2,
    "to_fermata": _DISTANCES,  # 0 while one stands; the last value if none is left
    "to_end": _DISTANCES,  # 0 at the last step
    "key": 1 + 2 * 12,  # 0 = unknown, then the major keys from C up, then the minor
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """A piece without its notes."""

    fermatas: BoolArray  # (steps,), True while a fermata stands
    bars: IntArray  # (steps,), as in Chorale
    positions: IntArray  # the same
    metres: tuple[Metre, ...]  # time signatures in order
    key: Key | None = None  # of the piece; None if unknown

    @classmethod
    def of(cls, chorale: Chorale) -> Plan:
        """Return the plan of an existing chorale."""
        return cls(
            fermatas=chorale.fermatas,
            bars=chorale.bars,
            positions=chorale.positions,
            metres=chorale.metres,
            key=chorale.key,
        )

    @property
    def steps(self) -> int:
        return len(self.fermatas)

    def features(self, names: Sequence[str] = tuple(FEATURES)) -> IntArray:
        """Return the named features, int array (steps, len(names)); see FEATURES."""
        columns = {
            "step": np.arange(self.steps) % FEATURES["step"],
            "position": self.positions,
            "bar_length": bar_lengths(self.metres, self.steps),
            "fermata": self.fermatas.astype(np.int64),
            "to_fermata": distance_value(_steps_to_next(self.fermatas)),
            "to_end": distance_value(np.arange(self.steps)[::-1]),
            "key": np.full(self.steps, key_value(self.key)),
        }
        table = np.stack([columns[name] for name in names], axis=-1)
        highest = np.array([FEATURES[name] - 1 for name in names])
        features: IntArray = np.minimum(table, highest)
        return features

    def with_bars(self, bars: int) -> Plan:
        """Return a plan of the same kind, `bars` bars long, that ends as this one does.

        A pickup and the last bar, which completes it, count as one bar; all others are
        full. A shorter plan keeps the beginning; a longer one repeats the phrases from
        the beginning. The last bar takes the fermatas of this plan's last bar.

        Raises:
            UsageError: fewer than one bar.
        """
        if bars < 1:
            raise UsageError(f"expected at least 1 bar, got {bars}")
        first = int(self.positions[0])
        pickup = self.metres[0].bar_length - first if first else 0
        metres, step = [self.metres[0]], pickup
        for _ in range(bars - bool(pickup)):
            due = [metre for metre in self.metres if metre.step <= step][-1]
            if due.name != metres[-1].name:
                metres.append(replace(due, step=step))
            step += due.bar_length
        steps = step + (metres[-1].bar_length - pickup if pickup else 0)
        numbers, positions = number_bars(steps, metres, pickup)
        last = min(metres[-1].bar_length, self.steps, steps)
        # Whole bars repeat, so that a fermata keeps its place in the bar.
        period = max(self.steps // last * last, 1)
        fermatas = self.fermatas[:period][np.arange(steps) % period]
        fermatas[-last:] = self.fermatas[-last:]
        return replace(
            self,
            fermatas=fermatas,
            bars=numbers,
            positions=positions,
            metres=tuple(metres),
        )

    def chorale(self, pitches: IntArray, onsets: BoolArray, **fields: Any) -> Chorale:
        """Fill the plan with notes, arrays (steps, 4), and other fields of Chorale."""
        return Chorale(
            pitches=pitches,
            onsets=onsets,
            fermatas=self.fermatas,
            bars=self.bars,
            positions=self.positions,
            metres=self.metres,
            key=self.key,
            **fields,
        )


def transpose_features(
    features: IntArray, names: Sequence[str], semitones: int
) -> IntArray:
    """Return the features (..., len(names)) of a plan transposed upwards."""
    moved = features.copy()
    if "key" in names:
        column = moved[..., list(names).index("key")]
        mode, tonic = np.divmod(column - 1, 12)
        column[...] = np.where(column, 1 + 12 * mode + (tonic + semitones) % 12, 0)
    return moved


def key_value(key: Key | None) -> int:
    """Return the value of the feature `key`."""
    return 0 if key is None else 1 + 12 * (key.mode == "minor") + key.tonic_class


def _steps_to_next(marks: BoolArray) -> IntArray:
    """Return the steps from each step to the next mark, _FAR where none is left."""
    distances = np.empty(len(marks), np.int64)
    distance = _FAR
    for step in reversed(range(len(marks))):
        distance = 0 if marks[step] else min(distance + 1, _FAR)
        distances[step] = distance
    return distances


def distance_value(distances: IntArray | int) -> IntArray:
    """Return the values of `to_fermata` and `to_end`; larger distances are coarser."""
    coarse = _EXACT + (np.minimum(distances, _FAR) - _EXACT) // _COARSE
    return np.where(distances < _EXACT, distances, coarse)
