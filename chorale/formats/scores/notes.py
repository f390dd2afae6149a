"""Notes of a score: exact durations, ties, and places on the grid.

A step takes the note that sounds at its beginning, so notes between two steps are lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from chorale.errors import DataError
from chorale.music.lyrics import Lyric
from chorale.music.score import Note
from chorale.utils.arrays import IntArray
from chorale.utils.text import counted


@dataclass(frozen=True, kw_only=True)
class Syllable:
    """A syllable under a note.

    Attributes:
        text: without a hyphen.
        verse: counted from 1.
        joined: whether a hyphen joins it to the next syllable of its word.
    """

    text: str
    verse: int = 1
    joined: bool = False


@dataclass(frozen=True, kw_only=True)
class ScoreNote:
    """A note, chord or rest of a score.

    Attributes:
        pitches: MIDI notes from the highest; empty for a rest.
        tied: for each pitch, whether it is tied to the note before.
        start, end: in fractional steps from the beginning of the piece, or of the bar.
        fermata: whether it has a fermata.
        bar: the number of its bar in the score.
        spelling: for each pitch its diatonic number, see `chorale.music.spelling`.
        syllables: that are sung to it, at most one in each verse.
    """

    pitches: tuple[int, ...]
    tied: tuple[bool, ...]
    start: Fraction
    end: Fraction
    fermata: bool
    bar: int
    spelling: tuple[int, ...] = ()
    syllables: tuple[Syllable, ...] = ()

    def member(self, rank: int, voices: int) -> ScoreNote:
        """Return the note of one voice, 0 = the highest, in a chord of `voices` notes.

        A rest is returned as it is.

        Raises:
            DataError: the chord has another number of notes.
        """
        if not self.pitches:
            return self
        if len(self.pitches) != voices:
            wanted = "one voice" if voices == 1 else f"{voices} voices"
            raise DataError(
                f"expected {wanted} on a staff, "
                f"got {counted(len(self.pitches), 'note')} at once in bar {self.bar}"
            )
        return replace(
            self,
            pitches=self.pitches[rank:][:1],
            tied=self.tied[rank:][:1],
            spelling=self.spelling[rank:][:1],
            syllables=self.syllables if rank == 0 else (),
        )

    def delayed(self, steps: Fraction) -> ScoreNote:
        """Return the note `steps` later."""
        return replace(self, start=self.start + steps, end=self.end + steps)

    def span(self) -> tuple[int, int]:
        """Return its first step on the grid and the step after its last.

        They are equal if the note lies between two steps.
        """
        return math.ceil(self.start), math.ceil(self.end)

    @property
    def is_lost(self) -> bool:
        """Whether it lies between two steps."""
        return math.ceil(self.start) == math.ceil(self.end)


def join_ties(line: Iterable[ScoreNote]) -> list[ScoreNote]:
    """Return the notes of one voice without rests, tied notes joined.

    A joined note has a fermata if any of its parts has one.
    """
    joined: list[ScoreNote] = []
    for note in line:
        if not note.pitches:
            continue
        if joined and note.tied[0]:
            last = joined[-1]
            if (last.pitches, last.end) == (note.pitches, note.start):
                fermata = last.fermata or note.fermata
                joined[-1] = replace(
                    last,
                    end=note.end,
                    fermata=fermata,
                    syllables=last.syllables or note.syllables,
                )
                continue
        joined.append(note)
    return joined


def on_grid(line: Iterable[ScoreNote]) -> list[Note]:
    """Return the notes of one voice on the grid; those between two steps are lost."""
    spans = [(note.pitches[0], *note.span()) for note in line]
    return [
        Note(pitch, start, end - start) for pitch, start, end in spans if end > start
    ]


def off_grid(line: Iterable[ScoreNote]) -> list[int]:
    """Return the first steps of the notes of a voice that begin or end between steps.

    Those that are lost are left out.
    """
    return [
        note.span()[0]
        for note in line
        if (note.start.denominator > 1 or note.end.denominator > 1) and not note.is_lost
    ]


def count_lost(line: Iterable[ScoreNote]) -> int:
    """Return how many notes of a voice lie between two steps, so that they are lost."""
    return sum(note.is_lost for note in line)


def spelling_on_grid(lines: Sequence[Iterable[ScoreNote]], steps: int) -> IntArray:
    """Return diatonic numbers at each step, int array (steps, voices), 0 in silence."""
    spelling = np.zeros((steps, len(lines)), np.int64)
    for voice, line in enumerate(lines):
        for note in line:
            spelling[slice(*note.span()), voice] = note.spelling[0]
    return spelling


def lyrics_on_grid(lines: Sequence[Iterable[ScoreNote]]) -> tuple[Lyric, ...]:
    """Return the syllables of the notes of each voice that are on the grid."""
    return tuple(
        Lyric(
            step=note.span()[0],
            voice=voice,
            verse=syllable.verse,
            text=syllable.text,
            joined=syllable.joined,
        )
        for voice, line in enumerate(lines)
        for note in line
        for syllable in note.syllables
        if note.span()[0] < note.span()[1]
    )
