"""Reads what the suite has kept in its folder, without TensorFlow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chorale.errors import DataError, ModelError, UsageError
from chorale.forecasting.baselines import BASELINES
from chorale.forecasting.jobs import LEAST_SQUARES, ORACLE
from chorale.forecasting.recipes import RECIPES
from chorale.forecasting.series import TASKS, Array, Floats, Task, forecasting_task
from chorale.nn.runs import Row
from chorale.utils.files import load_arrays
from chorale.utils.tables import read_table

CURVES = ("train_loss", "valid_mse")  # of the history of a training

_TABLE = (ORACLE, LEAST_SQUARES, *BASELINES, *RECIPES)
_TRAINING = re.compile(r"(?P<name>.+)-seed(?P<seed>\d+)")


@dataclass(frozen=True)
class KeptSeries:
    """The test series of a task.

    Attributes:
        task: what is hidden of each.
        values: float32 (count, task.length, variables).
        names: of the variables of a user's own series, () of drawn ones.
    """

    task: Task
    values: Array
    names: tuple[str, ...] = ()

    @property
    def is_drawn(self) -> bool:
        """Whether they are drawn by the law of the waves, not a user's own."""
        return not self.names


@dataclass(frozen=True)
class KeptForecasts:
    """What was forecast of test series, by the name of the forecaster.

    The names are in the order of the suite's table.

    Attributes:
        series: that are forecast.
        forecasts: of each training float32 (count, ahead, variables).
        spreads: standard deviation of the first of these, where there is one.
        histories: of each training the rows of its epochs, with `epoch` and CURVES.
    """

    series: KeptSeries
    forecasts: dict[str, list[Array]]
    spreads: dict[str, Array]
    histories: dict[str, list[list[Row]]]

    def errors(self, name: str) -> Floats:
        """Return mean squared errors by hidden step (ahead,), the medians of seeds."""
        targets = self.series.task.targets(self.series.values).astype(np.float64)
        by_seed = [
            ((one - targets) ** 2).mean(axis=(0, 2)) for one in self.forecasts[name]
        ]
        medians: Floats = np.median(by_seed, axis=0)
        return medians


def read_series(folder: Path) -> dict[str, KeptSeries]:
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
    is_own = _is_own(folder / "options.json")
    kept = {}
    for path in paths:
        arrays = load_arrays(path)
        try:
            values, first = arrays["series"], int(arrays["first_hidden"])
            _, length, variables = values.shape
        except (KeyError, TypeError, ValueError):
            raise ModelError(f"{path}: expected the test series of a suite") from None
        name = path.parent.name
        task = TASKS.get(name) or forecasting_task(first, length - first, name=name)
        if (task.length, task.first_hidden) != (length, first):
            raise ModelError(f"{path}: expected series of the task {name}")
        names = _names(folder / "coming.csv", variables) if is_own else ()
        kept[name] = KeptSeries(task, values, names)
    return {name: kept[name] for name in sorted(kept, key=_rank([*TASKS]))}


def read_forecasts(folder: Path, series: KeptSeries) -> KeptForecasts:
    """Return what a suite has forecast of series of its own.

    Raises:
        UsageError: nothing yet.
        ModelError: a file is damaged.
        DataError: the history of a training is.
    """
    task = series.task
    shape = task.targets(series.values).shape
    kept = KeptForecasts(series, {}, {}, {})
    for name, path in _measured(folder / task.name):
        arrays = load_arrays(path)
        for label in ("forecasts", "spread"):
            if arrays.get(label, np.empty(shape)).shape != shape:
                raise ModelError(f"{path}: expected {label} of each test series")
        if "forecasts" not in arrays:
            raise ModelError(f"{path}: expected forecasts, there are none")
        kept.forecasts.setdefault(name, []).append(arrays["forecasts"])
        if "spread" in arrays:
            kept.spreads.setdefault(name, arrays["spread"])
        history = path.parent / "history.csv"
        if history.exists():
            kept.histories.setdefault(name, []).append(_read_history(history))
    if not kept.forecasts:
        raise UsageError(
            f"{folder} has no forecasts for {task.name} yet: give the command that "
            "made it once more, and it goes on"
        )
    return kept


def _is_own(path: Path) -> bool:
    """Return whether a suite is of a user's own series, by its options."""
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")).get("own"))
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{path}: expected the JSON of a suite: {error}") from None


def _names(path: Path, variables: int) -> tuple[str, ...]:
    """Return the names of variables by the header of their forecasts, if it is there.

    The suite writes that file last, so it is missing after one that was stopped.
    """
    if path.exists():
        names = read_table(path)[0][2:]  # after network and step
        if len(names) == variables:
            return tuple(names)
    return tuple(f"variable {number}" for number in range(1, variables + 1))


def _measured(folder: Path) -> list[tuple[str, Path]]:
    """Return name and file of all forecasts of a task, as in the table, by seed."""
    found = [
        (path.stem, 0, path)
        for path in folder.glob("[!.]*.npz")
        if path.name != "series.npz"
    ]
    for path in folder.glob("*/forecasts.npz"):
        if match := _TRAINING.fullmatch(path.parent.name):
            found.append((match["name"], int(match["seed"]), path))
    rank = _rank(_TABLE)
    found.sort(key=lambda one: (rank(one[0]), one[1]))
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
    """Return a key to sort names by: known ones in their order, then the others."""
    return lambda name: (order.index(name) if name in order else len(order), name)
