"""Results on a table: errors in its units, intervals, files, the chart."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chorale.errors import MissingExtraError
from chorale.forecasting.csv_series import CsvSeries, TableOptions, read_csv_series
from chorale.forecasting.jobs import Measurement
from chorale.forecasting.table_plots import plot_table, table_figure
from chorale.forecasting.table_results import (
    as_json,
    best_network,
    table_futures,
    table_medians,
    table_results,
    write_futures,
    write_table_results,
)
from chorale.utils import extras

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def series(tmp_path: Path) -> CsvSeries:
    """Return 60 days of two targets, a value missing in the test part."""
    rows = ["date,a,b $x$"]
    for row in range(60):
        date = np.datetime64("2024-01-01") + row
        rows.append(f"{date},{'' if row == 55 else 100 + row % 7},{(row % 3 - 1) * 10}")
    path = tmp_path / "a.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    return read_csv_series(path, TableOptions(steps=7, ahead=3))


def measured(
    series: CsvSeries, off: float, *, name: str = "gru", seed: int = 0
) -> Measurement:
    """Return forecasts that are `off` too high at the second step, in units of `a`."""
    table = series.table

    def forecasts(origins: np.ndarray) -> np.ndarray:
        rows = np.minimum(origins[:, None] + np.arange(3), 59)
        values = series.unscale(table.values[rows])
        values[:, 1] += off
        return ((values - series.means) / series.deviations).astype("float32")

    parts = {part: forecasts(table.origins[part]) for part in ("valid", "test")}
    future = forecasts(table.origins["latest"])[0]
    return Measurement(
        name, "series", parts["test"], seed, valid=parts["valid"], future=future
    )


def test_errors_are_in_the_units_of_the_table(series: CsvSeries) -> None:
    first, second = table_results([measured(series, 2)], series, 0.8)
    assert (first.target, second.target) == ("a", "b $x$")
    for row in (first, second):
        assert row.mae == pytest.approx([0, 2, 0, 2 / 3], abs=1e-4)
        assert row.mse == pytest.approx([0, 4, 0, 4 / 3], abs=1e-4)
        assert row.width == pytest.approx([0, 4, 0, 4 / 3], abs=1e-4)
    assert first.mape[1] == pytest.approx(200 / 103, rel=0.02)
    # Percentages are of the values that are not 0.
    assert second.mape == pytest.approx([0, 20, 0, 20 / 3], abs=1e-3)
    assert first.valid_mae == pytest.approx(2 / 3, abs=1e-4)


def test_missing_values_are_not_counted(series: CsvSeries) -> None:
    good = measured(series, 0)
    assert good.forecasts is not None
    wrong = good.forecasts.copy()
    for index, origin in enumerate(series.table.origins["test"]):
        if 0 <= 55 - origin < 3:
            wrong[index, 55 - origin, 0] = 1e6
    result = table_results([replace(good, forecasts=wrong)], series, 0.8)[0]
    assert result.mae[-1] == pytest.approx(0, abs=1e-4)


def test_medians_are_over_seeds_and_failures_stay(series: CsvSeries) -> None:
    measurements = [measured(series, off, seed=off) for off in (1, 2, 6)]
    failed = Measurement("conv-gru", "series", None, 0, failure="too short")
    rows = table_medians(table_results([*measurements, failed], series, 0.8))
    by_name = {(row.name, row.target): row for row in rows}
    assert by_name["gru", "a"].mae[1] == pytest.approx(2, abs=1e-4)
    assert by_name["conv-gru", "a"].mae == [None] * 4
    assert by_name["conv-gru", "a"].failure == "too short"
    assert json.loads(json.dumps(as_json(rows)))[0]["mae"]["by_step"][1] > 1.9


def test_the_best_is_chosen_by_the_valid_part(series: CsvSeries) -> None:
    worse, better = measured(series, 3, name="lstm"), measured(series, 1)
    # Errors on the test part do not matter.
    worse, better = (
        replace(worse, forecasts=better.forecasts),
        replace(better, forecasts=worse.forecasts),
    )
    naive = measured(series, 0, name="seasonal", seed=-1)
    rows = table_results([naive, worse, better], series, 0.8)
    assert best_network(rows) == "gru"
    assert best_network(rows[:2]) is None


def test_the_future_is_written_with_dates_and_intervals(
    series: CsvSeries, tmp_path: Path
) -> None:
    measurements = [measured(series, 2), measured(series, 9, seed=1)]
    futures = table_futures(measurements, series, 0.8)
    write_futures(tmp_path / "coming.csv", series, futures)
    with (tmp_path / "coming.csv").open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header[:3] == ["network", "step", "date"]
    assert header[3:6] == ["a", "a_low", "a_high"] and len(header) == 9
    assert [row[2] for row in rows] == ["2024-03-01", "2024-03-02", "2024-03-03"]
    low, high = float(rows[1][4]), float(rows[1][5])
    assert high - low == pytest.approx(4, abs=1e-3)
    assert float(rows[1][3]) == pytest.approx((low + high) / 2)
    write_table_results(tmp_path / "r.csv", table_results(measurements, series, 0.8))
    with (tmp_path / "r.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["step"] for line in lines[:4]] == ["1", "2", "3", "mean"]
    assert float(lines[1]["mae"]) == pytest.approx(2, abs=1e-4)


def test_the_chart_has_the_table_forecast_and_interval(
    series: CsvSeries, tmp_path: Path
) -> None:
    measurement = measured(series, 2)
    figure = table_figure(series, [measurement], 0.8)
    assert [axes.get_ylabel() for axes in figure.axes] == ["a", r"b \$x\$"]
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    future = np.asarray(lines["gru"].get_ydata(), float)
    assert measurement.future is not None
    assert future == pytest.approx(series.unscale(measurement.future)[:, 0])
    shown = np.asarray(lines["table"].get_ydata(), float)
    assert np.isnan(shown[-5]) and shown[-1] == pytest.approx(100 + 59 % 7, rel=1e-5)
    plot_table(tmp_path / "a.png", series, [measurement], 0.8)
    assert (tmp_path / "a.png").read_bytes().startswith(PNG)


def test_the_extra_is_named(
    series: CsvSeries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pictures needs the extra \[plot\]"):
        plot_table(tmp_path / "a.png", series, [measured(series, 1)], 0.8)
