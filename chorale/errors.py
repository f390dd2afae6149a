"""One family of errors for everything that a user can cause.

The message alone is shown on the command line, so it says what was expected, what came,
in which file, row and column, and what to do about it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path


class ChoraleError(Exception):
    """Something a user can put right. `exit_code` is that of the command line."""

    exit_code = 1


class UsageError(ChoraleError):
    """An option or argument that makes no sense, whatever the files hold."""

    exit_code = 2


class DataError(ChoraleError):
    """A file that is not what it should be.

    Args:
        message: what was expected and what came.
        path: the file.
        row: the line of the file, counted from 1 (a CSV's header is line 1).
        column: the name of the column.
    """

    def __init__(
        self,
        message: str,
        path: Path | str | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        self.path = None if path is None else Path(path)
        self.row = row
        self.column = column
        place = [] if path is None else [str(path)]
        if row is not None:
            place.append(f"row {row}")
        if column is not None:
            place.append(f"column {column}")
        super().__init__(f"{', '.join(place)}: {message}" if place else message)


class ModelError(ChoraleError):
    """A model that is missing, damaged, or does not fit what is asked of it."""


class TrainingError(ChoraleError):
    """A training that leads nowhere."""


class OutputError(ChoraleError):
    """A file or folder that cannot be written."""


class MissingExtraError(ChoraleError):
    """A command that needs an optional dependency.

    Args:
        extra: the name of the extra in pyproject.toml.
        purpose: what it is needed for, as the subject of a sentence.
    """

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the extra [{extra}]: install chorale with it, in a clone "
            f"by pip install '.[{extra}]'"
        )


@contextlib.contextmanager
def located(
    path: Path | str, *, row: int | None = None, record: int = 0
) -> Iterator[None]:
    """Add the file, and the row or record, to a DataError that names no file."""
    try:
        yield
    except DataError as error:
        if error.path is not None:
            raise
        message = f"record {record}: {error}" if record else str(error)
        raise DataError(message, path, row) from error
