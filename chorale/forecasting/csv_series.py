"""A user's table of time series: targets, covariates, split, scale, missing values.

The split is chronological: the first 70 % of rows are train, the next 15 % valid, the
last 15 % test. A forecast of each part sees `steps` rows, which may reach back into the
part before, and has all its `ahead` rows in the part. Targets and numeric covariates
are standardized by mean and standard deviation of the train rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chorale.errors import DataError, UsageError
from chorale.forecasting.covariates import Roles, encode, find_roles, infer_season
from chorale.forecasting.csv_columns import Columns, read_columns
from chorale.forecasting.dates import Dates, Step
from chorale.forecasting.series import Array, Data, Floats, Task, forecasting_task
from chorale.forecasting.windows import Table
from chorale.utils.arrays import BoolArray, Float64Array, IntArray
from chorale.utils.text import counted

TRAIN_PERCENT = 70  # of the rows
VALID_PERCENT = 15
TEST_PERCENT = 15
MOST_WINDOWS = {"train": 7000, "valid": 2000, "test": 2000}  # as the synthetic series
# Rows seen and forecast by default: of days as in the book, else of seasons.
STEPS, AHEAD = 50, 10
_LENGTHS = {"day": (56, 14), "business day": (50, 10), "hour": (72, 24)}
_LENGTHS |= {"month": (24, 12), "quarter": (12, 4), "week": (52, 8), "year": (10, 3)}


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """Which columns of a table are forecast, from what, and how far."""

    targets: tuple[str, ...] = ()  # to forecast; none: all columns of numbers
    known: tuple[str, ...] = ()  # covariates that are known in the future too
    calendar: bool = True  # whether the calendar is read from dates, as covariates
    season: int | None = None  # rows of a season; None: as usual for the time step
    steps: int | None = None  # rows seen; None: as usual for the time step
    ahead: int | None = None  # rows forecast; None: as usual for the time step


@dataclass(frozen=True, kw_only=True)
class CsvSeries:
    """A data set read from a CSV file."""

    names: tuple[str, ...]  # of the targets
    past: tuple[str, ...]  # names of the covariates known up to the origin
    known: tuple[str, ...]  # of those known in the future too
    data: Data  # standardized windows of each part, their task, and the table
    table: Table  # the standardized rows
    means: Floats  # float (targets,), of the train rows
    deviations: Floats  # float (targets,), their standard deviations; 1 for a constant
    dates: Dates | None = None  # of all rows and the `ahead` rows after them
    step: Step | None = None  # from one date to the next
    remarks: tuple[str, ...] = ()  # assumptions made while reading, for the user

    def unscale(self, scaled: Array) -> Floats:
        """Return standardized values, (…, targets), in the units of the file."""
        return scaled.astype(np.float64) * self.deviations + self.means


def read_csv_series(path: Path | str, options: TableOptions | None = None) -> CsvSeries:
    """Read a CSV file of time series, see `csv_columns.read_columns`.

    Columns that are neither targets nor known in the future are past covariates. Text
    becomes one-hot codes. A missing value is replaced, as an input, by the value one
    season before and is never a target. Rows at the end without any target are the
    future: only their known columns are read.

    Raises:
        UsageError: an option does not fit the table.
        DataError: the file is not such a table (with row and column), or too short.
    """
    options = options or TableOptions()
    if options.season is not None and options.season < 1:
        raise UsageError(f"expected a season of at least 1 row, got {options.season}")
    usual_task(options, None)  # refuses lengths before the file is read
    columns = read_columns(path)
    remarks = list(columns.remarks)
    roles = find_roles(columns, options.targets, options.known, remarks)
    task = usual_task(options, columns.step)
    values, rows = _target_values(columns, roles, remarks)
    _check_length(rows, task, path)
    train_rows = rows * TRAIN_PERCENT // 100
    means, deviations = _scale(values[:train_rows], roles.targets, columns, remarks)
    scaled = _standardize(values, means, deviations, roles.targets, columns)
    season = _season(options, columns, scaled, train_rows, task, remarks)
    covariates = encode(
        columns,
        roles,
        rows=rows,
        train_rows=train_rows,
        ahead=task.ahead,
        season=season,
        calendar=options.calendar,
        remarks=remarks,
    )
    observed = np.isfinite(scaled)
    past = covariates.past
    if not observed.all():  # the networks are shown which values are filled
        past = np.concatenate([past, observed.astype("float32")], axis=1)
    table = Table(
        values=np.column_stack([fill(column, season) for column in scaled.T]),
        observed=observed,
        past=past,
        known=covariates.known,
        season=season,
        train_rows=train_rows,
        origins=_origins(rows, task, observed, roles.targets, path, remarks),
    )
    return CsvSeries(
        names=roles.targets,
        past=covariates.past_names,
        known=covariates.known_names,
        data=_data(table, task),
        table=table,
        means=means,
        deviations=deviations,
        dates=covariates.dates,
        step=columns.step,
        remarks=tuple(remarks),
    )


def usual_task(options: TableOptions, step: Step | None) -> Task:
    """Return the task with the lengths asked for, or those usual for a time step."""
    steps, ahead = _LENGTHS.get(step.name if step else "", (STEPS, AHEAD))
    return forecasting_task(
        steps if options.steps is None else options.steps,
        ahead if options.ahead is None else options.ahead,
    )


def fill(column: Array, season: int) -> Array:
    """Return a column without NaN: the value one season before, or the last one.

    Before the first value, it is that value. Nothing else comes from later rows.
    """
    filled = column.copy()
    known = np.flatnonzero(np.isfinite(column))
    first = int(known[0])
    filled[:first] = column[first]
    for row in np.flatnonzero(~np.isfinite(filled)):
        before = row - season
        filled[row] = filled[before if before >= first else row - 1]
    return filled


# === Steps of reading ===


def _target_values(
    columns: Columns, roles: Roles, remarks: list[str]
) -> tuple[Float64Array, int]:
    """Return targets (rows, targets), NaN where missing, without the future rows."""
    values = np.column_stack([columns.numbers(name) for name in roles.targets])
    missing = ~np.isfinite(values)
    for index, name in enumerate(roles.targets):
        if missing[:, index].all():
            raise DataError(
                "expected numbers, all cells are empty: leave the column out, or "
                "name others by --target",
                columns.path,
                column=name,
            )
    rows = int(np.flatnonzero(~missing.all(axis=1))[-1]) + 1
    if rows < len(values):
        remarks.append(
            f"{counted(len(values) - rows, 'row')} at the end, from "
            f"{columns.place(rows)} on, without a target: the future to forecast"
        )
    for index, name in enumerate(roles.targets):
        absent = missing[:rows, index]
        if absent.any():
            remarks.append(
                f"{name}: {counted(int(absent.sum()), 'value')} missing, "
                f"{columns.describe(absent)}: as inputs they are filled by the value "
                "one season before; they are not counted in errors"
            )
    return values[:rows], rows


def _check_length(rows: int, task: Task, path: Path | str) -> None:
    # In integers: in floating point, 0.15 of 100 rows is a little less than 15.
    needed = max(
        math.ceil(100 * task.length / TRAIN_PERCENT),
        math.ceil(100 * task.ahead / min(VALID_PERCENT, TEST_PERCENT)),
    )
    if rows < needed:
        raise DataError(
            f"expected at least {needed} rows below the header to see "
            f"{task.first_hidden} and forecast {task.ahead}, got {rows}: ask for fewer "
            "by --steps and --ahead, or add rows",
            path,
        )


def _scale(
    train: Float64Array, names: tuple[str, ...], columns: Columns, remarks: list[str]
) -> tuple[Float64Array, Float64Array]:
    """Return means and standard deviations of the train rows, 1 for a constant."""
    means, deviations = [], []
    for name, column in zip(names, train.T, strict=True):
        present = column[np.isfinite(column)]
        if not len(present):
            raise DataError(
                f"expected numbers in the first {TRAIN_PERCENT} % of rows, all cells "
                "are empty",
                columns.path,
                column=name,
            )
        deviation = float(present.std())
        # A constant can have a deviation by rounding; that of tiny numbers is 0.
        if present.min() == present.max() or deviation == 0:
            remarks.append(f"{name} is constant in the train rows")
            deviation = 1.0
        means.append(float(present.mean()))
        deviations.append(deviation)
    return np.array(means), np.array(deviations)


def _standardize(
    values: Float64Array,
    means: Float64Array,
    deviations: Float64Array,
    names: tuple[str, ...],
    columns: Columns,
) -> Array:
    """Return standardized values, float32, NaN where missing."""
    with np.errstate(over="ignore"):
        scaled = ((values - means) / deviations).astype("float32")
    for name, column in zip(names, scaled.T, strict=True):
        if np.isinf(column).any():
            raise DataError(
                f"expected values of the magnitude of the first {TRAIN_PERCENT} % of "
                "rows, got some that overflow when they are standardized",
                columns.path,
                column=name,
            )
    return scaled


def _season(
    options: TableOptions,
    columns: Columns,
    scaled: Array,
    train_rows: int,
    task: Task,
    remarks: list[str],
) -> int:
    """Return the rows of a season: asked for, usual, or found in the train rows."""
    if options.season is not None:
        if 2 * options.season > train_rows:
            raise UsageError(
                f"expected a season of at most half of the {train_rows} train rows, "
                f"got {options.season}"
            )
        return options.season
    if columns.step is not None and columns.step.season > 1:
        season = columns.step.season
        if 2 * season <= train_rows:
            return season
        remarks.append(f"no season: {season} rows are over half of the train rows")
        return 1
    filled = np.column_stack([fill(column, 1) for column in scaled[:train_rows].T])
    season = infer_season(filled, task.first_hidden, task.ahead)
    if season > 1:
        remarks.append(
            f"a season of {season} rows, which forecasts the train rows best; "
            "--season sets another"
        )
    return season


def _origins(
    rows: int,
    task: Task,
    observed: BoolArray,
    names: tuple[str, ...],
    path: Path | str,
    remarks: list[str],
) -> dict[str, IntArray]:
    """Return the forecast origins of each part, evenly thinned if there are many."""
    train_end = rows * TRAIN_PERCENT // 100
    valid_end = rows * (TRAIN_PERCENT + VALID_PERCENT) // 100
    origins = {"latest": np.array([rows])}
    for part, first, end in (
        ("train", task.first_hidden, train_end),
        ("valid", train_end, valid_end),
        ("test", valid_end, rows),
    ):
        count = end - task.ahead - first + 1
        hidden = np.arange(first, first + count)[:, None] + np.arange(task.ahead)
        for name, column in zip(names, observed.T, strict=True):
            if not column[first:end].any():
                raise DataError(
                    f"expected numbers in all parts, all {part} cells are empty",
                    path,
                    column=name,
                )
        # A forecast without any value to compare it with is of no use.
        kept = hidden[observed[hidden].any(axis=(1, 2)), 0]
        most = MOST_WINDOWS[part]
        if len(kept) > most:
            remarks.append(
                f"of {len(kept)} {part} windows, {most} are used, evenly spaced"
            )
        chosen = np.linspace(0, len(kept) - 1, min(len(kept), most)).round().astype(int)
        origins[part] = kept[chosen]
    return origins


def _data(table: Table, task: Task) -> Data:
    """Return the windows of the targets, missing values filled, and the table."""
    parts: Mapping[str, Array] = {
        part: np.concatenate(
            [
                table.seen(table.origins[part], task.first_hidden),
                table.values[table.origins[part][:, None] + np.arange(task.ahead)],
            ],
            axis=1,
        )
        for part in ("train", "valid", "test")
    }
    return Data(task, parts["train"], parts["valid"], parts["test"], table=table)
