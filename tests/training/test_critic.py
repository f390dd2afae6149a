"""Fitting of a critic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bach import few_chorales

from chorale.encoding.plan import Plan
from chorale.errors import DataError
from chorale.evaluation.style.windows import Window
from chorale.models.critic.events import TABLES, Observer
from chorale.models.critic.tables import Critic
from chorale.music.score import Chorale
from chorale.training.critic import fit_critic, observe


def window(chorale: Chorale, start: int = 0) -> Window:
    return Window(chorale, start, chorale.source)


def spoiled(chorale: Chorale) -> Chorale:
    """Return a chorale whose bass is taken from elsewhere in it."""
    pitches, onsets = np.array(chorale.pitches), np.array(chorale.onsets)
    pitches[:, 3], onsets[:, 3] = np.roll(pitches[:, 3], 20), np.roll(onsets[:, 3], 20)
    onsets[[0, 20], 3] = True
    return replace(chorale, pitches=pitches, onsets=onsets)


def total(critic: Critic, chorale: Chorale) -> float:
    """Return what a critic says of a whole chorale."""
    observer, gains = Observer([Plan.of(chorale)]), np.zeros(1)
    for step in range(chorale.steps):
        for events in observer.at_step(
            step, chorale.pitches[step : step + 1], chorale.onsets[step : step + 1]
        ):
            critic.add(gains, events)
    return float(gains[0])


def test_a_critic_prefers_what_it_was_fitted_to_prefer() -> None:
    train, valid = few_chorales().train, few_chorales().valid
    bach = [window(piece) for piece in train]
    drawn = [window(spoiled(piece)) for piece in train]
    critic = fit_critic(bach, drawn)
    for piece in valid:
        assert total(critic, piece) > total(critic, spoiled(piece)) + 10
    again = fit_critic(bach, drawn)
    added = fit_critic(bach, bach, critic)
    for name in TABLES:
        np.testing.assert_array_equal(again.tables[name], critic.tables[name])
        # Nothing is left to say.
        np.testing.assert_allclose(added.tables[name], critic.tables[name], atol=1e-6)


def test_what_precedes_a_window_is_not_counted() -> None:
    piece = few_chorales().train[0]
    seen = observe([window(piece, 64)])
    whole = observe([window(piece)])
    for name in TABLES:
        assert 0 < len(seen.events[name]) <= len(whole.events[name])
    rhythm = whole.events["rhythm"]
    assert len(seen.events["rhythm"]) == (rhythm[:, 1] >= 16).sum()


def test_few_pieces_are_refused() -> None:
    few = [window(piece) for piece in few_chorales().train[:3]]
    with pytest.raises(DataError, match="at least 5 pieces"):
        fit_critic(few, few)
