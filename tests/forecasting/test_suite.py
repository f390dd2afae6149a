"""The suite: saved results, resumed and refused folders, tasks, failures."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from chorale.errors import ModelError, UsageError
from chorale.forecasting.csv_series import TableOptions, read_csv_series
from chorale.forecasting.jobs import ORACLE
from chorale.forecasting.recipes import RECIPES, default_recipes
from chorale.forecasting.results import compute_results
from chorale.forecasting.series import forecasting_task
from chorale.forecasting.suite import SuiteOptions, run_suite

SMALL = SuiteOptions(train=16, valid=8, test=12, epochs=1, draws=100)
ONE_STEP = {"simple-rnn": RECIPES["simple-rnn"]}


@pytest.fixture
def folder(suite_folder, tmp_path):
    """Return a copy of the tiny suite, which has the options SMALL."""
    return shutil.copytree(suite_folder, tmp_path / "suite")


@pytest.mark.keras
def test_what_is_there_is_not_measured_again(folder, without_xla):
    stamps = {path: path.stat().st_mtime_ns for path in folder.rglob("*.npz")}
    first, _ = run_suite(ONE_STEP, SMALL, folder)
    again, _ = run_suite(ONE_STEP, replace(SMALL, seeds=2), folder)
    trainings = [measurement for measurement in again if measurement.seed >= 0]
    assert [training.seed for training in trainings] == [0, 1]
    assert not np.array_equal(trainings[0].forecasts, trainings[1].forecasts)
    for path, stamp in stamps.items():
        if path.name != "series.npz":
            assert path.stat().st_mtime_ns == stamp, path
    np.testing.assert_array_equal(trainings[0].forecasts, first[-1].forecasts)


@pytest.mark.keras
def test_another_training_does_not_go_on_from_this_one(folder):
    faster = {"simple-rnn": replace(RECIPES["simple-rnn"], learning_rate=0.1)}
    with pytest.raises(ModelError, match="training with other options"):
        run_suite(faster, SMALL, folder)


@pytest.mark.keras
def test_a_task_may_be_set_to_all_that_forecast(tmp_path, without_xla):
    recipes = {name: RECIPES[name] for name in ("simple-rnn", "imputing-conv")}
    task = forecasting_task(6, 3)
    measurements, data = run_suite(recipes, SMALL, tmp_path, task=task)
    assert list(data) == [task.name]
    by_name = {result.name: result.forecasts for result in measurements}
    assert by_name["simple-rnn"].shape == by_name[ORACLE].shape == (12, 3, 1)
    assert "imputing-conv" not in by_name
    # The book has simple-rnn on another task.
    assert all(row.book is None for row in compute_results(measurements, data))


def test_another_suite_in_the_same_folder_is_refused(tmp_path):
    run_suite({}, SMALL, tmp_path)
    with pytest.raises(UsageError, match=r"random state.*another --output"):
        run_suite({}, replace(SMALL, random_state=1), tmp_path)


@pytest.mark.keras
@pytest.mark.slow
def test_processes_give_what_one_process_gives(tmp_path):
    alone, _ = run_suite(ONE_STEP, SMALL, tmp_path / "alone")
    reports = []
    together, _ = run_suite(
        ONE_STEP,
        SMALL,
        tmp_path / "together",
        processes=2,
        progress=lambda *report: reports.append(report),
    )
    for expected, measurement in zip(alone, together, strict=True):
        assert (measurement.name, measurement.seed) == (expected.name, expected.seed)
        np.testing.assert_allclose(measurement.forecasts, expected.forecasts, atol=1e-5)
    done, total = reports[-1]
    assert done == total


@pytest.mark.keras
def test_a_network_that_cannot_be_built_fails_alone(tmp_path, without_xla):
    task = forecasting_task(2, 1)
    path = tmp_path / "own.csv"
    path.write_text("x\n" + "\n".join(str(i % 7) for i in range(60)), encoding="utf-8")
    options = TableOptions(steps=task.first_hidden, ahead=task.ahead)
    series = read_csv_series(path, options)
    recipes = {name: RECIPES[name] for name in ("simple-rnn", "conv-gru")}
    measurements, data = run_suite(recipes, SMALL, tmp_path / "suite", series=series)
    failures = {
        result.name: result.failure
        for result in measurements
        if result.forecasts is None
    }
    assert list(failures) == ["conv-gru"]
    assert "steps" in failures["conv-gru"]
    results = {row.name: row for row in compute_results(measurements, data)}
    assert results["conv-gru"].mean is None
    assert results["simple-rnn"].mean is not None
    # The book's errors and the oracle are of other series.
    assert all(row.book is None and row.mean_ratio is None for row in results.values())
    future = {result.name: result.future for result in measurements}
    np.testing.assert_allclose(future["last-value"], series.table.values[-1:])


def test_the_long_trainings_are_run_on_request_alone():
    assert "long-dense" in RECIPES
    assert "long-dense" not in default_recipes()
    assert len(default_recipes()) > 20


@pytest.mark.parametrize(
    "changes",
    [{"train": 0}, {"epochs": -1}, {"seeds": 0}, {"draws": 1}, {"random_state": -1}],
)
def test_sizes_that_make_no_sense_are_refused(changes):
    with pytest.raises(UsageError, match="expected"):
        SuiteOptions(**changes)
