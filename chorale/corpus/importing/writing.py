"""The corpus of an import on disk, which appears whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chorale.corpus.importing.pieces import Music, Piece
from chorale.corpus.importing.report import Report, read_report, write_report
from chorale.corpus.importing.sources import REPORT_FILE
from chorale.corpus.index import Entry, write_index
from chorale.errors import OutputError
from chorale.utils.files import cannot_write
from chorale.utils.saving import drafts


def csv_sha256(music: Music) -> str:
    """Return the SHA-256 of the CSV of a piece."""
    return hashlib.sha256(music.csv.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a piece is in its corpus."""

    name: str  # of its file, without the ending
    split: str
    group: int

    @property
    def file(self) -> str:
        """The path of its CSV, relative to the corpus folder."""
        return f"chorales/{self.split}/{self.name}.csv"


def check_output(output: Path, *, overwrite: bool) -> Report | None:
    """Check that a corpus can be written to a folder.

    Returns:
        The report of an import that is there already and may not be replaced.

    Raises:
        OutputError: there is something else, which is never replaced.
    """
    if not os.path.lexists(output):
        return None
    if not output.is_dir():
        raise OutputError(f"{output}: expected a folder to write, it is a file")
    try:
        is_empty = not any(output.iterdir())
    except OSError as error:
        raise cannot_write(output, error) from error
    if is_empty:
        return None
    report = read_report(output)
    if report is None:
        raise OutputError(
            f"{output}: expected a new folder, there are files in it that are not of "
            "an import: name another folder"
        )
    return None if overwrite else report


def write_corpus(
    pieces: Iterable[tuple[Piece, Place, Entry]], report: Report, output: Path
) -> None:
    """Write a corpus; replace an earlier import into the same folder.

    Args:
        pieces: with their places and entries.
        report: of the import.
        output: the folder, see `check_output`.

    Raises:
        OutputError: it cannot be written.
    """
    with drafts(output.parent) as hidden:
        folder = hidden / "corpus"
        entries = []
        try:
            for piece, place, entry in pieces:
                assert piece.music is not None
                for room, text in (
                    ("chorales", piece.music.csv),
                    ("annotations", piece.music.annotations),
                ):
                    path = folder / room / place.split / f"{place.name}.csv"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, encoding="utf-8", newline="\n")
                entries.append(entry)
            write_index(sorted(entries, key=lambda entry: entry.file), folder)
            write_report(report, folder)
            _replace(output, folder, hidden / "replaced")
        except OSError as error:
            raise cannot_write(output, error) from error


def _replace(output: Path, folder: Path, old: Path) -> None:
    """Move a folder to its place, and what is there away."""
    if (output / REPORT_FILE).is_file():
        output.rename(old)
    elif output.is_dir():
        output.rmdir()
    folder.rename(output)
