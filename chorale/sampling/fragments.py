"""Fragments: pieces of which some notes are given, to be completed.

Any cells may be given: a voice, some bars, single notes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chorale.errors import UsageError
from chorale.music.lyrics import sung
from chorale.music.score import Chorale, changes
from chorale.music.voices import SILENCE, VOICES
from chorale.sampling.asked_plan import Ending, PlannedChord
from chorale.utils.arrays import BoolArray, IntArray


@dataclass(frozen=True)
class Fragment:
    """A piece of which some notes are given.

    A note whose end is given is given from its beginning.

    Attributes:
        chorale: its plan and its notes; notes that are not given are not read.
        given: bool array (steps, 4), the cells that stay unchanged.
        sources: int array (steps, 4), the earlier step whose cell each other cell
            repeats; -1: none. None if nothing is repeated.
        endings: how the phrases are to end; None to draw it.
        chords: those that are planned for the other voices of a given soprano, see
            `chorale.sampling.chord_plan`; then rules of part-writing cost more. None to
            leave them to the model.

    Raises:
        UsageError: all cells are given, or `given` has another shape.
    """

    chorale: Chorale
    given: BoolArray
    sources: IntArray | None = None
    endings: tuple[Ending, ...] | None = None
    chords: tuple[PlannedChord, ...] | None = None

    def __post_init__(self) -> None:
        if np.shape(self.given) != self.chorale.pitches.shape:
            raise UsageError(
                f"expected a mask of shape {self.chorale.pitches.shape}, got "
                f"{np.shape(self.given)}"
            )
        given = extend_to_onsets(self.given, self.chorale)
        if given.all():
            raise UsageError("every note is given, which leaves nothing to write")
        object.__setattr__(self, "given", given)

    def known(self) -> Chorale:
        """Return the piece with silence in all cells that are not given."""
        return replace(
            self.chorale,
            pitches=np.where(self.given, self.chorale.pitches, SILENCE),
            onsets=self.chorale.onsets & self.given,
        )

    def completed(self, pitches: IntArray, onsets: BoolArray) -> Chorale:
        """Return the completed piece.

        Args:
            pitches: int array (steps, 4), given ones included.
            onsets: bool array (steps, 4); not read at given cells, as an encoding may
                have merged repeated notes.
        """
        onsets = np.where(self.given, self.chorale.onsets, onsets | changes(pitches))
        lyrics = sung(self.chorale.lyrics, onsets)
        return replace(self.chorale, pitches=pitches, onsets=onsets, lyrics=lyrics)


def with_voice(chorale: Chorale, voice: int) -> Fragment:
    """Return a fragment with one voice given."""
    is_given = np.arange(VOICES) == voice
    return Fragment(chorale, np.tile(is_given, (chorale.steps, 1)))


def extend_to_onsets(given: BoolArray, chorale: Chorale) -> BoolArray:
    """Return a mask extended to the onset of every note that it cuts, bool (steps, 4).

    Args:
        given: bool array (steps, 4), the cells of the mask.
        chorale: the notes.
    """
    held = (chorale.pitches != SILENCE) & ~chorale.onsets
    extended = np.array(given)
    for step in reversed(range(1, chorale.steps)):
        extended[step - 1] |= extended[step] & held[step]
    return extended


def whole_notes(cells: BoolArray, chorale: Chorale) -> BoolArray:
    """Return cells with all of each note that they cut, bool array (steps, 4).

    Args:
        cells: bool array (steps, 4).
        chorale: the notes.
    """
    whole = np.array(cells)
    for voice in range(VOICES):
        for note in chorale.notes(voice):
            span = slice(note.start, note.end)
            whole[span, voice] |= cells[span, voice].any()
    return whole
