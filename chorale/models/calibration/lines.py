"""Lines: the latest notes of each voice, repetitions left out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.music.voices import VOICES
from chorale.utils.arrays import IntArray

_REMEMBERED = 3  # notes
LONGEST = 31  # steps up to which lengths are counted


class Lines(NamedTuple):
    """What stands in each voice before a step, and what stood there before.

    A note that is struck again goes on: only another pitch, or silence, is a new note.
    Notes are tokens as in `Past.pitches`.
    """

    now: IntArray  # (..., 4)
    steps: IntArray  # (..., 4), for how long it has stood, at most LONGEST
    before: IntArray  # (..., 4, 3), the notes before, the latest first
    length: IntArray  # (..., 4), steps that the latest of them stood, at most LONGEST

    @classmethod
    def begin(cls, batch: int, vocabulary: Vocabulary) -> Lines:
        """Return the lines before the first step."""
        shape = batch, VOICES
        return cls(
            np.full(shape, vocabulary.nothing),
            np.zeros(shape, np.int64),
            np.full((*shape, _REMEMBERED), vocabulary.nothing),
            np.zeros(shape, np.int64),
        )

    @classmethod
    def of_pieces(cls, pitches: IntArray, vocabulary: Vocabulary) -> Lines:
        """Return the lines at each step of whole pieces.

        Args:
            pitches: int array (batch, steps, 4), what stands before each step, see
                `Vocabulary.pasts`.
            vocabulary: of the tokens.
        """
        found = [cls.begin(len(pitches), vocabulary)]
        for step in range(1, pitches.shape[1]):
            found.append(found[-1].after(pitches[:, step]))
        return cls(*(np.stack(arrays, axis=1) for arrays in zip(*found, strict=True)))

    def after(self, pitches: IntArray) -> Lines:
        """Return the lines once other notes stand, int array (batch, 4)."""
        is_new = pitches != self.now
        shifted = np.concatenate(
            [self.now[..., np.newaxis], self.before[..., :-1]], axis=-1
        )
        return Lines(
            pitches,
            np.where(is_new, 1, np.minimum(self.steps + 1, LONGEST)),
            np.where(is_new[..., np.newaxis], shifted, self.before),
            np.where(is_new, self.steps, self.length),
        )

    def at(self, rows: IntArray | slice | int) -> Lines:
        """Return some rows of the first axis, which may come several times."""
        return Lines(*(array[rows] for array in self))
