"""CSV tables: strict parsing; errors name file, row and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from chorale.errors import DataError
from chorale.utils.arrays import IntArray
from chorale.utils.files import write_text
from chorale.utils.text import counted

HIGHEST_NUMBER = 999_999  # far above the length of any piece

Row = tuple[int, list[str]]  # line number and cells


def read_numbers(
    path: Path | str, columns: Sequence[str], highest: Sequence[int]
) -> IntArray:
    """Read a CSV of whole numbers, each from 0 to the highest of its column.

    Returns:
        int array (rows, columns).

    Raises:
        DataError: the file has another form; with row and column.
    """
    text = _read_text(path)
    table = _plain_numbers(text, columns)
    if table is None or (table > highest).any():
        table = _checked_numbers(path, _parse(path, text, columns)[1], columns, highest)
    return table


def _plain_numbers(text: str, columns: Sequence[str]) -> IntArray | None:
    """Return a table that has nothing but digits, as programs write it; else None."""
    header, _, body = text.partition("\n")
    row = ",".join(["[0-9]{1,9}"] * len(columns))
    if header != ",".join(columns) or not re.fullmatch(rf"(?:{row}\n)+", body):
        return None
    numbers = [*map(int, body[:-1].replace("\n", ",").split(","))]
    return np.array(numbers, np.int64).reshape(-1, len(columns))


def _checked_numbers(
    path: Path | str, rows: list[Row], columns: Sequence[str], highest: Sequence[int]
) -> IntArray:
    """Return a table of numbers, cell by cell; see `read_numbers`."""
    table = []
    for row, cells in rows:
        numbers = []
        for column, cell, limit in zip(columns, cells, highest, strict=True):
            number = whole_number(cell, limit)
            if number is None:
                raise DataError(
                    f"expected a whole number from 0 to {limit}, got {cell.strip()!r}",
                    path,
                    row,
                    column,
                )
            numbers.append(number)
        table.append(numbers)
    return np.array(table, np.int64)


def read_rows(path: Path | str, columns: Sequence[str]) -> list[Row]:
    """Read a CSV with the given columns; see `read_table`."""
    return read_table(path, columns)[1]


def read_table(
    path: Path | str, columns: Sequence[str] | None = None
) -> tuple[list[str], list[Row]]:
    """Read a CSV; a byte order mark, Windows line ends and empty last lines are fine.

    Args:
        path: of the file.
        columns: that it must have; None for any, then an empty file is allowed.

    Returns:
        The header, and the line number and the cells of each row below it.

    Raises:
        DataError: the file cannot be read, has other columns, a row with more or fewer
            cells, or no rows.
    """
    return _parse(path, _read_text(path), columns)


def _read_text(path: Path | str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read it: {error.strerror or error}", path) from error
    except UnicodeDecodeError as error:
        raise DataError("expected a CSV file of text, got other bytes", path) from error


def _parse(
    path: Path | str, text: str, columns: Sequence[str] | None
) -> tuple[list[str], list[Row]]:
    """Parse a CSV; see `read_table`."""
    reader = csv.reader(io.StringIO(text.rstrip() + "\n", newline=""))
    rows = []
    try:
        header = [name.strip() for name in next(reader, [])]
        if columns is not None and header != list(columns):
            wanted = f"expected the columns {','.join(columns)}"
            if not header:
                raise DataError(f"{wanted}, it is empty", path)
            found = ",".join(header).replace("\n", " ")
            found = found if len(found) <= 60 else f"{found[:60]}…"  # one short line
            raise DataError(f"{wanted}, got {found}", path, 1)
        for cells in reader:
            if not cells and len(header) == 1:
                cells = [""]  # an empty line is an empty cell
            if len(cells) != len(header):
                raise DataError(
                    f"expected {counted(len(header), 'cell')}, got {len(cells)}",
                    path,
                    reader.line_num,
                )
            rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise DataError(f"expected a CSV file: {error}", path) from error
    if header and not rows:
        raise DataError("expected rows below the header, found none", path)
    return header, rows


def whole_number(cell: str, highest: int = HIGHEST_NUMBER) -> int | None:
    """Return the number in a cell, None unless it is whole, from 0 to `highest`."""
    text = cell.strip().removesuffix(".0")
    # Nine digits exceed every limit, and int() refuses thousands of them.
    if text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= highest:
        return int(text)
    return None


def write_table(
    path: Path | str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write a CSV with Unix line ends, atomically."""
    write_text(path, table_text(columns, rows))


def table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the content of a CSV with Unix line ends."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
