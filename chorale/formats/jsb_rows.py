"""Rows of the published JSB chorales: which voice sings which note of a chord."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, groupby, pairwise

import numpy as np

from chorale.errors import DataError
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import IntArray
from chorale.utils.text import counted

NO_NOTE = SILENCE  # of a voice whose silence is written
# The notes at each moment of a piece.
Rows = Sequence[tuple[int, ...]]


def is_lowest_first(rows: Iterable[Sequence[int]]) -> bool:
    """Return whether chords are written from the lowest note up, whatever their voices.

    Soprano to bass, most chords descend, though voices cross in some.
    """
    ascending = descending = 0
    for row in set(map(tuple, rows)):
        if len(row) == VOICES and NO_NOTE not in row:
            ascending += all(low <= high for low, high in pairwise(row))
            descending += all(high >= low for high, low in pairwise(row))
    return ascending > descending


def to_voices(
    rows: Rows, place_of: Callable[[int], str], lowest_first: bool
) -> tuple[IntArray, int]:
    """Return the pitches of the voices at each row, and how many rows were guessed.

    A row of four notes has those of the voices, and a row without notes is silent. In a
    shorter row silent voices are left out: those that sing are guessed.

    Args:
        rows: of a piece.
        place_of: names the place of a row, by its index.
        lowest_first: see `is_lowest_first`. No voice can be guessed then.

    Returns:
        An int array (rows, 4), soprano first, 0 = silence.

    Raises:
        DataError: a row has more than four notes, or fewer and cannot be guessed.
    """
    pitches = np.zeros((len(rows), VOICES), np.int64)
    for index, row in enumerate(rows):
        if len(row) > VOICES or (lowest_first and 0 < len(row) < VOICES):
            advice = ": which voices sing them is unknown" if lowest_first else ""
            raise DataError(
                f"{place_of(index)}: expected four notes, "
                f"got {counted(len(row), 'note')}{advice}"
            )
        if len(row) == VOICES:
            pitches[index] = sorted(row, reverse=True) if lowest_first else row
    return pitches, _guess_voices(rows, pitches)


def _guess_voices(rows: Rows, pitches: IntArray) -> int:
    """Fill the rows of one to three notes in; return how many there are.

    Successive rows of equally many notes are sung by the same voices: those, in their
    order, that are nearest to the complete chords before and after.
    """
    counts = [len(row) for row in rows]
    complete = [index for index, count in enumerate(counts) if count == VOICES]
    guessed = 0
    for count, group in groupby(range(len(rows)), key=counts.__getitem__):
        indices = list(group)
        if count in (0, VOICES):
            continue
        before = [index for index in complete if index < indices[0]][-1:]
        after = [index for index in complete if index > indices[-1]][:1]
        neighbours = [
            *((pitches[index], rows[indices[0]]) for index in before),
            *((pitches[index], rows[indices[-1]]) for index in after),
        ]

        def distance(
            voices: tuple[int, ...],
            neighbours: Sequence[tuple[IntArray, tuple[int, ...]]] = neighbours,
        ) -> int:
            return sum(
                int(np.abs(chord[list(voices)] - row).sum())
                for chord, row in neighbours
            )

        voices = min(combinations(range(VOICES), count), key=distance)
        pitches[np.ix_(indices, voices)] = [rows[index] for index in indices]
        guessed += len(indices)
    return guessed
