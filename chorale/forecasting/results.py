"""Figures of what the suite has measured: squared errors, beside the oracle's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.jobs import LEAST_SQUARES, ORACLE, Measured
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
    """The figures of one forecaster; mean squared errors over series and variables.

    Attributes:
        task: name of the task.
        name: of the forecaster.
        title: what a reader calls it.
        seed: of the training; -1 where nothing is trained.
        parameters: that were fitted by training.
        first: error at the first hidden step; None, as all figures, if it failed.
        mean: error over all hidden steps.
        last: error at the last hidden step.
        first_ratio: `first` over that of the oracle on the same series.
        mean_ratio: `mean` over that of the oracle on the same series.
        above_oracle: `mean` less that of the oracle.
        standard_error: of `above_oracle`, over the series, in pairs.
        book: the error that the book has for it.
        seconds: to train and to forecast.
        failure: why there are no figures.
    """

    task: str
    name: str
    title: str
    seed: int = -1
    parameters: int = 0
    first: float | None = None
    mean: float | None = None
    last: float | None = None
    first_ratio: float | None = None
    mean_ratio: float | None = None
    above_oracle: float | None = None
    standard_error: float | None = None
    book: float | None = None
    seconds: float = 0.0
    failure: str = ""

    @property
    def is_below_oracle(self) -> bool:
        """Whether its error is significantly below what is possible: a mistake."""
        if self.above_oracle is None or self.standard_error is None:
            return False
        return self.above_oracle < -_SIGNIFICANT * self.standard_error


_FIGURES = (
    "first",
    "mean",
    "last",
    "first_ratio",
    "mean_ratio",
    "above_oracle",
    "standard_error",
    "seconds",
)


def results_of(measured: Sequence[Measured], data: Mapping[str, Data]) -> list[Result]:
    """Return the figures of each forecaster and seed.

    Args:
        measured: what `run_suite` gives.
        data: the series by the name of their task, from the same place.
    """
    oracles = {
        one.task: _squared_errors(one, data[one.task])
        for one in measured
        if one.name == ORACLE
    }
    return [_result(one, data[one.task], oracles.get(one.task)) for one in measured]


def medians(results: Sequence[Result]) -> list[Result]:
    """Return one result for all seeds of a forecaster: the median of each figure."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.task, result.name), []).append(result)
    return [_median(group) for group in groups.values()]


def floor_of(measured: Iterable[Measured]) -> dict[str, dict[str, Any]]:
    """Return what is known of the least error possible, by the name of the task.

    `by_step` is the expected squared error of the oracle at each hidden step, with its
    `standard_error` over the series; `monte_carlo_error` is what the oracle's finite
    number of draws adds to its own squared error; `bound` is the variance of the noise.
    """
    floors = {}
    for one in measured:
        if one.name != ORACLE or one.spread is None or one.error is None:
            continue
        expected = NOISE_VARIANCE + one.spread[..., 0].astype(np.float64) ** 2
        floors[one.task] = {
            "bound": NOISE_VARIANCE,
            "by_step": expected.mean(axis=0).tolist(),
            "standard_error": (expected.std(axis=0) / len(expected) ** 0.5).tolist(),
            "mean": float(expected.mean()),
            "monte_carlo_error": float(one.error.mean(dtype=np.float64)),
        }
    return floors


def write_results(path: Path | str, results: Sequence[Result]) -> None:
    """Write a CSV with a row for each result, whole or not at all.

    What the file already holds of other forecasters and seeds stays in it.
    """
    columns = [field.name for field in fields(Result)]
    rows: dict[tuple[str, ...], list[Any]] = {}
    if Path(path).exists():
        header, lines = read_table(path)
        if header == columns:
            which = [columns.index(name) for name in ("task", "name", "seed")]
            rows = {tuple(cells[i] for i in which): cells for _, cells in lines}
    for one in results:
        cells = [asdict(one)[column] for column in columns]
        rows[one.task, one.name, str(one.seed)] = [
            "" if cell is None else cell for cell in cells
        ]
    write_table(path, columns, rows.values())


def _squared_errors(one: Measured, data: Data) -> Floats:
    """Return the squared errors (count, ahead), the mean over variables."""
    assert one.forecasts is not None
    targets = data.task.targets(data.test).astype(np.float64)
    squared: Floats = ((one.forecasts - targets) ** 2).mean(axis=2)
    return squared


def _result(one: Measured, data: Data, oracle: Floats | None) -> Result:
    recipe, baseline = RECIPES.get(one.name), BASELINES.get(one.name)
    result = Result(
        task=one.task,
        name=one.name,
        title=_TITLES.get(one.name, one.name),
        seed=one.seed,
        parameters=one.parameters,
        seconds=round(one.seconds, 2),
        failure=one.failure,
    )
    if data.law is not None:
        # The book has figures of its own series and tasks alone.
        if recipe is not None and recipe.task == one.task:
            result = replace(result, book=recipe.book)
        if baseline is not None:
            result = replace(result, book=baseline.book.get(one.task))
    if one.forecasts is None:
        return result
    errors = _squared_errors(one, data)
    by_step = errors.mean(axis=0)
    result = replace(
        result,
        first=float(by_step[0]),
        mean=float(by_step.mean()),
        last=float(by_step[-1]),
    )
    if oracle is None:
        return result
    above = (errors - oracle).mean(axis=1)
    return replace(
        result,
        first_ratio=float(by_step[0] / oracle[:, 0].mean()),
        mean_ratio=float(by_step.mean() / oracle.mean()),
        above_oracle=float(above.mean()),
        standard_error=float(above.std(ddof=1) / len(above) ** 0.5),
    )


def _median(group: Sequence[Result]) -> Result:
    changes: dict[str, float | None] = {}
    for name in _FIGURES:
        figures = [value for one in group if (value := getattr(one, name)) is not None]
        # A network that failed with one seed has failed.
        complete = len(figures) == len(group)
        changes[name] = median(figures) if complete else None
    failure = next((one.failure for one in group if one.failure), "")
    return replace(group[0], failure=failure, **changes)  # type: ignore[arg-type]
