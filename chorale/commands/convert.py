"""`chorale convert`: a chorale from one file format to another."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands import reading_options as reading
from chorale.commands.options import Force
from chorale.commands.printing import print_remarks, print_unchanged
from chorale.corpus.loading import annotations_path
from chorale.corpus.reading import read_any
from chorale.errors import UsageError
from chorale.formats.classic_csv import write_annotations
from chorale.formats.files import (
    READABLE,
    WRITABLE,
    losses,
    output_format,
    title_losses,
    write,
)
from chorale.music.voices import INSTRUMENTS
from chorale.utils.checks import check_choice
from chorale.utils.saving import drafts, save_exactly


def convert(
    context: typer.Context,
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
        typer.Option(help=f"Sound of MIDI and WAV: {', '.join(INSTRUMENTS)}."),
    ] = "choir",
    annotations: Annotated[
        bool,
        typer.Option(
            "--annotations",
            help="Write the onsets, fermatas and bars of a CSV too, to the annotations "
            "folder of its corpus.",
        ),
    ] = False,
    force: Force = False,
    tune: reading.Tune = None,
    key: reading.KeyName = None,
    tempo: reading.Tempo = None,
    parts: reading.Parts = None,
    source_format: reading.FromFormat = None,
) -> None:
    """Convert a chorale between file formats, to a WAV recording or a picture.

    It reads MIDI, MusicXML, ABC, Humdrum, MEI, MuseScore and CSV. A melody becomes the
    soprano of a chorale whose other voices are silent. What is read differently from
    the file is named on stderr.

    Example: chorale convert hymn.musicxml corpus/train/chorale_900.csv --annotations
    """
    if annotations and output.suffix.lower() != ".csv":
        raise UsageError(f"{output}: --annotations needs a file that ends in .csv")
    output_format(output)
    if output.exists() and source.exists() and output.samefile(source):
        raise UsageError(
            f"{output}: expected another file to write than the one to read"
        )
    check_choice("an instrument", instrument, INSTRUMENTS)
    found = read_any(source, reading.reading_options(context))
    print_remarks(*found.remarks())
    chorale = found.chorale
    paths = [output]
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(drafts(output.parent)) / output.name]
        write(chorale, files[0], instrument=instrument)
        if annotations:
            paths.append(annotations_path(output))
            folder = stack.enter_context(drafts(paths[1].parent))
            files.append(folder / output.name)
            write_annotations(chorale, files[1])
        changed = save_exactly(files, paths, overwrite=force)
    for path in paths:
        typer.echo(path)
    print_remarks(*losses(chorale, output), *title_losses(chorale, output))
    if not changed:
        print_unchanged(paths)
