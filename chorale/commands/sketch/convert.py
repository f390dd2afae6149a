"""`chorale sketch convert`: convert files of drawings into one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.options import Force
from chorale.commands.progress import progress_bar
from chorale.commands.sketch.options import From, Trust
from chorale.sketches import conversion
from chorale.sketches.examples import read_words
from chorale.utils.text import counted


def convert(
    sources: Annotated[
        list[Path], typer.Argument(help="Files in any format, or folders of them.")
    ],
    output: Annotated[
        Path,
        typer.Argument(
            help="File to write: .npz (compact), or .tfrecord (of the TensorFlow "
            "tutorial, which loses the proportions of drawings)."
        ),
    ],
    shuffle: Annotated[
        bool,
        typer.Option("--shuffle", help="Write the drawings in random order."),
    ] = False,
    random_state: Annotated[
        int, typer.Option(help="Seed of the random order, at least 0.")
    ] = 0,
    recognized: Annotated[
        bool,
        typer.Option(
            "--recognized", help="Only take drawings that the game recognized."
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(help="Maximum number of drawings per word; all by default."),
    ] = None,
    words: Annotated[
        Path | None,
        typer.Option(
            help="Text file of the classes, one per line, in order; by default all "
            "words of the drawings, sorted."
        ),
    ] = None,
    form: From = None,
    trust: Trust = False,
    force: Force = False,
) -> None:
    """Convert drawings of any format to one file for training.

    Example: chorale sketch convert quickdraw/ drawings.npz --shuffle --limit 1000
    """
    with progress_bar("Converting") as progress:
        converted = conversion.convert(
            sources,
            output,
            shuffle=shuffle,
            random_state=random_state,
            recognized_only=recognized,
            limit=limit,
            words=None if words is None else read_words(words),
            trust=trust,
            form=form,
            overwrite=force,
            progress=progress,
        )
    typer.echo(
        f"{output}: {counted(converted.written, 'drawing')} of "
        f"{counted(len(converted.words), 'word')}"
        + (f", {converted.left_out} left out" if converted.left_out else "")
    )
