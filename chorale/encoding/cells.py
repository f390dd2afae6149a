"""Cells: what infillers read and write for one voice at one step.

A cell is what a voice does at a step: silence, or a pitch that is held or struck.
Unlike a token of `chorale.encoding.tokens` it does not depend on what stands before it,
so any cell of a piece may be known and any other not. One contiguous vocabulary serves
all voices: 0 is silence, then every MIDI note from the lowest to the highest of the
train and valid splits, held, then, in the `hold` encoding, all of them again, struck.

- `hold` tells a held pitch from one that is struck; decoding is exact.
- `pitch` does not; an onset is where the pitch changes. Published likelihoods of
  infillers are of this form.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.encoding.vocabulary import NoteVocabulary
from chorale.errors import DataError
from chorale.music.score import Chorale, changes
from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, IntArray

SILENT_CELL = 0
# What stands in a batch where a shorter piece has ended.
ABSENT = -1


@dataclass(frozen=True, kw_only=True)
class CellVocabulary(NoteVocabulary):
    """The cells of an infiller, those of its train and valid splits."""

    unit: ClassVar[str] = "cells"

    @property
    def has_onsets(self) -> bool:
        """Whether a struck pitch is another cell than a held one."""
        return self.encoding == "hold"

    @property
    def note_kinds(self) -> int:
        return 1 + self.has_onsets

    @property
    def size(self) -> int:
        """Number of cells that a network may write."""
        return 1 + self.note_count * (1 + self.has_onsets)

    @property
    def pitches(self) -> IntArray:
        """MIDI note of each cell, 0 = silence: int array (size,)."""
        notes = np.arange(self.lowest, self.highest + 1)
        return np.concatenate([[SILENCE], np.tile(notes, 1 + self.has_onsets)])

    @property
    def onsets(self) -> BoolArray:
        """Whether each cell is struck: bool array (size,); in `pitch` none says so."""
        struck: BoolArray = np.arange(self.size) > self.note_count
        return struck

    def cell(self, pitch: int, onset: bool = False) -> int:
        """Return the cell of a MIDI note of the vocabulary, or of silence."""
        if pitch == SILENCE:
            return SILENT_CELL
        return 1 + pitch - self.lowest + self.note_count * (self.has_onsets and onset)

    def encode(self, chorale: Chorale) -> IntArray:
        """Return the cells of a chorale, int array (steps, 4).

        Raises:
            DataError: a note outside the vocabulary, by name.
        """
        cells = self.number_notes(chorale)
        return cells + self.note_count * (self.has_onsets & chorale.onsets)

    def decode(self, cells: IntArray) -> tuple[IntArray, BoolArray]:
        """Return pitches and onsets, arrays (steps, 4), of a whole piece's cells.

        A note cannot be held before which another stands, or none: it is struck.

        Raises:
            DataError: a cell outside the vocabulary.
        """
        cells = self.checked(cells)
        pitches = self.pitches[cells]
        return pitches, self.onsets[cells] | changes(pitches)

    def shifted(self, cells: IntArray, semitones: int) -> IntArray:
        """Transpose cells; silence and ABSENT are what they were.

        Raises:
            DataError: a note would leave the vocabulary.
        """
        sounding = cells > SILENT_CELL
        notes = (cells - 1) % self.note_count + semitones
        if (sounding & ((notes < 0) | (notes >= self.note_count))).any():
            raise DataError(f"transposing by {semitones} leaves the vocabulary")
        moved: IntArray = np.where(sounding, cells + semitones, cells)
        return moved

    @property
    def notes(self) -> Vocabulary:
        """The notes without onsets: the token of each is its held cell."""
        return Vocabulary(**{**asdict(self), "encoding": "pitch"})


def masked(cells: IntArray, visible: BoolArray, vocabulary: CellVocabulary) -> IntArray:
    """Return cells as networks read them, all arrays (..., 4).

    `size` stands for a cell that is not visible, `size` + 1 for an ABSENT one.
    """
    known = np.where(visible, cells, vocabulary.size)
    absent: IntArray = np.where(cells == ABSENT, vocabulary.size + 1, known)
    return absent
