"""Repeats: cells that a sampler copies from earlier steps of the same piece."""

from __future__ import annotations

import numpy as np

from chorale.utils.arrays import BoolArray, IntArray


class Copying:
    """Copies what was written in each row of a batch to where it is repeated.

    Args:
        sources: int array (rows, steps, 4), the earlier step that each cell repeats;
            -1: none.
        hold: the token of notes that are held; None if there is none.
    """

    def __init__(self, sources: IntArray, hold: int | None) -> None:
        self._sources, self._hold = sources, hold
        needed: BoolArray = np.any(sources >= 0, axis=(0, 2))
        self._is_needed = needed.tolist()

    def write(self, tokens: IntArray, step: int) -> None:
        """Write the cells of a step that repeat others, in place.

        A note that sounds already where the earlier passage begins is struck where the
        later one does.

        Args:
            tokens: int array (rows, steps, 4), written up to the step.
            step: its index.
        """
        if not self._is_needed[step]:
            return
        rows, voices = np.nonzero(self._sources[:, step] >= 0)
        sources = self._sources[rows, step, voices]
        copied = tokens[rows, sources, voices]
        before = self._sources[rows, step - 1, voices]
        begins = before != sources - 1
        if self._hold is not None:
            is_held: BoolArray = copied == self._hold
            for index in np.flatnonzero(begins & is_held).tolist():
                line = tokens[rows[index], : sources[index], voices[index]]
                struck: BoolArray = line != self._hold
                copied[index] = line[np.flatnonzero(struck)[-1]]
        tokens[rows, step, voices] = copied
