"""Oracle: the Bayes-optimal forecast, given the process but not its parameters.

Given the visible values, the two frequencies and phases of a series have a posterior:
their prior, restricted to parameters whose curve is within half the noise width of
every visible value. The posterior mean of the hidden values minimizes the mean squared
error over all forecasts. The posterior is sampled by random-walk Metropolis (Metropolis
et al., 1953), many series in parallel, with least-squares covariances as proposals.

A chain starts at the true parameters. These are themselves a draw from the posterior
given the values, so the chain is stationary from the start and needs no burn-in. That
would bias the forecast only if the posterior had modes between which a chain cannot
move; tests start chains from fits to the visible values and get the same forecasts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.errors import UsageError
from chorale.forecasting.series import (
    AMPLITUDES,
    LOWEST_FREQUENCIES,
    NOISE_VARIANCE,
    NOISE_WIDTH,
    Array,
    Floats,
    Task,
    Waves,
)

# Columns of parameters: frequency and phase of the slow wave, then of the fast one.
_FREQUENCIES, _PHASES = [0, 2], [1, 3]
_AMPLITUDES = np.array(AMPLITUDES)[:, None]
_STEP_SIZES = (0.2, 0.5, 1.0)  # of a proposal, in standard deviations
_BATCHES = 8  # of a chain, for its Monte Carlo error; longer than its autocorrelation
_ROUNDING = 1e-6  # series are stored as float32


class Posterior(NamedTuple):
    """Posterior moments of noiseless hidden values, float32 (count, ahead, 1)."""

    mean: Array  # the Bayes-optimal forecast
    variance: Array  # posterior variance; plus the noise variance, the expected error
    error: Array  # Monte Carlo variance of `mean`, an addition to its squared error


def sample_posterior(
    waves: Waves,
    task: Task,
    random: np.random.Generator,
    *,
    draws: int = 4000,
    burn_in: int = 0,
    start: Floats | None = None,
) -> Posterior:
    """Sample the posterior of the hidden values of each series.

    Args:
        waves: series of one variable, of the task's length.
        task: which steps are hidden.
        random: source of all randomness.
        draws: steps of each chain after the burn-in.
        burn_in: discarded steps; none are needed from the true parameters.
        start: initial parameters (count, 4); by default `true_parameters`.

    Raises:
        UsageError: the series are not of the task's length or have several variables,
            or there are too few draws.
    """
    _check(waves, task)
    if draws < _BATCHES:
        raise UsageError(f"expected at least {_BATCHES} draws, got {draws}")
    time = np.arange(task.length) * waves.interval
    seen, hidden = time[task.seen()], time[task.hidden]
    values = waves.series[:, task.seen(), 0].astype(np.float64)
    current = true_parameters(waves) if start is None else start.copy()
    cholesky = np.linalg.cholesky(_covariance(current, seen))
    log_prior = _log_prior(current)
    batch_sums = np.zeros((_BATCHES, len(values), task.ahead))
    squares = np.zeros((len(values), task.ahead))
    for step in range(-burn_in, draws):
        scale = random.choice(_STEP_SIZES)
        noise = random.standard_normal(current.shape)
        proposal = current + scale * np.einsum("nij,nj->ni", cholesky, noise)
        new_log_prior = _log_prior(proposal)
        residual = np.abs(values - curve(proposal, seen)).max(axis=1)
        accepted = (residual <= NOISE_WIDTH / 2 + _ROUNDING) & (
            np.log(random.random(len(values))) < new_log_prior - log_prior
        )
        current = np.where(accepted[:, None], proposal, current)
        log_prior = np.where(accepted, new_log_prior, log_prior)
        if step >= 0:
            drawn = curve(current, hidden)
            batch_sums[step * _BATCHES // draws] += drawn
            squares += drawn**2
    lengths = np.bincount(np.arange(draws) * _BATCHES // draws, minlength=_BATCHES)
    mean = batch_sums.sum(axis=0) / draws
    error = (batch_sums / lengths[:, None, None]).var(axis=0) / (_BATCHES - 1)
    # A chain that never moved has a variance of 0, which rounding can make negative.
    variance = np.maximum(squares / draws - mean**2 + error, 0)
    return Posterior(
        *(array[..., None].astype("float32") for array in (mean, variance, error))
    )


def fit_waves(waves: Waves, task: Task) -> Array:
    """Return the maximum likelihood forecast under Gaussian noise, (count, ahead, 1).

    Nonlinear least squares, started at the true parameters, near the global optimum. It
    ignores that the noise is bounded, so the posterior mean is better.

    Raises:
        UsageError: the series are not of the task's length or have several variables.
    """
    from scipy.optimize import least_squares

    _check(waves, task)
    time = np.arange(task.length) * waves.interval
    seen = time[task.seen()]
    values = waves.series[:, task.seen(), 0].astype(np.float64)
    fitted = [
        least_squares(
            lambda guess, row=row: curve(guess[None], seen)[0] - row,
            truth,
            jac=lambda guess: _jacobian(guess[None], seen)[0],
            # The faster method needs at least as many values as parameters.
            method="lm" if len(seen) >= len(truth) else "trf",
        ).x
        for truth, row in zip(true_parameters(waves), values, strict=True)
    ]
    return curve(np.array(fitted), time[task.hidden])[..., None].astype("float32")


def true_parameters(waves: Waves) -> Floats:
    """Return frequency and phase of both waves of each series, float (count, 4)."""
    phases = -waves.frequencies * waves.offsets[:, 0]
    return np.stack([waves.frequencies, phases], axis=-1).reshape(-1, 4)


def curve(parameters: Floats, time: Floats) -> Floats:
    """Return series without noise, (count, times), from parameters (count, 4)."""
    total: Floats = (_AMPLITUDES * np.sin(_angles(parameters, time))).sum(axis=1)
    return total


def _angles(parameters: Floats, time: Floats) -> Floats:
    """Return the angles of both waves, (count, 2, times)."""
    frequencies, phases = parameters[:, _FREQUENCIES], parameters[:, _PHASES]
    angles: Floats = frequencies[..., None] * time + phases[..., None]
    return angles


def _jacobian(parameters: Floats, time: Floats) -> Floats:
    """Return the Jacobian of the curve, (count, times, 4)."""
    slow, fast = np.swapaxes(_AMPLITUDES * np.cos(_angles(parameters, time)), 0, 1)
    return np.stack([slow * time, slow, fast * time, fast], axis=-1)


def _covariance(parameters: Floats, time: Floats) -> Floats:
    """Return the Gauss-Newton covariance of the parameters, (count, 4, 4)."""
    jacobian = _jacobian(parameters, time)
    precision = np.einsum("nti,ntj->nij", jacobian, jacobian) / NOISE_VARIANCE
    prior = [12 / 10**2, 12 / (2 * np.pi) ** 2, 12 / 20**2, 12 / (2 * np.pi) ** 2]
    return np.linalg.inv(precision + np.diag(prior))


def _log_prior(parameters: Floats) -> Floats:
    """Return the log prior density of parameters (count, 4), up to a constant.

    Frequencies ω are uniform between their limits, offsets between 0 and 1. A phase q
    modulo 2π corresponds to the offsets (q + 2πk) / ω from 0 to 1, each of density
    1 / ω.
    """
    density = np.zeros(len(parameters))
    for wave, lowest in enumerate(LOWEST_FREQUENCIES):
        frequency = parameters[:, _FREQUENCIES[wave]]
        phase = np.mod(-parameters[:, _PHASES[wave]], 2 * np.pi)
        allowed = (frequency >= lowest) & (frequency < 2 * lowest)
        safe = np.where(allowed, frequency, lowest)
        offsets = np.ceil((safe - phase) / (2 * np.pi))
        density += np.where(allowed, np.log(offsets / safe), -np.inf)
    return density


def _check(waves: Waves, task: Task) -> None:
    _, steps, variables = waves.series.shape
    if (steps, variables) != (task.length, 1):
        raise UsageError(
            f"expected series of {task.length} values of one variable, "
            f"got {steps} of {variables}"
        )
