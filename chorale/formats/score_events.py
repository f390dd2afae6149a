"""What every score read through music21 goes through: sounds, ties, and bars."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.formats.abc import open_abc
from chorale.music.score import STEPS_PER_QUARTER, Metre, Note
from chorale.utils.arrays import IntArray


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A written note, chord or rest; start and end in steps, not always whole ones.

    Attributes:
        pitches: MIDI notes from the highest; none for a rest.
        tied: for each of them, whether it continues the note before.
        start, end: in steps from the beginning of the piece.
        fermata: whether it bears one.
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

    def voice(self, place: int, voices: int) -> Sound:
        """Return what one of `voices` voices sings, counted from the highest.

        Raises:
            DataError: another number of notes sounds at once.
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
            pitches=self.pitches[place:][:1],
            tied=self.tied[place:][:1],
            spelling=self.spelling[place:][:1],
        )

    def moved(self, steps: Fraction) -> Sound:
        """Return the sound so many steps later."""
        return replace(self, start=self.start + steps, end=self.end + steps)

    def span(self) -> tuple[int, int]:
        """Return its first step and the step after its last.

        A step takes what sounds at its beginning; what lies between two steps has none.
        """
        return math.ceil(self.start), math.ceil(self.end)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What lies between two barlines.

    Attributes:
        length: in steps.
        metre: the time signature in force.
        upbeat: if it is shorter than a bar, it lacks the beginning and not the end.
    """

    length: int
    metre: Metre
    upbeat: bool = False


def open_score(path: Path | str, *, tune: int | None = None) -> Any:
    """Return a music21 Score at sounding pitch.

    Args:
        path: the file.
        tune: the number of one out of a book of tunes in ABC.

    Raises:
        DataError: there is no such file, music21 cannot read it, or it holds several
            tunes and none is named, or not the one that is.
    """
    from music21 import converter

    path = Path(path)
    if not path.is_file():
        raise DataError("expected a score, there is no such file", path)
    if not path.stat().st_size:
        raise DataError("expected a score, it is empty", path)
    try:
        # The cache of an earlier parse may come from another version of music21.
        # What it thinks of a file while it reads it is nothing for the reader.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            if path.suffix.lower() == ".abc":
                score = open_abc(path, tune)
            else:
                score = converter.parse(path, forceSource=True)
            if "Opus" not in score.classes:
                score.toSoundingPitch(inPlace=True)
    except Exception as error:  # music21's parsers raise whatever they stumble over
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise DataError(f"expected a score, cannot read it: {reason}", path) from error
    if "Opus" in score.classes:
        raise DataError(
            f"expected one piece, got a book of {len(score.scores)}: name one by its "
            "number, as with --tune",
            path,
        )
    return score


def sounds_of(stream: Any, bar: int, start: Fraction = Fraction(0)) -> list[Sound]:
    """Return the notes, chords and rests of a music21 stream.

    Grace notes and chord symbols are left out.

    Args:
        stream: a measure, or one voice of it.
        bar: the number of the measure in the score.
        start: where it begins, in steps.

    Raises:
        DataError: there is percussion among them.
    """
    sounds = []
    for element in stream.notesAndRests:
        if element.duration.isGrace or "Harmony" in element.classes:
            continue
        if not element.isRest and not element.pitches:
            raise DataError(f"expected notes, got percussion in bar {bar}")
        notes = [] if element.isRest else getattr(element, "notes", [element])
        notes = sorted(notes, key=lambda note: -note.pitch.midi)
        begin = start + Fraction(element.offset) * STEPS_PER_QUARTER
        sounds.append(
            Sound(
                pitches=tuple(note.pitch.midi for note in notes),
                tied=tuple(
                    note.tie is not None and note.tie.type in ("stop", "continue")
                    for note in notes
                ),
                start=begin,
                end=begin + Fraction(element.quarterLength) * STEPS_PER_QUARTER,
                fermata=any("Fermata" in mark.classes for mark in element.expressions),
                bar=bar,
                # music21 counts them from 1.
                spelling=tuple(note.pitch.diatonicNoteNum - 1 for note in notes),
            )
        )
    return sounds


def join_ties(line: Iterable[Sound]) -> list[Sound]:
    """Return the notes of one voice without rests, tied ones as one.

    A note that is tied together bears a fermata if any part of it does.
    """
    sung: list[Sound] = []
    for sound in line:
        if not sound.pitches:
            continue
        last = sung[-1] if sung else None
        if (
            last is not None
            and sound.tied[0]
            and last.pitches == sound.pitches
            and last.end == sound.start
        ):
            sung[-1] = replace(
                last, end=sound.end, fermata=last.fermata or sound.fermata
            )
        else:
            sung.append(sound)
    return sung


def on_grid(sung: Iterable[Sound]) -> list[Note]:
    """Lay the notes of one voice on the grid; those between two steps are left out."""
    notes = []
    for sound in sung:
        start, end = sound.span()
        if end > start:
            notes.append(Note(sound.pitches[0], start, end - start))
    return notes


def count_off_grid(sung: Iterable[Sound]) -> int:
    """Return how many notes of a voice begin or end between two steps."""
    return sum(
        sound.start.denominator > 1 or sound.end.denominator > 1 for sound in sung
    )


def spelling_on_grid(lines: Sequence[Iterable[Sound]], steps: int) -> IntArray:
    """Return the diatonic number of what each voice sings at each step.

    Returns:
        int array (steps, voices), as in `Sound.spelling`; 0 in silence.
    """
    spelling = np.zeros((steps, len(lines)), np.int64)
    for voice, sung in enumerate(lines):
        for sound in sung:
            spelling[slice(*sound.span()), voice] = sound.spelling[0]
    return spelling


def count_bars(
    measures: Sequence[Measure], *, first_bar: int = 1
) -> tuple[IntArray, IntArray, tuple[Metre, ...]]:
    """Number the bars.

    A bar that a repeat sign or a double bar cuts in two stays one bar, whose positions
    go on. A short measure that the next one does not complete is the end of a bar if it
    is an upbeat, else the beginning of one. An upbeat at the beginning is bar 0.

    Args:
        measures: in order.
        first_bar: number of the first bar that is no upbeat.

    Returns:
        `bars` and `positions`, int arrays (steps,), and the metres of a Chorale.
    """
    bars: list[int] = []
    positions: list[int] = []
    metres: list[Metre] = []
    bar, position = first_bar - 1, 0
    for index, measure in enumerate(measures):
        full = measure.metre.bar_length
        changed = not metres or measure.metre.name != metres[-1].name
        if changed:
            metres.append(replace(measure.metre, step=len(bars)))
        if changed or not position or position + measure.length > full:
            upbeat = measure.upbeat and measure.length < full
            position = full - measure.length if upbeat else 0
            bar = 0 if index == 0 and upbeat else bar + 1
        for _ in range(measure.length):
            if position == full:
                bar, position = bar + 1, 0
            bars.append(bar)
            positions.append(position)
            position += 1
        position %= full
    return np.array(bars, np.int64), np.array(positions, np.int64), tuple(metres)
