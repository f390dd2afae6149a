"""Networks on a table: causal level and covariates, masked loss, whole runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ridership import write_ridership

from chorale.forecasting.csv_series import CsvSeries, TableOptions, read_csv_series
from chorale.forecasting.recipes import RECIPES, TABLE_NETWORKS
from chorale.forecasting.suite import SuiteOptions, run_suite
from chorale.forecasting.table_results import table_results

pytestmark = pytest.mark.keras

OPTIONS = TableOptions(targets=("rail", "bus"), known=("day_type",), steps=8, ahead=4)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> CsvSeries:
    path = tmp_path_factory.mktemp("table") / "riders.csv"
    return read_csv_series(write_ridership(path), OPTIONS)


@pytest.mark.parametrize(
    "name", [*TABLE_NETWORKS, "iterated-rnn", "conv-gru", "encoder-decoder"]
)
def test_positions_read_no_later_steps(series: CsvSeries, name: str) -> None:
    from chorale.forecasting import table_networks, training

    task, table = series.data.task, series.table
    recipe = RECIPES[name]
    network = table_networks.build_network(recipe, task, table)
    inputs = training.table_inputs(table, table.origins["test"][:2], task)
    block = recipe.block_of(task)
    inputs["known"] = inputs["known"][:, : 8 + block]
    outputs = np.asarray(network(inputs))
    positions = range(8)[recipe.positions]
    assert outputs.shape == (2, len(positions), block * 2)
    for index, position in enumerate(positions):
        changed = {key: array.copy() for key, array in inputs.items()}
        changed["series"][:, position + 1 :] += 3
        changed["past"][:, position + 1 :] += 3
        changed["known"][:, position + 1 + block :] += 3
        later = np.asarray(network(changed))
        np.testing.assert_allclose(later[:, index], outputs[:, index], atol=1e-5)
    # The covariates of a step ahead change the forecast of that step alone.
    changed = {**inputs, "known": inputs["known"].copy()}
    changed["known"][:, 8] += 1
    by_step = np.abs(np.asarray(network(changed)) - outputs)[:, -1].reshape(2, block, 2)
    assert by_step[:, 0].min() > 0 and not by_step[:, 1:].max(initial=0) > 1e-6


def test_a_higher_level_raises_the_forecast_as_much(series: CsvSeries) -> None:
    from chorale.forecasting import table_networks, training

    task, table = series.data.task, series.table
    network = table_networks.build_network(RECIPES["gru"], task, table)
    inputs = training.table_inputs(table, table.origins["test"][:2], task)
    higher = {**inputs, "series": inputs["series"] + 5}
    difference = np.asarray(network(higher)) - np.asarray(network(inputs))
    np.testing.assert_allclose(difference, 5, atol=1e-4)


def test_the_loss_is_huber_of_what_is_there() -> None:
    from chorale.forecasting.table_networks import masked_huber

    truth = np.array([[[1.0, np.nan, 3.0]]], np.float32)
    forecast = np.array([[[1.5, 9.0, 6.0]]], np.float32)
    loss = np.asarray(masked_huber(truth, forecast))
    assert loss == pytest.approx(np.array([[(0.125 + 2.5) / 3]]))


def test_every_part_is_forecast_and_resumed(
    series: CsvSeries, tmp_path: Path, without_xla: None
) -> None:
    recipes = {name: RECIPES[name] for name in ("simple-rnn", "iterated-rnn")}
    options = SuiteOptions(epochs=1)
    measurements, _ = run_suite(recipes, options, tmp_path, series=series)
    for measurement in measurements:
        counts = [len(series.table.origins[part]) for part in ("valid", "test")]
        assert measurement.valid is not None and measurement.future is not None
        assert measurement.forecasts is not None
        shapes = [measurement.valid.shape, measurement.forecasts.shape]
        assert shapes == [(count, 4, 2) for count in counts]
        assert measurement.future.shape == (4, 2)
    again, _ = run_suite(recipes, options, tmp_path, series=series)
    for first, second in zip(measurements, again, strict=True):
        np.testing.assert_array_equal(first.forecasts, second.forecasts)


def test_few_windows_are_passed_over_more_often() -> None:
    from chorale.forecasting.jobs import Job
    from chorale.forecasting.series import TASKS, draw_data

    data = draw_data(TASKS["one-step"], train=64, valid=1, test=1, random_state=0)
    recipe = replace(RECIPES["gru"], updates_factor=3.0)
    job = Job("gru", data, Path(), 0, recipe, epochs=5, updates=20)
    assert job.total_epochs == 30  # of two batches, for 60 updates
    assert replace(job, updates=0).total_epochs == 5
    assert replace(job, recipe=replace(recipe, epochs=7)).total_epochs == 7


def test_known_inputs_beat_the_seasonal_naive_forecast(tmp_path: Path) -> None:
    path = write_ridership(tmp_path / "riders.csv")
    series = read_csv_series(
        path, TableOptions(targets=("rail",), known=("day_type",), steps=28, ahead=7)
    )
    assert any("2022-07-20) to row 205" in remark for remark in series.remarks)
    measurements, _ = run_suite(
        {"gru": RECIPES["gru"]},
        SuiteOptions(epochs=1, updates=300),
        tmp_path / "out",
        series=series,
    )
    rows = {row.name: row for row in table_results(measurements, series, 0.8)}
    naive = rows["seasonal"].mae[-1]
    assert naive is not None
    for name, most in (("gru", 0.9), ("linear", 0.9), ("seasonal-arima", 1.0)):
        mean, share = rows[name].mae[-1], rows[name].coverage[-1]
        assert mean is not None and mean <= most * naive
        assert share is not None and 0.7 <= share <= 0.9
