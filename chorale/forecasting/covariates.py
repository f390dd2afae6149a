"""Covariates of a table: past ones, known ones, the calendar, and the season."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chorale.errors import DataError, UsageError
from chorale.forecasting.csv_columns import Columns, check_columns, is_missing
from chorale.forecasting.dates import Dates, calendar_inputs
from chorale.forecasting.windows import Array
from chorale.utils.arrays import IntArray
from chorale.utils.text import counted

MOST_CATEGORIES = 50  # distinct texts of a column
_MOST_ORIGINS = 2000  # that the season is inferred from
_YEAR = np.timedelta64(365, "D")


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are for."""

    targets: tuple[str, ...]
    known: tuple[str, ...]
    past: tuple[str, ...]


@dataclass(frozen=True)
class Covariates:
    """Encoded covariates of a table, and the dates of its rows and the future."""

    past_names: tuple[str, ...]
    known_names: tuple[str, ...]
    past: Array  # float32 (rows, …)
    known: Array  # float32 (rows + ahead, …)
    dates: Dates | None  # (rows + ahead,)


def find_roles(
    columns: Columns,
    targets: Sequence[str],
    known: Sequence[str],
    remarks: list[str],
) -> Roles:
    """Return the role of each column; without targets, all numbers are forecast.

    Raises:
        UsageError: a column does not exist, or has two roles.
        DataError: a target is text, there is no column of numbers, or text that is
            known has too many values.
    """
    check_columns(targets, columns, "--target")
    check_columns(known, columns, "--known")
    for name in known:
        if name in targets:
            raise UsageError(
                f"expected columns that are not forecast in --known, got {name!r}, a "
                "--target"
            )
    text = {name for name in columns.cells if columns.is_text(name)}
    for name in targets:
        if name in text:
            columns.numbers(name)  # refuses the first cell of text
    chosen = tuple(targets) or tuple(
        name for name in columns.cells if name not in text and name not in known
    )
    if not chosen:
        raise DataError(
            "expected a column of numbers, got none: separate columns by commas, write "
            "decimals with a point",
            columns.path,
        )
    past: list[str] = []
    empty: list[str] = []
    for name in columns.cells:
        present = {cell.strip() for cell in columns.cells[name] if not is_missing(cell)}
        if name in chosen:
            continue
        if name in text and len(present) > MOST_CATEGORIES:
            problem = f"{len(present)} different texts, more than {MOST_CATEGORIES}"
            if name in known:
                raise DataError(
                    f"expected few categories, got {problem}",
                    columns.path,
                    column=name,
                )
            remarks.append(f"{name} is left out: {problem}")
        elif not present:
            remarks.append(f"{name} is left out: all cells are empty")
            empty.append(name)
        elif name not in known:
            past.append(name)
    if past and not targets:
        remarks.append(
            f"columns of text, used as past inputs only: {', '.join(past)}; name those "
            "whose future is known by --known"
        )
    used = tuple(name for name in known if name not in empty)
    return Roles(chosen, used, tuple(past))


def encode(
    columns: Columns,
    roles: Roles,
    *,
    rows: int,
    train_rows: int,
    ahead: int,
    season: int,
    calendar: bool,
    remarks: list[str],
) -> Covariates:
    """Return the covariates as numbers: text as one-hot codes, numbers standardized.

    Args:
        columns: the table, with rows of the future at the end if it has them.
        roles: of its columns.
        rows: without those of the future.
        train_rows: that give the scale and the categories.
        ahead: rows of the future to forecast.
        season: rows after which a missing cell is repeated.
        calendar: whether covariates follow from the dates too.
        remarks: to which assumptions are added.
    """
    past = [
        _encode(columns, name, rows, rows, train_rows, season, remarks)
        for name in roles.past
    ]
    known = [
        _encode(columns, name, rows, rows + ahead, train_rows, season, remarks)
        for name in roles.known
    ]
    names = list(roles.known)
    dates = None
    if columns.dates is not None and columns.step is not None:
        dates = columns.step.dates(columns.dates, np.arange(rows + ahead))
        if calendar:
            years = float((dates[train_rows - 1] - dates[0]) / _YEAR)
            inputs = calendar_inputs(dates, columns.step, years)
            known += list(inputs.values())
            names += inputs
            if inputs:
                remarks.append(
                    f"inputs from the dates: {', '.join(inputs)}; --no-calendar leaves "
                    "them out"
                )
    return Covariates(
        roles.past, tuple(names), _side_by_side(past, rows),
        _side_by_side(known, rows + ahead), dates,
    )  # fmt: skip


def _side_by_side(parts: Sequence[Any], rows: int) -> Array:
    return np.concatenate([np.zeros((rows, 0)), *parts], axis=1).astype("float32")


def _encode(
    columns: Columns,
    name: str,
    rows: int,
    length: int,
    train_rows: int,
    season: int,
    remarks: list[str],
) -> Any:
    """Return a column as float (length, …); missing cells repeat earlier ones."""
    cells = columns.cells[name][:length]
    present = np.array([not is_missing(cell) for cell in cells])
    absent = ~present[:rows]
    if absent.any():
        remarks.append(
            f"{name}: {counted(int(absent.sum()), 'cell')} missing, "
            f"{columns.describe(absent)}: taken from one season before"
        )
    given = int(present[rows:].sum())
    if length - rows > given:
        remarks.append(
            f"{name} is given for {given} of the {length - rows} rows to forecast: the "
            "others are taken from one season before; append rows with an empty target "
            "to give them"
        )
    present = np.concatenate([present, np.zeros(length - len(cells), bool)])
    source = _sources(present, season)
    if columns.is_text(name):
        stripped = [cell.strip() for cell in cells]
        categories = sorted(
            {cell for cell in stripped[:train_rows] if not is_missing(cell)}
        )
        new = {*stripped} - {*categories}
        new = {cell for cell in new if not is_missing(cell)}
        if new:
            remarks.append(
                f"{name}: {', '.join(sorted(new)[:5])} does not occur in the train "
                "rows: read as none of the categories"
            )
        codes = [[stripped[row] == category for category in categories]
                 for row in source]  # fmt: skip
        return np.array(codes, float).reshape(length, len(categories))
    numbers = columns.numbers(name)[source]
    train = numbers[:train_rows]
    deviation = float(train.std())
    if train.min() == train.max() or deviation == 0:
        remarks.append(f"{name} is constant in the train rows")
        deviation = 1.0
    return ((numbers - train.mean()) / deviation)[:, None].clip(-100, 100)


def _sources(present: Any, season: int) -> IntArray:
    """Return the row that each row is read from: itself, or one season before."""
    first = int(np.argmax(present))
    source = np.arange(len(present))
    source[:first] = first
    for row in np.flatnonzero(~present):
        if row > first:
            source[row] = source[row - season if row - season >= first else row - 1]
    return source


def infer_season(values: Array, steps: int, ahead: int) -> int:
    """Return the season of the seasonal naive forecast with the smallest error.

    Seasons from 2 to `steps` rows are tried on values (rows, targets); 1 if none is
    better than the last value.
    """
    origins = np.arange(steps, len(values) - ahead + 1)
    chosen = np.linspace(0, len(origins) - 1, min(len(origins), _MOST_ORIGINS))
    origins = origins[chosen.round().astype(int)]
    after = np.arange(ahead)
    truth = values[origins[:, None] + after]

    def error(season: int) -> float:
        forecast = values[origins[:, None] + after % season - season]
        return float(np.mean((forecast - truth) ** 2))

    return min(range(1, steps + 1), key=error)
