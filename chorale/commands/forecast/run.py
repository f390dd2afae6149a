"""`chorale forecast run`: train and measure the networks of the suite."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.forecast.options import FOLDER, AsJson, parse_names
from chorale.commands.forecast.series import (
    LEVEL,
    Ahead,
    Calendar,
    Interval,
    Known,
    Season,
    Series,
    Steps,
    Target,
    check_alone,
    read_table,
    report_table,
    table_options,
)
from chorale.commands.forecast.tables import Column, print_rows
from chorale.commands.options import ADVANCED
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.errors import UsageError
from chorale.forecasting.csv_series import AHEAD, STEPS
from chorale.forecasting.jobs import Measurement
from chorale.forecasting.recipes import (
    RECIPES,
    TABLE_NETWORKS,
    Recipe,
    default_recipes,
    find_recipes,
    table_recipes,
)
from chorale.forecasting.results import (
    Result,
    compute_results,
    irreducible_errors,
    medians,
    write_results,
)
from chorale.forecasting.series import TASKS, Data, forecasting_task
from chorale.forecasting.suite import SuiteOptions, run_suite

# Sizes of `--quick`.
_QUICK = {"train": 1600, "valid": 500, "test": 500, "epochs": 8, "draws": 1000}
# Updates of the optimizer that a training has at least, by more epochs on few series.
_UPDATES = {"synthetic": 600, "quick": 400, "table": 1500, "quick table": 400}
_QUICK_REMARK = (
    f"--quick trains most networks with {_UPDATES['quick']} updates of the optimizer; "
    "they end with lower errors without it"
)
_MOST_JOBS = 4  # by default: each process loads TensorFlow

# === Options ===

_advanced = partial(typer.Option, rich_help_panel=ADVANCED)

Only = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help=f"Train only these networks, out of {', '.join(RECIPES)}; by default all "
        "except long-dense, which trains for long, and with --series "
        f"{', '.join(TABLE_NETWORKS)}.",
    ),
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Train on fewer series for fewer epochs.")
]
Output = Annotated[
    Path, typer.Option(help="Folder of trainings, forecasts and results.csv.")
]
Epochs = Annotated[
    int | None,
    _advanced(
        help="Passes over the train series; 20 as in the book, 8 with --quick, more "
        "where the series are few or the network learns slowly."
    ),
]
Seeds = Annotated[
    int, _advanced(help="Trainings of each network; the table has the medians.")
]
RandomState = Annotated[
    int, _advanced(help="Random seed of the synthetic series, from 0.")
]
Jobs = Annotated[
    int | None,
    _advanced(
        help=f"Trainings in parallel; by default one per core, at most {_MOST_JOBS}, "
        "since each loads TensorFlow.",
    ),
]


def run(
    only: Only = None,
    quick: Quick = False,
    output: Output = FOLDER,
    as_json: AsJson = False,
    series: Series = None,
    target: Target = None,
    known: Known = None,
    calendar: Calendar = True,
    season: Season = None,
    interval: Interval = LEVEL,
    steps: Steps = None,
    ahead: Ahead = None,
    epochs: Epochs = None,
    seeds: Seeds = 1,
    random_state: RandomState = 0,
    jobs: Jobs = None,
) -> None:
    """Train networks; print their errors beside baselines and the best possible.

    With --series, a table of yours is forecast: its last 15 % of rows are the test
    part, the 15 % before them select the epoch and give the prediction intervals.
    Errors are in the units of the table. Rows must be at equal time steps; missing ones
    are filled as inputs and never counted. An interrupted run resumes when the same
    command is given again.

    Example: chorale forecast run --only gru,wavenet --seeds 3

    Example: chorale forecast run --series ridership.csv --target bus,rail --known
    day_type --output ridership, for a file such as:

    date,day_type,bus,rail

    2024-01-01,holiday,297192,126455

    2024-01-02,weekday,780827,501952
    """
    options = SuiteOptions(
        **(_QUICK if quick else {}),
        seeds=seeds,
        random_state=random_state,
        updates=_updates(series is not None, quick, epochs),
    )
    if epochs is not None:
        options = replace(options, epochs=epochs)
    table = table_options(target, known, calendar, season, steps, ahead)
    recipes = find_recipes(parse_names(only)) if only is not None else None
    task = csv_series = None
    if series is not None:
        recipes = table_recipes() if recipes is None else _forecasting(recipes)
        csv_series = read_table(series, table, interval)
    else:
        check_alone(table)
        recipes = recipes or default_recipes()
        if steps is not None or ahead is not None:
            task = forecasting_task(
                STEPS if steps is None else steps, AHEAD if ahead is None else ahead
            )
            recipes = _forecasting(recipes)
    with progress_bar("Training") as progress:
        measurements, data = run_suite(
            recipes,
            options,
            output,
            task=task,
            series=csv_series,
            processes=min(_MOST_JOBS, os.cpu_count() or 1) if jobs is None else jobs,
            progress=progress,
            finished=_report_failure,
        )
    if csv_series is not None:
        report_table(
            csv_series, measurements, output, level=interval, as_text=not as_json
        )
    else:
        if quick and epochs is None:
            print_remarks(_QUICK_REMARK)
        _report(measurements, data, output, as_json)


def _updates(is_table: bool, quick: bool, epochs: int | None) -> int:
    """Return the least number of updates; 0 if the number of epochs is given."""
    if epochs is not None:
        return 0
    if is_table:
        return _UPDATES["quick table" if quick else "table"]
    return _UPDATES["quick" if quick else "synthetic"]


def _report(
    measurements: Sequence[Measurement],
    data: Mapping[str, Data],
    output: Path,
    as_json: bool,
) -> None:
    """Write and print the results on synthetic series."""
    results = compute_results(measurements, data)
    write_results(output / "results.csv", results)
    answer = {
        "results": [asdict(result) for result in medians(results)],
        "seeds": [asdict(result) for result in results],
        "floors": irreducible_errors(measurements),
        "below_oracle": sorted({r.name for r in results if r.is_below_oracle}),
    }
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
    else:
        _print_results(medians(results), data, answer, output)


def _forecasting(recipes: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """Return the recipes that forecast, without those that impute."""
    kept = {
        name: recipe
        for name, recipe in recipes.items()
        if TASKS[recipe.task].is_forecast
    }
    if not kept:
        raise UsageError(f"expected networks that forecast, got {', '.join(recipes)}")
    return kept


def _report_failure(measurement: Measurement) -> None:
    if measurement.failure:
        print_remarks(f"{measurement.name}: {measurement.failure}")


# === Printing ===


def _print_results(
    results: Sequence[Result],
    data: Mapping[str, Data],
    answer: Mapping[str, Any],
    output: Path,
) -> None:
    for name, part in data.items():
        task = part.task
        where = "ahead" if task.is_forecast else "missing in the middle"
        typer.echo(
            f"{name}: {task.length - task.ahead} values seen, {task.ahead} {where}; "
            f"mean squared errors of {len(part.test)} series"
        )
        _print_table([row for row in results if row.task == name], task.ahead)
        typer.echo()
    for name, floor in answer["floors"].items():
        first, bound = floor["by_step"][0], floor["bound"]
        typer.echo(
            f"{name}: no forecast can be expected below {first:.6f} "
            f"± {floor['standard_error'][0]:.6f} at the first step, "
            f"{first / bound:.3f} times the variance of the noise "
            f"({bound:.6f}), or below {floor['mean']:.6f} on average; the "
            f"oracle's Monte Carlo error is {floor['monte_carlo_error']:.7f}"
        )
    names = ", ".join(answer["below_oracle"]) or "none"
    typer.echo(f"below the oracle by more than two standard errors: {names}")
    if not all(row.is_converged for row in results):
        typer.echo(
            "* not converged: the second half of the epochs lowered the error on the "
            "valid series by more than a fifth; train longer, without --quick or by "
            "--epochs"
        )
    typer.echo(f"results: {output / 'results.csv'}")


def _print_table(results: Sequence[Result], ahead: int) -> None:
    """Print a line for each result of a task."""
    columns: list[Column[Result]] = [
        ("weights", 9, lambda row: f"{row.parameters}" if row.parameters else ""),
        ("at 1", 10, lambda row: _error(row.first)),
    ]
    if ahead > 1:
        columns.append(("mean", 10, lambda row: _error(row.mean)))
        columns.append((f"at {ahead}", 10, lambda row: _error(row.last)))
    if any(row.mean_ratio is not None for row in results):
        columns.append(("/ oracle 1", 12, lambda row: _ratio(row.first_ratio)))
        if ahead > 1:
            columns.append(("mean", 9, lambda row: _ratio(row.mean_ratio)))
        columns.append(
            ("book", 9, lambda row: "" if row.book is None else f"{row.book:g}")
        )
    columns.append(
        ("seconds", 9, lambda row: f"{row.seconds:.0f}" if row.seed >= 0 else "")
    )
    print_rows(columns, results)


def _error(value: float | None) -> str:
    return "failed" if value is None else f"{value:.5f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
