"""Quantization: performed MIDI notes on the grid of sixteenths.

Scores have exact durations instead, see `chorale.formats.scores.notes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chorale.errors import DataError
from chorale.formats.places import Place
from chorale.music.score import Note

_LONGEST_OVERLAP = 0.5  # steps by which legato notes may overlap the next
_LONGEST_CUT = 1.0  # the same if the first note is longer than the overlap
# A longer overlap may be that of a slow legato if it is a smaller share of both notes.
_OVERLAP_SHARE = 0.4
_ONSET_TOLERANCE = 0.25  # steps from the grid; triplets are further from it
# Share of its notes up to which a voice may be divided; one chord if it has more than a
# few.
_MOST_DIVISI, _FEW_NOTES = 0.05, 8
_SAME_PLACE = 0.25  # steps between two notes that are one, written twice


@dataclass(frozen=True, kw_only=True)
class PerformedNote:
    """A note before quantization: MIDI pitch, start and end in fractional steps.

    With the sustain pedal it sounds longer, until `release`.
    """

    pitch: int
    start: float
    end: float
    release: float = 0.0

    @property
    def length(self) -> float:
        return self.end - self.start

    @property
    def quantized(self) -> Note:
        """The note on the grid, at least a sixteenth long."""
        # Not round(), which rounds halves to even.
        start, end = int(self.start + 0.5), int(self.end + 0.5)
        return Note(self.pitch, start, max(end - start, 1))


def quantize(voice: Iterable[PerformedNote], place: Place) -> list[Note]:
    """Move the notes of one voice to the nearest sixteenths.

    Legato overlaps are cut at the next onset. A note shorter than half a sixteenth is
    dropped if another note begins at the same step.

    Raises:
        DataError: two notes sound at once.
    """
    line: list[Note] = []
    last: PerformedNote | None = None
    for performed in sorted(voice, key=lambda note: (note.start, note.end)):
        if last is not None and _sound_together(last, performed):
            raise DataError(
                "expected one note at a time in a voice, got two "
                f"in {place(performed.quantized.start)}"
            )
        note = performed.quantized
        if line:
            length = min(line[-1].length, note.start - line[-1].start)
            line[-1:] = [line[-1]._replace(length=length)] if length > 0 else []
        line.append(note)
        last = performed
    return line


def _sound_together(first: PerformedNote, second: PerformedNote) -> bool:
    """Return whether two notes overlap more than those of a legato."""
    overlap = first.end - second.start
    if second.start - first.start < overlap:
        return overlap > _LONGEST_OVERLAP
    is_legato = second.end > first.end
    shorter = min(first.length, second.length)
    return overlap > max(_LONGEST_CUT, _OVERLAP_SHARE * shorter * is_legato)


def count_overlaps(voice: Iterable[PerformedNote]) -> int:
    """Return how many notes of one voice are cut at the next, which overlaps them."""
    notes = sorted(voice, key=lambda note: (note.start, note.end))
    return sum(
        first.end - second.start > _LONGEST_OVERLAP for first, second in pairwise(notes)
    )


def off_grid(voice: Iterable[PerformedNote]) -> list[int]:
    """Return the first steps of the notes that begin clearly between two sixteenths."""
    starts = ((note.start, note.quantized.start) for note in voice)
    return [step for start, step in starts if abs(start - step) > _ONSET_TOLERANCE]


def without_divisi(
    voice: Sequence[PerformedNote], *, outer: int = 0
) -> tuple[list[PerformedNote], list[int]]:
    """Return the notes of one voice, of the few chords where it is divided one note.

    Args:
        voice: its notes.
        outer: 1 if the highest note of a chord is taken, -1 if the lowest, 0 if the one
            that is nearest to the note before.

    Returns:
        The notes, and the first steps of those left out; all notes if there are many
        chords.
    """
    kept: list[PerformedNote] = []
    omitted: list[int] = []
    last = 0
    for chord in _chords(voice):
        if kept:
            last = kept[-1].pitch
        best = min(
            chord,
            key=lambda note: outer * -note.pitch if outer else abs(note.pitch - last),
        )
        kept.append(best)
        omitted += [note.quantized.start for note in chord if note is not best]
    if len(omitted) > max(len(voice) * _MOST_DIVISI, len(kept) > _FEW_NOTES):
        return list(voice), []
    return kept, omitted


def _chords(voice: Sequence[PerformedNote]) -> list[list[PerformedNote]]:
    """Return the notes that begin together and sound at once."""
    chords: list[list[PerformedNote]] = []
    for note in sorted(voice, key=lambda note: (note.start, -note.pitch)):
        if (
            chords
            and note.start - chords[-1][0].start < _LONGEST_OVERLAP
            and chords[-1][0].end - note.start > _LONGEST_OVERLAP
        ):
            chords[-1].append(note)
        else:
            chords.append([note])
    return chords


def without_doubles(
    voice: Sequence[PerformedNote],
) -> tuple[list[PerformedNote], int]:
    """Return the notes of one voice, a note that stands twice at its place once.

    The longer of two equal notes is kept. Also returns how many are left out.
    """
    kept: list[PerformedNote] = []
    latest: dict[int, int] = {}  # place in `kept` of the last note of each pitch
    for note in sorted(voice, key=lambda note: (note.start, -note.end)):
        index = latest.get(note.pitch)
        if index is not None and note.start - kept[index].start < _SAME_PLACE:
            continue
        latest[note.pitch] = len(kept)
        kept.append(note)
    return kept, len(voice) - len(kept)
