"""CSV tables: strict parsing; errors name file, row and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from chorale.errors import DataError
from chorale.utils.arrays import IntArray
from chorale.utils.files import write_text

HIGHEST_NUMBER = 999_999  # far above the length of any piece


def read_numbers(
    path: Path | str, columns: Sequence[str], highest: Sequence[int]
) -> IntArray:
    """Read a CSV of whole numbers, each from 0 to the highest of its column.

    Returns:
        int array (rows, columns).

    Raises:
        DataError: the file has another form; with row and column.
    """
    table = []
    for row, cells in read_rows(path, columns):
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


def read_rows(
    path: Path | str, columns: Sequence[str]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each row below the header.

    A byte order mark, Windows line ends and empty lines at the end are accepted.

    Raises:
        DataError: the file cannot be read, has other columns, a row with more or fewer
            cells, or no rows.
    """
    header, rows = read_table(path)
    if not header:
        raise DataError(f"expected the columns {','.join(columns)}, it is empty", path)
    if header != list(columns):
        raise DataError(
            f"expected the columns {','.join(columns)}, got {_shortened(header)}",
            path,
            1,
        )
    yield from rows


def read_table(
    path: Path | str,
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Return the header of a CSV with any columns, and its rows, see `read_rows`.

    An empty file has an empty header.

    Raises:
        DataError: as in `read_rows`; errors in rows are raised as they are read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read it: {error.strerror or error}", path) from error
    except UnicodeDecodeError as error:
        raise DataError("expected a CSV file of text, got other bytes", path) from error
    reader = csv.reader(io.StringIO(text.rstrip() + "\n", newline=""))
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise DataError(f"expected a CSV file: {error}", path) from error

    def rows() -> Iterator[tuple[int, list[str]]]:
        empty = True
        try:
            for cells in reader:
                if len(cells) != len(header):
                    raise DataError(
                        f"expected {len(header)} cells, got {len(cells)}",
                        path,
                        reader.line_num,
                    )
                empty = False
                yield reader.line_num, cells
        except csv.Error as error:
            raise DataError(f"expected a CSV file: {error}", path) from error
        if empty:
            raise DataError("expected rows below the header, found none", path)

    return header, rows()


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
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _shortened(header: Sequence[str]) -> str:
    """Shorten a header to fit in the one line of an error message."""
    text = ",".join(header).replace("\n", " ")
    return text if len(text) <= 60 else f"{text[:60]}…"
