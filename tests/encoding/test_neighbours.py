"""Neighbours: the nearest visible cells, never the cell itself."""

from __future__ import annotations

import numpy as np

from chorale.encoding.neighbours import MAX_DISTANCE, find_neighbours
from chorale.music.voices import VOICES

HIDDEN, ABSENT = 9, 10


def test_neighbours_are_the_nearest_visible_cells():
    random = np.random.default_rng(0)
    told = random.integers(0, HIDDEN, (3, 40, VOICES))
    told[random.random(told.shape) < 0.8] = HIDDEN
    told[0, :, 2] = HIDDEN
    told[1, 20:] = ABSENT
    found = find_neighbours(told, HIDDEN)
    for row, step, voice in np.ndindex(told.shape):
        visible = np.flatnonzero(told[row, :, voice] < HIDDEN)
        for places, cells, distances in (
            (visible[visible < step][-1:], found.before, found.to_before),
            (visible[visible > step][:1], found.after, found.to_after),
        ):
            if len(places):
                expected, distance = told[row, places[0]], abs(places[0] - step)
            else:
                expected, distance = [HIDDEN] * VOICES, 0
            assert distances[row, step, voice] == min(distance, MAX_DISTANCE)
            np.testing.assert_array_equal(cells[row, step, voice], expected)


def test_a_cell_does_not_see_itself():
    told = np.full((1, 70, VOICES), HIDDEN)
    told[0, 0] = told[0, 35] = 5
    around = find_neighbours(told, HIDDEN)
    told[0, 35] = 6
    changed = find_neighbours(told, HIDDEN)
    for one, other in zip(around, changed, strict=True):
        np.testing.assert_array_equal(one[0, 35], other[0, 35])
    assert changed.before[0, 36, 0, 0] == 6 and changed.to_before[0, 34, 0] == 32
