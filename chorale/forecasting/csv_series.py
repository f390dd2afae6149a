"""Time series from a CSV file, one variable per column, split, windowed and scaled.

The split is chronological: the first 70 % of rows are train, the next 15 % valid, the
last 15 % test. Each part is cut into all of its windows of `steps` input rows and
`ahead` target rows; the targets lie in the part, the inputs may reach back into the
part before. Variables are standardized by mean and standard deviation of the train
rows.
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
MOST_WINDOWS = {"train": 7000, "valid": 2000, "test": 2000}  # as the synthetic series
LARGEST_NUMBER = 1e15  # beyond, float64 has no digits after the decimal point


@dataclass(frozen=True, kw_only=True)
class CsvSeries:
    """A data set read from a CSV file."""

    names: tuple[str, ...]  # of the variables, in the order of the columns
    data: Data  # the standardized windows of each part and their task
    # The last rows, inputs of the forecast of the unknown future, float32 (1, steps,
    # variables), standardized.
    latest: Array
    means: Floats  # float (variables,), of the train rows
    # float (variables,), their standard deviations; 1 for a constant.
    deviations: Floats
    remarks: tuple[str, ...] = ()  # assumptions made while reading, for the user

    def unscale(self, scaled: Array) -> Floats:
        """Return standardized values, (…, variables), in the units of the file."""
        return scaled.astype(np.float64) * self.deviations + self.means


def read_csv_series(path: Path | str, *, steps: int, ahead: int) -> CsvSeries:
    """Read a CSV file of time series: a header of names, then one row per time step.

    A first column of dates or other text, or without a name, is left out. A window has
    `steps` input rows and `ahead` target rows, the forecast horizon.

    Raises:
        UsageError: steps or ahead are not positive.
        DataError: the file is not such a table (with row and column), or too short.
    """
    task = forecasting_task(steps, ahead)
    names, values, remarks = _read_values(path)
    rows, needed = len(values), _fewest_rows(task)
    if rows < needed:
        raise DataError(
            f"expected at least {needed} rows below the header to see {steps} and "
            f"forecast {ahead}, got {rows}: ask for fewer steps, or add rows",
            path,
        )
    train_end = rows * TRAIN_PERCENT // 100
    valid_end = rows * (TRAIN_PERCENT + VALID_PERCENT) // 100

    train = values[:train_end]
    means, deviations = train.mean(axis=0), train.std(axis=0)
    # A constant can have a deviation by rounding; that of tiny numbers underflows to 0.
    constant = (train.min(axis=0) == train.max(axis=0)) | (deviations == 0)
    deviations = np.where(constant, 1.0, deviations)
    with np.errstate(over="ignore"):
        scaled = ((values - means) / deviations).astype("float32")
    for name, column, is_constant in zip(names, scaled.T, constant, strict=True):
        if is_constant:
            remarks.append(f"{name} is constant in the train rows")
        if not np.isfinite(column).all():
            raise DataError(
                f"expected values of the magnitude of the first {TRAIN_PERCENT} % of "
                "rows, got some that overflow when they are standardized",
                path,
                column=name,
            )

    parts: dict[str, Array] = {}
    for part, begin, end in (
        ("train", 0, train_end),
        ("valid", train_end - steps, valid_end),
        ("test", valid_end - steps, rows),
    ):
        windows = np.lib.stride_tricks.sliding_window_view(
            scaled[begin:end], task.length, axis=0
        ).swapaxes(1, 2)  # (count, length, variables)
        count, most = len(windows), MOST_WINDOWS[part]
        if count > most:
            remarks.append(f"of {count} {part} windows, {most} are used, evenly spaced")
        chosen = np.linspace(0, count - 1, min(count, most)).round().astype(int)
        parts[part] = np.ascontiguousarray(windows[chosen])
    return CsvSeries(
        names=tuple(names),
        data=Data(task, parts["train"], parts["valid"], parts["test"]),
        latest=scaled[None, -steps:],
        means=means,
        deviations=deviations,
        remarks=tuple(remarks),
    )


def write_forecasts(
    path: Path | str, series: CsvSeries, forecasts: Mapping[str, Array]
) -> None:
    """Write forecasts of the future as CSV, in the units of the file that was read.

    The columns are network, step (1 is the first row after the end of the file), and
    the variables. Forecasts, from `series.latest`, are (1, ahead, variables).
    """
    rows = [
        [name, step, *(f"{value:.10g}" for value in values)]
        for name, forecast in forecasts.items()
        for step, values in enumerate(series.unscale(forecast[0]), start=1)
    ]
    write_table(path, ["network", "step", *series.names], rows)


def _fewest_rows(task: Task) -> int:
    """Return the number of rows from which every part has a window."""
    # In integers: in floating point, 0.15 of 100 rows is a little less than 15.
    return max(
        math.ceil(100 * task.length / TRAIN_PERCENT),
        math.ceil(100 * task.ahead / min(VALID_PERCENT, TEST_PERCENT)),
    )


# === Parsing ===


def _read_values(path: Path | str) -> tuple[list[str], Floats, list[str]]:
    """Return names, values (rows, variables), and remarks on columns left out."""
    header, rows = read_table(path)
    if not header:
        raise DataError("expected a header of names, it is empty", path)
    if all(_number(name) is not None for name in header):
        raise DataError("expected a header of names, got numbers", path, 1)
    remarks = []
    first = 0
    labels = [cells[0] for _, cells in rows]
    if not header[0] or all(cell.strip() and _number(cell) is None for cell in labels):
        first = 1
        label = f"the column {header[0]}" if header[0] else "the column without a name"
        remarks.append(f"{label} is left out: it is taken for the time of a row")
    names = header[first:]
    _check_names(names, first, path)
    values = np.empty((len(rows), len(names)))
    for index, (row, cells) in enumerate(rows):
        for column, cell in enumerate(cells[first:]):
            values[index, column] = _value(cell, path, row, names[column])
    return names, values, remarks


def _check_names(names: list[str], first: int, path: Path | str) -> None:
    """Raise a DataError unless the columns, from the number `first` on, have names."""
    if not names:
        raise DataError(
            "expected a column of numbers, got none: separate columns by commas, write "
            "decimals with a point",
            path,
        )
    for column, name in enumerate(names):
        if not name:
            number = first + column + 1
            raise DataError(
                f"expected a name for each column, column {number} has none", path, 1
            )
        if name in names[:column]:
            raise DataError(
                f"expected distinct column names, got {name!r} twice", path, 1
            )


def _value(cell: str, path: Path | str, row: int, name: str) -> float:
    """Parse the number in a cell, or raise a DataError with its place."""
    number, text = _number(cell), cell.strip()[:40]
    if number is None and text:
        problem = f"expected a number, with a point before decimals, got {text!r}"
    elif number is None or not math.isfinite(number):
        problem = (
            f"expected a number, got {text or 'an empty cell'}: fill missing values "
            "first, by interpolation for instance"
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
    """Parse a number, NaN and infinity included; None if the cell is something else."""
    # float() also reads 1_000 and the digits of every script.
    if not cell.isascii() or "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None
