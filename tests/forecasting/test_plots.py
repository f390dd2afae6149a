"""Plots on axes: their lines are the arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from plotted import heights_of, lines_of

from chorale.forecasting.plots import (
    plot_errors,
    plot_forecasts,
    plot_learning_curves,
    plot_series,
)
from chorale.forecasting.series import TASKS, forecasting_task


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


@pytest.mark.parametrize("name", TASKS)
def test_series_are_drawn_seen_and_hidden(axes: Axes, name: str) -> None:
    task = TASKS[name]
    values = np.arange(task.length) ** 2.0
    plot_series(axes, values, task)
    lines = lines_of(axes)
    assert set(lines) == {"seen", "hidden"}
    steps, seen = lines["seen"]
    assert np.array_equal(steps, np.arange(task.length))
    assert np.array_equal(np.isnan(seen), ~task.seen())
    assert np.array_equal(seen[task.seen()], values[task.seen()])
    steps, hidden = lines["hidden"]
    assert np.array_equal(steps, np.arange(task.length)[task.hidden])
    assert np.array_equal(hidden, values[task.hidden])
    assert axes.get_xlabel() == "step"


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [("one-step", 40, 51), ("ten-steps", 40, 60), ("gap", 15, 45)],
)
def test_forecasts_are_drawn_beside_the_truth(
    axes: Axes, name: str, begin: int, end: int
) -> None:
    task = TASKS[name]
    values = np.arange(task.length) / 7
    good, bad = values[task.hidden] + 1, values[task.hidden] - 5
    plot_forecasts(axes, values, task, {"good": good, "bad": bad})
    lines = lines_of(axes)
    assert set(lines) == {"seen", "truth", "good", "bad"} and not axes.containers
    steps, seen = lines["seen"]
    assert np.array_equal(steps, np.arange(begin, end))
    nearby = np.where(task.seen(), values, np.nan)[begin:end]
    assert np.array_equal(seen, nearby, equal_nan=True)
    hidden = np.arange(task.length)[task.hidden]
    for label, expected in (
        ("truth", values[task.hidden]),
        ("good", good),
        ("bad", bad),
    ):
        assert np.array_equal(lines[label][0], hidden)
        assert np.array_equal(lines[label][1], expected)


def test_error_bars_are_as_high_as_asked_and_stand_apart(axes: Axes) -> None:
    task = forecasting_task(5, 3)
    values, forecast = np.zeros(8), np.array([1.0, 2, 3])
    bars = {"low": np.array([0.1, 0.2, 0.3]), "high": np.array([4.0, 5, 6])}
    names = ("low", "none", "high")
    plot_forecasts(axes, values, task, dict.fromkeys(names, forecast), bars)
    assert {name: bar.tolist() for name, bar in heights_of(axes).items()} == {
        name: pytest.approx(bar) for name, bar in bars.items()
    }
    lines = lines_of(axes)
    for name in names:
        assert np.array_equal(lines[name][1], forecast)
    assert np.array_equal(lines["none"][0], [5, 6, 7])
    assert (lines["low"][0] < [5, 6, 7]).all() and (lines["high"][0] > [5, 6, 7]).all()
    plot_forecasts(
        alone := Figure().subplots(), values, task, {"one": forecast}, {"one": forecast}
    )
    assert np.array_equal(lines_of(alone)["one"][0], [5, 6, 7])


def test_few_bars_are_drawn_over_many_steps(axes: Axes) -> None:
    task = TASKS["fifty-steps"]
    values, ones = np.zeros(100), np.ones(50)
    plot_forecasts(axes, values, task, {"one": ones}, {"one": ones})
    assert heights_of(axes)["one"].shape == (10,)
    assert len(lines_of(axes)["one"][1]) == 50


def test_many_forecasters_look_different(axes: Axes) -> None:
    task = forecasting_task(5, 3)
    forecasts = {str(number): np.zeros(3) for number in range(40)}
    plot_forecasts(axes, np.zeros(8), task, forecasts)
    looks = {(line.get_color(), line.get_marker()) for line in axes.lines[2:]}
    assert len(looks) == 40


def test_curves_are_those_of_the_history(axes: Axes) -> None:
    rows = [
        {"epoch": epoch, "train_loss": 4 / epoch, "valid_mse": 3 / epoch, "seconds": 1}
        for epoch in (1, 2, 3)
    ]
    plot_learning_curves(axes, rows, oracle=0.5)
    lines = lines_of(axes)
    assert set(lines) == {"train loss", "valid MSE", "oracle"}
    assert np.array_equal(lines["train loss"], [[1, 2, 3], [4, 2, 4 / 3]])
    assert np.array_equal(lines["valid MSE"], [[1, 2, 3], [3, 1.5, 1]])
    assert (lines["oracle"][1] == 0.5).all()
    assert (axes.get_yscale(), axes.get_xlabel()) == ("log", "epoch")


def test_errors_are_drawn_by_hidden_step(axes: Axes) -> None:
    errors = {"a": np.array([1.0, 2, 3]), "b": np.array([2.0, 3, 4])}
    others = {"c": np.array([5.0, 6, 7]), "d": np.array([6.0, 7, 8])}
    plot_errors(axes, errors, others=others, noise=0.25)
    lines = lines_of(axes)
    for name, expected in (*errors.items(), ("others", others["c"])):
        assert np.array_equal(lines[name], [[1, 2, 3], expected])
    assert len(axes.lines) == 5
    assert (lines["variance of the noise"][1] == 0.25).all()
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["a", "b", "variance of the noise", "others"]
    assert (axes.get_yscale(), axes.get_ylabel()) == ("log", "mean squared error")


def test_errors_of_a_single_step_are_ranked(axes: Axes) -> None:
    errors = {"second": np.array([2.0]), "first": np.array([1.0])}
    plot_errors(axes, errors, others={"third": np.array([3.0])}, noise=0.25)
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["third", "second", "first"]
    data = [(*line.get_xdata(), *line.get_ydata()) for line in axes.lines]
    assert data == [(3, 0), (2, 1), (1, 2), (0.25, 0.25, 0, 1)]
    assert axes.get_xscale() == "log"


def test_a_forecaster_without_errors_can_be_drawn(tmp_path: Path) -> None:
    for number, steps in enumerate((1, 3)):
        figure = Figure()
        plot_errors(figure.subplots(), {"perfect": np.zeros(steps)})
        figure.savefig(tmp_path / f"{number}.png")
    plot_learning_curves(
        figure.subplots(), [{"epoch": 1.0, "train_loss": 0.0, "valid_mse": 0.0}]
    )
    figure.savefig(tmp_path / "curves.png")
