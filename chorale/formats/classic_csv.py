"""Classic CSV: the public `jsb_chorales` form, and its annotations.

A classic CSV has four columns of MIDI notes, soprano to bass, and a row per sixteenth.
It does not distinguish a held note from a repeated one and has no bars, so an
annotation file with as many rows may supplement it.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from chorale.errors import DataError
from chorale.formats.reading import Reading, ReadingOptions
from chorale.music.score import Chorale, onset_error
from chorale.music.voices import HIGHEST_PITCH, VOICES
from chorale.utils.files import write_text
from chorale.utils.tables import HIGHEST_NUMBER, read_numbers, table_text

NOTE_COLUMNS = ("note0", "note1", "note2", "note3")
ANNOTATION_COLUMNS = ("onset", "fermata", "bar", "position")

_ONSET_BITS = 1 << np.arange(VOICES)  # soprano 1, alto 2, tenor 4, bass 8


def read_csv(path: Path | str) -> Chorale:
    """Read a classic CSV: a header and one row per step, soprano to bass, 0 = silence.

    Equal pitches in successive rows are one held note, and bars are counted from the
    first row in 4/4. Whole numbers written as `60.0`, as by pandas, are accepted, as
    are a byte order mark, Windows line ends and empty lines at the end.

    Raises:
        DataError: the file cannot be read, or is not of this form; with row and column.
    """
    rows = read_numbers(path, NOTE_COLUMNS, (HIGHEST_PITCH,) * VOICES)
    return Chorale(pitches=rows, source=Path(path).stem)


def read_unannotated(
    path: Path | str, voice: int | None, options: ReadingOptions
) -> Reading:
    """Read a classic CSV as `read_csv` does, and state that its metre is assumed."""
    return Reading(read_csv(path), metre_assumed=True)


def write_csv(chorale: Chorale, path: Path | str) -> None:
    """Write the pitches of a chorale as a classic CSV."""
    write_text(path, csv_text(chorale))


def csv_text(chorale: Chorale) -> str:
    """Return the content of the classic CSV of a chorale."""
    return table_text(NOTE_COLUMNS, chorale.pitches.tolist())


def csv_sha256(chorale: Chorale) -> str:
    """Return the SHA-256 of the file that `write_csv` writes, in hexadecimal."""
    lines = [NOTE_COLUMNS, *chorale.pitches.tolist()]
    text = "".join(f"{','.join(map(str, line))}\n" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def read_annotations(path: Path | str, chorale: Chorale) -> Chorale:
    """Return the chorale with the onsets, fermatas and bars of an annotation file.

    The file has a row per step and four columns: `onset`, a bit mask of the voices that
    attack (1 soprano, 2 alto, 4 tenor, 8 bass); `fermata`, 0 or 1; `bar`; `position`,
    steps since the barline.

    Raises:
        DataError: the file cannot be read, is not of this form, or contradicts the
            pitches of the chorale.
    """
    highest = (2**VOICES - 1, 1, HIGHEST_NUMBER, HIGHEST_NUMBER)
    rows = read_numbers(path, ANNOTATION_COLUMNS, highest)
    if len(rows) != chorale.steps:
        raise DataError(
            f"expected {chorale.steps} rows of annotations, one for each step of the "
            f"chorale, got {len(rows)}",
            path,
        )
    onsets = (rows[:, :1] & _ONSET_BITS) != 0
    if error := onset_error(chorale.pitches, onsets):
        step, message = error
        raise DataError(message, path, step + 2, "onset")  # row 1 is the header
    return replace(
        chorale,
        onsets=onsets,
        fermatas=rows[:, 1] != 0,
        bars=rows[:, 2],
        positions=rows[:, 3],
    )


def write_annotations(chorale: Chorale, path: Path | str) -> None:
    """Write onsets, fermatas and bars, as `read_annotations` reads them."""
    write_text(path, annotations_text(chorale))


def annotations_text(chorale: Chorale) -> str:
    """Return the content of the annotation file of a chorale."""
    onsets, fermatas = chorale.onsets @ _ONSET_BITS, chorale.fermatas.astype(np.int64)
    rows = np.column_stack([onsets, fermatas, chorale.bars, chorale.positions])
    return table_text(ANNOTATION_COLUMNS, rows.tolist())
