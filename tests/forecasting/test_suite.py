"""The suite: trainings that resume, forecasts fed back, figures that add up."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from chorale.errors import ModelError, UsageError
from chorale.forecasting import training
from chorale.forecasting.jobs import LEAST_SQUARES, ORACLE, Measurement
from chorale.forecasting.csv_series import read_csv_series
from chorale.forecasting.recipes import LAST_STEP, RECIPES, Recipe
from chorale.forecasting.results import irreducible_errors, medians, compute_results, write_results
from chorale.forecasting.series import (
    NOISE_VARIANCE,
    TASKS,
    Data,
    draw_data,
    forecasting_task,
)
from chorale.forecasting.suite import SuiteOptions, default_recipes, run_suite
from chorale.nn.runs import Run

SMALL = SuiteOptions(train=64, valid=20, test=30, epochs=2, draws=200)
ONE_STEP = {"simple-rnn": RECIPES["simple-rnn"]}


def small_data(task: str = "ten-steps") -> Data:
    return draw_data(TASKS[task], train=64, valid=20, test=10, random_state=0)


class Adding(keras.Model):
    """Forecast the last value plus 1, plus 2 …; two variables move by 1 and by 10."""

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block

    def call(self, inputs):
        ups = np.arange(1, self.block + 1)[:, None] * np.array([1.0, 10.0])
        values = inputs[:, -1:, None, :] + ups.astype("float32")
        return keras.ops.reshape(values, (-1, 1, self.block * 2))


# === Forecasts ===


@pytest.mark.parametrize("block", [1, 2, 5])
def test_forecasts_are_fed_back_until_there_are_enough(block):
    inputs = np.zeros((3, 4, 2), "float32")
    inputs[:, -1] = [[1, 5], [2, 6], [3, 7]]
    forecasts = training.forecast(Adding(block), inputs, ahead=5)
    steps = np.arange(1, 6)
    assert forecasts.shape == (3, 5, 2)
    np.testing.assert_allclose(forecasts[1, :, 0], 2 + steps)
    np.testing.assert_allclose(forecasts[2, :, 1], 7 + 10 * steps)


def test_dropout_left_on_spreads_forecasts_around_their_mean():
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((4, 1)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2, kernel_initializer="ones"),
            keras.layers.Reshape((1, 2)),
        ]
    )
    inputs = np.ones((100, 4, 1), "float32")
    mean, spread = training.forecast_with_dropout(network, inputs, 2, 30, seed=1)
    # Each of four ones is dropped or doubled: mean 4, variance 4.
    assert mean.shape == spread.shape == (100, 2, 1)
    assert mean.mean() == pytest.approx(4, abs=0.15)
    assert (spread**2).mean() == pytest.approx(4, rel=0.1)
    again, _ = training.forecast_with_dropout(network, inputs, 2, 30, seed=1)
    np.testing.assert_array_equal(mean, again)
    np.testing.assert_allclose(training.forecast(network, inputs, 2), 4, rtol=1e-6)


# === Training ===


class StopsIn:
    """A progress that is stopped in the middle of an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def start_epoch(self, epoch: int, epochs: int, batches: int) -> None:
        self.now = epoch

    def finish_batch(self, loss: float) -> None:
        if self.now == self.epoch:
            raise KeyboardInterrupt

    def finish_epoch(self, row: dict[str, float]) -> None: ...


def test_a_training_that_was_stopped_ends_where_the_unbroken_one_does(tmp_path):
    data, recipe = small_data(), RECIPES["dropout"]
    whole = training.train(recipe, data, Run(tmp_path / "whole"), epochs=3, seed=4)
    broken = Run(tmp_path / "broken")
    with pytest.raises(KeyboardInterrupt):
        training.train(recipe, data, broken, epochs=3, seed=4, progress=StopsIn(2))
    resumed = training.train(recipe, data, broken, epochs=3, seed=4)
    for one, other in zip(whole.network.weights, resumed.network.weights, strict=True):
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), atol=1e-6)
    assert [row["valid_mse"] for row in whole.history] == pytest.approx(
        [row["valid_mse"] for row in resumed.history]
    )


def test_a_training_learns_and_ends_with_its_best_epoch(tmp_path):
    data = draw_data(TASKS["one-step"], train=640, valid=50, test=5, random_state=0)
    recipe = RECIPES["deep-rnn-dense"]
    network, history = training.train(recipe, data, Run(tmp_path), epochs=3, seed=0)
    valid = [row["valid_mse"] for row in history]
    assert min(valid) < 0.5 * data.valid.var()
    forecasts = training.forecast(network, data.task.inputs(data.valid), 1)
    error = ((forecasts - data.task.targets(data.valid)) ** 2).mean()
    assert error == pytest.approx(min(valid), rel=1e-4)


def test_fresh_series_are_new_in_every_epoch_and_never_those_measured_on(
    tmp_path, monkeypatch
):
    seen = []

    def remember(*arguments, **keywords):
        drawn = training_draw(*arguments, **keywords)
        seen.append(drawn.frequencies[:, 0])
        return drawn

    training_draw = training.draw_waves
    monkeypatch.setattr(training, "draw_waves", remember)
    task = TASKS["one-step"]
    data = draw_data(task, train=50, valid=50, test=50, random_state=1)
    recipe = Recipe(title="", build="simple_rnn", positions=LAST_STEP, fresh=50)
    # Series of state 1 are numbered 0, 1, 2; so are the first epochs of seed 1.
    training.train(recipe, data, Run(tmp_path), epochs=3, seed=1)
    assert data.test_waves is not None
    everything = np.concatenate([*seen, data.test_waves.frequencies[:, 0]])
    assert len(everything) == 200 == len(np.unique(everything))


# === The suite ===


def test_what_is_there_is_not_measured_again(tmp_path):
    first, _ = run_suite(ONE_STEP, SMALL, tmp_path)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    again, _ = run_suite(ONE_STEP, replace(SMALL, seeds=2), tmp_path)
    trainings = [one for one in again if one.seed >= 0]
    assert [one.seed for one in trainings] == [0, 1]
    assert not np.array_equal(trainings[0].forecasts, trainings[1].forecasts)
    for path, stamp in kept.items():
        if path.name not in ("series.npz",):
            assert path.stat().st_mtime_ns == stamp, path
    np.testing.assert_array_equal(trainings[0].forecasts, first[-1].forecasts)


def test_another_training_does_not_go_on_from_this_one(tmp_path):
    run_suite(ONE_STEP, SMALL, tmp_path)
    faster = {"simple-rnn": replace(RECIPES["simple-rnn"], learning_rate=0.1)}
    with pytest.raises(ModelError, match="training with other options"):
        run_suite(faster, SMALL, tmp_path)


def test_a_task_may_be_set_to_all_that_forecast(tmp_path):
    recipes = {name: RECIPES[name] for name in ("simple-rnn", "imputing-conv")}
    task = forecasting_task(12, 3)
    measured, data = run_suite(recipes, SMALL, tmp_path, task=task)
    assert list(data) == [task.name]
    by_name = {one.name: one.forecasts for one in measured}
    assert by_name["simple-rnn"].shape == by_name[ORACLE].shape == (30, 3, 1)
    assert "imputing-conv" not in by_name
    # The book set simple-rnn another task.
    assert all(one.book is None for one in compute_results(measured, data))


def test_another_suite_in_the_same_folder_is_refused(tmp_path):
    run_suite({}, SMALL, tmp_path)
    with pytest.raises(UsageError, match="another --output"):
        run_suite({}, replace(SMALL, random_state=1), tmp_path)


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
    for one, other in zip(alone, together, strict=True):
        assert (one.name, one.seed) == (other.name, other.seed)
        np.testing.assert_allclose(one.forecasts, other.forecasts, atol=1e-5)
    done, total = reports[-1]
    assert done == total


def test_a_network_that_cannot_be_built_fails_alone(tmp_path):
    task = forecasting_task(2, 1)
    path = tmp_path / "own.csv"
    path.write_text("x\n" + "\n".join(str(i % 7) for i in range(60)), encoding="utf-8")
    own = read_csv_series(path, steps=task.first_hidden, ahead=task.ahead)
    recipes = {name: RECIPES[name] for name in ("simple-rnn", "conv-gru")}
    measured, data = run_suite(recipes, SMALL, tmp_path / "suite", series=own)
    failed = {one.name: one.failure for one in measured if one.forecasts is None}
    assert list(failed) == ["conv-gru"]
    assert "steps" in failed["conv-gru"]
    results = {one.name: one for one in compute_results(measured, data)}
    assert results["conv-gru"].mean is None
    assert results["simple-rnn"].mean is not None
    # The book's figures and the oracle are of its series, not of this.
    assert all(one.book is None and one.mean_ratio is None for one in results.values())
    coming = {one.name: one.future for one in measured}
    np.testing.assert_allclose(coming["last-value"], own.latest[0, -1:], rtol=1e-6)


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


# === Figures ===


def made_up(name: str, errors: list[float], seed: int = -1) -> tuple[Measurement, Data]:
    """Return a forecaster that is off by these amounts at every step."""
    data = small_data()
    offsets = np.resize(errors, (10, 10, 1)).astype("float32")
    forecasts = data.task.targets(data.test) + offsets
    return Measurement(name, "ten-steps", forecasts, seed, parameters=7, seconds=1), data


def test_figures_are_means_of_squares_and_ratios_to_the_oracle():
    oracle, data = made_up(ORACLE, [0.1])
    network, _ = made_up("gru", [0.1, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])
    first, second = compute_results([oracle, network], {"ten-steps": data})
    assert (first.mean_ratio, first.above_oracle) == (1, 0)
    assert second.first == pytest.approx(0.01, rel=1e-4)
    assert second.last == pytest.approx(0.04, rel=1e-4)
    assert second.mean == pytest.approx(0.021, rel=1e-4)
    assert second.first_ratio == pytest.approx(1, rel=1e-4)
    assert second.mean_ratio == pytest.approx(2.1, rel=1e-4)
    assert second.above_oracle == pytest.approx(0.011, rel=1e-4)
    assert second.book == 0.010


def test_an_error_below_the_oracles_is_noticed_only_if_it_is_significant():
    data = small_data()
    targets = data.task.targets(data.test)
    oracle = Measurement(ORACLE, "ten-steps", targets + np.float32(0.1))
    random = np.random.default_rng(0)
    scatter = random.normal(0, 0.1, targets.shape).astype("float32")
    equal = Measurement("gru", "ten-steps", targets + scatter, 0)
    better = Measurement("lstm", "ten-steps", targets + 0.5 * scatter, 0)
    results = compute_results([oracle, equal, better], {"ten-steps": data})
    assert [one.is_below_oracle for one in results] == [False, False, True]


def test_seeds_are_summed_up_by_their_medians():
    data = small_data()
    measured = [
        made_up("gru", [size], seed)[0] for seed, size in enumerate([0.3, 0.1, 0.2])
    ]
    (row,) = medians(compute_results(measured, {"ten-steps": data}))
    assert row.mean == pytest.approx(0.04, rel=1e-4)
    failed = replace(measured[1], forecasts=None, failure="the loss is nan")
    (row,) = medians(compute_results([measured[0], failed], {"ten-steps": data}))
    assert (row.mean, row.failure) == (None, "the loss is nan")


def test_the_floor_is_the_noise_and_what_the_oracle_does_not_know(tmp_path):
    measured, _ = run_suite(ONE_STEP, replace(SMALL, test=200), tmp_path)
    floor = irreducible_errors(measured)["one-step"]
    assert floor["bound"] == NOISE_VARIANCE == pytest.approx(0.000833, abs=1e-6)
    assert floor["bound"] < floor["mean"] < 1.15 * floor["bound"]
    assert 0 < floor["monte_carlo_error"] < 0.1 * floor["bound"]


def test_results_are_written_as_they_are(tmp_path):
    oracle, data = made_up(ORACLE, [0.1])
    failed = Measurement("gru", "ten-steps", None, 0, failure="it, failed")
    results = compute_results([oracle, failed], {"ten-steps": data})
    write_results(tmp_path / "results.csv", results)
    with (tmp_path / "results.csv").open(encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert float(first["mean"]) == pytest.approx(0.01, rel=1e-4)
    assert (second["name"], second["mean"], second["failure"]) == (
        "gru",
        "",
        "it, failed",
    )
    write_results(tmp_path / "results.csv", compute_results([oracle], {"ten-steps": data}))
    lines = (tmp_path / "results.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == [ORACLE, "gru"]


# === The command ===


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chorale", "forecast", "run", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_the_command_prints_one_table_and_keeps_a_csv(tmp_path):
    words = ["--only", "simple-rnn", "--quick", "--epochs", "1", "--jobs", "1"]
    done = run(*words, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    names = [line.split()[0] for line in done.stdout.splitlines()[2:] if line.strip()]
    assert names[:2] == [ORACLE, LEAST_SQUARES]
    assert "simple-rnn" in names
    assert "0.000833" in done.stdout
    assert "below the oracle by more than two standard errors: none" in done.stdout
    assert (tmp_path / "forecast" / "results.csv").exists()
    answer = json.loads(run(*words, "--json", folder=tmp_path).stdout)
    by_name = {one["name"]: one for one in answer["results"]}
    assert by_name["simple-rnn"]["parameters"] == 3
    assert by_name["last-value"]["mean"] > by_name["linear"]["mean"]
    assert answer["below_oracle"] == []


def test_the_command_forecasts_a_table_of_ones_own(tmp_path):
    rows = [f"{np.sin(i * np.pi / 5):.4f},{i % 10}" for i in range(200)]
    table = "\n".join(["wave,saw", *rows])
    (tmp_path / "own.csv").write_text(table, encoding="utf-8")
    words = ["--series", "own.csv", "--only", "gru", "--steps", "20", "--ahead", "3"]
    done = run(*words, "--epochs", "1", "--jobs", "1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "forecast" / "coming.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    seasonal = [float(row["saw"]) for row in rows if row["network"] == "seasonal"]
    assert seasonal == pytest.approx([0, 1, 2], abs=1e-4)
    assert sum(row["network"] == "gru" for row in rows) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--only", "gro"], "expected networks out of simple-rnn, "),
        (["--only", "gru", "--seeds", "0"], "expected seeds of at least 1, got 0"),
        (["--ahead", "0"], "at least 1 of steps ahead, got 0"),
        (["--steps", "-3"], "at least 1 of steps before the hidden ones, got -3"),
        (["--only", "imputing-gru", "--ahead", "2"], "networks that forecast"),
        (["--jobs", "0"], "at least 1 job"),
        (["--only", ""], "expected networks out of simple-rnn, "),
        (["--series", "none.csv"], "none.csv"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(words, message, tmp_path):
    done = run(*words, folder=tmp_path)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
