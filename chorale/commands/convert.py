"""`chorale convert`: a chorale from one file format into another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.voices import INSTRUMENTS


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN", help="A classic CSV, a MIDI file or a MusicXML score."
        ),
    ],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="What to write: .mid, .musicxml, .csv or .wav."
        ),
    ],
    instrument: Annotated[
        str, typer.Option(help=f"For MIDI: {', '.join(INSTRUMENTS)}.")
    ] = "choir",
) -> None:
    """Convert a chorale between MIDI, MusicXML and CSV, or let it be heard as WAV.

    Example: chorale convert hymn.musicxml corpus/train/chorale_900.csv
    """
    from chorale.importing import read, write

    write(read(source), output, instrument=instrument)
    typer.echo(str(output))
