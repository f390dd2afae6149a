"""Phrases of a melody: where it would bear fermatas, told by long notes and rests.

A simple form of the Grouper of Temperley (The Cognition of Basic Musical Structures,
2001, chapter 3): of all ways to part a melody the one is taken whose phrases end on
notes that are long beside the others, have about the usual number of notes, and begin
where in the bar the melody does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from chorale.music.score import Note
from chorale.utils.arrays import IntArray

# Fitted to the fermatas of Bach's sopranos in train.
_USUAL_NOTES = 9
_LENGTH_WEIGHT = 1.3  # cost of a phrase of twice or half as many notes
_PLACE_WEIGHT = 1.5  # cost of a phrase that begins elsewhere in the bar


def phrase_ends(notes: Sequence[Note], positions: IntArray) -> list[int]:
    """Return which notes end a phrase, as places in `notes`; the last one does.

    Args:
        notes: of the melody, in order; one or more.
        positions: int array (steps,), steps since the barline.
    """
    starts = [note.start for note in notes]
    lasts = [after - start for start, after in itertools.pairwise(starts)]
    mean = sum(lasts) / max(len(lasts), 1)
    count = len(notes)
    # The least cost of parting the notes before each place, and where the last phrase
    # of that parting begins.
    costs = [0.0] + [math.inf] * count
    begins = [0] * (count + 1)
    for end in range(1, count + 1):
        gain = 0.0
        if end < count:
            # A rest tells more than a long note: it counts twice.
            rest = starts[end] - starts[end - 1] - notes[end - 1].length
            gain = (lasts[end - 1] + rest) / mean
            gain -= _PLACE_WEIGHT * bool(positions[starts[end]] != positions[starts[0]])
        for begin in range(end):
            size = abs(math.log2((end - begin) / _USUAL_NOTES))
            cost = costs[begin] + _LENGTH_WEIGHT * size - gain
            if cost < costs[end]:
                costs[end], begins[end] = cost, begin
    ends = []
    place = count
    while place:
        ends.append(place - 1)
        place = begins[place]
    return ends[::-1]
