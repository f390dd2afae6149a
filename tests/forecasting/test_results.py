"""Results of the suite: errors, ratios to the oracle, medians, the CSV file."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from chorale.forecasting.jobs import ORACLE, Job, Measurement, run_jobs
from chorale.forecasting.results import (
    compute_results,
    irreducible_errors,
    medians,
    write_results,
)
from chorale.forecasting.series import NOISE_VARIANCE, TASKS, Data, draw_data


def small_data() -> Data:
    return draw_data(TASKS["ten-steps"], train=1, valid=1, test=10, random_state=0)


def made_up(name: str, errors: list[float], seed: int = -1) -> tuple[Measurement, Data]:
    """Return a forecaster with these errors at the steps."""
    data = small_data()
    offsets = np.resize(errors, (10, 10, 1)).astype("float32")
    forecasts = data.task.targets(data.test) + offsets
    measurement = Measurement(
        name, "ten-steps", forecasts, seed, parameters=7, seconds=1
    )
    return measurement, data


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
    assert [result.is_below_oracle for result in results] == [False, False, True]


def test_seeds_are_summed_up_by_their_medians():
    data = small_data()
    measurements = [
        made_up("gru", [size], seed)[0] for seed, size in enumerate([0.3, 0.1, 0.2])
    ]
    (row,) = medians(compute_results(measurements, {"ten-steps": data}))
    assert row.mean == pytest.approx(0.04, rel=1e-4)
    failed = replace(measurements[1], forecasts=None, failure="the loss is nan")
    (row,) = medians(compute_results([measurements[0], failed], {"ten-steps": data}))
    assert (row.mean, row.failure) == (None, "the loss is nan")


def test_the_floor_is_the_noise_and_what_the_oracle_does_not_know(tmp_path):
    data = draw_data(TASKS["one-step"], train=1, valid=1, test=200, random_state=0)
    job = Job(ORACLE, data, tmp_path, draws=200)
    floor = irreducible_errors(run_jobs([job], 1, lambda *report: None))["one-step"]
    assert floor["bound"] == NOISE_VARIANCE == pytest.approx(0.000833, abs=1e-6)
    assert floor["bound"] < floor["mean"] < 1.15 * floor["bound"]
    assert 0 < floor["monte_carlo_error"] < 0.1 * floor["bound"]


def test_results_are_written_as_they_are(tmp_path):
    oracle, data = made_up(ORACLE, [0.1])
    failed = Measurement("gru", "ten-steps", None, 0, failure="it, failed")
    path, series = tmp_path / "results.csv", {"ten-steps": data}
    write_results(path, compute_results([oracle, failed], series))
    with path.open(encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert float(first["mean"]) == pytest.approx(0.01, rel=1e-4)
    row = (second["name"], second["mean"], second["failure"])
    assert row == ("gru", "", "it, failed")
    write_results(path, compute_results([oracle], series))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == [ORACLE, "gru"]
