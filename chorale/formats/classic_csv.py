"""Classic CSV: the public `jsb_chorales` form, and annotations for what it cannot say.

A classic CSV has four columns of MIDI notes, soprano to bass, one row a sixteenth. It
cannot say whether an equal pitch is held or struck again, nor where the bars lie, so a
file of annotations may stand beside it, row for row.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from chorale.errors import DataError
from chorale.music.score import Chorale, changes
from chorale.music.voices import HIGHEST_PITCH, SILENCE, VOICE_NAMES, VOICES
from chorale.utils.tables import HIGHEST_NUMBER, read_numbers, write_table

NOTE_COLUMNS = ("note0", "note1", "note2", "note3")
ANNOTATION_COLUMNS = ("onset", "fermata", "bar", "position")

_ONSET_BITS = 1 << np.arange(VOICES)  # soprano 1, alto 2, tenor 4, bass 8


def read_csv(path: Path | str) -> Chorale:
    """Read a classic CSV: a header and one row a step, soprano to bass, 0 = silence.

    Equal pitches in a row are one held note, and bars are counted from the first row
    in 4/4, because the file cannot say otherwise. Whole numbers written as `60.0` are
    accepted (pandas writes them so), as are a byte order mark, Windows line ends and
    empty lines at the end.

    Raises:
        DataError: the file cannot be read, or is not of this form; with row and column.
    """
    rows = read_numbers(path, NOTE_COLUMNS, (HIGHEST_PITCH,) * VOICES)
    return Chorale(pitches=rows, source=Path(path).stem)


def write_csv(chorale: Chorale, path: Path | str) -> None:
    """Write the pitches of a chorale as a classic CSV."""
    write_table(path, NOTE_COLUMNS, chorale.pitches.tolist())


def read_annotations(path: Path | str, chorale: Chorale) -> Chorale:
    """Return the chorale with the onsets, fermatas and bars of an annotation file.

    The file has as many rows as the chorale has steps, and four columns: `onset`, the
    sum of 1 for the soprano, 2 alto, 4 tenor, 8 bass where the voice attacks;
    `fermata`, 0 or 1; `bar`; `position` in steps since the barline.

    Raises:
        DataError: the file cannot be read, is not of this form, or contradicts the
            pitches of the chorale.
    """
    highest = (int(_ONSET_BITS.sum()), 1, HIGHEST_NUMBER, HIGHEST_NUMBER)
    rows = read_numbers(path, ANNOTATION_COLUMNS, highest)
    if len(rows) != chorale.steps:
        raise DataError(
            f"expected {chorale.steps} rows of annotations, as the chorale has, "
            f"got {len(rows)}",
            path,
        )
    onsets = (rows[:, :1] & _ONSET_BITS) != 0
    for wrong, what in (
        (changes(chorale.pitches) & ~onsets, "has a new pitch without an onset"),
        (onsets & (chorale.pitches == SILENCE), "has an onset but is silent"),
    ):
        if wrong.any():
            step, voice = (int(index) for index in np.argwhere(wrong)[0])
            raise DataError(f"the {VOICE_NAMES[voice]} {what}", path, step + 2, "onset")
    return replace(
        chorale,
        onsets=onsets,
        fermatas=rows[:, 1] != 0,
        bars=rows[:, 2],
        positions=rows[:, 3],
    )


def write_annotations(chorale: Chorale, path: Path | str) -> None:
    """Write what a classic CSV cannot say, as `read_annotations` reads it."""
    columns = (
        chorale.onsets @ _ONSET_BITS,
        chorale.fermatas.astype(np.int64),
        chorale.bars,
        chorale.positions,
    )
    write_table(path, ANNOTATION_COLUMNS, np.stack(columns, axis=1).tolist())
