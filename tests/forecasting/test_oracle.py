"""The oracle: is it a posterior mean, and of the right posterior?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from chorale.errors import UsageError
from chorale.forecasting import oracle
from chorale.forecasting.oracle import (
    curve,
    fit_waves,
    sample_posterior,
    true_parameters,
)
from chorale.forecasting.series import (
    NOISE_VARIANCE,
    TASKS,
    Floats,
    Task,
    Waves,
    draw_waves,
)

TEN_STEPS = TASKS["ten-steps"]


def drawn(task: Task, count: int, seed: int = 1) -> Waves:
    return draw_waves(
        count, task.length, np.random.default_rng(seed), interval=task.interval
    )


def fitted_without_the_truth(waves: Waves, task: Task) -> Floats:
    """Return parameters (count, 4) fitted to the visible values alone.

    Least squares starts at the pairs of frequencies, out of a grid, whose sines and
    cosines fit a series best; the best fit is kept.
    """
    time = (np.arange(task.length) * waves.interval)[task.seen()]
    values = waves.series[:, task.seen(), 0].astype(np.float64)
    candidates = []
    for slow in np.linspace(10.5, 19.5, 10):
        for fast in np.linspace(20.5, 39.5, 20):
            waving = [f(w * time) for w in (slow, fast) for f in (np.sin, np.cos)]
            basis = np.stack(waving, axis=1)
            weights = np.linalg.lstsq(basis, values.T, rcond=None)[0]
            left = ((values.T - basis @ weights) ** 2).sum(axis=0)
            phases = np.arctan2(weights[1::2], weights[::2])
            for index, cost in enumerate(left):
                guess = np.array([slow, phases[0, index], fast, phases[1, index]])
                candidates.append((index, cost, guess))
    found = []
    for index, row in enumerate(values):
        starts = sorted(
            (cost, tuple(guess)) for i, cost, guess in candidates if i == index
        )

        def residuals(guess: Floats, power: int, row: Floats = row) -> Floats:
            return ((curve(guess[None], time)[0] - row) / 0.05) ** power

        fits = [least_squares(residuals, guess, args=(1,)) for _, guess in starts[:6]]
        best = min(fits, key=lambda fit: fit.cost)
        # The noise is bounded: a higher power keeps the largest residual small.
        found.append(least_squares(residuals, best.x, args=(5,)).x)
    return np.clip(found, [10, -99, 20, -99], [19.99, 99, 39.99, 99])


def test_true_parameters_give_the_series_back_up_to_noise():
    waves = drawn(TEN_STEPS, 200)
    time = np.arange(TEN_STEPS.length) * waves.interval
    noise = waves.series[..., 0] - curve(true_parameters(waves), time)
    assert np.abs(noise).max() < 0.0501
    assert np.var(noise) == pytest.approx(NOISE_VARIANCE, rel=0.05)


def test_chains_that_do_not_know_the_truth_come_to_the_same_forecasts():
    waves = drawn(TEN_STEPS, 30)
    informed = sample_posterior(waves, TEN_STEPS, np.random.default_rng(2))
    blind = sample_posterior(
        waves,
        TEN_STEPS,
        np.random.default_rng(3),
        burn_in=2000,
        start=fitted_without_the_truth(waves, TEN_STEPS),
    )
    # Chains that start outside the support of the posterior never move.
    moved = blind.variance.max(axis=(1, 2)) > 1e-9
    assert moved.mean() > 0.9
    apart = ((informed.mean - blind.mean) ** 2)[moved]
    assert apart.mean() < 3 * (informed.error + blind.error)[moved].mean()
    assert apart.mean() < 0.02 * NOISE_VARIANCE


@pytest.mark.parametrize("name", ["one-step", "gap"])
def test_it_errs_as_much_as_it_says(name):
    task = TASKS[name]
    waves = drawn(task, 300)
    posterior = sample_posterior(waves, task, np.random.default_rng(4), draws=600)
    errors = ((task.targets(waves.series) - posterior.mean) ** 2).mean(axis=(1, 2))
    expected = (NOISE_VARIANCE + posterior.variance + posterior.error).mean(axis=(1, 2))
    difference = errors - expected
    assert abs(difference.mean()) < 4 * difference.std() / len(difference) ** 0.5


def test_it_is_close_to_the_bound_and_beats_least_squares():
    task = TASKS["one-step"]
    waves = drawn(task, 600)
    posterior = sample_posterior(waves, task, np.random.default_rng(5), draws=600)
    expected = NOISE_VARIANCE + posterior.variance.mean()
    assert NOISE_VARIANCE < expected < 1.1 * NOISE_VARIANCE
    targets = task.targets(waves.series)
    fitted = ((targets - fit_waves(waves, task)) ** 2)[:, 0, 0]
    better = fitted - ((targets - posterior.mean) ** 2)[:, 0, 0]
    assert better.mean() > 3 * better.std() / len(better) ** 0.5
    assert fitted.mean() < 1.4 * NOISE_VARIANCE


def test_the_error_that_it_states_is_that_of_its_draws():
    waves = drawn(TEN_STEPS, 100)
    runs = [
        sample_posterior(waves, TEN_STEPS, np.random.default_rng(seed), draws=2000)
        for seed in range(6)
    ]
    observed = np.var([run.mean for run in runs], axis=0, ddof=1).mean()
    stated = np.mean([run.error for run in runs])
    assert observed == pytest.approx(stated, rel=0.35)


def test_the_prior_of_a_phase_counts_the_offsets_that_give_it():
    random = np.random.default_rng(6)
    frequency = 10 * (1 + random.random(400_000))
    phase = np.mod(-frequency * random.random(400_000), 2 * np.pi)
    drawn_shares, edges, turns = np.histogram2d(frequency, phase, bins=(5, 6))
    # The density at the centers of a fine grid, summed over the same cells.
    fine = np.linspace(10, 20, 501)[:-1] + 0.01
    around = np.linspace(0, 2 * np.pi, 601)[:-1] + np.pi / 600
    grid = np.stack(np.meshgrid(fine, around, indexing="ij"), axis=-1).reshape(-1, 2)
    parameters = np.column_stack([grid, np.full(len(grid), 30.0), np.ones(len(grid))])
    density = np.exp(oracle._log_prior(parameters))
    stated, _, _ = np.histogram2d(*grid.T, bins=(edges, turns), weights=density)
    np.testing.assert_allclose(
        stated / stated.sum(), drawn_shares / drawn_shares.sum(), rtol=0.04
    )


def test_frequencies_beyond_the_prior_are_impossible():
    outside = np.array([[9.9, 0, 30, 0], [20.1, 0, 30, 0], [15, 0, 41, 0]])
    assert (oracle._log_prior(outside) == -np.inf).all()


def test_other_series_than_the_task_has_are_refused():
    waves = drawn(TEN_STEPS, 2)
    with pytest.raises(UsageError, match="expected series of 51 values"):
        sample_posterior(waves, TASKS["one-step"], np.random.default_rng())
    pair = draw_waves(2, 60, np.random.default_rng(), variables=2)
    with pytest.raises(UsageError, match="one variable, got 60 of 2"):
        fit_waves(pair, TEN_STEPS)


def test_more_is_known_in_the_middle_than_beyond_the_end():
    gap = TASKS["gap"]
    waves = drawn(TEN_STEPS, 100)
    ahead = sample_posterior(waves, TEN_STEPS, np.random.default_rng(7), draws=400)
    between = sample_posterior(waves, gap, np.random.default_rng(7), draws=400)
    assert between.variance.mean() < 0.5 * ahead.variance.mean()
    later = replace(TEN_STEPS, first_hidden=30)
    seen_less = sample_posterior(
        drawn(replace(later, length=40), 100),
        replace(later, length=40),
        np.random.default_rng(7),
        draws=400,
    )
    assert seen_less.variance.mean() > ahead.variance.mean()


def test_fewer_values_than_parameters_can_be_fitted_too():
    task = replace(TEN_STEPS, length=3, first_hidden=2, ahead=1)
    waves = drawn(task, 3)
    assert np.isfinite(fit_waves(waves, task)).all()
    with pytest.raises(UsageError, match="at least 8 draws, got 0"):
        sample_posterior(waves, task, np.random.default_rng(), draws=0)
