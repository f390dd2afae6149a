"""Chorales and melodies from files, with the metadata of their corpus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from chorale.corpus.index import INDEX_FILE, Entry, read_index
from chorale.corpus.loading import MANIFEST_FILE, SPLITS, annotations_path, load_piece
from chorale.errors import DataError, located
from chorale.formats.classic_csv import NOTE_COLUMNS
from chorale.formats.files import (
    READABLE,
    READABLE_NAMES,
    input_format,
    read_line,
    read_spelled,
)
from chorale.formats.reading import Reading, ReadingOptions
from chorale.music.melody import Melody, melody_of
from chorale.music.score import Chorale
from chorale.music.voices import HIGHEST_PITCH, SOPRANO, VOICE_NAMES, VOICES
from chorale.utils.streams import regular_file
from chorale.utils.tables import read_numbers, read_table


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return files, and for a folder all readable files inside, in alphabetical order.

    Folders are searched recursively. Annotations, indexes and hidden files are skipped.

    Raises:
        DataError: a path does not exist, or a folder has no readable file.
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
            if file.suffix.lower() in READABLE
            and file.is_file()
            and not any(
                part.startswith(".") or part == "annotations"
                for part in file.relative_to(path).parts
            )
            and file.name not in (INDEX_FILE, MANIFEST_FILE)
        ]
        if not inside:
            raise DataError(f"expected {READABLE_NAMES} files, got none", path)
        found += inside
    return found


def in_other_formats(paths: Sequence[Path], chorales: Sequence[Chorale]) -> set[int]:
    """Return the indexes of files with the notes of an earlier file of the same name.

    Of `--format midi,musicxml` there are two files of each piece, in one folder.
    """
    found = set()
    seen: dict[Path, list[Chorale]] = {}
    for index, (path, chorale) in enumerate(zip(paths, chorales, strict=True)):
        same_name = seen.setdefault(path.absolute().with_suffix(""), [])
        if any(np.array_equal(chorale.pitches, piece.pitches) for piece in same_name):
            found.add(index)
        else:
            same_name.append(chorale)
    return found


def read_piece(path: Path, options: ReadingOptions | None = None) -> Reading:
    """Read a chorale as `read_whole` does, none of whose voices is silent throughout.

    Raises:
        UsageError, DataError: as `read_whole`, or a voice is silent.
    """
    reading = read_whole(path, options)
    silent = ~reading.chorale.onsets.any(axis=0)
    if silent.any():
        voice = VOICE_NAMES[int(silent.argmax())]
        raise DataError(f"expected four voices, the {voice} is silent throughout", path)
    return reading


def read_whole(path: Path, options: ReadingOptions | None = None) -> Reading:
    """Read a chorale from a file; a CSV with the annotations and index of its corpus.

    Raises:
        UsageError: the ending is not that of a readable format, or an option is for
            other formats.
        DataError: the file does not hold a chorale of four voices.
    """
    options = options or ReadingOptions()
    reading = read_spelled(path, options)
    if path.suffix.lower() == ".csv":
        reading = annotated(path, reading)
    return reading._replace(chorale=options.apply(reading.chorale))


def read_any(path: Path, options: ReadingOptions | None = None) -> Reading:
    """Read a chorale as `read_whole` does, or a single line as its soprano.

    Raises:
        UsageError, DataError: as `read_whole`.
    """
    options = options or ReadingOptions()
    with regular_file(path, input_format(path, options)) as file:
        try:
            return read_whole(file, options)
        except DataError as error:
            try:
                reading = _read_line(file, SOPRANO, options)
            except DataError as on_line:
                reason = str(on_line).removeprefix(f"{file}: ")
                if reason in str(error):
                    raise error from None
                raise DataError(f"{error}; as a single line: {reason}") from None
            if reading.chorale.onsets.any(axis=0).sum() != 1:
                raise
    remark = "the file has one line: it is the soprano, the other voices are silent"
    return reading._replace(notes=(*reading.notes, remark))


def annotated(path: Path, reading: Reading) -> Reading:
    """Add the annotations and the index entry of its corpus to a CSV."""
    annotations = annotations_path(path)
    entry = entry_of(path)
    is_annotated = annotations.is_file()
    if entry is None and not is_annotated:
        return reading
    chorale = load_piece(path, annotations, entry)
    assumed = not is_annotated and not (entry and entry.metre)
    if chorale.key is not None:
        guessed = entry is not None and "key" in entry.estimated.split()
        return Reading(chorale, metre_assumed=assumed, key_estimated=guessed)
    chorale = replace(chorale, key=reading.chorale.key)
    return reading._replace(chorale=chorale, metre_assumed=assumed)


def entry_of(path: Path) -> Entry | None:
    """Return the entry of a CSV in the index of its corpus; None if there is none.

    Raises:
        DataError: the index is invalid.
    """
    folder = annotations_path(path).parents[2 if path.parent.name in SPLITS else 1]
    try:
        status = (folder / INDEX_FILE).stat()
    except OSError:
        return None
    version = (status.st_ino, status.st_mtime_ns, status.st_size)
    return _entries(folder.absolute(), version).get(path.resolve())


@lru_cache(maxsize=4)
def _entries(folder: Path, _: tuple[int, ...]) -> dict[Path, Entry]:
    """Return a version of the index of a corpus folder, by file."""
    return {(folder / entry.file).resolve(): entry for entry in read_index(folder)}


def read_melody(
    path: Path | str,
    voice: int = SOPRANO,
    *,
    tune: int | None = None,
    options: ReadingOptions | None = None,
    phrases: Sequence[int] | None = None,
) -> Melody:
    """Read a melody from a file; the ending determines the format.

    Args:
        path: a CSV of one column or of four, MIDI, MusicXML, ABC, Humdrum, MEI or
            MuseScore, with a single line or four voices.
        voice: of the single line; of four voices, the one to take.
        tune: number of a tune in an ABC tune book.
        options: what else the user says about the file.
        phrases: numbers of the bars in which a phrase ends, see `melody_of`.

    Raises:
        UsageError: the ending is not that of a readable format, an option, such as the
            number of a tune, is for other formats, or a phrase ends in no bar.
        DataError: there is no such file, it has no notes, or several notes at once but
            not four voices.
    """
    path = Path(path)
    options = options or ReadingOptions()
    if tune is not None:
        options = replace(options, tune=tune)
    with regular_file(path, input_format(path, options)) as file, located(file):
        reading = _read_line(file, voice, options)
        melody = melody_of(reading.chorale, voice, phrases=phrases)
    source = melody.chorale.source or path.stem
    return replace(
        melody,
        chorale=replace(melody.chorale, source=source),
        remarks=(*reading.remarks(), *melody.remarks),
    )


def _read_line(path: Path, voice: int, options: ReadingOptions) -> Reading:
    """Read a regular file of one line, or of four voices."""
    if path.suffix.lower() != ".csv":
        return read_line(path, voice, options)
    header, _ = read_table(path)
    if len(header) != 1:
        if header != list(NOTE_COLUMNS):
            raise DataError(
                f"expected one column of MIDI notes, or {','.join(NOTE_COLUMNS)}, got "
                f"{len(header)} columns"
                if header
                else "it is empty",
                path,
            )
        return read_whole(path, options)
    line = read_numbers(path, header, (HIGHEST_PITCH,))
    pitches = np.zeros((len(line), VOICES), np.int64)
    pitches[:, voice] = line[:, 0]
    chorale = options.apply(Chorale(pitches=pitches, source=path.stem))
    return Reading(chorale, metre_assumed=True)
