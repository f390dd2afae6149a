"""Baselines, against series that they forecast or impute exactly."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import MissingExtraError, UsageError
from chorale.forecasting import baselines
from chorale.forecasting.baselines import (
    BASELINES,
    fit_arima,
    fit_last_value,
    fit_line,
    fit_linear,
    fit_moving_average,
    fit_seasonal,
    fit_spline,
)
from chorale.forecasting.series import (
    TASKS,
    Array,
    Task,
    draw_waves,
    forecasting_task,
    with_season,
)
from chorale.utils import extras

GAP = Task(name="little gap", length=9, first_hidden=4, ahead=3)


def waves(task: Task, count: int, random_state: int = 0, variables: int = 1) -> Array:
    random = np.random.default_rng(random_state)
    return draw_waves(
        count, task.length, random, interval=task.interval, variables=variables
    ).series


def error(name: str, task: Task, train: Array, test: Array) -> float:
    forecasts = BASELINES[name].fit(train, task)(task.inputs(test))
    return float(np.mean((forecasts - task.targets(test)) ** 2))


# === All of them ===


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("variables", [1, 3])
def test_each_forecasts_what_its_tasks_ask_for(name: str, variables: int) -> None:
    baseline = BASELINES[name]
    tasks = [task for task in (forecasting_task(12, 5), GAP) if baseline.suits(task)]
    assert len(tasks) == baseline.forecasts + baseline.imputes
    for task in tasks:
        train, test = (waves(task, 8, state, variables) for state in (1, 2))
        forecast = baseline.fit(train, task)
        forecasts = forecast(task.inputs(test))
        assert forecasts.shape == (8, task.ahead, variables)
        assert forecasts.dtype == np.float32 and np.isfinite(forecasts).all()
        # Series do not influence each other.
        assert forecast(task.inputs(test[7:8])) == pytest.approx(
            forecasts[7:8], abs=1e-5
        )


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2])
def test_the_shortest_series_do(name: str, steps: int, count: int) -> None:
    baseline = BASELINES[name]
    for task in (
        forecasting_task(steps, 4),
        Task(name="gap", length=steps + 3, first_hidden=steps, ahead=2),
    ):
        if baseline.suits(task):
            train = waves(task, count)
            forecasts = baseline.fit(train, task)(task.inputs(train))
            assert np.isfinite(forecasts).all()


@pytest.mark.parametrize("name", BASELINES)
def test_a_constant_stays_what_it_is(name: str) -> None:
    baseline = BASELINES[name]
    for task in (forecasting_task(20, 4), GAP):
        if baseline.suits(task):
            series = np.full((8, task.length, 2), 0.3, np.float32)
            forecasts = baseline.fit(series, task)(task.inputs(series))
            assert forecasts == pytest.approx(series[:, : task.ahead], abs=1e-5)


def test_the_book_is_met() -> None:
    tasks = TASKS["one-step"], TASKS["ten-steps"]
    errors = {
        (name, task.name): error(name, task, waves(task, 4000, 1), waves(task, 2000, 2))
        for name in ("last-value", "linear")
        for task in tasks
    }
    # Within three standard errors of the errors on 2,000 other series.
    assert errors["last-value", "one-step"] == pytest.approx(0.0204, abs=0.0016)
    assert errors["last-value", "ten-steps"] == pytest.approx(0.261, abs=0.014)
    # The book trains these by gradient descent and gets to 0.004 and 0.0188.
    assert errors["linear", "one-step"] == pytest.approx(0.0029, abs=0.0003)
    assert errors["linear", "ten-steps"] == pytest.approx(0.0155, abs=0.0009)


# === From the last values ===


def test_the_last_value_is_repeated() -> None:
    task = forecasting_task(3, 2)
    forecast = fit_last_value(np.zeros((1, 5, 2), np.float32), task)
    inputs = np.array([[[1, 2], [3, 4], [5, 6]]], np.float32)
    assert forecast(inputs).tolist() == [[[5, 6], [5, 6]]]


@given(st.integers(1, 6), st.integers(1, 20))
def test_a_season_returns(period: int, ahead: int) -> None:
    task = forecasting_task(6, ahead)
    inputs = np.arange(6, dtype=np.float32).reshape(1, 6, 1)
    forecasts = fit_seasonal(inputs, task, period)(inputs)[0, :, 0]
    last = list(range(6))[-period:]
    assert forecasts.tolist() == [last[step % period] for step in range(ahead)]


def test_the_period_is_found() -> None:
    task = forecasting_task(30, 10)
    random = np.random.default_rng(0)
    noise = random.normal(0, 0.1, (200, task.length, 1)).astype("float32")
    series = with_season(noise, random, period=7)
    inputs = task.inputs(series)
    found, given_period = fit_seasonal(series, task), fit_seasonal(series, task, 7)
    assert np.array_equal(found(inputs), given_period(inputs))


@pytest.mark.parametrize("period", [0, -1, 31])
def test_a_period_that_is_never_seen_is_refused(period: int) -> None:
    task = forecasting_task(30, 10)
    with pytest.raises(UsageError, match=f"from 1 to the 30 .* got {period}"):
        fit_seasonal(waves(task, 2), task, period)


def test_weights_of_the_mean_fall_evenly() -> None:
    task = forecasting_task(4, 2)
    # The targets are means of the last three values, so three are selected.
    random = np.random.default_rng(0)
    series = random.normal(size=(50, 6, 2)).astype("float32")
    mean = (series[:, 1] + 2 * series[:, 2] + 3 * series[:, 3]) / 6
    series[:, 4] = series[:, 5] = mean
    forecasts = fit_moving_average(series, task)(task.inputs(series))
    assert forecasts == pytest.approx(task.targets(series), abs=1e-6)


# === Linear ===


@pytest.mark.parametrize("task", [forecasting_task(4, 3), GAP])
def test_least_squares_finds_a_linear_law(task: Task) -> None:
    random = np.random.default_rng(0)
    series = random.normal(size=(300, task.length, 2)).astype("float32")
    seen = series[:, task.seen()]
    weights = random.normal(size=(seen.shape[1] * 2, task.ahead * 2))
    hidden = 5 + seen.reshape(300, -1) @ weights
    series[:, task.hidden] = hidden.reshape(300, task.ahead, 2)
    forecast = fit_linear(series[:200], task)
    targets = task.targets(series[200:])
    assert forecast(task.inputs(series[200:])) == pytest.approx(targets, abs=1e-4)


# === ARIMA ===


def test_an_autoregression_goes_on_with_waves() -> None:
    task = TASKS["ten-steps"]
    train, test = waves(task, 40, 1), waves(task, 40, 2)
    assert error("arima", task, train, test) < 0.006  # linear: 0.016, last value: 0.26


def test_differences_go_on_with_a_line() -> None:
    task = forecasting_task(12, 5)
    random = np.random.default_rng(0)
    slopes = random.uniform(-1, 1, (40, 1, 1))
    series = (slopes * np.arange(task.length)[:, None]).astype("float32")
    # A line and lasting jumps: only differences determine the next value.
    jumps = random.normal(size=series.shape) * (np.arange(task.length) < 12)[:, None]
    series += jumps.cumsum(axis=1).astype("float32")
    series -= series[:, :1]
    last = error("last-value", task, series, series)
    assert error("arima", task, series, series) < 0.7 * last


def test_what_runs_away_is_the_last_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "LAGS", (1,))
    monkeypatch.setattr(baselines, "DIFFERENCES", (0,))
    task = forecasting_task(10, 3)
    series = np.zeros((2, task.length, 1), np.float32)
    series[0, :, 0] = 3.0 ** np.arange(task.length)
    series[1, :, 0] = 0.5 ** np.arange(task.length)
    forecasts = fit_arima(series, task)(task.inputs(series))
    assert forecasts[0, :, 0].tolist() == [3.0**9] * 3
    assert forecasts[1, :, 0] == pytest.approx(0.5 ** np.arange(10, 13), abs=1e-5)


def test_a_fit_that_fails_is_the_last_value(monkeypatch: pytest.MonkeyPatch) -> None:
    from statsmodels.tsa import ar_model

    def fail(*args: object, **options: object) -> None:
        warnings.warn("never to be seen", RuntimeWarning, stacklevel=1)
        raise np.linalg.LinAlgError("SVD did not converge")

    task = forecasting_task(10, 3)
    series = waves(task, 3)
    monkeypatch.setattr(ar_model, "AutoReg", fail)
    forecasts = fit_arima(series, task)(task.inputs(series))
    assert np.array_equal(forecasts, np.repeat(series[:, 9:10], 3, axis=1))


def test_libraries_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    for fit, task in ((fit_arima, forecasting_task(9, 3)), (fit_spline, GAP)):
        with pytest.raises(MissingExtraError, match=r"\[train\]"):
            fit(waves(task, 2), task)


# === Imputation ===


def test_a_straight_line_fills_a_gap() -> None:
    series = np.zeros((1, GAP.length, 2), np.float32)
    series[0, 3], series[0, 7] = (1, 10), (5, -2)
    fill = fit_line(series, GAP)
    assert fill(GAP.inputs(series)).tolist() == [[[2, 7], [3, 4], [4, 1]]]


def test_a_spline_fills_a_gap_in_a_cubic() -> None:
    steps = np.arange(GAP.length)
    cubics = np.stack([steps**3 - 9.0 * steps**2, 4 - steps**3], axis=1)
    series = cubics[None].astype("float32")
    fill = fit_spline(series, GAP)
    assert fill(GAP.inputs(series)) == pytest.approx(GAP.targets(series), abs=1e-3)


def test_linear_fills_waves_better_than_any_curve_between() -> None:
    task = TASKS["gap"]
    train, test = waves(task, 2000, 1), waves(task, 500, 2)
    line, spline, linear = (
        error(name, task, train, test)
        for name in ("linear-interpolation", "spline", "linear")
    )
    assert linear < 0.003 < spline < line
