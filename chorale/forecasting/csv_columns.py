"""Columns of a CSV table: numbers, text and dates, in order of time, gaps as rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np

from chorale.errors import DataError, UsageError
from chorale.forecasting.dates import (
    NAMES,
    Dates,
    Step,
    format_date,
    looks_like_date,
    parse_dates,
    place_rows,
)
from chorale.utils.arrays import BoolArray, Float64Array
from chorale.utils.tables import Row, read_table
from chorale.utils.text import counted

LARGEST_NUMBER = 1e15  # beyond, float64 has no digits after the decimal point
MOST_ROWS = 1_000_000
MOST_COLUMNS = 500
MOST_BYTES = 256 * 2**20
MISSING = ("", "nan", "na", "n/a", "null", "none", "?", "-")  # in small letters
_MOST_RANGES = 3  # of missing rows, in a remark


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The cells of a table by column, one row per time step."""

    path: Path
    cells: dict[str, list[str]]  # of each column, "" in rows that the file lacks
    lines: list[int]  # of the file, 0 for rows that it lacks
    dates: Dates | None = None  # of the rows
    step: Step | None = None  # between two of them
    remarks: list[str] = field(default_factory=list)

    def is_text(self, name: str) -> bool:
        """Return whether most cells of a column are neither numbers nor missing."""
        present = [cell for cell in self.cells[name] if not is_missing(cell)]
        numbers = sum(number(cell) is not None for cell in present)
        return 2 * numbers < len(present)

    def numbers(self, name: str) -> Float64Array:
        """Return the numbers of a column, NaN where missing.

        Raises:
            DataError: a cell is no number; with row and column.
        """
        return np.array(
            [
                math.nan if is_missing(cell) else _value(cell, self.path, line, name)
                for cell, line in zip(self.cells[name], self.lines, strict=True)
            ]
        )

    def place(self, row: int) -> str:
        """Return a row as line of the file and date."""
        line = f"row {self.lines[row]}" if self.lines[row] else ""
        date = "" if self.dates is None else format_date(self.dates[row])
        return f"{line} ({date})" if line and date else line or date

    def describe(self, rows: BoolArray) -> str:
        """Return some rows in words: their number and the first ranges."""
        ranges = []
        for _, run in groupby(
            enumerate(np.flatnonzero(rows).tolist()), lambda pair: pair[1] - pair[0]
        ):
            indices = [index for _, index in run]
            first, last = self.place(indices[0]), self.place(indices[-1])
            ranges.append(first if first == last else f"{first} to {last}")
        shown = ", ".join(ranges[:_MOST_RANGES])
        return shown + (", …" if len(ranges) > _MOST_RANGES else "")


def read_columns(path: Path | str) -> Columns:
    """Read a CSV file: a header of names, then one row per time step.

    The first column with dates is the time of the rows: they are sorted, and rows that
    are missing between them are inserted. A first column without a name, or with text
    that is unique to each row, is left out.

    Raises:
        DataError: the file is not such a table (with row and column), or too large.
    """
    path = Path(path)
    header, rows = _read_bounded(path)
    remarks: list[str] = []
    time = _time_column(header, rows)
    label = header[0] or "the column without a name"
    first = 0
    is_unnamed = time != 0 and not header[0]
    if is_unnamed or (time is None and _are_labels([cells[0] for _, cells in rows])):
        first = 1
        remarks.append(f"{label} is left out: it is taken for the label of a row")
    kept = [index for index in range(first, len(header)) if index != time]
    _check_names([header[index] for index in kept], kept, path)
    cells = {header[index]: [row[index] for _, row in rows] for index in kept}
    lines = [line for line, _ in rows]
    if time is None:
        return Columns(path=path, cells=cells, lines=lines, remarks=remarks)
    name = header[time] or "the column without a name"
    dates, notes = parse_dates([row[time] for _, row in rows], path, lines, name)
    return _in_order(
        Columns(
            path=path, cells=cells, lines=lines, dates=dates, remarks=remarks + notes
        ),
        name,
    )


def _read_bounded(path: Path) -> tuple[list[str], list[Row]]:
    """Return header and rows, or raise a DataError if there are none or too many."""
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        size = path.stat().st_size / 2**20
        raise DataError(
            f"expected a table of at most {MOST_BYTES >> 20} MiB, got {size:,.0f} MiB: "
            "choose a longer time step, or fewer columns",
            path,
        )
    header, rows = read_table(path)
    if not header:
        raise DataError("expected a header of names, it is empty", path)
    if all(number(name) is not None for name in header):
        raise DataError("expected a header of names, got numbers", path, 1)
    for label, size, most in (
        ("rows", len(rows), MOST_ROWS),
        ("columns", len(header), MOST_COLUMNS),
    ):
        if size > most:
            raise DataError(f"expected at most {most:,} {label}, got {size:,}", path)
    return header, rows


def _time_column(header: Sequence[str], rows: Sequence[Row]) -> int | None:
    """Return the index of the column of dates: by its first cell, or its name."""
    first = [cell.strip() for cell in rows[0][1]]
    dates = [index for index, cell in enumerate(first) if looks_like_date(cell)]
    texts = [index for index, cell in enumerate(first) if number(cell) is None]
    named = [index for index, name in enumerate(header) if name.lower() in NAMES]
    # A number such as 20240131 is a date in a column of such a name only.
    candidates = [index for index in dates if index in named or index in texts]
    candidates += [index for index in named if index in texts]
    return candidates[0] if candidates else None


def _are_labels(cells: Sequence[str]) -> bool:
    """Return whether cells are text, distinct in each row, such as names."""
    return len(set(cells)) == len(cells) and all(
        not is_missing(cell) and number(cell) is None for cell in cells
    )


def _check_names(names: Sequence[str], kept: Sequence[int], path: Path) -> None:
    """Raise a DataError unless the columns have distinct names."""
    if not names:
        raise DataError(
            "expected a column of numbers, got none: separate columns by commas, write "
            "decimals with a point",
            path,
        )
    for index, name in enumerate(names):
        if not name:
            raise DataError(
                f"expected a name for each column, column {kept[index] + 1} has none",
                path,
                1,
            )
        if name in names[:index]:
            raise DataError(
                f"expected distinct column names, got {name!r} twice", path, 1
            )


def _in_order(columns: Columns, name: str) -> Columns:
    """Return the rows in order of time, with rows for the dates that are missing."""
    assert columns.dates is not None
    order = np.argsort(columns.dates, kind="stable")
    remarks = list(columns.remarks)
    unsorted = np.flatnonzero(np.diff(columns.dates).astype(int) < 0)
    if len(unsorted):
        remarks.append(
            f"{name}: rows are sorted by date; {columns.place(int(unsorted[0]) + 1)} "
            "is earlier than the row before"
        )
    dates = columns.dates[order]
    lines = [columns.lines[index] for index in order]
    step, positions = place_rows(dates, columns.path, lines, name)
    grid = np.full(int(positions[-1]) + 1, -1)
    grid[positions] = order
    absent = grid < 0
    ordered = Columns(
        path=columns.path,
        cells={
            key: ["" if index < 0 else cells[index] for index in grid]
            for key, cells in columns.cells.items()
        },
        lines=[0 if index < 0 else columns.lines[index] for index in grid],
        dates=step.dates(dates, np.arange(len(grid))),
        step=step,
        remarks=remarks,
    )
    if absent.any():
        remarks.append(
            f"{name}: a row every {step.name}; the table lacks "
            f"{counted(int(absent.sum()), 'row')}: {ordered.describe(absent)}"
        )
    return ordered


# === Cells ===


def is_missing(cell: str) -> bool:
    """Return whether a cell has no value."""
    return cell.strip().lower() in MISSING


def number(cell: str) -> float | None:
    """Parse a number, NaN and infinity included; None if the cell is something else."""
    # float() also reads 1_000 and the digits of every script.
    if not cell.isascii() or "_" in cell:
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def _value(cell: str, path: Path, row: int, name: str) -> float:
    """Parse the number in a cell, or raise a DataError with its place."""
    value, text = number(cell), cell.strip()[:40]
    if value is None:
        problem = f"expected a number, with a point before decimals, got {text!r}"
    elif not math.isfinite(value):
        problem = f"expected a number, or an empty cell if it is missing, got {text}"
    elif abs(value) > LARGEST_NUMBER:
        problem = (
            f"expected a number of at most {LARGEST_NUMBER:g}, got {text}: choose a "
            "larger unit"
        )
    else:
        return value
    raise DataError(problem, path, row, name)


def check_columns(names: Sequence[str], columns: Columns, option: str) -> None:
    """Raise a UsageError unless a table has all of these columns, each once."""
    for index, name in enumerate(names):
        if name not in columns.cells:
            known = ", ".join(columns.cells)
            raise UsageError(
                f"expected {option} out of the columns {known} of {columns.path}, got "
                f"{name!r}"
            )
        if name in names[:index]:
            raise UsageError(f"expected {option} without {name!r} twice")
