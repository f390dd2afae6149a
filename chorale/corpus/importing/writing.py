"""The corpus of an import on disk, which appears whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from chorale.corpus.importing.pieces import Music
from chorale.corpus.importing.report import Report, read_report, write_report
from chorale.corpus.importing.sources import REPORT_FILE
from chorale.corpus.index import INDEX_FILE, Entry, write_index
from chorale.corpus.loading import annotations_path, load_piece
from chorale.corpus.shards import SHARDS_FILE, is_shard, write_shards
from chorale.errors import OutputError
from chorale.music.score import Chorale
from chorale.utils.files import cannot_write
from chorale.utils.saving import drafts


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
    if not overwrite:
        return report
    if other := _other_file(output, report):
        raise OutputError(
            f"{output}: cannot replace it: {other} is not of the import: move it "
            "elsewhere, or name another folder"
        )
    return None


def _other_file(output: Path, report: Report) -> str:
    """Return a file in the folder of an import that it did not write; else nothing."""
    known = {REPORT_FILE, INDEX_FILE, SHARDS_FILE}
    for row in report.rows:
        if row.file:
            known |= {row.file, annotations_path(row.file).as_posix()}
    for path in sorted(output.rglob("*")):
        name = path.relative_to(output).as_posix()
        if not (name in known or path.is_dir() or is_shard(name)):
            return name
    return ""


def write_corpus(
    pieces: Iterable[tuple[Music, Entry]],
    report: Report,
    output: Path,
    *,
    in_shards: bool = False,
) -> None:
    """Write a corpus; replace an earlier import into the same folder.

    Args:
        pieces: with their entries, whose `file` says where they are.
        report: of the import.
        output: the folder, see `check_output`.
        in_shards: whether to write shards instead of CSVs and an index.

    Raises:
        OutputError: it cannot be written.
    """
    with drafts(output.parent) as hidden:
        folder = hidden / "corpus"
        try:
            if in_shards:
                write_shards(_chorales(pieces, hidden / "pieces"), folder)
            else:
                _write_files(pieces, folder)
            write_report(report, folder)
            _replace(output, folder, hidden / "replaced")
        except OSError as error:
            raise cannot_write(output, error) from error


def _write_files(pieces: Iterable[tuple[Music, Entry]], folder: Path) -> None:
    """Write CSVs, annotations and the index."""
    entries = []
    for music, entry in pieces:
        _write_piece(music, entry, folder)
        entries.append(entry)
    write_index(sorted(entries, key=lambda entry: entry.file), folder)


def _write_piece(music: Music, entry: Entry, folder: Path) -> tuple[Path, Path]:
    """Write the CSV and the annotations of a piece; return their paths."""
    path = folder / entry.file
    annotations = annotations_path(path)
    for each, text in ((path, music.csv), (annotations, music.annotations)):
        each.parent.mkdir(parents=True, exist_ok=True)
        each.write_text(text, encoding="utf-8", newline="\n")
    return path, annotations


def _chorales(
    pieces: Iterable[tuple[Music, Entry]], folder: Path
) -> Iterator[tuple[str, Chorale]]:
    """Yield the split of each piece, and the piece as it would be loaded."""
    for music, entry in pieces:
        path, annotations = _write_piece(music, entry, folder)
        yield entry.split, load_piece(path, annotations, entry)
        path.unlink()
        annotations.unlink()


def _replace(output: Path, folder: Path, old: Path) -> None:
    """Move a folder to its place, and what is there away."""
    is_earlier = (output / REPORT_FILE).is_file()
    if is_earlier:
        output.rename(old)
    elif output.is_dir():
        output.rmdir()
    try:
        folder.rename(output)
    except OSError:
        if is_earlier:
            old.rename(output)
        raise
