"""The errors that users can cause.

The command line prints only the message, so it says what was expected, what was found,
in which file, row and column, and what to do.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path


def printable(text: str) -> str:
    """Return a text with the characters that cannot be printed escaped."""
    return "".join(
        character if character.isprintable() else repr(character)[1:-1]
        for character in text
    )


class ChoraleError(Exception):
    """Base class. `exit_code` is that of the command line.

    Args:
        message: characters that cannot be printed, as damaged files have, are escaped.
    """

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(printable(message))


class UsageError(ChoraleError):
    """An invalid option or argument, independent of the contents of files."""

    exit_code = 2


class OptionError(UsageError):
    """A field of an options dataclass that is out of bounds.

    Args:
        field: its name.
        message: with `{}` in the place of the name.
    """

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(message.replace("{}", field, 1))

    def on_command_line(self, option_of: Callable[[str], str]) -> str:
        """Return the message with the option of the field, such as `--top-k`."""
        return self.message.replace("{}", option_of(self.field), 1)


class StoppedError(ChoraleError):
    """Ctrl-C was pressed."""

    exit_code = 130


class DataError(ChoraleError):
    """A file or a chorale with invalid contents.

    Args:
        message: what was expected and what was found.
        path: the file.
        row: line of the file, counted from 1 (the header of a CSV is line 1).
        column: name of the column.
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
    """A model that is missing, damaged or incompatible."""


class TrainingError(ChoraleError):
    """A training that diverges or cannot continue."""


class WorkerError(ChoraleError):
    """A worker process or a cluster that died, or cannot be started."""


class WorkerLostError(TrainingError):
    """Another worker of a training on several machines was lost.

    This process cannot connect again; started again, it goes on.
    """


class OutputError(ChoraleError):
    """A file or folder that cannot be written."""


class MissingExtraError(ChoraleError):
    """A missing optional dependency.

    Args:
        extra: its name in pyproject.toml.
        purpose: what needs it, as the subject of a sentence.
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


# In the message of an error that no reader foresaw.
UNEXPECTED = "it is damaged, or this is a bug of chorale"


@contextlib.contextmanager
def translated(describe: Callable[[str], ChoraleError]) -> Iterator[None]:
    """Raise exceptions of other libraries as one of this package.

    Libraries that parse files raise exceptions of any kind for damaged ones. Errors of
    this package, and those of the operating system, pass through.

    Args:
        describe: returns the error for the reason, on one line.
    """
    try:
        yield
    except (ChoraleError, OSError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise describe(reason) from error
