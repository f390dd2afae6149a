"""Neighbours: the nearest visible cells of each voice, before and after each step.

Infilling networks read them together with the cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.utils.arrays import IntArray

# Distances are exact below two bars of common time, and clipped there.
MAX_DISTANCE = 32


class Neighbours(NamedTuple):
    """What stands around each cell in its own voice."""

    # (batch, steps, 4, 4): the cells of all four voices (the last axis) at the nearest
    # step at which this voice (the axis before) is visible; the number of a hidden cell
    # if there is no such step.
    before: IntArray
    after: IntArray
    # (batch, steps, 4): steps to there, at most MAX_DISTANCE, 0 if there is none.
    to_before: IntArray
    to_after: IntArray


def find_neighbours(known: IntArray, hidden: int) -> Neighbours:
    """Return the nearest visible cells around each cell, itself left out.

    Cells are (batch, steps, 4); those of numbers from `hidden` on are not visible.
    """
    before, to_before = _nearest_before(known, hidden)
    after, to_after = _nearest_before(known[:, ::-1], hidden)
    return Neighbours(before, after[:, ::-1], to_before, to_after[:, ::-1])


def _nearest_before(known: IntArray, hidden: int) -> tuple[IntArray, IntArray]:
    """Return `before` and `to_before` of Neighbours."""
    steps = np.arange(known.shape[1])[:, np.newaxis]
    seen = np.where(known < hidden, steps, -1)
    latest = np.full_like(seen, -1)
    latest[:, 1:] = np.maximum.accumulate(seen, axis=1)[:, :-1]
    distances = np.where(latest < 0, 0, np.minimum(steps - latest, MAX_DISTANCE))
    rows = np.arange(len(known))[:, np.newaxis, np.newaxis]
    cells = np.where(latest[..., np.newaxis] < 0, hidden, known[rows, latest])
    return cells, distances
