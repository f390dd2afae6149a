"""Runs the suite: every forecaster on every task, measured beside the oracle.

What is measured is kept in one folder, so a suite that was stopped goes on where it was
when it is asked for again:

    options.json              what was asked for
    results.csv               a row for each forecaster and seed
    ten-steps/series.npz      the series that are forecast, a folder for each task
    ten-steps/oracle.npz      its forecasts; the baselines' lie beside it
    ten-steps/gru-seed0/      a training: a run, as of `chorale.runs`, and its forecasts
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import ChoraleError, ModelError, UsageError
from chorale.files import load_arrays, save_arrays, write_text
from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.oracle import fit_waves, sample_posterior
from chorale.forecasting.own_series import OwnSeries
from chorale.forecasting.recipes import RECIPES, Recipe
from chorale.forecasting.series import TASKS, Array, Data, Task, draw_data
from chorale.runs import Run

ORACLE = "oracle"
LEAST_SQUARES = "least-squares"
_ORACLE_STREAM = 3  # of randomness, apart from those of the series


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


@dataclass(frozen=True)
class Measured:
    """What one forecaster made of the test series of a task.

    Attributes:
        name: of the forecaster.
        task: name of the task.
        seed: of the training; -1 where nothing is trained.
        forecasts: float32 (count, ahead, variables); None if it failed.
        spread: standard deviation of the forecasts where they are drawn, else None.
        error: Monte-Carlo variance of the oracle's forecasts.
        coming: float32 (ahead, variables), what comes after a user's own series.
        parameters: that were fitted by training, 0 where there are none.
        seconds: to train and to forecast.
        failure: why there are no forecasts.
    """

    name: str
    task: str
    forecasts: Array | None
    seed: int = -1
    spread: Array | None = None
    error: Array | None = None
    coming: Array | None = None
    parameters: int = 0
    seconds: float = 0.0
    failure: str = ""


@dataclass(frozen=True)
class _Job:
    """One forecaster to be measured, in a process of its own."""

    name: str
    data: Data
    folder: Path
    seed: int = -1
    recipe: Recipe | None = None
    epochs: int = 0
    draws: int = 0
    latest: Array | None = None

    @property
    def path(self) -> Path:
        """Where what is measured is kept."""
        task = self.folder / self.data.task.name
        if self.recipe is None:
            return task / f"{self.name}.npz"
        return task / f"{self.name}-seed{self.seed}" / "forecasts.npz"

    @property
    def rounds(self) -> int:
        """How many epochs it takes; one where nothing is trained."""
        return 1 if self.recipe is None else self.recipe.epochs or self.epochs

    def rounds_done(self) -> int:
        """Return how many of those are done, by the history on disk."""
        if self.path.exists():
            return self.rounds
        history = self.path.parent / "history.csv"
        if self.recipe is None or not history.exists():
            return 0
        return len(history.read_text(encoding="utf-8").splitlines()) - 1


def run_suite(
    recipes: dict[str, Recipe],
    options: SuiteOptions,
    folder: Path | str,
    *,
    task: Task | None = None,
    own: OwnSeries | None = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
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
    for result in _run_jobs(work, jobs, progress):
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
) -> Iterator[_Job]:
    """Yield what there is to do, task by task, in the order of the table."""
    for task, one in data.items():
        if one.law is not None:
            yield _Job(ORACLE, one, folder, draws=options.draws)
            yield _Job(LEAST_SQUARES, one, folder)
        for name, baseline in BASELINES.items():
            if baseline.suits(one.task):
                yield _Job(name, one, folder, latest=latest)
        for name, recipe in recipes.items():
            if recipe.task == task:
                for seed in range(options.seeds):
                    yield _Job(
                        name,
                        one,
                        folder,
                        seed,
                        recipe,
                        epochs=options.epochs,
                        latest=latest,
                    )


def _run_jobs(
    work: Sequence[_Job], jobs: int, progress: Callable[[int, int], None]
) -> Iterator[Measured]:
    """Yield what each job measures, in the order in which they end."""
    total = sum(job.rounds for job in work)

    def report() -> None:
        progress(sum(job.rounds_done() for job in work), total)

    if jobs == 1:
        for job in work:
            yield _measure(job)
            report()
        return
    # A fresh interpreter for each process: TensorFlow does not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=_begin_process) as pool:
        try:
            # The longest first, so that no process is left alone with it at the end.
            waiting: set[Future[Measured]] = {
                pool.submit(_measure, job)
                for job in sorted(work, key=lambda job: -job.rounds)
            }
            while waiting:
                done, waiting = wait(waiting, 1.0, FIRST_COMPLETED)
                report()
                for future in done:
                    yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _begin_process() -> None:
    """Keep each process to a core of its own, and what TensorFlow remarks short."""
    for threads in ("OMP_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
        os.environ[f"{threads}_THREADS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def _measure(job: _Job) -> Measured:
    """Return what a forecaster makes of the test series, now or at an earlier time."""
    if job.recipe is not None:
        _begin_run(job, job.recipe)
    if not job.path.exists():
        began = time.perf_counter()
        try:
            arrays = _forecasts(job)
        except ChoraleError as error:
            return Measured(
                job.name, job.data.task.name, None, job.seed, failure=str(error)
            )
        arrays.setdefault("seconds", np.array(time.perf_counter() - began))
        save_arrays(job.path, arrays)
    arrays = load_arrays(job.path)
    return Measured(
        name=job.name,
        task=job.data.task.name,
        forecasts=arrays["forecasts"],
        seed=job.seed,
        spread=arrays.get("spread"),
        error=arrays.get("error"),
        coming=arrays.get("coming"),
        parameters=int(arrays.get("parameters", 0)),
        seconds=float(arrays["seconds"]),
    )


def _begin_run(job: _Job, recipe: Recipe) -> None:
    """Write down what a training is, or make sure that it is the one that was begun.

    Raises:
        ModelError: the folder holds another training.
    """
    positions = recipe.positions
    options = {
        **asdict(recipe),
        "positions": [positions.start, positions.stop, positions.step],
        "epochs": job.rounds,
        "seed": job.seed,
    }
    files = {"files": {"series": job.data.digest()}}
    run = Run(job.path.parent)
    if not (run.folder / "options.json").exists():
        run.create(options, files)
        return
    run.check_data(files)
    if run.options() != options:
        raise ModelError(
            f"{run.folder} holds a training with other options: choose another --output"
        )


def _forecasts(job: _Job) -> dict[str, Any]:
    """Return what is to be kept of a forecaster, by the names of `Measured`."""
    data, task = job.data, job.data.task
    if data.law is not None and job.name == ORACLE:
        random = np.random.default_rng([0, 0, _ORACLE_STREAM])
        posterior = sample_posterior(data.law, task, random, draws=job.draws)
        return {
            "forecasts": posterior.mean,
            "spread": np.sqrt(posterior.variance),
            "error": posterior.error,
        }
    if data.law is not None and job.name == LEAST_SQUARES:
        return {"forecasts": fit_waves(data.law, task)}
    inputs = task.inputs(data.test)
    if job.latest is not None:
        inputs = np.concatenate([inputs, job.latest])
    if job.recipe is None:
        arrays = {"forecasts": BASELINES[job.name].fit(data.train, task)(inputs)}
    else:
        arrays = _train_and_forecast(job, job.recipe, inputs)
    if job.latest is not None:
        arrays["coming"] = arrays["forecasts"][-1]
        for name in {"forecasts", "spread"} & set(arrays):
            arrays[name] = arrays[name][:-1]
    return arrays


def _train_and_forecast(job: _Job, recipe: Recipe, inputs: Array) -> dict[str, Any]:
    # TensorFlow takes seconds to load; whoever asks for baselines alone does without.
    from chorale.forecasting import training

    ahead = job.data.task.ahead
    network, history = training.train(
        recipe, job.data, Run(job.path.parent), epochs=job.epochs, seed=job.seed
    )
    arrays: dict[str, Any] = {
        "parameters": np.array(network.count_params()),
        # A training that was stopped and resumed counts whole.
        "seconds": np.array(sum(row["seconds"] for row in history)),
    }
    if recipe.draws:
        mean, spread = training.forecast_with_dropout(
            network, inputs, ahead, recipe.draws, job.seed
        )
        return {**arrays, "forecasts": mean, "spread": spread}
    return {**arrays, "forecasts": training.forecast(network, inputs, ahead)}


def default_recipes() -> dict[str, Recipe]:
    """Return all recipes but the long ones, which draw series of their own."""
    return {name: recipe for name, recipe in RECIPES.items() if not recipe.fresh}
