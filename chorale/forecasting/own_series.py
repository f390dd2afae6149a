"""A user's own series: a table, a column a variable, made ready to be forecast.

The table is split by time: its first 70 % of rows are learned from, the next 15 %
choose the best epoch, the last 15 % measure. Each part is cut into all the windows of
`steps` values seen and `ahead` to forecast that it has; what is forecast lies in the
part itself, what is seen for it may reach back into the part before. Every variable is
scaled to mean 0 and standard deviation 1 of the rows that are learned from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chorale.errors import DataError
from chorale.forecasting.series import Array, Data, Floats, Task, forecasting_task
from chorale.utils.tables import read_table, write_table

TRAIN_PERCENT = 70  # of the rows
VALID_PERCENT = 15
TEST_PERCENT = 15
MOST_WINDOWS = {"train": 7000, "valid": 2000, "test": 2000}  # as the book's series
LARGEST_NUMBER = 1e15  # float64 holds no digit after the point beyond


@dataclass(frozen=True, kw_only=True)
class OwnSeries:
    """A table of series, ready to be forecast.

    Attributes:
        names: of the variables, in the order of the columns.
        data: the windows of each part and their task; all values are scaled.
        latest: what the forecast of the unknown next values is made of: the last rows,
            float32 (1, steps, variables), scaled.
        means: float (variables,), of the rows that are learned from, as in the table.
        deviations: float (variables,), their standard deviations; 1 of a constant.
        remarks: what a user ought to know of how the table was read.
    """

    names: tuple[str, ...]
    data: Data
    latest: Array
    means: Floats
    deviations: Floats
    remarks: tuple[str, ...] = ()

    def in_own_units(self, scaled: Array) -> Floats:
        """Return scaled values, (…, variables), in the units of the table."""
        return scaled.astype(np.float64) * self.deviations + self.means


def read_own_series(path: Path | str, *, steps: int, ahead: int) -> OwnSeries:
    """Read a CSV table of series: a header of names, then a row a step of time.

    A first column of dates or other text, or without a name, is set aside.

    Args:
        path: of the table.
        steps: rows that are seen of a window.
        ahead: rows that are forecast from them.

    Raises:
        UsageError: steps or ahead are not positive.
        DataError: the file is not such a table, with row and column, or is too short.
    """
    task = forecasting_task(steps, ahead)
    names, values, remarks = _read_values(path)
    rows = len(values)
    needed = _fewest_rows(task)
    if rows < needed:
        raise DataError(
            f"expected at least {needed} rows below the header to see {steps} and "
            f"forecast {ahead}, got {rows}: ask for fewer steps, or bring more rows",
            path,
        )
    train_end = rows * TRAIN_PERCENT // 100
    valid_end = rows * (TRAIN_PERCENT + VALID_PERCENT) // 100

    learned = values[:train_end]
    means, deviations = learned.mean(axis=0), learned.std(axis=0)
    # Rounding can leave a constant a deviation; tiny numbers, squared, can have none.
    constant = (learned.min(axis=0) == learned.max(axis=0)) | (deviations == 0)
    deviations = np.where(constant, 1.0, deviations)
    scaled = _scale(values, means, deviations, names, path)
    remarks += [
        f"{name} does not change in the rows that are learned from"
        for name, is_constant in zip(names, constant, strict=True)
        if is_constant
    ]

    parts = []
    for part, begin, end in (
        ("train", 0, train_end),
        ("valid", train_end - steps, valid_end),
        ("test", valid_end - steps, rows),
    ):
        windows = _windows(scaled[begin:end], task.length)
        most = MOST_WINDOWS[part]
        if len(windows) > most:
            remarks.append(
                f"of {len(windows)} {part} windows, {most} are used, evenly spread"
            )
        parts.append(_thinned(windows, most))
    train, valid, test = parts
    return OwnSeries(
        names=tuple(names),
        data=Data(task, train, valid, test),
        latest=scaled[None, -steps:],
        means=means,
        deviations=deviations,
        remarks=tuple(remarks),
    )


def write_forecasts(
    path: Path | str, own: OwnSeries, forecasts: Mapping[str, Array]
) -> None:
    """Write forecasts of the next values as CSV, in the units of the table.

    The columns are network, step (1 is the row after the last one of the table), and
    the variables.

    Args:
        path: of the new file.
        own: what is forecast.
        forecasts: of `own.latest`, (1, ahead, variables), by the forecaster's name.
    """
    rows = [
        [name, step, *(f"{value:.10g}" for value in values)]
        for name, forecast in forecasts.items()
        for step, values in enumerate(own.in_own_units(forecast[0]), start=1)
    ]
    write_table(path, ["network", "step", *own.names], rows)


# === Reading ===


def _read_values(path: Path | str) -> tuple[list[str], Floats, list[str]]:
    """Return names, values (rows, variables), and remarks on what was set aside."""
    header, lines = read_table(path)
    if not header:
        raise DataError("expected a header of names, it is empty", path)
    if all(_number(name) is not None for name in header):
        raise DataError("expected a header of names, got numbers", path, 1)
    rows = list(lines)
    remarks = []
    first = 0
    if not header[0] or all(_is_text(cells[0]) for _, cells in rows):
        first = 1
        label = f"the column {header[0]}" if header[0] else "the column without a name"
        remarks.append(f"{label} is set aside: it is taken for the time of a row")
    names = header[first:]
    _check_names(names, first, path)
    values = np.empty((len(rows), len(names)))
    for index, (row, cells) in enumerate(rows):
        for column, cell in enumerate(cells[first:]):
            values[index, column] = _value(cell, path, row, names[column])
    return names, values, remarks


def _check_names(names: list[str], first: int, path: Path | str) -> None:
    if not names:
        raise DataError(
            "expected a column of numbers, got none: columns are parted by commas, "
            "decimals by points",
            path,
        )
    for column, name in enumerate(names):
        if not name:
            raise DataError(
                f"expected a name for each column, column {first + column + 1} has "
                "none",
                path,
                1,
            )
        if name in names[:column]:
            raise DataError(f"expected names that differ, got {name!r} twice", path, 1)


def _value(cell: str, path: Path | str, row: int, name: str) -> float:
    """Return the number in a cell, or refuse it with its place."""
    number, text = _number(cell), cell.strip()[:40]
    if number is None and text:
        problem = f"expected a number, with a point before decimals, got {text!r}"
    elif number is None or not math.isfinite(number):
        problem = (
            f"expected a number, got {text or 'an empty cell'}: fill such gaps first, "
            "by interpolation for instance"
        )
    elif abs(number) > LARGEST_NUMBER:
        problem = (
            f"expected a number of at most {LARGEST_NUMBER:g}, got {text}: choose a "
            "larger unit"
        )
    else:
        return number
    raise DataError(problem, path, row, name)


def _number(cell: str) -> float | None:
    """Return the number in a cell, which may be NaN or infinite; None if it is none."""
    # float() also reads 1_000 and the digits of every script.
    if not cell.isascii() or "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _is_text(cell: str) -> bool:
    return bool(cell.strip()) and _number(cell) is None


# === Windows ===


def _fewest_rows(task: Task) -> int:
    """Return how many rows give every part a window."""
    # Whole numbers: in floating point, 0.15 of 100 rows is a little less than 15.
    return max(
        math.ceil(100 * task.length / TRAIN_PERCENT),
        math.ceil(100 * task.ahead / min(VALID_PERCENT, TEST_PERCENT)),
    )


def _scale(
    values: Floats,
    means: Floats,
    deviations: Floats,
    names: list[str],
    path: Path | str,
) -> Array:
    """Return values less their mean, in standard deviations."""
    with np.errstate(over="ignore"):
        scaled = ((values - means) / deviations).astype("float32")
    for name, column in zip(names, scaled.T, strict=True):
        if not np.isfinite(column).all():
            raise DataError(
                "expected later rows to be of the size of the first "
                f"{TRAIN_PERCENT} %, got some that are beyond all measure larger",
                path,
                column=name,
            )
    return scaled


def _windows(values: Array, length: int) -> Array:
    """Return all windows over rows (rows, variables): (count, length, variables)."""
    windows: Array = np.lib.stride_tricks.sliding_window_view(values, length, axis=0)
    return np.swapaxes(windows, 1, 2)


def _thinned(windows: Array, most: int) -> Array:
    """Return a copy of not more than `most` windows, evenly spread."""
    chosen = np.linspace(0, len(windows) - 1, min(len(windows), most)).round()
    return np.ascontiguousarray(windows[chosen.astype(int)])
