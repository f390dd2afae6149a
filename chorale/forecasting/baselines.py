"""Forecasts without a network, which a network has to beat to be worth its training.

Each is fitted to whole series, if there is anything to fit, and gives a function from
what a forecaster may see (`Task.inputs`) to its forecast of what is hidden. All of them
but `linear` treat every variable by itself.
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
"""From float32 (count, seen steps, variables) to float32 (count, ahead, variables)."""

# Of ARIMA, to choose from. Two waves in noise are an ARMA(4, 4) process whose two parts
# all but cancel: a long autoregression comes close to it, a short one does not.
LAGS = (1, 2, 4, 8, 12, 16, 20, 24)
DIFFERENCES = (0, 1)
MOST_TO_CHOOSE_BY = 100  # series of one variable; all are fitted for each choice


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A forecaster without a network.

    Attributes:
        title: what a reader calls it.
        fit: takes series (count, length, variables) to learn from and their task.
        forecasts: whether it suits a task with nothing seen after what is hidden.
        fills: whether it suits one where more follows.
        book: the mean squared error that the book has for it, by the task's name.
    """

    title: str
    fit: Callable[[Array, Task], Forecaster]
    forecasts: bool = True
    fills: bool = False
    book: Mapping[str, float] = field(default_factory=dict)

    def suits(self, task: Task) -> bool:
        """Return whether it can be set this task."""
        return self.forecasts if task.is_forecast else self.fills


# === Of the last values ===


def fit_last_value(train: Array, task: Task) -> Forecaster:
    """Return the forecaster that repeats the last value."""
    return lambda inputs: np.repeat(inputs[:, -1:], task.ahead, axis=1)


def fit_seasonal(train: Array, task: Task, period: int | None = None) -> Forecaster:
    """Return the forecaster that repeats the last season.

    Args:
        train: (count, length, variables).
        task: what is forecast.
        period: steps of a season. By default that of the smallest error on `train`,
            from 2 on, since a season of 1 step is the last value.

    Raises:
        UsageError: less than a whole season is seen.
    """
    if period is not None and not 1 <= period <= task.first_hidden:
        raise UsageError(
            f"expected a period from 1 to the {task.first_hidden} steps that are seen, "
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
    """Return the forecaster that repeats a weighted mean of the last values.

    The weights fall by the same amount with each step back, the last one to nothing:
    of the last three values they are 1/6, 2/6 and 3/6. How many count is the number,
    from 2 on, with the smallest error on `train`.
    """

    def forecaster(values: int) -> Forecaster:
        weights = np.arange(1, values + 1) / (values * (values + 1) / 2)

        def forecast(inputs: Array) -> Array:
            mean = np.einsum("s,csv->cv", weights, inputs[:, -values:])
            return np.repeat(mean[:, None].astype("float32"), task.ahead, axis=1)

        return forecast

    numbers = range(min(2, task.first_hidden), task.first_hidden + 1)
    return _best(map(forecaster, numbers), train, task)


# === Fitted to all series at once ===


def fit_linear(train: Array, task: Task) -> Forecaster:
    """Return the best linear forecaster on `train`: exact least squares.

    Each hidden value of each variable is a weighted sum of all values that are seen, of
    all variables, and a constant: `(seen × variables + 1) × ahead × variables` weights.
    """
    variables = train.shape[2]

    def terms(inputs: Array) -> npt.NDArray[np.float64]:
        seen = inputs[:, task.seen()[: inputs.shape[1]]]
        return np.column_stack([seen.reshape(len(seen), -1), np.ones(len(seen))])

    targets = task.targets(train).reshape(len(train), -1).astype(np.float64)
    weights = np.linalg.lstsq(terms(task.inputs(train)), targets, rcond=None)[0]

    def forecast(inputs: Array) -> Array:
        values = (terms(inputs) @ weights).astype("float32")
        return values.reshape(len(inputs), task.ahead, variables)

    return forecast


# === Fitted to each series by itself ===


def fit_arima(train: Array, task: Task) -> Forecaster:
    """Return a forecaster that fits an ARIMA(p, d, 0) to each series it is given.

    The autoregression with a constant of `statsmodels`, by least squares, on the values
    or their differences. Only p and d, the same for all series, are chosen on `train`,
    by the error of the forecasts. A moving average part would take a search of seconds
    for every series, and forecasts waves no better: see `LAGS`.

    Where a fit fails, or runs away from the values seen by more than these are from one
    another, the forecast is the last value.

    Raises:
        MissingExtraError: statsmodels is not installed.
    """
    require("train", "fitting ARIMA")

    def forecaster(lags: int, differences: int) -> Forecaster:
        def forecast(inputs: Array) -> Array:
            # From here on every variable is a series of its own.
            alone = np.swapaxes(inputs, 1, 2).reshape(-1, inputs.shape[1], 1)
            values = _autoregress(alone, lags, differences, task.ahead)
            shape = (len(inputs), inputs.shape[2], task.ahead)
            return np.swapaxes(values.reshape(shape), 1, 2)

        return forecast

    # As many steps to learn from as there are weights, and one more.
    possible = [
        (lags, differences)
        for lags, differences in product(LAGS, DIFFERENCES)
        if 2 * lags + 2 + differences <= task.first_hidden
    ]
    if not possible:
        return fit_last_value(train, task)
    most = max(1, MOST_TO_CHOOSE_BY // train.shape[2])
    chosen = np.linspace(0, len(train) - 1, min(len(train), most))
    candidates = (forecaster(*order) for order in possible)
    return _best(candidates, train[chosen.astype(int)], task)


def _autoregress(series: Array, lags: int, differences: int, ahead: int) -> Array:
    """Return forecasts (count, ahead, 1) by an autoregression of each series."""
    from statsmodels.tsa.ar_model import AutoReg

    steady = difference(series) if differences else series
    forecasts: npt.NDArray[Any] = np.full((len(series), ahead, 1), np.nan)
    # A perfect fit (of a constant, say) makes it warn of a variance of nothing.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for index, values in enumerate(steady[:, :, 0].astype(np.float64)):
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
    kept = near.all(axis=1, keepdims=True)
    return np.where(kept, forecasts, series[:, -1:]).astype("float32")


# === Filling a gap ===


def fit_line(train: Array, task: Task) -> Forecaster:
    """Return what fills a gap with a straight line between the values beside it."""

    def fill(inputs: Array) -> Array:
        before = inputs[:, task.hidden.start - 1]
        after = inputs[:, task.hidden.stop]
        return np.linspace(before, after, task.ahead + 2, axis=1)[:, 1:-1]

    return fill


def fit_spline(train: Array, task: Task) -> Forecaster:
    """Return what fills a gap with a cubic spline through all values that are seen.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    require("train", "a spline")

    def fill(inputs: Array) -> Array:
        from scipy.interpolate import CubicSpline

        steps, seen = np.arange(task.length), task.seen()
        spline = CubicSpline(steps[seen], inputs[:, seen].astype(np.float64), axis=1)
        return np.asarray(spline(steps[~seen]), np.float32)

    return fill


# === All of them ===

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
        title="straight line", fit=fit_line, forecasts=False, fills=True
    ),
    "spline": Baseline(
        title="cubic spline", fit=fit_spline, forecasts=False, fills=True
    ),
    "linear": Baseline(
        title="linear, least squares",
        fit=fit_linear,
        fills=True,
        book={"one-step": 0.004, "ten-steps": 0.0188},
    ),
}


def _best(candidates: Iterable[Forecaster], train: Array, task: Task) -> Forecaster:
    """Return the forecaster with the smallest mean squared error on `train`."""
    inputs, targets = task.inputs(train), task.targets(train)
    return min(
        candidates,
        key=lambda forecast: float(np.mean((forecast(inputs) - targets) ** 2)),
    )
