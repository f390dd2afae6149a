"""Files that can be read only once: pipes and the standard input."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from chorale.errors import DataError
from chorale.utils.temporary import (
    errors_naming,
    full_folder_named,
    temporary_folder,
)

MOST_BYTES = 1 << 30  # of a stream; a longer one has no end
_CHUNK = 1 << 16  # bytes


@contextlib.contextmanager
def regular_file(path: Path, ending: str) -> Iterator[Path]:
    """Yield the path of a regular file with an ending and the content of another file.

    It is the path itself if it is such a file; otherwise that of a temporary copy, so
    that a pipe can be read more than once. Errors about the copy name `path`.

    Raises:
        DataError: there is no such file, it is a folder, cannot be read, or has more
            than MOST_BYTES.
        OutputError: the folder for temporary files is full.
    """
    if not path.exists():
        raise DataError("there is no such file", path)
    if path.is_dir():
        raise DataError("expected a file, it is a folder", path)
    if path.is_file() and path.suffix.lower() == ending:
        yield path
        return
    with temporary_folder() as folder:
        copy = folder / f"{path.stem or 'stream'}{ending}"
        _copy(path, copy)
        with errors_naming(path, copy):
            yield copy


def is_stream(path: Path) -> bool:
    """Return whether a path is a pipe, a terminal or another device."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _copy(path: Path, copy: Path) -> None:
    with _open(path) as source, full_folder_named(), copy.open("wb") as target:
        for chunk in _chunks(source, path):
            target.write(chunk)


def _chunks(source: IO[bytes], path: Path) -> Iterator[bytes]:
    total = 0
    while True:
        try:
            chunk = source.read(_CHUNK)
        except OSError as error:
            raise _unreadable(error, path) from error
        if not chunk:
            return
        total += len(chunk)
        if total > MOST_BYTES:
            raise DataError(f"expected at most {MOST_BYTES:,} bytes, got more", path)
        yield chunk


def _open(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise _unreadable(error, path) from error


def _unreadable(error: OSError, path: Path) -> DataError:
    return DataError(f"cannot read it: {error.strerror or error}", path)
