"""Chord identification: root, quality and bass at each step."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from chorale.music.voices import SILENCE
from chorale.utils.arrays import IntArray

# Semitones above the root, by quality. The fifth of triads and seventh chords may be
# omitted (Aldwell & Schachter, Harmony and Voice Leading, chapters 6 and 8).
QUALITIES: dict[str, tuple[tuple[int, ...], ...]] = {
    "major": ((0, 4, 7), (0, 4)),
    "minor": ((0, 3, 7), (0, 3)),
    "diminished": ((0, 3, 6),),
    "augmented": ((0, 4, 8),),
    "dominant seventh": ((0, 4, 7, 10), (0, 4, 10)),
    "major seventh": ((0, 4, 7, 11), (0, 4, 11)),
    "minor seventh": ((0, 3, 7, 10), (0, 3, 10)),
    "half-diminished": ((0, 3, 6, 10),),
    "diminished seventh": ((0, 3, 6, 9),),
    "open fifth": ((0, 7), (0,)),  # third omitted, or the root alone
}
OTHER = len(QUALITIES)  # quality of any other set of pitch classes
QUALITY_NAMES = (*QUALITIES, "other")
NO_ROOT = -1


class Chords(NamedTuple):
    """The chord at each step.

    Attributes:
        roots: int array (steps,), pitch class of the root; NO_ROOT where the quality
            is OTHER.
        qualities: int array (steps,), index into QUALITY_NAMES.
        basses: int array (steps,), pitch class of the lowest sounding voice; NO_ROOT
            in silence.
    """

    roots: IntArray
    qualities: IntArray
    basses: IntArray


def name_chords(pitches: IntArray) -> Chords:
    """Identify the chord of every step from its pitch classes.

    Where several roots fit (an augmented triad, a diminished seventh), the bass is
    preferred. C E G A is the minor seventh on A, not C with an added sixth: only chords
    of QUALITIES are considered. `pitches` is an int array (steps, voices) of MIDI
    notes, 0 = silence.
    """
    sounding = pitches != SILENCE
    masks = np.bitwise_or.reduce(np.where(sounding, 1 << (pitches % 12), 0), axis=1)
    lowest = np.where(sounding, pitches, np.iinfo(np.int64).max).min(axis=1)
    basses = np.where(sounding.any(axis=1), lowest % 12, NO_ROOT)
    roots, qualities = _chord_tables()
    # In silence any row of the tables serves.
    return Chords(roots[basses, masks], qualities[basses, masks], basses)


@cache
def _chord_tables() -> tuple[IntArray, IntArray]:
    """Return root and quality by bass and bit mask of pitch classes, (12, 4096)."""
    roots = np.full((12, 1 << 12), NO_ROOT)
    qualities = np.full((12, 1 << 12), OTHER)
    for quality, forms in enumerate(QUALITIES.values()):
        for form in forms:
            for root in range(12):
                mask = sum(1 << (root + interval) % 12 for interval in form)
                free = roots[:, mask] == NO_ROOT
                free[root] = True
                roots[free, mask], qualities[free, mask] = root, quality
    return roots, qualities
