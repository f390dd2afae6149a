"""Results of the suite: mean squared errors, also relative to the oracle's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.jobs import LEAST_SQUARES, ORACLE, Measurement
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.series import NOISE_VARIANCE, Data, Floats
from chorale.utils.tables import read_table, write_table

_TITLES = {
    ORACLE: "oracle: posterior mean, given the law",
    LEAST_SQUARES: "least squares, given the law",
    **{name: baseline.title for name, baseline in BASELINES.items()},
    **{name: recipe.title for name, recipe in RECIPES.items()},
}
_SIGNIFICANT = 2.0  # standard errors


@dataclass(frozen=True, kw_only=True)
class Result:
    """Mean squared errors of a forecaster, over series and variables."""

    task: str  # name of the task
    name: str  # of the forecaster
    title: str  # of the forecaster, for tables
    seed: int = -1  # of the training; -1 without a training
    parameters: int = 0  # number of trained weights
    # Error at the first hidden step; None, as all errors, if it failed.
    first: float | None = None
    mean: float | None = None  # error over all hidden steps
    last: float | None = None  # error at the last hidden step
    # `first` divided by that of the oracle on the same series.
    first_ratio: float | None = None
    # `mean` divided by that of the oracle on the same series.
    mean_ratio: float | None = None
    above_oracle: float | None = None  # `mean` minus that of the oracle
    # Of `above_oracle`, from paired differences of the series.
    standard_error: float | None = None
    book: float | None = None  # mean squared error in the book
    seconds: float = 0.0  # duration of training and forecast
    # Whether the training came to a plateau, see `training.is_converged`.
    is_converged: bool = True
    failure: str = ""  # reason why there are no errors

    @property
    def is_below_oracle(self) -> bool:
        """Whether its error is significantly below the Bayes-optimal one: a bug."""
        if self.above_oracle is None or self.standard_error is None:
            return False
        return self.above_oracle < -_SIGNIFICANT * self.standard_error


_AVERAGED = (
    *("first", "mean", "last", "first_ratio", "mean_ratio"),
    *("above_oracle", "standard_error", "seconds"),
)


def compute_results(
    measurements: Sequence[Measurement], data: Mapping[str, Data]
) -> list[Result]:
    """Return the errors of each forecaster and seed, from what `run_suite` returns."""
    oracles = {
        measurement.task: _squared_errors(measurement, data[measurement.task])
        for measurement in measurements
        if measurement.name == ORACLE
    }
    return [
        _result(measurement, data[measurement.task], oracles.get(measurement.task))
        for measurement in measurements
    ]


def medians(results: Sequence[Result]) -> list[Result]:
    """Return one result per forecaster: the median over seeds of each number."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.task, result.name), []).append(result)
    return [_median(group) for group in groups.values()]


def irreducible_errors(
    measurements: Iterable[Measurement],
) -> dict[str, dict[str, Any]]:
    """Return the expected error of the Bayes-optimal forecast, by the name of the task.

    `by_step` is the expected squared error of the oracle at each hidden step, with its
    `standard_error` over the series, and `mean` its mean; `monte_carlo_error` is the
    addition to it from the finite number of draws; `bound` is the noise variance.
    """
    errors = {}
    for oracle in measurements:
        if oracle.name != ORACLE or oracle.spread is None or oracle.error is None:
            continue
        expected = NOISE_VARIANCE + oracle.spread[..., 0].astype(np.float64) ** 2
        errors[oracle.task] = {
            "bound": NOISE_VARIANCE,
            "by_step": expected.mean(axis=0).tolist(),
            "standard_error": (expected.std(axis=0) / len(expected) ** 0.5).tolist(),
            "mean": float(expected.mean()),
            "monte_carlo_error": float(oracle.error.mean(dtype=np.float64)),
        }
    return errors


def write_results(path: Path | str, results: Sequence[Result]) -> None:
    """Write a CSV with a row for each result.

    Rows of other forecasters and seeds that the file already has are kept.
    """
    columns = [field.name for field in fields(Result)]
    rows: dict[tuple[str, ...], list[Any]] = {}
    if Path(path).exists():
        header, lines = read_table(path)
        if header == columns:
            keys = [columns.index(name) for name in ("task", "name", "seed")]
            rows = {tuple(cells[i] for i in keys): cells for _, cells in lines}
    for result in results:
        cells = list(asdict(result).values())
        rows[result.task, result.name, str(result.seed)] = [
            "" if cell is None else cell for cell in cells
        ]
    write_table(path, columns, rows.values())


def _squared_errors(measurement: Measurement, data: Data) -> Floats:
    """Return squared errors (count, ahead), the mean over variables."""
    assert measurement.forecasts is not None
    targets = data.task.targets(data.test).astype(np.float64)
    squared: Floats = ((measurement.forecasts - targets) ** 2).mean(axis=2)
    return squared


def _result(measurement: Measurement, data: Data, oracle: Floats | None) -> Result:
    task, name = measurement.task, measurement.name
    book = None
    if data.test_waves is not None:  # the book's errors are of synthetic series
        if name in RECIPES and RECIPES[name].task == task:
            book = RECIPES[name].book
        elif name in BASELINES:
            book = BASELINES[name].book.get(task)
    result = Result(
        task=task,
        name=name,
        title=_TITLES.get(name, name),
        seed=measurement.seed,
        parameters=measurement.parameters,
        book=book,
        seconds=round(measurement.seconds, 2),
        is_converged=measurement.is_converged,
        failure=measurement.failure,
    )
    if measurement.forecasts is None:
        return result
    squared = _squared_errors(measurement, data)
    by_step = squared.mean(axis=0)
    errors = {"first": by_step[0], "mean": by_step.mean(), "last": by_step[-1]}
    if oracle is not None:
        above = (squared - oracle).mean(axis=1)
        errors |= {
            "first_ratio": by_step[0] / oracle[:, 0].mean(),
            "mean_ratio": by_step.mean() / oracle.mean(),
            "above_oracle": above.mean(),
            "standard_error": above.std(ddof=1) / len(above) ** 0.5,
        }
    numbers: dict[str, Any] = {key: float(value) for key, value in errors.items()}
    return replace(result, **numbers)


def _median(group: Sequence[Result]) -> Result:
    """Return the medians of a forecaster; None if it failed with any seed."""
    changes: dict[str, Any] = {}
    for name in _AVERAGED:
        values = [getattr(result, name) for result in group]
        changes[name] = None if None in values else median(values)
    failure = next((result.failure for result in group if result.failure), "")
    is_converged = all(result.is_converged for result in group)
    return replace(group[0], failure=failure, is_converged=is_converged, **changes)
