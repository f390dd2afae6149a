"""Chorales from files and folders, each with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from chorale.corpus import MANIFEST_FILE, SPLITS, annotations_path, load_entry
from chorale.errors import DataError
from chorale.formats import Reading
from chorale.formats.classic_csv import read_annotations
from chorale.importing import READERS, read, read_spelled
from chorale.index import INDEX_FILE, Entry, read_index


class Gathered(NamedTuple):
    """A chorale out of a file.

    Attributes:
        reading: what the file, its annotations and the index of its corpus say.
        is_assumed: whether bars are counted in a metre that nothing said.
    """

    reading: Reading
    is_assumed: bool


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return files as they are given, and for a folder those that can be read in it.

    They are looked for below it too, and come in alphabetical order. Annotations and
    the index of a corpus are no chorales.

    Raises:
        DataError: there is nothing to read in a folder.
    """
    found = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [
            file
            for file in sorted(path.rglob("*"))
            if file.suffix.lower() in READERS
            and file.is_file()
            and not any(
                part.startswith(".") or part == "annotations"
                for part in file.relative_to(path).parts
            )
            and file.name not in (INDEX_FILE, MANIFEST_FILE)
        ]
        if not inside:
            raise DataError("expected CSV, MIDI or MusicXML files, got none", path)
        found += inside
    return found


def gather(path: Path) -> Gathered:
    """Read a file, a CSV with the annotations and the index of its corpus.

    Raises:
        UsageError: the ending is of no format that can be read.
        DataError: the file does not hold a chorale.
    """
    if path.suffix.lower() != ".csv":
        return Gathered(read_spelled(path), is_assumed=False)
    annotations = annotations_path(path)
    folder = annotations.parents[2 if path.parent.name in SPLITS else 1]
    entry = _entries(folder).get(path.resolve())
    if entry is not None:
        return Gathered(Reading(load_entry(entry, folder)), is_assumed=False)
    chorale = read(path)
    if annotations.is_file():
        return Gathered(
            Reading(read_annotations(annotations, chorale)), is_assumed=False
        )
    return Gathered(Reading(chorale), is_assumed=True)


@cache
def _entries(folder: Path) -> dict[Path, Entry]:
    """Return what the index of a corpus folder says, by file."""
    return {(folder / entry.file).resolve(): entry for entry in read_index(folder)}
