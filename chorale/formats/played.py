"""Notes as played: parted into four voices and laid on the grid of sixteenths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from chorale.errors import DataError
from chorale.music.score import STEPS_PER_QUARTER, Note
from chorale.music.voices import VOICES

MOST_SLUR = 0.5  # steps that a note may sound into the next of its voice
_MOST_LATE = 0.25  # steps by which players miss a beginning; triplets are further off


@dataclass(frozen=True, kw_only=True)
class Played:
    """A note as played: MIDI pitch, start and end in steps, not yet whole ones."""

    pitch: int
    start: float
    end: float

    @property
    def note(self) -> Note:
        """The note on the grid, a sixteenth at least."""
        # Not round(), which takes every other half down.
        start, end = int(self.start + 0.5), int(self.end + 0.5)
        return Note(self.pitch, start, max(end - start, 1))


def part_voices(groups: Sequence[list[Played]]) -> list[list[Played]]:
    """Find the four voices in what the tracks or channels of a file play.

    Args:
        groups: the notes of each, none empty, in any order.

    Returns:
        The notes of the four voices, the higher on the average first.

    Raises:
        DataError: there are not four groups, and what there is does not fall apart
            into voices by itself.
    """
    if not groups:
        raise DataError("expected four voices, got no notes (percussion aside)")
    ordered = sorted(
        groups, key=lambda group: -float(np.mean([played.pitch for played in group]))
    )
    if len(ordered) == VOICES:
        return ordered
    if len(ordered) in (1, 2):
        size = VOICES // len(ordered)
        parted = [_unravel(group, size) for group in ordered]
        if all(parted):
            return [voice for voices in parted for voice in voices]
    raise DataError(
        "expected four voices, each on a track or channel of its own, got "
        + ("one" if len(ordered) == 1 else str(len(ordered)))
    )


def line_on_grid(voice: Iterable[Played]) -> list[Note]:
    """Lay the notes of a voice on the grid, a slurred end cut at the next beginning.

    A note too short for a sixteenth of its own makes room for the next.

    Raises:
        DataError: two notes sound at once.
    """
    line: list[Note] = []
    end = 0.0
    for played in sorted(voice, key=lambda one: (one.start, one.end)):
        if end - played.start > MOST_SLUR:
            raise DataError(
                "expected one note at a time in a voice, got two "
                f"at quarter {played.start / STEPS_PER_QUARTER:.2f}"
            )
        note = played.note
        if line:
            line[-1:] = _cut(line[-1], note.start)
        line.append(note)
        end = played.end
    return line


def count_off_grid(voice: Iterable[Played]) -> int:
    """Return how many notes of a voice begin clearly between two steps."""
    return sum(abs(played.start - played.note.start) > _MOST_LATE for played in voice)


def _unravel(group: Sequence[Played], voices: int) -> list[list[Played]]:
    """Part the voices that play together on one channel.

    Returns:
        What each plays, the highest first; nothing unless, whenever there is sound, it
        is of just so many notes and none of them changes its place among them.
    """
    sounding: dict[int, list[int]] = defaultdict(list)
    for index, played in enumerate(group):
        note = played.note
        for step in range(note.start, note.start + note.length):
            sounding[step].append(index)
    places: dict[int, int] = {}
    for indices in sounding.values():
        indices.sort(key=lambda index: -group[index].pitch)
        if len(indices) != voices or any(
            places.setdefault(index, place) != place
            for place, index in enumerate(indices)
        ):
            return []
    return [
        [played for index, played in enumerate(group) if places[index] == voice]
        for voice in range(voices)
    ]


def _cut(note: Note, end: int) -> list[Note]:
    """Return the part of a note before a step, if there is any."""
    length = min(note.length, end - note.start)
    return [note._replace(length=length)] if length > 0 else []
