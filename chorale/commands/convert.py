"""`chorale convert`: a chorale from one file format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.corpus.loading import annotations_path
from chorale.errors import UsageError
from chorale.formats.classic_csv import write_annotations
from chorale.formats.files import READABLE, WRITABLE, read, write
from chorale.music.voices import INSTRUMENTS


def convert(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help=f"File to read: {', '.join(READABLE)}."),
    ],
    output: Annotated[
        Path,
        typer.Argument(metavar="OUT", help=f"File to write: {', '.join(WRITABLE)}."),
    ],
    instrument: Annotated[
        str,
        typer.Option(help=f"Instruments of a MIDI file: {', '.join(INSTRUMENTS)}."),
    ] = "choir",
    annotations: Annotated[
        bool,
        typer.Option(
            "--annotations",
            help="Write the onsets, fermatas and bars of a CSV too, to the annotations "
            "folder of its corpus.",
        ),
    ] = False,
) -> None:
    """Convert a chorale between MIDI, MusicXML and CSV, or to a WAV recording.

    Example: chorale convert hymn.musicxml corpus/train/chorale_900.csv --annotations
    """
    if annotations and output.suffix.lower() != ".csv":
        raise UsageError(f"{output}: --annotations needs a file that ends in .csv")
    chorale = read(source)
    write(chorale, output, instrument=instrument)
    typer.echo(str(output))
    if annotations:
        path = annotations_path(output)
        write_annotations(chorale, path)
        typer.echo(str(path))
