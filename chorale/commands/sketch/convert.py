"""`chorale sketch convert`: convert between drawing formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.progress import progress_bar
from chorale.commands.sketch.options import Trust
from chorale.sketches.converting import convert as convert_files
from chorale.sketches.examples import read_words


def convert(
    sources: Annotated[
        list[Path], typer.Argument(help="Files of any format, or folders of them.")
    ],
    output: Annotated[
        Path,
        typer.Argument(
            help="What to write: .npz (compact), or .tfrecord (the tutorial's, which "
            "loses the proportions of drawings)."
        ),
    ],
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Mix all drawings, on disk.")
    ] = False,
    random_state: Annotated[
        int, typer.Option(help="Another number, another order.")
    ] = 0,
    recognized: Annotated[
        bool,
        typer.Option("--recognized", help="Only drawings that the game recognized."),
    ] = False,
    limit: Annotated[
        int | None, typer.Option(help="Drawings of each word at most.")
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(help="Text file of the classes, one a line, in this order."),
    ] = None,
    trust: Trust = False,
) -> None:
    """Convert drawings of any format to one file for training.

    Example: chorale sketch convert quickdraw/ drawings.npz --shuffle --limit 1000
    """
    with progress_bar("Converting") as progress:
        converted = convert_files(
            sources,
            output,
            shuffle=shuffle,
            random_state=random_state,
            recognized_only=recognized,
            limit=limit,
            words=None if words is None else read_words(words),
            trust=trust,
            progress=progress,
        )
    typer.echo(
        f"{output}: {converted.written} drawings of {len(converted.words)} words"
        + (f", {converted.left_out} left out" if converted.left_out else "")
    )
