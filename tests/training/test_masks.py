"""Random masks: all kinds occur, and every number of single cells equally often."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.music.voices import VOICES
from chorale.training.masks import draw_cells, draw_mask

STEPS = 24


def is_block(hidden):
    """Return whether whole voices are hidden at neighbouring steps, and no more."""
    steps, voices = hidden.any(axis=1), hidden.any(axis=0)
    span = np.flatnonzero(steps)
    return len(span) == np.ptp(span) + 1 and (hidden == np.outer(steps, voices)).all()


def test_voices_spans_and_rectangles_are_hidden_and_always_something():
    random = np.random.default_rng(0)
    masks = [draw_mask(random, STEPS) for _ in range(600)]
    assert all(mask.shape == (STEPS, VOICES) and mask.any() for mask in masks)
    shapes = [
        (int(mask.any(axis=1).sum()), int(mask.any(axis=0).sum()))
        for mask in masks
        if is_block(mask) and mask.sum() > 4
    ]
    assert len(shapes) / len(masks) == pytest.approx(0.25, abs=0.06)
    for voices in (1, 2, 3):
        assert (STEPS, voices) in shapes  # whole voices
        assert any(steps < STEPS and own == voices for steps, own in shapes)
    assert any(steps < STEPS and voices == VOICES for steps, voices in shapes)
    # Masks with visible cells inside.
    sparse = [
        mask for mask in masks if not mask.any(axis=0).all() and not is_block(mask)
    ]
    assert len(sparse) > 60


def test_every_number_of_cells_is_as_likely():
    random = np.random.default_rng(0)
    among = np.zeros((3, VOICES), bool)
    among[:2, 1:] = True
    drawn = [draw_cells(random, among) for _ in range(3000)]
    assert not any((mask & ~among).any() for mask in drawn)
    counts = np.bincount([mask.sum() for mask in drawn], minlength=7)
    assert counts[0] == 0 and counts[1:] == pytest.approx(500, abs=90)
    # And every cell too.
    hidden = np.mean(drawn, axis=0)[among]
    assert hidden == pytest.approx(3.5 / 6, abs=0.04)
