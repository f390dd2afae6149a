"""The suite: every forecaster on every task, compared with the oracle.

All results are saved in one folder, so that an interrupted suite resumes:

    options.json              options of the suite
    results.csv               errors, a row for each forecaster and seed
    ten-steps/series.npz      test series; one folder for each task
    ten-steps/oracle.npz      forecasts of the oracle; likewise of the baselines
    ten-steps/gru-seed0/      a training: a run (`chorale.nn.runs`) and its forecasts
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import UsageError
from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.csv_series import CsvSeries
from chorale.forecasting.jobs import LEAST_SQUARES, ORACLE, Job, Measurement, run_jobs
from chorale.forecasting.recipes import Recipe
from chorale.forecasting.saved_forecasts import read_options
from chorale.forecasting.series import TASKS, Data, Task, draw_data
from chorale.forecasting.table_baselines import TABLE_BASELINES
from chorale.utils.checks import check_at_least
from chorale.utils.files import remove_partial_files, save_arrays, write_text
from chorale.utils.progress import Progress


@dataclass(frozen=True, kw_only=True)
class SuiteOptions:
    """Sizes of the suite."""

    train: int = 7000  # synthetic series to train on, by default as many as in the book
    valid: int = 2000  # series that select the best epoch
    test: int = 2000  # series that errors are measured on
    epochs: int = 20  # passes over the train series, unless a recipe has its own number
    # Updates of the optimizer that each training has at least, by more epochs on few
    # series (times `Recipe.updates_factor`); 0 for the epochs as they are.
    updates: int = 0
    # Trainings of each network, with different weights, dropout and order.
    seeds: int = 1
    draws: int = 4000  # posterior samples of the oracle, for each series
    random_state: int = 0  # seed of the series

    def __post_init__(self) -> None:
        check_at_least(self, train=1, valid=1, test=1, epochs=1, seeds=1)
        check_at_least(self, draws=100, random_state=0, updates=0)


def run_suite(
    recipes: Mapping[str, Recipe],
    options: SuiteOptions,
    folder: Path | str,
    *,
    task: Task | None = None,
    series: CsvSeries | None = None,
    processes: int = 1,
    progress: Progress = lambda done, total: None,
    finished: Callable[[Measurement], None] = lambda measurement: None,
) -> tuple[list[Measurement], dict[str, Data]]:
    """Train networks and measure them together with the baselines and the oracle.

    Args:
        recipes: networks by name, from `RECIPES` or similar.
        options: sizes.
        folder: of all results; an interrupted suite in it is resumed.
        task: a forecasting task for all networks, instead of their own.
        series: series from a CSV file, instead of synthetic ones; they have their own
            task and are also forecast beyond their end.
        processes: trainings in parallel; 1 runs them in this process.
        progress: called with the epochs done and the total.
        finished: called with each measurement.

    Returns:
        The measurements, and the series by the name of their task.

    Raises:
        UsageError: the folder holds another suite, or there are no processes.
    """
    if processes < 1:
        raise UsageError(f"expected at least 1 job, got {processes}")
    folder = Path(folder)
    if series is not None:
        task = series.data.task
    if task is not None:
        recipes = {
            name: replace(recipe, task=task.name)
            for name, recipe in recipes.items()
            if TASKS[recipe.task].is_forecast
        }
    _open_folder(folder, options, task, series)
    remove_partial_files(folder)
    if series is not None:
        data = {series.data.task.name: series.data}
    else:
        used = {recipe.task for recipe in recipes.values()}
        tasks = [task] if task else [TASKS[name] for name in TASKS if name in used]
        counts = {"train": options.train, "valid": options.valid, "test": options.test}
        data = {
            drawn.name: draw_data(drawn, **counts, random_state=options.random_state)
            for drawn in tasks
        }
    for name, part in data.items():
        save_arrays(
            folder / name / "series.npz",
            {
                "series": part.test,
                "first_hidden": np.array(part.task.first_hidden),
                "names": np.array([] if series is None else series.names, "U"),
            },
        )
    jobs = list(_jobs(recipes, options, data, folder))
    order = {(job.data.task.name, job.name, job.seed): i for i, job in enumerate(jobs)}
    measurements = []
    for result in run_jobs(jobs, processes, progress):
        finished(result)
        measurements.append(result)
    measurements.sort(key=lambda result: order[result.task, result.name, result.seed])
    return measurements, data


def _open_folder(
    folder: Path, options: SuiteOptions, task: Task | None, series: CsvSeries | None
) -> None:
    """Write the options of a new suite, or check that the folder holds the same one."""
    # More seeds or networks may be added later.
    asked: dict[str, Any] = asdict(options)
    del asked["seeds"]
    asked["task"] = None if task is None else asdict(task)
    asked["own"] = None if series is None else series.data.digest()
    path = folder / "options.json"
    if not path.exists():
        write_text(path, json.dumps(asked, indent=2) + "\n")
        return
    saved = read_options(folder)
    for name, value in asked.items():
        if name not in saved or saved[name] != value:
            label = "series" if name == "own" else name.replace("_", " ")
            raise UsageError(
                f"{folder} holds a suite with other options ({label}): choose another "
                "--output"
            )


def _jobs(
    recipes: Mapping[str, Recipe],
    options: SuiteOptions,
    data: Mapping[str, Data],
    folder: Path,
) -> Iterator[Job]:
    """Yield all jobs, task by task, in the order of the table of results."""
    for task, part in data.items():
        if part.test_waves is not None:
            yield Job(ORACLE, part, folder, draws=options.draws)
            yield Job(LEAST_SQUARES, part, folder)
        baselines = [name for name in BASELINES if BASELINES[name].suits(part.task)]
        for name in baselines if part.table is None else TABLE_BASELINES:
            yield Job(name, part, folder)
        for name, recipe in recipes.items():
            for seed in range(options.seeds if recipe.task == task else 0):
                yield Job(
                    name,
                    part,
                    folder,
                    seed,
                    recipe,
                    epochs=options.epochs,
                    updates=options.updates,
                )
