"""Jobs of the suite: one forecaster each, measured once and kept on disk.

They run one after another, or side by side in processes of their own.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import ChoraleError, ModelError
from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.oracle import fit_waves, sample_posterior
from chorale.forecasting.recipes import Recipe
from chorale.forecasting.series import Array, Data
from chorale.nn.runs import Run
from chorale.utils.files import load_arrays, save_arrays
from chorale.utils.progress import Progress

ORACLE = "oracle"
LEAST_SQUARES = "least-squares"
_ORACLE_STREAM = 3  # of randomness, apart from those of the series


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
class Job:
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


def run_jobs(work: Sequence[Job], jobs: int, progress: Progress) -> Iterator[Measured]:
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


def _measure(job: Job) -> Measured:
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


def _begin_run(job: Job, recipe: Recipe) -> None:
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


def _forecasts(job: Job) -> dict[str, Any]:
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


def _train_and_forecast(job: Job, recipe: Recipe, inputs: Array) -> dict[str, Any]:
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
