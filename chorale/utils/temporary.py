"""Temporary files: their folder, if it is full too, and errors that name them."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from chorale.errors import ChoraleError, DataError, OutputError

_PREFIX = "chorale-temporary-"
_ABANDONED = 24 * 3600  # seconds after which a folder is one of a killed process


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder for temporary files, which is removed at the end.

    Raises:
        OutputError: the folder for temporary files is full.
    """
    with full_folder_named():
        name = tempfile.mkdtemp(prefix=_PREFIX)
    try:
        yield Path(name)
    finally:
        shutil.rmtree(name, ignore_errors=True)


def remove_abandoned() -> None:
    """Remove temporary folders that killed processes left a day ago or earlier."""
    with contextlib.suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                if time.time() - folder.lstat().st_mtime > _ABANDONED:
                    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def errors_naming(path: Path, temporary: Path) -> Iterator[None]:
    """Let errors of a block name a file or a folder instead of a temporary one."""
    try:
        yield
    except ChoraleError as error:
        message = str(error)
        if path == Path():  # the current folder, which is not written before a name
            message = message.replace(f"{temporary}{os.sep}", "")
        error.args = (message.replace(str(temporary), str(path)),)
        if isinstance(error, DataError) and error.path is not None:
            with contextlib.suppress(ValueError):  # it is about another file
                error.path = path / error.path.relative_to(temporary)
        raise


@contextlib.contextmanager
def full_folder_named() -> Iterator[None]:
    """Raise an error in a block that writes temporary files as one that names where.

    Raises:
        OutputError: an OSError was raised.
    """
    try:
        yield
    except OSError as error:
        # gettempdir itself fails if no folder takes files; its error lists them.
        folder = tempfile.tempdir or os.environ.get("TMPDIR", "temporary folder")
        raise OutputError(
            f"{folder}: cannot write temporary files: {error.strerror or error}: make "
            "room, or name another folder in the variable TMPDIR"
        ) from error
