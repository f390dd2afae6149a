"""`chorale convert`: a chorale from one file format into another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.corpus.loading import annotations_path
from chorale.errors import UsageError
from chorale.formats.classic_csv import write_annotations
from chorale.formats.files import read, write
from chorale.music.voices import INSTRUMENTS


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
    annotations: Annotated[
        bool,
        typer.Option(
            "--annotations",
            help="For CSV: keep onsets, fermatas and bars too, in the annotations "
            "folder of the corpus.",
        ),
    ] = False,
) -> None:
    """Convert a chorale between MIDI, MusicXML and CSV, or render it as WAV.

    Example: chorale convert hymn.musicxml corpus/train/chorale_900.csv --annotations
    """
    if annotations and output.suffix.lower() != ".csv":
        raise UsageError(f"{output}: annotations stand beside a CSV alone")

    chorale = read(source)
    write(chorale, output, instrument=instrument)
    typer.echo(str(output))
    if annotations:
        path = annotations_path(output)
        write_annotations(chorale, path)
        typer.echo(str(path))
