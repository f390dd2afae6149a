"""What vocabularies of tokens and of cells share: the MIDI notes of a corpus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from chorale.errors import DataError
from chorale.music.keys import pitch_name
from chorale.music.ranges import voice_ranges
from chorale.music.score import Chorale
from chorale.music.voices import HIGHEST_PITCH, SILENCE, VOICE_NAMES, VOICES
from chorale.utils.arrays import IntArray

ENCODINGS = ("pitch", "hold")


@dataclass(frozen=True)
class OutsideNote:
    """The first note of a piece that a vocabulary lacks."""

    piece: str  # source of the chorale; may be empty
    voice: str
    note: str  # such as `A5`
    bar: int

    def __str__(self) -> str:
        piece = self.piece or "the chorale"
        return f"{piece}: the {self.voice}'s {self.note} in bar {self.bar}"


@dataclass(frozen=True, kw_only=True)
class NoteVocabulary:
    """Numbers of notes: 0 is silence, then every MIDI note from the lowest up.

    It is fitted to the train and valid splits of a model and stored with it.
    """

    unit: ClassVar[str]  # what the numbers are called, in the plural
    encoding: str  # `pitch` or `hold`
    lowest: int  # the first MIDI note
    highest: int  # the last, included
    # Lowest and highest note of each voice in train, soprano first.
    ranges: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise DataError(
                f"expected an encoding out of {', '.join(ENCODINGS)}, "
                f"got {self.encoding!r}"
            )
        if len(self.ranges) != VOICES or not all(
            SILENCE < self.lowest <= low <= high <= self.highest <= HIGHEST_PITCH
            for low, high in self.ranges
        ):
            raise DataError("expected four voice ranges inside the vocabulary")

    @classmethod
    def fit(cls, chorales: Iterable[Chorale], encoding: str = "hold") -> Self:
        """Return the vocabulary of the notes in `chorales`.

        Raises:
            DataError: there are no chorales, or a voice that never sounds.
        """
        ranges = voice_ranges(chorales)
        if not any(high for _, high in ranges):
            raise DataError("a vocabulary needs at least one chorale with notes to fit")
        return cls.of_ranges(ranges, encoding)

    @classmethod
    def of_ranges(
        cls, ranges: Sequence[tuple[int, int]], encoding: str = "hold"
    ) -> Self:
        """Return the vocabulary of voices of known ranges, see `voice_ranges`.

        Raises:
            DataError: a voice never sounds.
        """
        for name, (_, high) in zip(VOICE_NAMES, ranges, strict=True):
            if high == SILENCE:
                raise DataError(f"the {name} never sounds in this corpus")
        return cls(
            encoding=encoding,
            lowest=min(low for low, _ in ranges),
            highest=max(high for _, high in ranges),
            ranges=tuple(ranges),
        )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Rebuild a vocabulary from what `dataclasses.asdict` gave and JSON kept."""
        ranges = tuple((int(low), int(high)) for low, high in values["ranges"])
        return cls(**{**values, "ranges": ranges})

    @property
    def note_count(self) -> int:
        """Number of MIDI notes."""
        return 1 + self.highest - self.lowest

    @property
    def size(self) -> int:
        """Number of tokens or cells that a network may write."""
        raise NotImplementedError

    @property
    def note_kinds(self) -> int:
        """How many numbers each MIDI note has."""
        return 1

    def union(self, other: Self) -> Self:
        """Return the vocabulary of the notes of both, with the ranges of both.

        Raises:
            DataError: their encodings differ.
        """
        if self.encoding != other.encoding:
            raise DataError(
                f"expected vocabularies of one encoding, got {self.encoding} and "
                f"{other.encoding}"
            )
        ranges = tuple(
            (min(low, other_low), max(high, other_high))
            for (low, high), (other_low, other_high) in zip(
                self.ranges, other.ranges, strict=True
            )
        )
        return replace(
            self,
            lowest=min(self.lowest, other.lowest),
            highest=max(self.highest, other.highest),
            ranges=ranges,
        )

    def numbers_in(self, other: Self, rows: int | None = None) -> IntArray:
        """Return the number in another vocabulary of each number of this one.

        Args:
            other: of the same encoding.
            rows: how many numbers there are, if those of notes are followed by others
                than HOLD, such as those of hidden cells; None for `size`.

        Returns:
            int array (rows,); -1 for notes that the other vocabulary lacks.
        """
        rows = self.size if rows is None else rows
        notes = self.lowest - other.lowest + np.arange(self.note_count)
        lacks = (notes < 0) | (notes >= other.note_count)
        kinds = [
            np.where(lacks, -1, 1 + kind * other.note_count + notes)
            for kind in range(self.note_kinds)
        ]
        # What comes after the notes comes after them in both.
        after = np.arange(rows - 1 - self.note_kinds * self.note_count)
        first = 1 + self.note_kinds * other.note_count
        return np.concatenate([[0], *kinds, first + after])

    @property
    def alphabet(self) -> str:
        """What can be written, in words; ranges of voices have no part in it."""
        return f"{self.encoding} encoding from {self.compass}"

    @property
    def compass(self) -> str:
        """The lowest and the highest note, in words."""
        return f"{pitch_name(self.lowest)} to {pitch_name(self.highest)}"

    def number_notes(self, chorale: Chorale) -> IntArray:
        """Return the number of each note of a chorale, int array (steps, 4).

        Raises:
            DataError: a note outside the vocabulary, by name.
        """
        if note := self.first_outside(chorale):
            raise DataError(f"{note} is outside the model's vocabulary, {self.compass}")
        pitches = chorale.pitches
        return np.where(pitches != SILENCE, pitches - self.lowest + 1, 0)

    def first_outside(self, chorale: Chorale) -> OutsideNote | None:
        """Return the first note of a chorale that is outside; None if there is none."""
        pitches = chorale.pitches
        outside = (pitches < self.lowest) | (pitches > self.highest)
        outside &= pitches != SILENCE
        if not outside.any():
            return None
        step, voice = (int(index) for index in np.argwhere(outside)[0])
        return OutsideNote(
            chorale.source,
            VOICE_NAMES[voice],
            pitch_name(int(pitches[step, voice])),
            int(chorale.bars[step]),
        )

    def checked(self, numbers: IntArray) -> IntArray:
        """Return tokens or cells of a piece as int64.

        Raises:
            DataError: one of them is outside the vocabulary.
        """
        numbers = np.asarray(numbers, np.int64)
        if numbers.min() < 0 or numbers.max() >= self.size:
            raise DataError(
                f"expected {self.unit} from 0 to {self.size - 1}, "
                f"got {numbers.min()} to {numbers.max()}"
            )
        return numbers
