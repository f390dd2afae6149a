"""Quantization: performed MIDI notes on the grid of sixteenths.

Scores have exact durations instead, see `score_notes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chorale.errors import DataError
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Note

_LONGEST_OVERLAP = 0.5  # steps by which legato notes may overlap the next
_ONSET_TOLERANCE = 0.25  # steps from the grid; triplets are further from it


@dataclass(frozen=True, kw_only=True)
class PerformedNote:
    """A note before quantization: MIDI pitch, start and end in fractional steps."""

    pitch: int
    start: float
    end: float

    @property
    def quantized(self) -> Note:
        """The note on the grid, at least a sixteenth long."""
        # Not round(), which rounds halves to even.
        start, end = int(self.start + 0.5), int(self.end + 0.5)
        return Note(self.pitch, start, max(end - start, 1))


def quantize(voice: Iterable[PerformedNote]) -> list[Note]:
    """Move the notes of one voice to the nearest sixteenths.

    Legato overlaps are cut at the next onset. A note shorter than half a sixteenth is
    dropped if another note begins at the same step.

    Raises:
        DataError: two notes sound at once.
    """
    line: list[Note] = []
    end = 0.0
    for performed in sorted(voice, key=lambda note: (note.start, note.end)):
        if end - performed.start > _LONGEST_OVERLAP:
            raise DataError(
                "expected one note at a time in a voice, got two "
                f"at quarter {performed.start / STEPS_PER_QUARTER:.2f}"
            )
        note = performed.quantized
        if line:
            length = min(line[-1].length, note.start - line[-1].start)
            line[-1:] = [line[-1]._replace(length=length)] if length > 0 else []
        line.append(note)
        end = performed.end
    return line


def count_off_grid(voice: Iterable[PerformedNote]) -> int:
    """Return how many notes of a voice begin clearly between two sixteenths."""
    distances = (abs(note.start - note.quantized.start) for note in voice)
    return sum(distance > _ONSET_TOLERANCE for distance in distances)
