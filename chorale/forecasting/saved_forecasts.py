"""Reads the series and forecasts that the suite saved, without TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import DataError, ModelError, UsageError
from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.jobs import LEAST_SQUARES, ORACLE
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.series import TASKS, Array, Floats, Task, forecasting_task
from chorale.forecasting.table_baselines import TABLE_BASELINES
from chorale.nn.runs import Row
from chorale.utils.files import load_arrays, parse_object
from chorale.utils.tables import read_table

CURVES = ("train_loss", "valid_mse")  # columns of the history of a training

_ORDER = tuple(
    dict.fromkeys((ORACLE, LEAST_SQUARES, *TABLE_BASELINES, *BASELINES, *RECIPES))
)
_TRAINING = re.compile(r"(?P<name>.+)-seed(?P<seed>\d+)")


@dataclass(frozen=True)
class SavedSeries:
    """The test series of a task."""

    task: Task  # which steps are hidden
    values: Array  # float32 (count, task.length, variables)
    # Of the variables of a CSV file, () for synthetic series.
    names: tuple[str, ...] = ()

    @property
    def is_synthetic(self) -> bool:
        """Whether the series are synthetic, not from a CSV file."""
        return not self.names


@dataclass(frozen=True)
class SavedForecasts:
    """The forecasts of test series by forecaster, in the order of the results table."""

    series: SavedSeries  # the test series
    # Of each training, float32 (count, ahead, variables).
    forecasts: dict[str, list[Array]]
    # Standard deviations of the first of these, if it is sampled.
    spreads: dict[str, Array]
    # Of each training, the rows of its epochs, with `epoch` and CURVES.
    histories: dict[str, list[list[Row]]]

    def errors(self, name: str) -> Floats:
        """Return mean squared errors by hidden step (ahead,), medians over seeds."""
        targets = self.series.task.targets(self.series.values).astype(np.float64)
        by_seed = [
            ((forecasts - targets) ** 2).mean(axis=(0, 2))
            for forecasts in self.forecasts[name]
        ]
        medians: Floats = np.median(by_seed, axis=0)
        return medians


def read_options(folder: Path) -> dict[str, Any]:
    """Return the options of a suite.

    Raises:
        ModelError: the file is missing or damaged.
    """
    path = folder / "options.json"
    try:
        return parse_object(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: expected the JSON of a suite: {error}") from None


def read_series(folder: Path) -> dict[str, SavedSeries]:
    """Return the test series of each task of a suite, in the order of TASKS.

    Raises:
        UsageError: the folder holds no suite.
        ModelError: a file is damaged.
    """
    paths = sorted(folder.glob("*/series.npz"))
    if not paths or not (folder / "options.json").exists():
        raise UsageError(
            f"{folder} holds no suite: make one by chorale forecast run --output "
            f"{folder}"
        )
    read_options(folder)  # refuses another folder
    saved = {}
    for path in paths:
        arrays = load_arrays(path)
        try:
            values, first = arrays["series"], int(arrays["first_hidden"])
            _, length, variables = values.shape
        except (KeyError, TypeError, ValueError):
            raise ModelError(f"{path}: expected the test series of a suite") from None
        if not _are_numbers(values):
            raise ModelError(f"{path}: expected series of numbers")
        name = path.parent.name
        task = TASKS.get(name) or forecasting_task(first, length - first, name=name)
        if (task.length, task.first_hidden) != (length, first):
            raise ModelError(f"{path}: expected series of the task {name}")
        names = tuple(str(column) for column in np.atleast_1d(arrays.get("names", ())))
        if names and len(names) != variables:
            raise ModelError(f"{path}: expected the names of {variables} variables")
        saved[name] = SavedSeries(task, values, names)
    return {name: saved[name] for name in sorted(saved, key=_rank([*TASKS]))}


def read_forecasts(folder: Path, series: SavedSeries) -> SavedForecasts:
    """Return the forecasts of the series of a suite.

    Raises:
        UsageError: there are none yet.
        ModelError: a file is damaged.
        DataError: the history of a training is damaged.
    """
    task = series.task
    shape = task.targets(series.values).shape
    saved = SavedForecasts(series, {}, {}, {})
    for name, path in _forecast_files(folder / task.name):
        arrays = load_arrays(path)
        for label in ("forecasts", "spread"):
            values = arrays.get(label, np.zeros(shape))
            if values.shape != shape or not _are_numbers(values):
                raise ModelError(f"{path}: expected {label} of each test series")
        if "forecasts" not in arrays:
            raise ModelError(f"{path}: expected forecasts, there are none")
        saved.forecasts.setdefault(name, []).append(arrays["forecasts"])
        if "spread" in arrays:
            saved.spreads.setdefault(name, arrays["spread"])
        history = path.parent / "history.csv"
        if history.exists():
            saved.histories.setdefault(name, []).append(_read_history(history))
    if not saved.forecasts:
        raise UsageError(
            f"{folder} has no forecasts for {task.name} yet: repeat the command that "
            "created it, to resume it"
        )
    return saved


def _are_numbers(values: Array) -> bool:
    """Return whether an array has finite numbers alone."""
    return values.dtype.kind in "fiu" and bool(np.isfinite(values).all())


def _forecast_files(folder: Path) -> list[tuple[str, Path]]:
    """Return name and file of all forecasts of a task, in table order, by seed."""
    found = [
        (path.stem, 0, path)
        for path in folder.glob("[!.]*.npz")
        if path.name != "series.npz"
    ]
    for path in folder.glob("*/forecasts.npz"):
        if match := _TRAINING.fullmatch(path.parent.name):
            found.append((match["name"], int(match["seed"]), path))
    rank = _rank(_ORDER)
    found.sort(key=lambda entry: (rank(entry[0]), entry[1]))
    return [(name, path) for name, _, path in found]


def _read_history(path: Path) -> list[Row]:
    header, lines = read_table(path)
    rows = []
    for line, cells in lines:
        try:
            row = dict(zip(header, map(float, cells), strict=True))
            rows.append({name: row[name] for name in ("epoch", *CURVES)})
        except (KeyError, ValueError):
            raise DataError("expected the history of a training", path, line) from None
    return rows


def _rank(order: Sequence[str]) -> Callable[[str], tuple[int, str]]:
    """Return a sort key: known names in their order, then the others."""
    return lambda name: (order.index(name) if name in order else len(order), name)
