"""Baselines on a table: forecasts without a network, from any row of it.

Each is fitted to the train rows and returns a function from forecast origins (count,)
to forecasts, float32 (count, ahead, targets). A season comes from the dates of the
table (or `--season`). Nothing is fitted to later rows; they are only read, as far as
the origin.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chorale.errors import TrainingError
from chorale.forecasting.baselines import fit_moving_average
from chorale.forecasting.series import Array, Data, Task
from chorale.forecasting.windows import Table
from chorale.utils.arrays import Float64Array, IntArray
from chorale.utils.extras import require

TableForecaster = Callable[[IntArray], Array]

# (p, d, q) and (P, D, Q) of seasonal ARIMA; the one with the lowest AIC on train rows.
ORDERS = ((1, 0, 1), (0, 1, 1), (2, 0, 1))
SEASONAL_ORDER = (0, 1, 1)
LONGEST_SEASON = 60  # of the state-space models, whose state has a number for each row
FIT_ROWS = 1000  # the last train rows, which these models are fitted to
PENALTIES = (1e-3, 1e-1, 1.0, 10.0, 100.0, 1000.0)  # of the linear model


@dataclass(frozen=True)
class TableBaseline:
    """A forecaster without a network."""

    title: str  # name in tables
    fit: Callable[[Data], TableForecaster]


def fit_last_value(data: Data) -> TableForecaster:
    """Return the naive forecaster, which repeats the last value."""
    table = _table(data)
    return lambda origins: np.repeat(
        table.values[origins - 1][:, None], data.task.ahead, axis=1
    )


def fit_seasonal(data: Data) -> TableForecaster:
    """Return the seasonal naive forecaster: the value one season before."""
    table = _table(data)
    steps = np.arange(data.task.ahead) % table.season - table.season
    return lambda origins: table.values[np.maximum(origins[:, None] + steps, 0)]


def fit_average(data: Data) -> TableForecaster:
    """Return the weighted moving average of the windows, see `fit_moving_average`."""
    table, steps = _table(data), data.task.first_hidden
    forecaster = fit_moving_average(data.train, data.task)
    return lambda origins: forecaster(table.seen(origins, steps))


# === Linear ===


def fit_linear(data: Data) -> TableForecaster:
    """Return ridge regression on the seen values and the known covariates.

    For each step ahead and target, the difference from the mean of the last season is a
    weighted sum of the seen differences from it, the past covariates of the last step
    and the known covariates of the step that is forecast. The penalty of squared
    weights, out of PENALTIES, is the one with the smallest error on the valid rows.
    """
    table, task = _table(data), data.task
    train, valid = (_Regression(table, task, data, part) for part in ("train", "valid"))
    weights = {
        penalty: [train.solve(step, penalty) for step in range(task.ahead)]
        for penalty in PENALTIES
    }

    def forecast(penalty: float, rows: _Regression) -> Array:
        steps = [
            rows.features(step) @ solution + rows.level
            for step, solution in enumerate(weights[penalty])
        ]
        return np.stack(steps, axis=1).astype("float32")

    truth = table.truth(table.origins["valid"], task.ahead)
    errors = {
        penalty: float(np.nanmean((forecast(penalty, valid) - truth) ** 2))
        for penalty in PENALTIES
    }
    best = min(PENALTIES, key=lambda penalty: errors[penalty])
    return lambda origins: forecast(best, _Regression(table, task, data, origins))


class _Regression:
    """Features and targets of the linear model at some origins."""

    def __init__(
        self, table: Table, task: Task, data: Data, part: str | IntArray
    ) -> None:
        origins = table.origins[part] if isinstance(part, str) else part
        seen = table.seen(origins, task.first_hidden).astype(np.float64)
        past, known = table.covariates(origins, task.first_hidden, task.ahead)
        season = min(max(table.season, 1), task.first_hidden)
        self.level = seen[:, -season:].mean(axis=1)
        lags = (seen - self.level[:, None]).reshape(len(seen), -1)
        self._base = np.column_stack([lags, past[:, -1], np.ones(len(seen))])
        self._known = known[:, task.first_hidden :]
        self._table, self._origins = table, origins

    def features(self, step: int) -> Float64Array:
        """Return the features of a step ahead, (count, features)."""
        return np.column_stack([self._base, self._known[:, step]])

    def solve(self, step: int, penalty: float) -> Float64Array:
        """Return the weights of a step ahead, (features, targets)."""
        features = self.features(step)
        values = self._table.truth(self._origins + step, 1)[:, 0]
        columns = []
        for target in range(values.shape[1]):
            truth = values[:, target] - self.level[:, target]
            rows = np.isfinite(truth)
            kept = features[rows]
            gram = kept.T @ kept + penalty * np.eye(kept.shape[1])
            columns.append(np.linalg.solve(gram, kept.T @ truth[rows]))
        return np.column_stack(columns)


# === State-space models of statsmodels ===


def fit_seasonal_arima(data: Data) -> TableForecaster:
    """Return seasonal ARIMA: out of ORDERS the one with the lowest AIC on train rows.

    With a season s it is ARIMA(p, d, q)(0, 1, 1)s, without one ARIMA(p, d, q), fitted
    to each target by maximum likelihood. The values are differenced here, so that the
    state stays small (their mean is near 0 already); the Kalman filter of
    `statsmodels` skips missing ones.

    Raises:
        MissingExtraError: statsmodels is not installed.
        TrainingError: the season is too long.
    """
    _check_season(data, "seasonal ARIMA")
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    table, ahead = _table(data), data.task.ahead
    season = table.season if table.season > 1 else 0

    def forecaster(target: int) -> TableForecaster:
        observed = table.observed[:, target]
        filled = table.values[:, target].astype(np.float64)
        values = np.where(observed, filled, np.nan)

        def model(rows: Float64Array, order: tuple[int, int, int]) -> Any:
            lag, difference, average = order
            return SARIMAX(
                _difference(rows, difference, season),
                order=(lag, 0, average),
                seasonal_order=(0, 0, 1, season) if season else (0, 0, 0, 0),
            )

        first = max(0, table.train_rows - FIT_ROWS)
        train = values[first : table.train_rows]
        fits = {order: _fit(model(train, order)) for order in ORDERS}
        # The rows lost by differencing: the criterion is for each of those left.
        best = min(ORDERS, key=lambda order: fits[order].aic / fits[order].nobs)
        lost = best[1] + season
        states = _StateSpace(model(values, best), fits[best].params)

        def forecast(origins: IntArray) -> Array:
            changes = states.forecast(origins - lost, ahead)
            before = filled[origins[:, None] + np.arange(-lost, 0)]
            return _integrate(changes, before, best[1], season)

        return forecast

    return _each_target(table, forecaster)


def fit_exponential_smoothing(data: Data) -> TableForecaster:
    """Return exponential smoothing with a damped trend and an additive season.

    Holt (1957) and Winters (1960), fitted by maximum likelihood to each target; missing
    values are filled.

    Raises:
        MissingExtraError: statsmodels is not installed.
        TrainingError: the season is too long.
    """
    _check_season(data, "exponential smoothing")
    from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing

    table, ahead = _table(data), data.task.ahead
    season = table.season if table.season > 1 else None

    def forecaster(target: int) -> TableForecaster:
        def model(rows: Float64Array) -> Any:
            return ExponentialSmoothing(
                rows,
                trend=True,
                damped_trend=True,
                seasonal=season,
                initialization_method="heuristic",
            )

        values = table.values[:, target].astype(np.float64)
        first = max(0, table.train_rows - FIT_ROWS)
        fit = _fit(model(values[first : table.train_rows]))
        states = _StateSpace(model(values), fit.params)
        return lambda origins: states.forecast(origins, ahead)

    return _each_target(table, forecaster)


class _StateSpace:
    """A fitted state-space model: its state before each row, and forecasts from it."""

    def __init__(self, model: Any, parameters: Float64Array) -> None:
        with _quietly():
            results = model.filter(parameters).filter_results
        self._states = results.predicted_state  # (size, rows + 1)
        self._transition, self._design = model.ssm["transition"], model.ssm["design"]
        self._state_intercept = model.ssm["state_intercept"].reshape(-1, 1)
        self._intercept = float(model.ssm["obs_intercept"].ravel()[0])

    def forecast(self, origins: IntArray, ahead: int) -> Array:
        """Return forecasts (count, ahead) of the rows from origins on."""
        states, steps = self._states[:, origins], []
        for _ in range(ahead):
            steps.append((self._design @ states)[0] + self._intercept)
            states = self._transition @ states + self._state_intercept
        return np.stack(steps, axis=1).astype("float32")


def _fit(model: Any) -> Any:
    """Return a model fitted by maximum likelihood."""
    with _quietly():
        try:
            return model.fit(disp=False, maxiter=50)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise TrainingError(f"statsmodels cannot fit it: {error}") from error


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Ignore warnings of convergence; use one thread: the matrices are tiny."""
    from threadpoolctl import threadpool_limits

    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        threadpool_limits(limits=1),
    ):
        warnings.simplefilter("ignore")
        yield


def _each_target(
    table: Table, forecaster: Callable[[int], TableForecaster]
) -> TableForecaster:
    """Return a forecaster of all targets from one for each."""
    models = [forecaster(target) for target in range(table.targets)]
    return lambda origins: np.stack([model(origins) for model in models], axis=2)


def _difference(rows: Float64Array, ordinary: int, season: int) -> Float64Array:
    """Return differences over a season, if there is one, and then over one row."""
    changes = rows[season:] - rows[:-season] if season else rows
    return np.diff(changes) if ordinary else changes


def _integrate(changes: Array, before: Any, ordinary: int, season: int) -> Array:
    """Invert `_difference`: values (count, ahead) after `before`, (count, lost)."""
    values = np.concatenate([before, changes], axis=1, dtype=np.float64)
    lost = before.shape[1]
    for row in range(lost, values.shape[1]):
        if ordinary:
            values[:, row] += values[:, row - 1]
        if season:
            values[:, row] += values[:, row - season]
        if ordinary and season:
            values[:, row] -= values[:, row - season - 1]
    return values[:, lost:].astype("float32")


# === Registry ===

TABLE_BASELINES = {
    "last-value": TableBaseline("last value", fit_last_value),
    "seasonal": TableBaseline("value one season ago (seasonal naive)", fit_seasonal),
    "moving-average": TableBaseline("weighted moving average", fit_average),
    "exponential-smoothing": TableBaseline(
        "exponential smoothing (Holt-Winters)", fit_exponential_smoothing
    ),
    "seasonal-arima": TableBaseline("seasonal ARIMA", fit_seasonal_arima),
    "linear": TableBaseline("linear, ridge regression", fit_linear),
}


def _table(data: Data) -> Table:
    assert data.table is not None, "a table, not synthetic series"
    return data.table


def _check_season(data: Data, purpose: str) -> None:
    """Check that statsmodels is installed and can hold the season in its state."""
    require("train", purpose, ("statsmodels",))
    season = _table(data).season
    if season > LONGEST_SEASON:
        raise TrainingError(
            f"{purpose} has a season of at most {LONGEST_SEASON} rows, got {season}: "
            "choose a longer time step, or a shorter --season"
        )
