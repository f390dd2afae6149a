"""Baselines: forecasts and imputations without a network.

Each is fitted to whole series, if it has parameters, and returns a function from the
visible part of series (`Task.inputs`) to the hidden values. All of them except `linear`
treat the variables independently.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import UsageError
from chorale.forecasting.series import Array, Task, difference, undifference
from chorale.utils.extras import require

Forecaster = Callable[[Array], Array]
"""From (count, visible steps, variables) to (count, ahead, variables), float32."""

# Hyperparameter grid of ARIMA. Two sine waves in noise are an ARMA(4, 4) process whose
# two polynomials nearly cancel: a long autoregression approximates it, a short one not.
LAGS = (1, 2, 4, 8, 12, 16, 20, 24)
DIFFERENCES = (0, 1)
ARIMA_SERIES = 100  # of one variable, for the grid search; each is fitted per candidate


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A forecaster without a network."""

    title: str  # name in tables
    # From series (count, length, variables) and their task to a forecaster.
    fit: Callable[[Array, Task], Forecaster]
    forecasts: bool = True  # whether it can forecast the future
    imputes: bool = False  # whether it can fill a gap that visible steps follow
    # Mean squared error in the book, by the name of the task.
    book: Mapping[str, float] = field(default_factory=dict)

    def suits(self, task: Task) -> bool:
        """Return whether it can solve a task."""
        return self.forecasts if task.is_forecast else self.imputes


# === From the last values ===


def fit_last_value(train: Array, task: Task) -> Forecaster:
    """Return the naive forecaster, which repeats the last value."""
    return lambda inputs: np.repeat(inputs[:, -1:], task.ahead, axis=1)


def fit_seasonal(train: Array, task: Task, period: int | None = None) -> Forecaster:
    """Return the seasonal naive forecaster, which repeats the last season.

    Args:
        train: (count, length, variables).
        task: the forecast.
        period: steps of a season. By default the one with the smallest error on
            `train`, from 2 on, since a season of 1 step is the last value.

    Raises:
        UsageError: the period is longer than the visible steps.
    """
    if period is not None and not 1 <= period <= task.first_hidden:
        raise UsageError(
            f"expected a period from 1 to the {task.first_hidden} visible steps, "
            f"got {period}"
        )

    def forecaster(period: int) -> Forecaster:
        steps = np.arange(task.ahead) % period - period
        return lambda inputs: inputs[:, steps]

    if period is None:
        periods = range(min(2, task.first_hidden), task.first_hidden + 1)
        return _best(map(forecaster, periods), train, task)
    return forecaster(period)


def fit_moving_average(train: Array, task: Task) -> Forecaster:
    """Return the forecaster that repeats a linearly weighted moving average.

    Over the last three values the weights are 1/6, 2/6 and 3/6. The number of values,
    from 2 on, is the one with the smallest error on `train`.
    """

    def forecaster(values: int) -> Forecaster:
        weights = np.arange(1, values + 1) / (values * (values + 1) / 2)

        def forecast(inputs: Array) -> Array:
            mean = np.einsum("s,csv->cv", weights, inputs[:, -values:])
            return np.repeat(mean[:, None].astype("float32"), task.ahead, axis=1)

        return forecast

    numbers = range(min(2, task.first_hidden), task.first_hidden + 1)
    return _best(map(forecaster, numbers), train, task)


# === Fitted to all series jointly ===


def fit_linear(train: Array, task: Task) -> Forecaster:
    """Return the linear regression on `train`, by exact least squares.

    Each hidden value is a weighted sum of all visible values of all variables and a
    constant: `(visible × variables + 1) × ahead × variables` weights.
    """
    variables = train.shape[2]

    def features(inputs: Array) -> npt.NDArray[np.float64]:
        seen = inputs[:, task.seen()[: inputs.shape[1]]]
        return np.column_stack([seen.reshape(len(seen), -1), np.ones(len(seen))])

    targets = task.targets(train).reshape(len(train), -1).astype(np.float64)
    weights = np.linalg.lstsq(features(task.inputs(train)), targets, rcond=None)[0]

    def forecast(inputs: Array) -> Array:
        values = (features(inputs) @ weights).astype("float32")
        return values.reshape(len(inputs), task.ahead, variables)

    return forecast


# === Fitted to each series separately ===


def fit_arima(train: Array, task: Task) -> Forecaster:
    """Return a forecaster that fits an ARIMA(p, d, 0) to each input series.

    An autoregression with a constant, of `statsmodels`, fitted by least squares to the
    values (d = 0) or their differences (d = 1). Only p and d, the same for all series,
    are chosen by the forecast error on `train`. A moving average part would cost
    seconds of optimization per series and does not improve the forecast: see `LAGS`.

    Where a fit fails, or its forecast leaves the range of the visible values by more
    than the width of that range, the forecast is the last value.

    Raises:
        MissingExtraError: statsmodels is not installed.
    """
    require("train", "fitting ARIMA")

    def forecaster(lags: int, differences: int) -> Forecaster:
        def forecast(inputs: Array) -> Array:
            # From here on every variable is a separate series.
            separate = np.swapaxes(inputs, 1, 2).reshape(-1, inputs.shape[1], 1)
            values = _autoregress(separate, lags, differences, task.ahead)
            shape = (len(inputs), inputs.shape[2], task.ahead)
            return np.swapaxes(values.reshape(shape), 1, 2)

        return forecast

    # The fit needs at least one equation more than it has weights.
    grid = [
        (lags, differences)
        for lags, differences in product(LAGS, DIFFERENCES)
        if 2 * lags + 2 + differences <= task.first_hidden
    ]
    if not grid:
        return fit_last_value(train, task)
    most = max(1, ARIMA_SERIES // train.shape[2])
    chosen = np.linspace(0, len(train) - 1, min(len(train), most)).astype(int)
    return _best((forecaster(*order) for order in grid), train[chosen], task)


def _autoregress(series: Array, lags: int, differences: int, ahead: int) -> Array:
    """Return forecasts (count, ahead, 1) by an autoregression of each series."""
    from statsmodels.tsa.ar_model import AutoReg

    stationary = difference(series) if differences else series
    forecasts: npt.NDArray[Any] = np.full((len(series), ahead, 1), np.nan)
    # An exact fit, of a constant for instance, makes it warn of a zero variance.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for index, values in enumerate(stationary[:, :, 0].astype(np.float64)):
            try:
                fit = AutoReg(values, lags, trend="c").fit()
                forecasts[index, :, 0] = fit.forecast(ahead)
            except (ValueError, np.linalg.LinAlgError):
                continue
        if differences:
            forecasts = undifference(forecasts, series[:, -1:])
    lowest = series.min(axis=1, keepdims=True)
    highest = series.max(axis=1, keepdims=True)
    span = highest - lowest
    near = (forecasts >= lowest - span) & (forecasts <= highest + span)
    stable = near.all(axis=1, keepdims=True)
    return np.where(stable, forecasts, series[:, -1:]).astype("float32")


# === Imputation ===


def fit_line(train: Array, task: Task) -> Forecaster:
    """Return linear interpolation between the values before and after a gap."""

    def impute(inputs: Array) -> Array:
        before = inputs[:, task.hidden.start - 1]
        after = inputs[:, task.hidden.stop]
        return np.linspace(before, after, task.ahead + 2, axis=1)[:, 1:-1]

    return impute


def fit_spline(train: Array, task: Task) -> Forecaster:
    """Return cubic spline interpolation through all visible values.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    require("train", "a spline")

    def impute(inputs: Array) -> Array:
        from scipy.interpolate import CubicSpline

        steps, seen = np.arange(task.length), task.seen()
        spline = CubicSpline(steps[seen], inputs[:, seen].astype(np.float64), axis=1)
        return np.asarray(spline(steps[~seen]), np.float32)

    return impute


# === Registry ===

BASELINES = {
    "last-value": Baseline(
        title="last value",
        fit=fit_last_value,
        # Over ten steps the book's text has 0.223, its notebook 0.257.
        book={"one-step": 0.020, "ten-steps": 0.223},
    ),
    "seasonal": Baseline(title="value one season ago", fit=fit_seasonal),
    "moving-average": Baseline(title="weighted moving average", fit=fit_moving_average),
    "arima": Baseline(title="ARIMA(p, d, 0)", fit=fit_arima),
    "linear-interpolation": Baseline(
        title="straight line", fit=fit_line, forecasts=False, imputes=True
    ),
    "spline": Baseline(
        title="cubic spline", fit=fit_spline, forecasts=False, imputes=True
    ),
    "linear": Baseline(
        title="linear, least squares",
        fit=fit_linear,
        imputes=True,
        book={"one-step": 0.004, "ten-steps": 0.0188},
    ),
}


def _best(candidates: Iterable[Forecaster], train: Array, task: Task) -> Forecaster:
    """Return the candidate with the smallest mean squared error on `train`."""
    inputs, targets = task.inputs(train), task.targets(train)
    return min(
        candidates,
        key=lambda forecast: float(np.mean((forecast(inputs) - targets) ** 2)),
    )
