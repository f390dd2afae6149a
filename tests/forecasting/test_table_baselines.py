"""Baselines on a table: exact on noiseless series, blind to later rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chorale.errors import MissingExtraError, TrainingError
from chorale.forecasting.csv_series import CsvSeries, TableOptions, read_csv_series
from chorale.forecasting.table_baselines import TABLE_BASELINES, fit_seasonal_arima
from chorale.utils import extras

SEASON = 6
PATTERN = np.array([0.0, 3, 5, 2, -4, -1])


def write_table(
    path: Path, *, rows: int = 240, change: int = 0, missing: tuple[int, ...] = ()
) -> CsvSeries:
    """Return a table of a season with trend; `change` adds to the last rows."""
    random = np.random.default_rng(1)
    time = np.arange(rows)
    first = PATTERN[time % SEASON] + 0.05 * time + random.normal(0, 0.05, rows)
    second = 10 * PATTERN[(time + 2) % SEASON] + random.normal(0, 0.5, rows)
    first[rows - 5 :] += change
    lines = [
        f"{'' if row in missing else a:.9},{b:.9}"
        for row, (a, b) in enumerate(
            zip(first.astype(str), second.astype(str), strict=True)
        )
    ]
    path.write_text("\n".join(["a,b", *lines]), encoding="utf-8")
    return read_csv_series(path, TableOptions(steps=24, ahead=8, season=SEASON))


@pytest.mark.parametrize("name", TABLE_BASELINES)
def test_no_forecast_reads_later_rows(tmp_path: Path, name: str) -> None:
    series = write_table(tmp_path / "a.csv")
    other = write_table(tmp_path / "b.csv", change=50)
    origins = series.table.origins["test"]
    origins = origins[origins <= 235]
    fit = TABLE_BASELINES[name].fit
    forecasts = fit(series.data)(origins)
    assert forecasts.shape == (len(origins), 8, 2) and forecasts.dtype == np.float32
    assert np.isfinite(forecasts).all()
    np.testing.assert_allclose(fit(other.data)(origins), forecasts, atol=1e-4)


@pytest.mark.parametrize("name", TABLE_BASELINES)
def test_season_and_trend_are_forecast(tmp_path: Path, name: str) -> None:
    series = write_table(tmp_path / "a.csv", missing=(40, 41, 150))
    table = series.table
    origins = np.concatenate([table.origins["test"], table.origins["latest"]])
    forecast = series.unscale(TABLE_BASELINES[name].fit(series.data)(origins))
    truth = series.unscale(table.truth(table.origins["test"], 8))
    errors = np.abs(forecast[:-1] - truth).mean(axis=(0, 1))
    if name in ("last-value", "moving-average"):
        assert errors[0] > 1
    elif name == "seasonal":  # behind the trend by one season or two
        assert errors[0] == pytest.approx(0.05 * SEASON * 1.25, abs=0.1)
    else:
        assert errors[0] < 0.15 and errors[1] < 1
        last = PATTERN[np.arange(240, 248) % SEASON] + 0.05 * np.arange(240, 248)
        assert forecast[-1, :, 0] == pytest.approx(last, abs=0.4)


def test_the_seasonal_naive_forecast_is_the_last_season(tmp_path: Path) -> None:
    series = write_table(tmp_path / "a.csv")
    forecast = TABLE_BASELINES["seasonal"].fit(series.data)(np.array([100]))[0]
    expected = series.table.values[[94, 95, 96, 97, 98, 99, 94, 95]]
    assert (forecast == expected).all()


def test_a_season_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_table(path, rows=400)
    series = read_csv_series(path, TableOptions(steps=24, ahead=8, season=70))
    for name in ("seasonal-arima", "exponential-smoothing"):
        with pytest.raises(TrainingError, match="at most 60 rows, got 70"):
            TABLE_BASELINES[name].fit(series.data)
    TABLE_BASELINES["seasonal"].fit(series.data)


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series = write_table(tmp_path / "a.csv")
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"seasonal ARIMA needs .*\[train\]"):
        fit_seasonal_arima(series.data)
