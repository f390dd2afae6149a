"""Results on a table: errors in its own units, intervals, and the future as CSV."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from chorale.forecasting.csv_series import CsvSeries
from chorale.forecasting.dates import format_date
from chorale.forecasting.intervals import coverage, half_widths
from chorale.forecasting.jobs import Measurement
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.series import Floats
from chorale.forecasting.table_baselines import TABLE_BASELINES
from chorale.utils.tables import write_table

NAIVE = "seasonal"  # the baseline that others are compared with

_METRICS = ("mae", "mape", "mse", "coverage", "width")
_TITLES = {
    **{name: baseline.title for name, baseline in TABLE_BASELINES.items()},
    **{name: recipe.title for name, recipe in RECIPES.items()},
}


@dataclass(frozen=True, kw_only=True)
class TableResult:
    """Errors of a forecaster on the test part, for one target, in its units.

    Lists have a number for each step ahead, then the mean over all of them; None where
    there is no value to compare with. `mape` is in percent, without values of 0;
    `coverage` is the share of values in the interval, `width` the interval's width.
    """

    name: str  # of the forecaster
    title: str
    target: str  # name of the column
    seed: int = -1  # of the training; -1 without a training
    parameters: int = 0  # number of trained weights
    mae: list[float | None]  # mean absolute error
    mape: list[float | None]  # mean absolute percentage error
    mse: list[float | None]  # mean squared error
    coverage: list[float | None]
    width: list[float | None]
    valid_mae: float | None = None  # mean absolute error on the valid part
    seconds: float = 0.0  # duration of training and forecast
    is_converged: bool = True  # whether the training came to a plateau
    failure: str = ""  # reason why there are no errors


@dataclass(frozen=True)
class Future:
    """A forecast beyond the end of the table, float (ahead, targets), in its units."""

    name: str  # of the forecaster
    forecast: Floats
    low: Floats  # the bounds of the prediction interval
    high: Floats


def table_results(
    measurements: Sequence[Measurement], series: CsvSeries, level: float
) -> list[TableResult]:
    """Return the errors of each forecaster, seed and target."""
    return [
        result
        for measurement in measurements
        for result in _results(measurement, series, level)
    ]


def table_futures(
    measurements: Sequence[Measurement], series: CsvSeries, level: float
) -> list[Future]:
    """Return the forecasts beyond the end, of the first training of each network."""
    futures = []
    for measurement in measurements:
        if measurement.future is None or measurement.seed > 0:
            continue
        widths = half_widths(part_errors(measurement, series, "valid"), level)
        forecast = series.unscale(measurement.future)
        futures.append(
            Future(measurement.name, forecast, forecast - widths, forecast + widths)
        )
    return futures


def part_errors(measurement: Measurement, series: CsvSeries, part: str) -> Floats:
    """Return forecast minus truth, float (count, ahead, targets), in own units."""
    forecasts = measurement.valid if part == "valid" else measurement.forecasts
    assert forecasts is not None
    truth = series.table.truth(series.table.origins[part], series.data.task.ahead)
    errors: Floats = series.unscale(forecasts) - series.unscale(truth)
    return errors


def table_medians(results: Sequence[TableResult]) -> list[TableResult]:
    """Return one result per forecaster and target: medians over the seeds."""
    groups: dict[tuple[str, str], list[TableResult]] = {}
    for result in results:
        groups.setdefault((result.name, result.target), []).append(result)
    return [_median(group) for group in groups.values()]


def best_network(results: Sequence[TableResult]) -> str | None:
    """Return the forecaster with the smallest error on the valid part.

    Errors of several targets are compared by their ratio to the seasonal naive ones.
    """
    naive = {row.target: row.valid_mae for row in results if row.name == NAIVE}
    ratios: dict[str, list[float]] = {}
    for row in results:
        if row.valid_mae is not None and row.name != NAIVE:
            ratios.setdefault(row.name, []).append(
                row.valid_mae / max(naive.get(row.target) or 1.0, 1e-300)
            )
    if not ratios:
        return None
    return min(ratios, key=lambda name: float(np.mean(ratios[name])))


# === Files ===


def write_table_results(path: Path | str, results: Sequence[TableResult]) -> None:
    """Write a CSV with a row for each result and step ahead, and their mean."""
    rows = []
    for result in results:
        for index, step in enumerate([*range(1, len(result.mae)), "mean"]):
            numbers = [getattr(result, metric)[index] for metric in _METRICS]
            rows.append(
                [
                    *(result.name, result.target, result.seed, step),
                    *("" if value is None else f"{value:.8g}" for value in numbers),
                    *(result.parameters, result.seconds),
                    *("yes" if result.is_converged else "no", result.failure),
                ]
            )
    columns = ["name", "target", "seed", "step", *_METRICS]
    columns += ["parameters", "seconds", "converged", "failure"]
    write_table(path, columns, rows)


def write_futures(
    path: Path | str, series: CsvSeries, futures: Sequence[Future]
) -> None:
    """Write forecasts beyond the end as CSV, in the units of the file that was read.

    The columns are network, step (1 is the first row after the end), date if the file
    has dates, and for each target its forecast and the bounds of its interval.
    """
    columns = ["network", "step", *(["date"] if series.dates is not None else [])]
    for name in series.names:
        columns += [name, f"{name}_low", f"{name}_high"]
    rows = []
    for row in futures_rows(series, futures):
        rows.append(
            [f"{cell:.10g}" if isinstance(cell, float) else cell for cell in row]
        )
    write_table(path, columns, rows)


def futures_rows(series: CsvSeries, futures: Sequence[Future]) -> list[list[Any]]:
    """Return the rows of `write_futures`."""
    rows: list[list[Any]] = []
    ahead = series.data.task.ahead
    for future in futures:
        for step in range(ahead):
            row: list[Any] = [future.name, step + 1]
            if series.dates is not None:
                row.append(format_date(series.dates[step - ahead]))
            for target in range(len(series.names)):
                parts = (future.forecast, future.low, future.high)
                row += [float(part[step, target]) for part in parts]
            rows.append(row)
    return rows


def as_json(results: Sequence[TableResult]) -> list[dict[str, Any]]:
    """Return results as JSON values: `mae` and the like by step, and their `mean`."""
    answer = []
    for result in results:
        row = asdict(result)
        for metric in _METRICS:
            *by_step, mean = row[metric] or [None]
            row[metric] = {"mean": mean, "by_step": by_step}
        answer.append(row)
    return answer


# === Errors ===


def _results(
    measurement: Measurement, series: CsvSeries, level: float
) -> list[TableResult]:
    """Return the result of each target."""
    name, none = measurement.name, [None] * (series.data.task.ahead + 1)
    common: dict[str, Any] = {
        "name": name,
        "title": _TITLES.get(name, name),
        "seed": measurement.seed,
        "parameters": measurement.parameters,
        "seconds": round(measurement.seconds, 2),
        "is_converged": measurement.is_converged,
        "failure": measurement.failure,
    }
    if measurement.forecasts is None:
        metrics: dict[str, Any] = dict.fromkeys(_METRICS, none)
        return [TableResult(target=t, **common, **metrics) for t in series.names]
    table, ahead = series.table, series.data.task.ahead
    truth = series.unscale(table.truth(table.origins["test"], ahead))
    errors = part_errors(measurement, series, "test")
    valid = part_errors(measurement, series, "valid")
    widths = half_widths(valid, level)
    with np.errstate(divide="ignore"):
        percent = 100 * np.abs(errors / np.where(truth == 0, np.nan, truth))
    by_step = {
        "mae": _mean(np.abs(errors)),
        "mape": _mean(percent),
        "mse": _mean(errors**2),
        "coverage": coverage(errors, widths),
        "width": 2 * widths,
    }
    results = []
    for index, target in enumerate(series.names):
        metrics = {
            metric: _with_mean(steps[:, index]) for metric, steps in by_step.items()
        }
        valid_mae = float(np.nanmean(np.abs(valid[:, :, index])))
        results.append(
            TableResult(target=target, **common, **metrics, valid_mae=valid_mae)
        )
    return results


def _mean(values: Floats) -> Floats:
    """Return means (ahead, targets) of the values (count, …) that are not NaN."""
    present = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        means: Floats = np.where(present, values, 0).sum(axis=0) / present.sum(axis=0)
    return means


def _with_mean(steps: Floats) -> list[float | None]:
    present = steps[np.isfinite(steps)]
    mean = float(present.mean()) if len(present) else math.nan
    return [_number(value) for value in (*steps, mean)]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _median(group: Sequence[TableResult]) -> TableResult:
    """Return the medians of a forecaster; None if it failed with any seed."""
    changes: dict[str, Any] = {}
    for metric in _METRICS:
        columns = zip(*(getattr(result, metric) for result in group), strict=True)
        changes[metric] = [None if None in c else median(c) for c in columns]
    valid = [result.valid_mae for result in group]
    return replace(
        group[0],
        **changes,
        valid_mae=None if None in valid else median(v for v in valid if v is not None),
        seconds=median(result.seconds for result in group),
        is_converged=all(result.is_converged for result in group),
        failure=next((result.failure for result in group if result.failure), ""),
    )
