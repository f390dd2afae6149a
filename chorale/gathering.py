"""Chorales from files and folders, each with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from chorale.corpus import MANIFEST_FILE, SPLITS, annotations_path, load_entry
from chorale.errors import DataError
from chorale.formats import Reading
from chorale.formats.classic_csv import read_annotations
from chorale.importing import READERS, read_spelled
from chorale.index import INDEX_FILE, Entry, read_index
from chorale.voices import VOICE_NAMES


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return files as they are given, and for a folder those that can be read in it.

    They are looked for below it too, and come in alphabetical order. Annotations and
    the index of a corpus are no chorales.

    Raises:
        DataError: a path leads nowhere, or there is nothing to read in a folder.
    """
    found = []
    for path in paths:
        if not path.exists():
            raise DataError("there is no such file or folder", path)
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


def gather(path: Path) -> Reading:
    """Read a file, a CSV with the annotations and the index of its corpus.

    Raises:
        UsageError: the ending is of no format that can be read.
        DataError: the file does not hold a chorale of four voices.
    """
    reading = read_spelled(path)
    if path.suffix.lower() == ".csv":
        reading = annotated(path, reading)
    silent = ~reading.chorale.onsets.any(axis=0)
    if silent.any():
        voice = VOICE_NAMES[int(silent.argmax())]
        raise DataError(f"expected four voices, the {voice} is silent throughout", path)
    return reading


def annotated(path: Path, reading: Reading) -> Reading:
    """Add to a CSV what its corpus says of it."""
    annotations = annotations_path(path)
    folder = annotations.parents[2 if path.parent.name in SPLITS else 1]
    entry = _entries(folder).get(path.resolve())
    if entry is not None:
        return Reading(load_entry(entry, folder))
    if annotations.is_file():
        return Reading(read_annotations(annotations, reading.chorale))
    return reading


@cache
def _entries(folder: Path) -> dict[Path, Entry]:
    """Return what the index of a corpus folder says, by file."""
    return {(folder / entry.file).resolve(): entry for entry in read_index(folder)}
