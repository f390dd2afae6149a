"""Notes of a music21 score: exact durations, ties, and places on the grid.

A step takes the note that sounds at its beginning, so notes between two steps are lost.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Note
from chorale.utils.arrays import IntArray


@dataclass(frozen=True, kw_only=True)
class ScoreNote:
    """A note, chord or rest of a score.

    Attributes:
        pitches: MIDI notes from the highest; empty for a rest.
        tied: for each pitch, whether it is tied to the note before.
        start, end: in fractional steps from the beginning of the piece.
        fermata: whether it has a fermata.
        bar: the number of its bar in the score.
        spelling: for each pitch its diatonic number, see `chorale.music.spelling`.
    """

    pitches: tuple[int, ...]
    tied: tuple[bool, ...]
    start: Fraction
    end: Fraction
    fermata: bool
    bar: int
    spelling: tuple[int, ...] = ()

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
                f"got {len(self.pitches)} notes at once in bar {self.bar}"
            )
        return replace(
            self,
            pitches=self.pitches[rank:][:1],
            tied=self.tied[rank:][:1],
            spelling=self.spelling[rank:][:1],
        )

    def delayed(self, steps: Fraction) -> ScoreNote:
        """Return the note `steps` later."""
        return replace(self, start=self.start + steps, end=self.end + steps)

    def span(self) -> tuple[int, int]:
        """Return its first step on the grid and the step after its last.

        They are equal if the note lies between two steps.
        """
        return math.ceil(self.start), math.ceil(self.end)


def read_notes(stream: Any, bar: int, start: Fraction = Fraction(0)) -> list[ScoreNote]:
    """Return the notes, chords and rests of a music21 measure, or of one voice of it.

    Grace notes and chord symbols are left out. `bar` is the number of the measure in
    the score, `start` its beginning in steps.

    Raises:
        DataError: there is percussion among them.
    """
    found = []
    for element in stream.notesAndRests:
        if element.duration.isGrace or "Harmony" in element.classes:
            continue
        if not element.isRest and not element.pitches:
            raise DataError(f"expected notes, got percussion in bar {bar}")
        notes = [] if element.isRest else getattr(element, "notes", [element])
        notes = sorted(notes, key=lambda note: -note.pitch.midi)
        begin = start + Fraction(element.offset) * STEPS_PER_QUARTER
        found.append(
            ScoreNote(
                pitches=tuple(note.pitch.midi for note in notes),
                tied=tuple(
                    note.tie is not None and note.tie.type in ("stop", "continue")
                    for note in notes
                ),
                start=begin,
                end=begin + Fraction(element.quarterLength) * STEPS_PER_QUARTER,
                fermata=any("Fermata" in mark.classes for mark in element.expressions),
                bar=bar,
                # music21 counts diatonic numbers from 1.
                spelling=tuple(note.pitch.diatonicNoteNum - 1 for note in notes),
            )
        )
    return found


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
                joined[-1] = replace(last, end=note.end, fermata=fermata)
                continue
        joined.append(note)
    return joined


def on_grid(line: Iterable[ScoreNote]) -> list[Note]:
    """Return the notes of one voice on the grid; those between two steps are lost."""
    spans = [(note.pitches[0], *note.span()) for note in line]
    return [
        Note(pitch, start, end - start) for pitch, start, end in spans if end > start
    ]


def count_off_grid(line: Iterable[ScoreNote]) -> int:
    """Return how many notes of a voice begin or end between two steps."""
    return sum(note.start.denominator > 1 or note.end.denominator > 1 for note in line)


def spelling_on_grid(lines: Sequence[Iterable[ScoreNote]], steps: int) -> IntArray:
    """Return diatonic numbers at each step, int array (steps, voices), 0 in silence."""
    spelling = np.zeros((steps, len(lines)), np.int64)
    for voice, line in enumerate(lines):
        for note in line:
            spelling[slice(*note.span()), voice] = note.spelling[0]
    return spelling
