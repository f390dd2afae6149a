"""`chorale corpus build`: the bundled corpus, from music21's scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.progress import progress_bar
from chorale.corpus import bach
from chorale.utils.text import counted


def build(
    output: Annotated[
        Path, typer.Option(help="Folder to build it in; pieces there are replaced.")
    ],
    only: Annotated[
        str,
        typer.Option(
            metavar="NNN,...",
            help="Build only the pieces with these numbers, as in data/manifest.csv.",
            show_default="all pieces",
        ),
    ] = "",
) -> None:
    """Build the corpus of Bach's chorales from music21's scores.

    Example: chorale corpus build --output data
    """
    numbers = [number.strip() for number in only.split(",")] if only else None
    with progress_bar("Reading scores") as progress:
        index = bach.build(output, only=numbers, progress=progress)
    typer.echo(f"{output}: {counted(len(index), 'piece')}")
