"""Phrases: where they end and begin.

Melodies without fermatas are segmented with a simple form of Temperley's Grouper (The
Cognition of Basic Musical Structures, 2001, chapter 3): the chosen segmentation has
phrases that end on relatively long notes, have about the usual number of notes, and
begin at the same position in the bar as the melody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from chorale.music.score import Note
from chorale.utils.arrays import BoolArray, IntArray

# Fitted to the fermatas of Bach's sopranos in train.
_USUAL_NOTES = 9
_LENGTH_WEIGHT = 1.3  # cost of a phrase of twice or half as many notes
_POSITION_WEIGHT = 1.5  # cost of a phrase that begins at another position in the bar


def phrase_starts(fermatas: BoolArray) -> BoolArray:
    """Return the steps at which a phrase begins because a fermata has just ended.

    Both are bool arrays (steps,); the first step is not counted.
    """
    starts = np.zeros_like(fermatas)
    starts[1:] = fermatas[:-1] & ~fermatas[1:]
    return starts


def phrase_ends(notes: Sequence[Note], positions: IntArray) -> list[int]:
    """Segment a melody: return the indices of the notes that end a phrase.

    Args:
        notes: of the melody, in order; one or more.
        positions: int array (steps,), steps since the barline.
    """
    starts = [note.start for note in notes]
    intervals = [after - start for start, after in pairwise(starts)]
    mean = sum(intervals) / max(len(intervals), 1)
    count = len(notes)
    # Dynamic programming: the least cost of a segmentation of the notes before each
    # index, and the index at which its last phrase begins.
    costs = [0.0] + [math.inf] * count
    begins = [0] * (count + 1)
    for end in range(1, count + 1):
        gain = 0.0
        if end < count:
            rest = starts[end] - notes[end - 1].end
            gain = (intervals[end - 1] + rest) / mean  # rests count twice
            if positions[starts[end]] != positions[starts[0]]:
                gain -= _POSITION_WEIGHT
        for begin in range(end):
            deviation = abs(math.log2((end - begin) / _USUAL_NOTES))
            cost = costs[begin] + _LENGTH_WEIGHT * deviation - gain
            if cost < costs[end]:
                costs[end], begins[end] = cost, begin
    ends = []
    end = count
    while end:
        ends.append(end - 1)
        end = begins[end]
    return ends[::-1]
