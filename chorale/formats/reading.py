"""The result of reading a file."""

from __future__ import annotations

from typing import NamedTuple

from chorale.music.score import Chorale
from chorale.utils.arrays import IntArray


class Reading(NamedTuple):
    """A chorale as read, and how it differs from its file.

    Attributes:
        chorale: the notes on the grid.
        spelling: int array (steps, 4), the diatonic number of each note, see
            `chorale.music.spelling`, 0 in silence; None if the format does not
            distinguish F sharp from G flat.
        off_grid: number of notes that begin (in scores: or end) between two steps.
        metre_assumed: whether bars are counted in 4/4 because the file has no metre.
    """

    chorale: Chorale
    spelling: IntArray | None = None
    off_grid: int = 0
    metre_assumed: bool = False

    def remarks(self) -> list[str]:
        """Return sentences on what was guessed or rounded."""
        sentences = []
        if self.metre_assumed:
            sentences.append("the file has no metre: bars are counted in 4/4")
        if self.off_grid:
            notes = "1 note is" if self.off_grid == 1 else f"{self.off_grid} notes are"
            sentences.append(
                f"{notes} off the grid of sixteenths, as triplets are: moved to it"
            )
        return sentences
