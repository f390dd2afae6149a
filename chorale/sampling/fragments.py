"""Fragments: pieces of which not all is given, to be completed.

What is given may be any cells: a voice, some bars, single notes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chorale.errors import UsageError
from chorale.music.score import Chorale, changes
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import BoolArray, IntArray


@dataclass(frozen=True)
class Fragment:
    """A piece of which not all is given.

    A note whose end is given is given from its beginning.

    Attributes:
        chorale: its plan and its notes; those that are not given are not read.
        given: bool array (steps, 4), the cells that stay as they are.

    Raises:
        UsageError: all cells are given, or `given` is of another shape.
    """

    chorale: Chorale
    given: BoolArray

    def __post_init__(self) -> None:
        if np.shape(self.given) != self.chorale.pitches.shape:
            raise UsageError(
                f"expected to know of {self.chorale.pitches.shape} cells whether they "
                f"are given, got {np.shape(self.given)}"
            )
        given = keep_beginnings(self.given, self.chorale)
        if given.all():
            raise UsageError("every note is given, which leaves nothing to write")
        object.__setattr__(self, "given", given)

    def known(self) -> Chorale:
        """Return the piece with silence wherever nothing is given."""
        return replace(
            self.chorale,
            pitches=np.where(self.given, self.chorale.pitches, SILENCE),
            onsets=self.chorale.onsets & self.given,
        )

    def completed(self, pitches: IntArray, onsets: BoolArray) -> Chorale:
        """Return the piece with notes wherever nothing was given.

        Args:
            pitches: int array (steps, 4), the given ones among them.
            onsets: bool array (steps, 4); those of given notes are not read, as an
                encoding may have merged repeated ones.
        """
        onsets = np.where(self.given, self.chorale.onsets, onsets | changes(pitches))
        return replace(self.chorale, pitches=pitches, onsets=onsets)


def with_voice(chorale: Chorale, voice: int) -> Fragment:
    """Return a piece of which one voice is given."""
    is_given = np.arange(VOICES) == voice
    return Fragment(chorale, np.tile(is_given, (chorale.steps, 1)))


def keep_beginnings(given: BoolArray, chorale: Chorale) -> BoolArray:
    """Return what is given, with the beginning of every note whose end is.

    Args:
        given: bool array (steps, 4).
    """
    held = (chorale.pitches != SILENCE) & ~chorale.onsets
    kept = np.array(given)
    for step in reversed(range(1, chorale.steps)):
        kept[step - 1] |= kept[step] & held[step]
    return kept
