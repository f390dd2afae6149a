"""`chorale examples`: copy sample files to try the commands with."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.options import OUTPUT
from chorale.commands.printing import print_remarks
from chorale.corpus.loading import bundled_corpus
from chorale.errors import DataError, OutputError
from chorale.utils.saving import drafts, save_exactly

FOLDER = "examples"  # in the bundled data


def examples(
    output: Annotated[
        Path,
        typer.Option(
            help="Folder to copy to; made if there is none.", rich_help_panel=OUTPUT
        ),
    ] = Path(),
) -> None:
    """Copy sample files: melodies, a hymn, an exercise, a drawing, a series.

    README uses them in its examples. Files of the same names are left as they are.

    Example: chorale examples --output samples
    """
    source = bundled_corpus() / FOLDER
    files = sorted(source.iterdir()) if source.is_dir() else []
    if not files:
        raise DataError("the sample files are missing: install chorale again", source)
    with drafts(output) as folder:
        for file in files:
            copy, path = folder / file.name, output / file.name
            try:
                shutil.copyfile(file, copy)
            except OSError as error:
                raise OutputError(f"{path}: cannot write it: {error}") from error
            try:
                save_exactly([copy], [path])
            except OutputError:
                if not path.exists():
                    raise
                print_remarks(f"{path} exists and is left as it is")
            else:
                typer.echo(path)
