"""Temporary files, and what to do if their folder is full."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chorale.errors import OutputError


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder for temporary files, which is removed at the end.

    Raises:
        OutputError: the folder for temporary files is full.
    """
    with full_folder_named():
        name = tempfile.mkdtemp(prefix="chorale-")
    try:
        yield Path(name)
    finally:
        shutil.rmtree(name, ignore_errors=True)


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
