"""Synthetic series with a known law, and the tasks that are set on them.

A series is the sum of two waves and noise,

    x(t) = 0.5 sin(ω₁ (t - o₁)) + 0.2 sin(ω₂ (t - o₂)) + 0.1 (u - ½)

with ω₁ uniform in 10 to 20, ω₂ in 20 to 40, both offsets o and each value's u in 0 to 1
(Géron, chapter 15, "Forecasting a Time Series"). Since the law is known, so is the
error that no forecast can get below.

Arrays of series are float32 (count, steps, variables) throughout.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.errors import UsageError

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating[Any]]

AMPLITUDES = (0.5, 0.2)
LOWEST_FREQUENCIES = (10.0, 20.0)  # radians a unit of time; the highest are twice that
NOISE_WIDTH = 0.1
NOISE_VARIANCE = NOISE_WIDTH**2 / 12  # of a uniform variable: no forecast gets below


@dataclass(frozen=True, kw_only=True)
class Task:
    """Which values of a series are hidden, to be forecast or filled in from the rest.

    Attributes:
        name: of the task, as in `TASKS`.
        length: values of a series, hidden ones included.
        first_hidden: index of the first hidden value.
        ahead: how many values are hidden, one after another.
        interval: units of time from one value to the next.
    """

    name: str
    length: int
    first_hidden: int
    ahead: int
    interval: float = 1 / 59

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
        """The steps that are hidden."""
        return slice(self.first_hidden, self.first_hidden + self.ahead)

    @property
    def is_forecast(self) -> bool:
        """Whether nothing is seen after what is hidden."""
        return self.first_hidden + self.ahead == self.length

    def seen(self) -> npt.NDArray[np.bool_]:
        """Return bool (length,): which steps are not hidden."""
        mask = np.ones(self.length, bool)
        mask[self.hidden] = False
        return mask

    def inputs(self, series: Array) -> Array:
        """Return what a forecaster may see of whole series.

        The steps up to the hidden ones, (count, first_hidden, variables); where more
        follows, all steps (count, length, variables), the hidden ones NaN.
        """
        if self.is_forecast:
            return series[:, : self.first_hidden]
        inputs = series.copy()
        inputs[:, self.hidden] = np.nan
        return inputs

    def targets(self, series: Array) -> Array:
        """Return what is hidden, (count, ahead, variables)."""
        return series[:, self.hidden]


def forecasting_task(
    steps: int, ahead: int, *, interval: float = 1 / 59, name: str = "series"
) -> Task:
    """Return the task to see `steps` values and forecast the next `ahead`."""
    return Task(
        name=name,
        length=steps + ahead,
        first_hidden=steps,
        ahead=ahead,
        interval=interval,
    )


# The book spreads a series over one unit of time, however long it is, so its values lie
# closer in the task of ten steps than in that of one. Longer ones keep that distance.
TASKS = {
    task.name: task
    for task in (
        forecasting_task(50, 1, interval=1 / 50, name="one-step"),
        forecasting_task(50, 10, name="ten-steps"),
        forecasting_task(50, 50, name="fifty-steps"),
        Task(name="gap", length=60, first_hidden=25, ahead=10),
    )
}


class Waves(NamedTuple):
    """Series and the law that each was drawn by.

    Attributes:
        series: float32 (count, steps, variables).
        frequencies: float (count, 2), of the slow wave and the fast one.
        offsets: float (count, variables, 2), of the same.
        interval: units of time from one value to the next.
    """

    series: Array
    frequencies: Floats
    offsets: Floats
    interval: float


def draw_waves(
    count: int,
    steps: int,
    random: np.random.Generator,
    *,
    interval: float = 1 / 59,
    variables: int = 1,
) -> Waves:
    """Draw series by the law above.

    Args:
        count: how many series.
        steps: how many values each has.
        random: where all randomness comes from.
        interval: units of time from one value to the next.
        variables: the variables of one series share its two frequencies; offsets and
            noise are their own.

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
    """Add to each series a line of its own, from -slope to slope over its length."""
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
    """Add to each series a pattern that returns every `period` steps.

    The pattern, `period` normal values times `amplitude`, is one for all series; where
    in it a series begins is its own.
    """
    count, steps, variables = series.shape
    if period < 1:
        raise UsageError(f"expected a period of at least 1, got {period}")
    pattern = amplitude * random.standard_normal((period, variables))
    begins = random.integers(period, size=(count, 1))
    shifted: Floats = pattern[(begins + np.arange(steps)) % period]
    return (series + shifted).astype("float32")


def difference(series: Array, lag: int = 1) -> Array:
    """Return each value less the one `lag` steps before: (count, steps - lag, …).

    A lag of 1 takes away a trend, a lag of one period a season.

    Raises:
        UsageError: no value has another one `lag` steps before it.
    """
    if not 1 <= lag < series.shape[1]:
        raise UsageError(f"expected a lag from 1 to {series.shape[1] - 1}, got {lag}")
    return series[:, lag:] - series[:, :-lag]


def undifference(differences: Array, before: Array) -> Array:
    """Return the series that `difference` made `differences` of.

    Args:
        differences: float (count, steps, variables).
        before: the `lag` values before the first difference, (count, lag, variables).

    Returns:
        The values after `before`, (count, steps, variables).
    """
    lag, steps = before.shape[1], differences.shape[1]
    values = np.concatenate([before, differences], axis=1, dtype=np.float64)
    for step in range(lag, lag + steps):
        values[:, step] += values[:, step - lag]
    return values[:, lag:].astype("float32")


def sequence_targets(series: Array, steps: int, ahead: int) -> Array:
    """Return what follows each of the first `steps` values, not the last one alone.

    Args:
        series: (count, at least steps + ahead, variables).

    Returns:
        float32 (count, steps, ahead, variables): at step t the values from
        t + 1 to t + ahead.

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


@dataclass(frozen=True)
class Data:
    """Series to learn from, to choose by and to measure on.

    Attributes:
        task: what is hidden of each.
        train: float32 (count, task.length, variables), as are the other two.
        valid: the best epoch of a training is chosen on these.
        test: figures are measured on these.
        law: of the test series, where they are drawn by a known one.
    """

    task: Task
    train: Array
    valid: Array
    test: Array
    law: Waves | None = None

    def digest(self) -> str:
        """Return the SHA-256 of all series, in hexadecimal."""
        digest = hashlib.sha256()
        for series in (self.train, self.valid, self.test):
            digest.update(np.ascontiguousarray(series).tobytes())
        return digest.hexdigest()


def draw_data(
    task: Task, *, train: int, valid: int, test: int, random_state: int
) -> Data:
    """Return independent series by the law of the waves for a task.

    Args:
        task: what is hidden of each.
        train: how many series; likewise valid and test.
        random_state: another number, other series.
    """
    learned, chosen_by, measured_on = (
        draw_waves(
            count,
            task.length,
            np.random.default_rng([random_state, part]),
            interval=task.interval,
        )
        for part, count in enumerate((train, valid, test))
    )
    return Data(
        task, learned.series, chosen_by.series, measured_on.series, law=measured_on
    )
