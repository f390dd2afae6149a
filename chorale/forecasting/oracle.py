"""The best forecast possible: by one who knows how series are drawn, but not which.

Given the values that are seen, the two frequencies and phases of a series have a
posterior: their prior, cut to where every seen value lies within the noise's width.
The mean of the hidden values under it has the least mean squared error of all
forecasts. The posterior is sampled by random-walk Metropolis (Metropolis et al., 1953),
many series at a time, with steps shaped by the curvature of least squares.

A chain starts at the truth. That is no cheating: the truth is itself a draw from the
posterior given the values, so a chain that starts there needs no burn-in. It would be
cheating if the posterior fell into parts that a chain cannot leave; tests start chains
from fits to the seen values instead, and get the same forecasts.
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
from chorale.utils.progress import Progress

# Columns of parameters: frequency and phase of the slow wave, then of the fast one.
_FREQUENCIES, _PHASES = [0, 2], [1, 3]
_STEP_SIZES = (0.2, 0.5, 1.0)  # of a random walk, in standard deviations
_BATCHES = 8  # of a chain; each has to be long beside what a chain remembers
_ROUNDING = 1e-6  # series are stored as float32


class Posterior(NamedTuple):
    """What is known of hidden values, noise apart; arrays are (count, ahead, 1).

    Attributes:
        mean: the forecast.
        variance: of the values without their noise.
        error: Monte-Carlo variance of `mean`; it adds to the squared error.
    """

    mean: Array
    variance: Array
    error: Array


def sample_posterior(
    waves: Waves,
    task: Task,
    random: np.random.Generator,
    *,
    draws: int = 4000,
    burn_in: int = 0,
    start: Floats | None = None,
    progress: Progress = lambda done, total: None,
) -> Posterior:
    """Return the posterior of the hidden values of each series.

    Args:
        waves: series of one variable, of the task's length.
        task: what is hidden.
        random: where all randomness comes from.
        draws: steps of each chain that count.
        burn_in: steps before those; none are needed from the truth.
        start: parameters (count, 4) to start at, `true_parameters` if left out.
        progress: is told the steps done and the steps in all.

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
    shape = np.linalg.cholesky(_curvature(current, seen))
    log_prior = _log_prior(current)
    batch_sums = np.zeros((_BATCHES, len(values), task.ahead))
    squares = np.zeros((len(values), task.ahead))
    for step in range(-burn_in, draws):
        scale = random.choice(_STEP_SIZES)
        noise = random.standard_normal(current.shape)
        proposal = current + scale * np.einsum("nij,nj->ni", shape, noise)
        new_log_prior = _log_prior(proposal)
        outside = np.abs(values - curve(proposal, seen)).max(axis=1)
        accepted = (outside <= NOISE_WIDTH / 2 + _ROUNDING) & (
            np.log(random.random(len(values))) < new_log_prior - log_prior
        )
        current = np.where(accepted[:, None], proposal, current)
        log_prior = np.where(accepted, new_log_prior, log_prior)
        if step >= 0:
            drawn = curve(current, hidden)
            batch_sums[step * _BATCHES // draws] += drawn
            squares += drawn**2
        progress(step + burn_in + 1, draws + burn_in)
    lengths = np.bincount(np.arange(draws) * _BATCHES // draws, minlength=_BATCHES)
    mean = batch_sums.sum(axis=0) / draws
    error = (batch_sums / lengths[:, None, None]).var(axis=0) / (_BATCHES - 1)
    variance = squares / draws - mean**2 + error
    return Posterior(
        *(array[..., None].astype("float32") for array in (mean, variance, error))
    )


def fit_waves(waves: Waves, task: Task) -> Array:
    """Return forecasts by least squares, (count, ahead, 1).

    The fit starts at the truth, so it finds the best curve there is; yet it knows
    nothing of the noise's limits, and is beaten by the posterior mean.

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
            jac=lambda guess: _slopes(guess[None], seen)[0],
            # The quicker method wants a value for each parameter.
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
    """Return series without noise, (count, times), of parameters (count, 4)."""
    angles = _angles(parameters, time)
    return sum(  # type: ignore[return-value]
        amplitude * np.sin(angles[wave]) for wave, amplitude in enumerate(AMPLITUDES)
    )


def _angles(parameters: Floats, time: Floats) -> list[Floats]:
    return [
        parameters[:, frequency, None] * time + parameters[:, phase, None]
        for frequency, phase in zip(_FREQUENCIES, _PHASES, strict=True)
    ]


def _slopes(parameters: Floats, time: Floats) -> Floats:
    """Return the derivatives of the curve, (count, times, 4)."""
    columns = []
    for amplitude, angle in zip(AMPLITUDES, _angles(parameters, time), strict=True):
        columns += [amplitude * np.cos(angle) * time, amplitude * np.cos(angle)]
    return np.stack(columns, axis=-1)


def _curvature(parameters: Floats, time: Floats) -> Floats:
    """Return the covariance that least squares would claim, (count, 4, 4)."""
    slopes = _slopes(parameters, time)
    precision = np.einsum("nti,ntj->nij", slopes, slopes) / NOISE_VARIANCE
    prior = [12 / 10**2, 12 / (2 * np.pi) ** 2, 12 / 20**2, 12 / (2 * np.pi) ** 2]
    return np.linalg.inv(precision + np.diag(prior))


def _log_prior(parameters: Floats) -> Floats:
    """Return the logarithm of the prior density of parameters, up to a constant.

    Frequencies ω are uniform between their limits, offsets between 0 and 1. A phase q,
    up to whole turns, comes from each of the offsets (q + 2πk) / ω in 0 to 1; each has
    the density 1 / ω.
    """
    density = np.zeros(len(parameters))
    for wave, lowest in enumerate(LOWEST_FREQUENCIES):
        frequency = parameters[:, _FREQUENCIES[wave]]
        turned = np.mod(-parameters[:, _PHASES[wave]], 2 * np.pi)
        allowed = (frequency >= lowest) & (frequency < 2 * lowest)
        safe = np.where(allowed, frequency, lowest)
        offsets = np.ceil((safe - turned) / (2 * np.pi))
        density += np.where(allowed, np.log(offsets / safe), -np.inf)
    return density


def _check(waves: Waves, task: Task) -> None:
    _, steps, variables = waves.series.shape
    if (steps, variables) != (task.length, 1):
        raise UsageError(
            f"expected series of {task.length} values of one variable, "
            f"got {steps} of {variables}"
        )
