"""Synthetic time series from a known random process, and forecasting tasks on them.

A series is the sum of two sine waves and uniform noise (Géron, chapter 15, "Forecasting
a Time Series"):

    x(t) = 0.5 sin(ω₁ (t - o₁)) + 0.2 sin(ω₂ (t - o₂)) + 0.1 (u - ½)

    ω₁ ~ U(10, 20)    ω₂ ~ U(20, 40)    o₁, o₂, u ~ U(0, 1), u new at every step

Since the process is known, so is the irreducible error of a forecast.

Arrays of series are float32 (count, steps, variables) throughout.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.errors import UsageError
from chorale.forecasting.windows import Array as Array
from chorale.forecasting.windows import Table

Floats = npt.NDArray[np.floating[Any]]

AMPLITUDES = (0.5, 0.2)
LOWEST_FREQUENCIES = (10.0, 20.0)  # radians per unit of time; the highest are double
NOISE_WIDTH = 0.1
NOISE_VARIANCE = NOISE_WIDTH**2 / 12  # of a uniform variable; a lower bound of the MSE


@dataclass(frozen=True, kw_only=True)
class Task:
    """A forecasting or imputation task: which values of a series are hidden."""

    name: str  # key in `TASKS`
    length: int  # steps of a series, the hidden ones included
    first_hidden: int  # index of the first hidden step
    ahead: int  # number of consecutive hidden steps: the forecast horizon
    interval: float = 1 / 59  # units of time between two steps

    def __post_init__(self) -> None:
        for label, value in (
            ("steps before the hidden ones", self.first_hidden),
            ("steps ahead", self.ahead),
        ):
            if value < 1:
                raise UsageError(f"expected at least 1 of {label}, got {value}")
        if self.first_hidden + self.ahead > self.length:
            raise UsageError(
                f"expected at most {self.length - self.first_hidden} steps ahead in a "
                f"series of {self.length} after the first {self.first_hidden}, "
                f"got {self.ahead}"
            )

    @property
    def hidden(self) -> slice:
        """The hidden steps."""
        return slice(self.first_hidden, self.first_hidden + self.ahead)

    @property
    def is_forecast(self) -> bool:
        """Whether the hidden steps are the last ones, so that no future is visible."""
        return self.first_hidden + self.ahead == self.length

    def seen(self) -> npt.NDArray[np.bool_]:
        """Return the mask of visible steps, bool (length,)."""
        mask = np.ones(self.length, bool)
        mask[self.hidden] = False
        return mask

    def inputs(self, series: Array) -> Array:
        """Return the visible part of whole series.

        For a forecast the steps before the hidden ones, (count, first_hidden,
        variables); otherwise all steps, (count, length, variables), NaN where hidden.
        """
        if self.is_forecast:
            return series[:, : self.first_hidden]
        inputs = series.copy()
        inputs[:, self.hidden] = np.nan
        return inputs

    def targets(self, series: Array) -> Array:
        """Return the hidden values, (count, ahead, variables)."""
        return series[:, self.hidden]


def forecasting_task(
    steps: int, ahead: int, *, interval: float = 1 / 59, name: str = "series"
) -> Task:
    """Return the task of forecasting `ahead` values from `steps` values."""
    length = steps + ahead
    return Task(
        name=name, length=length, first_hidden=steps, ahead=ahead, interval=interval
    )


# The book spreads a series over one unit of time, whatever its length, so the interval
# is smaller in the ten-step task than in the one-step task. Longer series keep it.
TASKS = {
    task.name: task
    for task in (
        forecasting_task(50, 1, interval=1 / 50, name="one-step"),
        forecasting_task(50, 10, name="ten-steps"),
        forecasting_task(50, 50, name="fifty-steps"),
        Task(name="gap", length=60, first_hidden=25, ahead=10),
    )
}


# === Synthetic series ===


class Waves(NamedTuple):
    """Synthetic series and the parameters that generated them."""

    series: Array  # float32 (count, steps, variables)
    frequencies: Floats  # float (count, 2), of the slow wave and the fast one
    offsets: Floats  # float (count, variables, 2), of the same
    interval: float  # units of time between two steps


def draw_waves(
    count: int,
    steps: int,
    random: np.random.Generator,
    *,
    interval: float = 1 / 59,
    variables: int = 1,
) -> Waves:
    """Sample `count` series of `steps` steps from the process above.

    `interval` is the time between two steps. The variables of a series share its two
    frequencies, while offsets and noise are independent.

    Raises:
        UsageError: a size is not positive.
    """
    for label, size in (("series", count), ("steps", steps), ("variables", variables)):
        if size < 1:
            raise UsageError(f"expected at least 1 of {label}, got {size}")
    lowest = np.array(LOWEST_FREQUENCIES)
    frequencies = lowest * (1 + random.random((count, 2)))
    offsets = random.random((count, variables, 2))
    time = np.arange(steps) * interval
    series = NOISE_WIDTH * (random.random((count, steps, variables)) - 0.5)
    for wave, amplitude in enumerate(AMPLITUDES):
        elapsed = time[None, :, None] - offsets[:, None, :, wave]
        series += amplitude * np.sin(frequencies[:, wave, None, None] * elapsed)
    return Waves(series.astype("float32"), frequencies, offsets, interval)


def with_trend(series: Array, random: np.random.Generator, slope: float = 2.0) -> Array:
    """Add a random linear trend to each series: -slope to slope over its length."""
    count, steps, variables = series.shape
    slopes = random.uniform(-slope, slope, (count, 1, variables))
    return (series + slopes * np.linspace(0, 1, steps)[:, None]).astype("float32")


def with_season(
    series: Array,
    random: np.random.Generator,
    *,
    period: int = 12,
    amplitude: float = 0.5,
) -> Array:
    """Add a seasonal pattern of `period` steps.

    The pattern, `period` normal values times `amplitude`, is the same for all series;
    each series has a random phase.

    Raises:
        UsageError: the period is not positive.
    """
    count, steps, variables = series.shape
    if period < 1:
        raise UsageError(f"expected a period of at least 1, got {period}")
    pattern = amplitude * random.standard_normal((period, variables))
    phases = random.integers(period, size=(count, 1))
    seasons: Floats = pattern[(phases + np.arange(steps)) % period]
    return (series + seasons).astype("float32")


# === Transformations ===


def difference(series: Array, lag: int = 1) -> Array:
    """Return differences over `lag` steps, (count, steps - lag, variables).

    A lag of 1 removes a linear trend, a lag of one period removes a season.

    Raises:
        UsageError: the lag is not from 1 to steps - 1.
    """
    if not 1 <= lag < series.shape[1]:
        raise UsageError(f"expected a lag from 1 to {series.shape[1] - 1}, got {lag}")
    return series[:, lag:] - series[:, :-lag]


def undifference(differences: Array, before: Array) -> Array:
    """Invert `difference`: return the values after `before`, (count, steps, variables).

    `before` has the `lag` values before the first difference, (count, lag, variables).
    """
    lag, steps = before.shape[1], differences.shape[1]
    values = np.concatenate([before, differences], axis=1, dtype=np.float64)
    for step in range(lag, lag + steps):
        values[:, step] += values[:, step - lag]
    return values[:, lag:].astype("float32")


def sequence_targets(series: Array, steps: int, ahead: int) -> Array:
    """Return targets for sequence-to-sequence training: a forecast after every step.

    From series (count, at least steps + ahead, variables) to float32 (count, steps,
    ahead, variables): at step t the values from t + 1 to t + ahead.

    Raises:
        UsageError: the series are too short.
    """
    if series.shape[1] < steps + ahead:
        raise UsageError(
            f"expected series of at least {steps + ahead} values, to see {steps} and "
            f"forecast {ahead}, got {series.shape[1]}"
        )
    windows: npt.NDArray[Any] = np.lib.stride_tricks.sliding_window_view(
        series[:, 1 : steps + ahead], ahead, axis=1
    )
    return np.ascontiguousarray(np.swapaxes(windows, 2, 3))


# === Data sets ===


@dataclass(frozen=True)
class Data:
    """Train, valid and test series of a task, float32 (count, length, variables)."""

    task: Task  # which steps are hidden
    train: Array  # series to train on
    valid: Array  # series that select the best epoch of a training
    test: Array  # series that errors are measured on
    # The parameters of the test series; None if they are not synthetic.
    test_waves: Waves | None = None
    # The table that the series are windows of, with covariates; None if synthetic.
    table: Table | None = None

    def digest(self) -> str:
        """Return the SHA-256 of all series, in hexadecimal."""
        digest = hashlib.sha256()
        for series in (self.train, self.valid, self.test):
            digest.update(np.ascontiguousarray(series).tobytes())
        if self.table is not None:
            digest.update(self.table.digest().encode())
        return digest.hexdigest()


def draw_data(
    task: Task, *, train: int, valid: int, test: int, random_state: int
) -> Data:
    """Return independent synthetic series for a task, so many of each part."""
    train_waves, valid_waves, test_waves = (
        draw_waves(
            count,
            task.length,
            np.random.default_rng([random_state, part]),
            interval=task.interval,
        )
        for part, count in enumerate((train, valid, test))
    )
    return Data(
        task, train_waves.series, valid_waves.series, test_waves.series, test_waves
    )
