"""Jobs of the suite: each trains and measures one forecaster and saves the result.

Jobs run one after another, or in parallel processes.
"""

from __future__ import annotations

import math
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
from chorale.forecasting.table_baselines import TABLE_BASELINES
from chorale.forecasting.windows import Table
from chorale.nn.runs import Run
from chorale.utils.arrays import Arrays
from chorale.utils.files import load_arrays, save_arrays
from chorale.utils.progress import Progress
from chorale.utils.quiet_tensorflow import quieten_tensorflow

ORACLE = "oracle"
LEAST_SQUARES = "least-squares"
_ORACLE_STREAM = 3  # of random numbers; the series use others


@dataclass(frozen=True)
class Measurement:
    """The forecasts of the test series of a task by one forecaster."""

    name: str  # of the forecaster
    task: str  # name of the task
    # float32 (count, ahead, variables); None if the training failed.
    forecasts: Array | None
    seed: int = -1  # of the training; -1 without a training
    # Standard deviation of sampled forecasts, of the same shape; else None.
    spread: Array | None = None
    # Monte Carlo variance of the oracle's forecasts, of the same shape.
    error: Array | None = None
    # Of a table: forecasts of the valid part, float32 (count, ahead, variables), and
    # beyond the end, (ahead, variables).
    valid: Array | None = None
    future: Array | None = None
    is_converged: bool = True  # whether the training came to a plateau
    parameters: int = 0  # number of trained weights
    seconds: float = 0.0  # duration of training and forecast
    failure: str = ""  # reason why there are no forecasts


@dataclass(frozen=True)
class Job:
    """One forecaster on one task."""

    name: str  # of the forecaster
    data: Data  # the series and their task
    folder: Path  # of the suite
    seed: int = -1  # of the training
    recipe: Recipe | None = None  # the network; None for a baseline or the oracle
    epochs: int = 0  # passes over the data, unless the recipe has its own number
    updates: int = 0  # of the optimizer, at least: more epochs on few series
    draws: int = 0  # samples of the oracle

    @property
    def path(self) -> Path:
        """The file of the measurement."""
        task = self.folder / self.data.task.name
        if self.recipe is None:
            return task / f"{self.name}.npz"
        return task / f"{self.name}-seed{self.seed}" / "forecasts.npz"

    @property
    def total_epochs(self) -> int:
        """The epochs of its training; 1 without a training."""
        if self.recipe is None:
            return 1
        if self.recipe.epochs:
            return self.recipe.epochs
        count = len(self.data.train)
        batches = count // min(self.recipe.batch_size, count)
        return max(
            self.epochs, math.ceil(self.updates * self.recipe.updates_factor / batches)
        )

    def epochs_done(self) -> int:
        """Return the number of finished epochs, from the history on disk."""
        if self.path.exists():
            return self.total_epochs
        history = self.path.parent / "history.csv"
        if self.recipe is None or not history.exists():
            return 0
        return len(history.read_text(encoding="utf-8").splitlines()) - 1


def run_jobs(
    jobs: Sequence[Job], processes: int, progress: Progress
) -> Iterator[Measurement]:
    """Yield the measurement of each job, in order of completion.

    One process is the current one. `progress` is called with epochs done and the total.
    """
    total = sum(job.total_epochs for job in jobs)

    def report() -> None:
        progress(sum(job.epochs_done() for job in jobs), total)

    if processes == 1:
        for job in jobs:
            yield _measure(job)
            report()
        return
    # Spawned, not forked: TensorFlow does not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_begin_process) as pool:
        try:
            # The longest jobs first, so that the processes end at about the same time.
            waiting: set[Future[Measurement]] = {
                pool.submit(_measure, job)
                for job in sorted(jobs, key=lambda job: -job.total_epochs)
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
    """Limit a process to one thread, and keep TensorFlow's log lines from stderr."""
    for library in ("OMP_NUM", "TF_NUM_INTRAOP", "TF_NUM_INTEROP"):
        os.environ[f"{library}_THREADS"] = "1"
    quieten_tensorflow()


def _measure(job: Job) -> Measurement:
    """Return the measurement of a job, from its file if it is already there."""
    task = job.data.task.name
    if job.recipe is not None:
        _open_run(job, job.recipe)
    if not job.path.exists():
        began = time.perf_counter()
        try:
            arrays = _forecasts(job)
        except ChoraleError as error:
            return Measurement(job.name, task, None, job.seed, failure=str(error))
        arrays.setdefault("seconds", np.array(time.perf_counter() - began))
        save_arrays(job.path, arrays)
    arrays = load_arrays(job.path)
    return Measurement(
        name=job.name,
        task=task,
        forecasts=arrays["forecasts"],
        seed=job.seed,
        spread=arrays.get("spread"),
        error=arrays.get("error"),
        valid=arrays.get("valid"),
        future=arrays.get("coming"),
        is_converged=bool(arrays.get("converged", True)),
        parameters=int(arrays.get("parameters", 0)),
        seconds=float(arrays["seconds"]),
    )


def _open_run(job: Job, recipe: Recipe) -> None:
    """Create the run of a training, or check that it is the same training.

    Raises:
        ModelError: the folder holds another training.
    """
    positions = recipe.positions
    options = {
        **asdict(recipe),
        "positions": [positions.start, positions.stop, positions.step],
        "epochs": job.total_epochs,
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


def _forecasts(job: Job) -> Arrays:
    """Return the arrays to save: the fields of `Measurement`, `future` as `coming`."""
    data, task = job.data, job.data.task
    if data.table is not None:
        return _table_forecasts(job, data.table)
    if data.test_waves is not None and job.name == ORACLE:
        random = np.random.default_rng([0, 0, _ORACLE_STREAM])
        posterior = sample_posterior(data.test_waves, task, random, draws=job.draws)
        spread = np.sqrt(posterior.variance)
        return {"forecasts": posterior.mean, "spread": spread, "error": posterior.error}
    if data.test_waves is not None and job.name == LEAST_SQUARES:
        return {"forecasts": fit_waves(data.test_waves, task)}
    inputs = task.inputs(data.test)
    if job.recipe is None:
        return {"forecasts": BASELINES[job.name].fit(data.train, task)(inputs)}
    return _train_and_forecast(job, job.recipe, inputs)


def _table_forecasts(job: Job, table: Table) -> Arrays:
    """Return forecasts of the valid and test parts and beyond the end of a table."""
    counts = [len(table.origins[part]) for part in ("valid", "test")]
    origins = np.concatenate([table.origins[p] for p in ("valid", "test", "latest")])
    if job.recipe is None:
        forecaster = TABLE_BASELINES[job.name].fit(job.data)
        arrays: Arrays = {"forecasts": forecaster(origins)}
    else:
        from chorale.forecasting import training

        inputs = training.table_inputs(table, origins, job.data.task)
        arrays = _train_and_forecast(job, job.recipe, inputs)
    valid, test, latest = np.split(arrays["forecasts"], np.cumsum(counts))
    arrays |= {"valid": valid, "forecasts": test, "coming": latest[0]}
    if "spread" in arrays:
        arrays["spread"] = np.split(arrays["spread"], np.cumsum(counts))[1]
    return arrays


def _train_and_forecast(job: Job, recipe: Recipe, inputs: Any) -> Arrays:
    # TensorFlow takes seconds to load, and baselines do not need it.
    from chorale.forecasting import training

    ahead, block = job.data.task.ahead, recipe.block_of(job.data.task)
    network, history = training.train(
        recipe, job.data, Run(job.path.parent), epochs=job.total_epochs, seed=job.seed
    )
    arrays = {
        "parameters": np.array(network.count_params()),
        # All epochs, those before an interruption included.
        "seconds": np.array(sum(row["seconds"] for row in history)),
        "converged": np.array(training.is_converged(history)),
    }
    if recipe.draws:
        mean, spread = training.forecast_with_dropout(
            network, inputs, ahead, recipe.draws, job.seed, block
        )
        return {**arrays, "forecasts": mean, "spread": spread}
    return {**arrays, "forecasts": training.forecast(network, inputs, ahead, block)}
