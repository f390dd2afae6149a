"""The folder that a command writes to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.options import OUTPUT
from chorale.errors import OutputError

OutputFolder = Annotated[
    Path,
    typer.Option(
        "--output",
        help="Folder to write to; made if there is none.",
        rich_help_panel=OUTPUT,
    ),
]


def check_writable(folder: Path) -> None:
    """Check that files can be written to a folder, without leaving any.

    Raises:
        OutputError: the folder, or the nearest existing one above it, takes no files.
    """
    try:
        candidates = (folder, *folder.parents)
        existing = next(path for path in candidates if path.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{folder}: cannot write there: {reason}") from error
