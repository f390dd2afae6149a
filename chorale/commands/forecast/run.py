"""`chorale forecast run`: train and measure the networks of the time-series suite."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.forecast.options import parse_names
from chorale.commands.progress import progress_bar
from chorale.errors import UsageError
from chorale.forecasting.jobs import Measured
from chorale.forecasting.own_series import read_own_series, write_forecasts
from chorale.forecasting.recipes import RECIPES, Recipe, find_recipes
from chorale.forecasting.results import (
    Result,
    floor_of,
    medians,
    results_of,
    write_results,
)
from chorale.forecasting.series import TASKS, forecasting_task
from chorale.forecasting.suite import SuiteOptions, default_recipes, run_suite

# How much `--quick` draws and trains.
_QUICK = {"train": 2000, "valid": 500, "test": 1000, "epochs": 10, "draws": 1000}


_MOST_JOBS = 4  # each holds a TensorFlow of its own


def run_command(
    only: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help=f"Only these networks, out of {', '.join(RECIPES)}; all but the long "
            "trainings if left out.",
        ),
    ] = None,
    series: Annotated[
        Path | None,
        typer.Option(help="CSV of your own series, a column a variable."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Values seen, by all networks; 50 with --series."),
    ] = None,
    ahead: Annotated[
        int | None,
        typer.Option(help="Values to forecast, by all networks; 10 with --series."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the series; 20 as in the book.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Trainings of each network; the table has the medians.")
    ] = 1,
    random_state: Annotated[
        int, typer.Option(help="Another number, other series.")
    ] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer series, fewer epochs.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(help="Trainings at a time; one a core if left out, at most 4."),
    ] = None,
    output: Annotated[
        Path, typer.Option(help="Folder of trainings, forecasts and results.csv.")
    ] = Path("forecast"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train networks; print their errors beside baselines and the best possible.

    A run that was stopped goes on when the same command is given again.

    Example: chorale forecast run --only gru,wavenet --seeds 3
    """
    recipes = find_recipes(parse_names(only)) if only is not None else default_recipes()
    options = SuiteOptions(
        **(_QUICK if quick else {}), seeds=seeds, random_state=random_state
    )
    if epochs is not None:
        options = replace(options, epochs=epochs)
    if jobs is None:
        jobs = min(_MOST_JOBS, os.cpu_count() or 1)
    if jobs < 1:
        raise UsageError(f"expected at least 1 job, got {jobs}")
    own = task = None
    if series is not None or steps is not None or ahead is not None:
        task = forecasting_task(
            50 if steps is None else steps, 10 if ahead is None else ahead
        )
        recipes = _that_forecast(recipes)
    if series is not None and task is not None:
        own = read_own_series(series, steps=task.first_hidden, ahead=task.ahead)
        for remark in own.remarks:
            typer.echo(f"note: {remark}", err=True)

    with progress_bar("Training") as progress:

        def finished(one: Measured) -> None:
            if one.failure:
                typer.echo(f"note: {one.name}: {one.failure}", err=True)

        measured, data = run_suite(
            recipes,
            options,
            output,
            task=task,
            own=own,
            jobs=jobs,
            progress=progress,
            finished=finished,
        )
    results = results_of(measured, data)
    write_results(output / "results.csv", results)
    if own is not None:
        coming = {
            one.name: one.coming[None]
            for one in measured
            if one.coming is not None and one.seed <= 0
        }
        write_forecasts(output / "coming.csv", own, coming)
    table, floors = medians(results), floor_of(measured)
    below = sorted({one.name for one in results if one.is_below_oracle})
    if as_json:
        answer = {
            "results": [asdict(one) for one in table],
            "seeds": [asdict(one) for one in results],
            "floors": floors,
            "below_oracle": below,
        }
        typer.echo(json.dumps(answer, indent=2))
        return
    for name, one in data.items():
        task = one.task
        where = "ahead" if task.is_forecast else "missing in the middle"
        typer.echo(
            f"{name}: {task.length - task.ahead} values seen, {task.ahead} {where}; "
            f"mean squared errors of {len(one.test)} series"
        )
        _print_table([row for row in table if row.task == name], task.ahead)
        typer.echo()
    for name, floor in floors.items():
        first = floor["by_step"][0]
        typer.echo(
            f"{name}: no forecast can be expected below {first:.6f} "
            f"± {floor['standard_error'][0]:.6f} at the first step, "
            f"{first / floor['bound']:.3f} times the variance of the noise "
            f"({floor['bound']:.6f}), or below {floor['mean']:.6f} on average; the "
            f"oracle's Monte-Carlo error is {floor['monte_carlo_error']:.7f}"
        )
    if floors:
        names = ", ".join(below) or "none"
        typer.echo(f"below the oracle by more than two standard errors: {names}")
    else:
        typer.echo("errors are in variances of the rows that were learned from")
        typer.echo(f"forecasts of what comes next: {output / 'coming.csv'}")
    typer.echo(f"results {output / 'results.csv'}")


def _that_forecast(recipes: dict[str, Recipe]) -> dict[str, Recipe]:
    """Return the recipes without those that fill gaps."""
    kept = {name: it for name, it in recipes.items() if TASKS[it.task].is_forecast}
    if not kept:
        raise UsageError(f"expected networks that forecast, got {', '.join(recipes)}")
    return kept


def _print_table(results: list[Result], ahead: int) -> None:
    """Print a line for each result of a task."""
    with_oracle = any(one.mean_ratio is not None for one in results)
    columns: dict[str, tuple[int, Callable[[Result], str]]] = {
        "weights": (9, lambda one: f"{one.parameters}" if one.parameters else ""),
        "at 1": (10, lambda one: _error(one.first)),
        "mean": (10, lambda one: _error(one.mean)),
        f"at {ahead}": (10, lambda one: _error(one.last)),
        "/ oracle 1": (12, lambda one: _ratio(one.first_ratio)),
        "mean ": (9, lambda one: _ratio(one.mean_ratio)),
        "book": (9, lambda one: "" if one.book is None else f"{one.book:g}"),
        "seconds": (9, lambda one: f"{one.seconds:.0f}" if one.seed >= 0 else ""),
    }
    if not with_oracle:
        for name in ("/ oracle 1", "mean ", "book"):
            del columns[name]
    if ahead == 1:
        for name in ("mean", "mean "):
            del columns[name]
    header = "".join(f"{name.strip():>{width}}" for name, (width, _) in columns.items())
    typer.echo(f"  {'':<24}{header}")
    for one in results:
        cells = "".join(f"{cell(one):>{width}}" for width, cell in columns.values())
        typer.echo(f"  {one.name:<24}{cells}".rstrip())


def _error(value: float | None) -> str:
    return "failed" if value is None else f"{value:.5f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
