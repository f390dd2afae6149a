"""`chorale forecast run --series`: forecast the columns of a user's table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.forecast.options import parse_names
from chorale.commands.forecast.tables import Column, print_rows
from chorale.commands.printing import print_remarks
from chorale.errors import MissingExtraError, UsageError
from chorale.forecasting.csv_series import CsvSeries, TableOptions, read_csv_series
from chorale.forecasting.dates import format_date
from chorale.forecasting.intervals import check_level
from chorale.forecasting.jobs import Measurement
from chorale.forecasting.table_plots import plot_table
from chorale.forecasting.table_results import (
    NAIVE,
    Future,
    TableResult,
    as_json,
    best_network,
    futures_rows,
    table_futures,
    table_medians,
    table_results,
    write_futures,
    write_table_results,
)
from chorale.utils.files import write_text
from chorale.utils.text import counted

LEVEL = 0.8  # of prediction intervals

# === Options ===

_yours = partial(typer.Option, rich_help_panel="Your own table (CSV)")

Series = Annotated[
    Path | None,
    _yours(
        metavar="FILE",
        help="CSV file: a header of names, one row per time step, decimals with a "
        "point, an empty cell where a value is missing. One column may have dates, "
        "such as 2024-01-31, 31.01.2024 or 01/31/2024 13:00.",
    ),
]
Target = Annotated[
    str | None,
    _yours(
        metavar="NAME,...",
        help="Columns to forecast; by default all columns of numbers. Other columns "
        "are inputs up to the last row seen.",
    ),
]
Known = Annotated[
    str | None,
    _yours(
        metavar="NAME,...",
        help="Columns that are known in the future, such as holidays: inputs for each "
        "step ahead. Text becomes one-hot codes. Give the future in rows at the end "
        "with empty targets.",
    ),
]
Calendar = Annotated[
    bool,
    _yours(
        help="Use the hour, day of the week, month and the like of the dates as known "
        "inputs."
    ),
]
Season = Annotated[
    int | None,
    _yours(help="Rows of a season; by default from the dates: 7 days, 12 months …"),
]
Interval = Annotated[
    float, _yours(help="Share of values that prediction intervals are to contain.")
]
Steps = Annotated[
    int | None,
    _yours(
        help="Input length in rows, from 1; 56 for days, 72 for hours, 24 for months, "
        "otherwise 50. Without --series too."
    ),
]
Ahead = Annotated[
    int | None,
    _yours(
        help="Forecast horizon in rows, from 1; 14 for days, 24 for hours, 12 for "
        "months, otherwise 10. Without --series too."
    ),
]


def table_options(
    target: str | None,
    known: str | None,
    calendar: bool,
    season: int | None,
    steps: int | None,
    ahead: int | None,
) -> TableOptions:
    """Return the options of a table.

    Raises:
        UsageError: a list is empty.
    """
    for option, text in (("--target", target), ("--known", known)):
        if text is not None and not parse_names(text):
            raise UsageError(f"expected names of columns after {option}")
    return TableOptions(
        targets=tuple(parse_names(target or "")),
        known=tuple(parse_names(known or "")),
        calendar=calendar,
        season=season,
        steps=steps,
        ahead=ahead,
    )


def check_alone(options: TableOptions) -> None:
    """Raise a UsageError if options of a table are given without one."""
    given = {
        "--target": options.targets,
        "--known": options.known,
        "--no-calendar": not options.calendar,
        "--season": options.season is not None,
    }
    for option, value in given.items():
        if value:
            raise UsageError(f"expected --series FILE with {option}")


def read_table(path: Path, options: TableOptions, level: float) -> CsvSeries:
    """Return a user's table; assumptions made while reading go to stderr."""
    check_level(level)
    series = read_csv_series(path, options)
    print_remarks(*series.remarks)
    return series


# === Results ===


def report_table(
    series: CsvSeries,
    measurements: Sequence[Measurement],
    output: Path,
    *,
    level: float,
    as_text: bool,
) -> None:
    """Write and print the results on a table."""
    results = table_results(measurements, series, level)
    futures = table_futures(measurements, series, level)
    chosen = table_medians(results)
    write_table_results(output / "results.csv", results)
    write_futures(output / "coming.csv", series, futures)
    best = best_network(chosen)
    chart = _chart(output / "forecast.png", series, measurements, best, level)
    answer = {
        "table": _summary(series, level),
        "results": as_json(chosen),
        "seeds": as_json(results),
        "best_on_valid": best,
        "future": _future(series, futures),
        "notes": list(series.remarks),
    }
    text = json.dumps(answer, indent=2)
    write_text(output / "results.json", text + "\n")
    if not as_text:
        typer.echo(text)
        return
    for target in series.names:
        _print_target(series, [row for row in chosen if row.target == target], level)
    _print_legend(chosen, level)
    if best is not None:
        typer.echo(f"smallest error on the valid part: {best}")
    typer.echo(f"forecasts beyond the end: {output / 'coming.csv'}")
    if chart:
        typer.echo(f"chart: {output / 'forecast.png'}")
    typer.echo(f"results: {output / 'results.csv'}, {output / 'results.json'}")


def _chart(
    path: Path,
    series: CsvSeries,
    measurements: Sequence[Measurement],
    best: str | None,
    level: float,
) -> bool:
    """Plot the best forecaster and the naive one; return whether it was possible."""
    shown = [
        measurement
        for name in (best, NAIVE)
        for measurement in measurements
        if measurement.name == name
        and measurement.seed <= 0
        and measurement.forecasts is not None
    ]
    try:
        plot_table(path, series, shown, level)
    except MissingExtraError as error:
        print_remarks(f"no chart: {error}")
        return False
    return True


def _summary(series: CsvSeries, level: float) -> dict[str, Any]:
    task, table = series.data.task, series.table
    return {
        "targets": list(series.names),
        "past": list(series.past),
        "known": list(series.known),
        "time_step": series.step.name if series.step else None,
        "season": table.season,
        "steps": task.first_hidden,
        "ahead": task.ahead,
        "rows": len(table.values),
        "train_rows": table.train_rows,
        "windows": {part: len(table.origins[part]) for part in table.origins},
        "first_test_row": int(table.origins["test"][0]) + 1,
        "interval": level,
    }


def _future(series: CsvSeries, futures: Sequence[Future]) -> list[dict[str, Any]]:
    columns = ["network", "step", *(["date"] if series.dates is not None else [])]
    for name in series.names:
        columns += [name, f"{name}_low", f"{name}_high"]
    rows = futures_rows(series, futures)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _print_target(
    series: CsvSeries, results: Sequence[TableResult], level: float
) -> None:
    """Print the table of one target."""
    task, origins = series.data.task, series.table.origins["test"]
    unit = series.step.name.split()[-1].rstrip("s") if series.step else "row"
    if series.step is not None and not series.step.name.isalpha():
        unit = "row"
    start = f"row {origins[0] + 1}"
    if series.dates is not None:
        start = format_date(series.dates[origins[0]])
    typer.echo(
        f"{results[0].target}: {counted(len(origins), 'forecast')} of "
        f"{counted(task.ahead, unit)} each in the test part, from {start} on; errors "
        "in the units of the table"
    )
    naive = next((row.mae[-1] for row in results if row.name == NAIVE), None)
    columns: list[Column[TableResult]] = [
        ("weights", 9, lambda row: f"{row.parameters}" if row.parameters else ""),
        ("MAE at 1", 10, lambda row: _figure(row.mae[0])),
    ]
    if task.ahead > 1:
        columns.append((f"at {task.ahead}", 10, lambda row: _figure(row.mae[-2])))
        columns.append(("mean", 10, lambda row: _figure(row.mae[-1])))
    columns += [
        ("/ naive", 9, lambda row: _ratio(row.mae[-1], naive)),
        ("MAPE %", 9, lambda row: _figure(row.mape[-1])),
        ("MSE", 11, lambda row: _short(row.mse[-1])),
        (f"in {level:.0%}", 9, lambda row: _percent(row.coverage[-1])),
        ("width", 10, lambda row: _figure(row.width[-1])),
        ("seconds", 9, lambda row: f"{row.seconds:.0f}" if row.seed >= 0 else ""),
    ]
    print_rows(columns, results)
    typer.echo()


def _print_legend(results: Sequence[TableResult], level: float) -> None:
    """Print what the columns of the tables mean."""
    typer.echo(
        "MAE, MAPE, MSE: mean absolute, absolute percentage and squared error, over "
        "all steps\n"
        f"/ naive: MAE divided by that of {NAIVE}, the value one season ago\n"
        f"in {level:.0%}: test values inside the prediction intervals, {level:.0%} if "
        "these are right; width: their mean width"
    )
    if not all(row.is_converged for row in results):
        typer.echo(
            "* not converged: the second half of the epochs lowered the error on the "
            "valid part by more than a fifth; --epochs trains longer"
        )


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _ratio(value: float | None, naive: float | None) -> str:
    return "-" if value is None or not naive else f"{value / naive:.2f}"
