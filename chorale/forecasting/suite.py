"""Runs the suite: every forecaster on every task, measured beside the oracle.

What is measured is kept in one folder, so a suite that was stopped goes on where it was
when it is asked for again:

    options.json              what was asked for
    results.csv               a row for each forecaster and seed
    ten-steps/series.npz      the series that are forecast, a folder for each task
    ten-steps/oracle.npz      its forecasts; the baselines' lie beside it
    ten-steps/gru-seed0/      a training: a run, as of `chorale.nn.runs`, and its
    forecasts
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import ModelError, UsageError
from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.jobs import LEAST_SQUARES, ORACLE, Job, Measured, run_jobs
from chorale.forecasting.own_series import OwnSeries
from chorale.forecasting.recipes import RECIPES, Recipe
from chorale.forecasting.series import TASKS, Array, Data, Task, draw_data
from chorale.utils.files import save_arrays, write_text
from chorale.utils.progress import Progress


@dataclass(frozen=True, kw_only=True)
class SuiteOptions:
    """How much the suite draws and trains.

    Attributes:
        train: series to learn from, as many as in the book; likewise valid.
        valid: series to choose the best epoch by.
        test: series to measure on.
        epochs: passes over the train series, for recipes that do not say.
        seeds: trainings of each network; they differ in weights, dropout and order.
        draws: of the oracle, for each series.
        random_state: of the series.
    """

    train: int = 7000
    valid: int = 2000
    test: int = 2000
    epochs: int = 20
    seeds: int = 1
    draws: int = 4000
    random_state: int = 0

    def __post_init__(self) -> None:
        for name in ("train", "valid", "test", "epochs", "seeds"):
            if getattr(self, name) < 1:
                raise UsageError(
                    f"expected {name} of at least 1, got {getattr(self, name)}"
                )
        if self.draws < 100:
            raise UsageError(f"expected at least 100 draws, got {self.draws}")
        if self.random_state < 0:
            raise UsageError(
                f"expected a random state of 0 or more, got {self.random_state}"
            )


def run_suite(
    recipes: dict[str, Recipe],
    options: SuiteOptions,
    folder: Path | str,
    *,
    task: Task | None = None,
    own: OwnSeries | None = None,
    jobs: int = 1,
    progress: Progress = lambda done, total: None,
    finished: Callable[[Measured], None] = lambda measured: None,
) -> tuple[list[Measured], dict[str, Data]]:
    """Train recipes, and measure them with the baselines and the oracle.

    Args:
        recipes: by name; those of `RECIPES` or others like them.
        options: how much to draw and train.
        folder: where everything is kept; if it holds the same suite, unfinished, that
            goes on.
        task: to be set to all recipes that forecast, instead of their own.
        own: a user's series, to be measured on instead of drawn ones and forecast
            beyond their end; they bring their task.
        jobs: trainings at a time, each in a process of its own; 1 is this process.
        progress: is told the epochs done and the epochs in all.
        finished: is told of each forecaster as it is measured.

    Returns:
        What was measured, and the series by the name of their task.

    Raises:
        UsageError: the folder holds another suite.
    """
    folder = Path(folder)
    if own is not None:
        task = own.data.task
    if task is not None:
        recipes = {
            name: replace(recipe, task=task.name)
            for name, recipe in recipes.items()
            if TASKS[recipe.task].is_forecast
        }
    _begin(folder, options, task, own)
    if own is not None:
        data = {own.data.task.name: own.data}
    elif task is not None:
        data = {task.name: _draw(task, options)}
    else:
        wanted = {recipe.task for recipe in recipes.values()}
        data = {name: _draw(TASKS[name], options) for name in TASKS if name in wanted}
    for one in data.values():
        save_arrays(
            folder / one.task.name / "series.npz",
            {"series": one.test, "first_hidden": np.array(one.task.first_hidden)},
        )
    latest = None if own is None else own.latest
    work = list(_jobs(recipes, options, data, folder, latest))
    measured = []
    for result in run_jobs(work, jobs, progress):
        finished(result)
        measured.append(result)
    order = {(job.data.task.name, job.name, job.seed): i for i, job in enumerate(work)}
    measured.sort(key=lambda one: order[one.task, one.name, one.seed])
    return measured, data


def _begin(
    folder: Path, options: SuiteOptions, task: Task | None, own: OwnSeries | None
) -> None:
    """Write down what is asked for, or make sure that it is what was begun."""
    # More seeds or networks may be asked for later; what is there stays as it is.
    asked: dict[str, Any] = asdict(options)
    del asked["seeds"]
    asked["task"] = None if task is None else asdict(task)
    asked["own"] = None if own is None else own.data.digest()
    path = folder / "options.json"
    if not path.exists():
        write_text(path, json.dumps(asked, indent=2) + "\n")
        return
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: expected the JSON of a suite: {error}") from None
    for name, value in asked.items():
        if name not in begun or begun[name] != value:
            raise UsageError(
                f"{folder} holds a suite with another {name.replace('_', ' ')}: choose "
                "another --output"
            )


def _draw(task: Task, options: SuiteOptions) -> Data:
    return draw_data(
        task,
        train=options.train,
        valid=options.valid,
        test=options.test,
        random_state=options.random_state,
    )


def _jobs(
    recipes: dict[str, Recipe],
    options: SuiteOptions,
    data: dict[str, Data],
    folder: Path,
    latest: Array | None,
) -> Iterator[Job]:
    """Yield what there is to do, task by task, in the order of the table."""
    for task, one in data.items():
        if one.law is not None:
            yield Job(ORACLE, one, folder, draws=options.draws)
            yield Job(LEAST_SQUARES, one, folder)
        for name, baseline in BASELINES.items():
            if baseline.suits(one.task):
                yield Job(name, one, folder, latest=latest)
        for name, recipe in recipes.items():
            if recipe.task == task:
                for seed in range(options.seeds):
                    yield Job(
                        name,
                        one,
                        folder,
                        seed,
                        recipe,
                        epochs=options.epochs,
                        latest=latest,
                    )


def default_recipes() -> dict[str, Recipe]:
    """Return all recipes but the long ones, which draw series of their own."""
    return {name: recipe for name, recipe in RECIPES.items() if not recipe.fresh}
