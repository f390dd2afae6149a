"""Pieces that commands are given by name: bundled chorales, or those in files."""

from __future__ import annotations

from pathlib import Path

import typer

from chorale.commands.options import names_typed, option_name
from chorale.commands.printing import print_remarks
from chorale.commands.reading_options import reading_options
from chorale.corpus.reading import read_whole
from chorale.corpus.seeds import find_bundled
from chorale.errors import UsageError
from chorale.formats.reading import Reading
from chorale.music.score import Chorale

FILE_OPTIONS = ("source_format", "parts", "track", "tune")  # not for bundled chorales


def find_piece(context: typer.Context, name: str) -> Reading:
    """Return a bundled chorale, or the piece in a file; print remarks on its reading.

    Raises:
        UsageError: an option about files is given for a bundled chorale.
        DataError: the file does not hold a chorale of four voices.
    """
    chorale = find_bundled_piece(context, name)
    if chorale is None:
        reading = read_whole(Path(name), reading_options(context))
    else:
        reading = Reading(chorale)
    print_remarks(*reading.remarks())
    return reading


def find_bundled_piece(context: typer.Context, name: str) -> Chorale | None:
    """Return a bundled chorale, in the key and tempo of the options; None for a file.

    Raises:
        UsageError: there is none of the name, or an option about files is given.
    """
    chorale = find_bundled(name)
    if chorale is None:
        return None
    typed = names_typed(context)
    for option in FILE_OPTIONS:
        if option in typed:
            raise UsageError(
                f"{option_name(context, option)} is for files, got the bundled chorale "
                f"{name}: leave it out"
            )
    return reading_options(context).apply(chorale)
