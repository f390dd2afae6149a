"""Beat tracking: where the sixteenths are in a performance without a click.

Someone who records without a metronome, or begins a while after the recording, plays
between the sixteenths of the file. The distances between the onsets tell the tempo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chorale.music.metre import STEPS_PER_QUARTER
from chorale.utils.arrays import Float64Array

_FEWEST_ONSETS = 8  # from which a tempo can be estimated
_MOST_ONSETS = 20_000
_CHORD = 0.35  # steps between onsets of one chord
_FAR = 0.25  # steps from the grid
_MOST_FAR = 0.25  # share of onsets that are far from the grid of a file
_MOST_FAR_WRITTEN = 0.75  # the same if the others are triplets or 32nds
_MOST_FROM_BEATS = 0.5  # share of onsets that are not on beats, or halves of them
_EXACT = 0.03  # steps from a triplet or 32nd
_LEAST_FIT = 0.6  # of an estimated grid, 1 if every onset is on it
_TEMPOS = (45.0, 150.0)  # plausible tempos in quarters per minute
_BLOCK = 24  # onsets after which the period may have changed
_ADAPTATION = 0.15  # how much a beat corrects the period of the next ones


@dataclass(frozen=True)
class Grid:
    """A map from the time of a file to the steps of the music.

    Attributes:
        times: float array (onsets,), in steps of the file.
        steps: float array (onsets,), what they are.
        tempo: quarters per minute; None if it is that of the file.
    """

    times: Float64Array
    steps: Float64Array
    tempo: float | None

    @property
    def remark(self) -> str:
        """A sentence for the user."""
        if self.tempo is None:
            return (
                "notes lie beside the beats of the file: bars are counted from the "
                "first note"
            )
        return (
            "notes lie beside the beats of the file: a tempo of "
            f"{self.tempo:.0f} quarters per minute is assumed, bars are counted from "
            "the first note"
        )

    def step(self, time: float) -> float:
        """Return the step of the music at a time of the file."""
        times, steps = self.times, self.steps
        if time <= times[0]:
            slope = (steps[1] - steps[0]) / (times[1] - times[0])
            return float(max(steps[0] - (times[0] - time) * slope, 0.0))
        if time >= times[-1]:
            slope = (steps[-1] - steps[-2]) / (times[-1] - times[-2])
            return float(steps[-1] + (time - times[-1]) * slope)
        return float(np.interp(time, times, steps))


def estimate_grid(starts: Sequence[float], tempo: float) -> Grid | None:
    """Estimate the grid of a performance.

    Args:
        starts: of all notes, in steps of the file, in any order.
        tempo: of the file, in quarters per minute.

    Returns:
        None if the notes lie on the grid of the file, or on none.
    """
    onsets = _chords(starts)
    if not _FEWEST_ONSETS <= len(onsets) <= _MOST_ONSETS or _fits_file(onsets):
        return None
    period = _period(onsets, tempo)
    if period is None:
        return None
    steps = _track(onsets, period)
    if _fit(steps) < _LEAST_FIT:
        return None
    steps -= np.round(steps[0])
    found = tempo * STEPS_PER_QUARTER / (period * STEPS_PER_QUARTER)
    is_same = abs(found / tempo - 1) < 0.01
    return Grid(onsets, _monotonic(steps), None if is_same else found)


def _chords(starts: Sequence[float]) -> Float64Array:
    """Return the mean time of the notes that begin together, in order."""
    chords: list[list[float]] = []
    for start in sorted(starts):
        if chords and start - chords[-1][0] < _CHORD:
            chords[-1].append(start)
        else:
            chords.append([start])
    return np.array([np.mean(chord) for chord in chords])


def _fits_file(onsets: Float64Array) -> bool:
    """Return whether onsets lie on the sixteenths of the file, or exactly beside."""
    far = np.mean(abs(onsets - np.round(onsets)) > _FAR)
    sixths = 6 * onsets
    is_exact = np.mean(abs(sixths - np.round(sixths)) < 6 * _EXACT) > 0.8
    if is_exact and far < _MOST_FAR_WRITTEN:
        return True
    if far > _MOST_FAR:
        return False
    eighths = np.round(onsets).astype(int) % 2
    return bool(np.mean(eighths != 0) <= _MOST_FROM_BEATS)


def _fit(steps: Float64Array) -> float:
    """Return how well times fit whole numbers, 1 for exactly, about 0 for chance."""
    return float(abs(np.mean(np.exp(2j * np.pi * steps))))


def _period(onsets: Float64Array, tempo: float) -> float | None:
    """Return the length of a sixteenth of the music in steps of the file.

    The notes at the beginning are compared with grids of many periods. The longest unit
    that fits is an eighth or a quarter; the tempo decides which.
    """
    first = onsets[: 2 * _BLOCK]
    distances = np.diff(first)
    units = np.geomspace(distances.min() * 0.9, distances.max() * 1.1, 2000)
    phases = np.exp(2j * np.pi * (first - first[0])[:, np.newaxis] / units)
    weights = np.exp(-np.arange(len(first)) / _BLOCK)[:, np.newaxis]
    fits = abs((phases * weights).sum(axis=0)) / weights.sum()
    best = float(fits.max())
    if best < _LEAST_FIT:
        return None
    unit = float(units[np.flatnonzero(fits > best - 0.1)[-1]])
    near = abs(units - unit) < 0.05 * unit
    unit = float(units[near][fits[near].argmax()])
    # A quarter is the unit times or over a power of two, near the median distance.
    target = float(np.median(distances))
    quarters = [unit * 2.0**power for power in range(-1, 3)]
    slow, fast = _TEMPOS
    plausible = [
        quarter
        for quarter in quarters
        if slow <= tempo * STEPS_PER_QUARTER / quarter <= fast
    ]
    same = [quarter for quarter in quarters if abs(quarter / 4 - 1) < 0.02]
    if not plausible:
        return None
    best_quarter = min(plausible, key=lambda quarter: abs(np.log(quarter / target)))
    return (same[0] if same else best_quarter) / STEPS_PER_QUARTER


def _track(onsets: Float64Array, period: float) -> Float64Array:
    """Return onsets in steps of a period that follows the player (a phase-locked loop).

    The distance to the onset before is a whole number of sixteenths, of eighths where
    that is nearly as good.
    """
    steps = np.zeros(len(onsets))
    last, position = float(onsets[0]), 0.0
    for index in range(1, len(onsets)):
        distance = (onsets[index] - last) / period
        count = max(round(distance), 0)
        even = 2 * round(distance / 2)
        if even and abs(distance - even) < 0.3 + 0.05 * even:
            count = even
        error = distance - count
        steps[index] = position + count + error * (abs(error) < 1) * 0.5
        if count and abs(error) < 0.2 * count + 0.2:
            period *= 1 + _ADAPTATION * error / count
        if count:
            last, position = float(onsets[index]), position + count
    return steps


def _monotonic(steps: Float64Array) -> Float64Array:
    """Return steps that never decrease."""
    return np.maximum.accumulate(steps)
