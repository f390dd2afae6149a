"""Random masks: which cells of a piece are hidden while an infiller is trained.

Half of the masks are of single cells anywhere, every number of them equally likely.
There the loss, a mean over hidden cells, is that of orderless NADE, and its expectation
is the likelihood of `chorale.evaluation.orderless` (Uria, Murray & Larochelle, "A Deep
and Tractable Density Estimator", 2014). The other masks resemble use: whole voices, a
span of time, or some voices in a span. In half of these a random share of the cells is
visible, as during sampling.
"""

from __future__ import annotations

import numpy as np

from chorale.music.voices import VOICES
from chorale.utils.arrays import BoolArray

_SINGLE = 0.5  # share of masks of single cells
_SPARSE = 0.5  # share of the other masks in which some cells are visible


def draw_mask(random: np.random.Generator, steps: int) -> BoolArray:
    """Return which cells are hidden, bool array (steps, 4), at least one of them."""
    hidden = np.zeros((steps, VOICES), np.bool_)
    if random.random() < _SINGLE:
        return draw_cells(random, np.ones_like(hidden))
    # Voices, a span, or voices in a span; never all voices of all steps.
    kind = random.integers(3)
    voices = np.arange(VOICES)
    if kind != 1:
        voices = random.permutation(VOICES)[: random.integers(1, VOICES)]
    first, length = 0, steps
    if kind != 0:
        length = int(random.integers(1, steps + 1))
        first = int(random.integers(steps - length + 1))
    hidden[first : first + length, voices] = True
    return draw_cells(random, hidden) if random.random() < _SPARSE else hidden


def draw_cells(random: np.random.Generator, among: BoolArray) -> BoolArray:
    """Return a random subset, not empty, of the cells of a bool array (steps, 4)."""
    places = np.flatnonzero(among)
    count = random.integers(1, len(places) + 1)
    chosen = np.zeros(among.size, np.bool_)
    chosen[random.choice(places, count, replace=False)] = True
    return chosen.reshape(among.shape)
