"""Ranges: the lowest and highest note of each voice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICES

Range = tuple[int, int]


def voice_ranges(pieces: Iterable[Chorale]) -> tuple[Range, ...]:
    """Return the lowest and highest MIDI note of each voice, soprano first.

    Both are 0 for a voice that never sounds. Pieces are read one after another.
    """
    return union_of(map(_ranges, pieces))


def union_of(ranges: Iterable[Sequence[Range]]) -> tuple[Range, ...]:
    """Return the ranges that hold those of several pieces or sets of pieces."""
    union: list[Range] = [(SILENCE, SILENCE)] * VOICES
    for found in ranges:
        for voice, (low, high) in enumerate(found):
            if high != SILENCE:
                lowest, highest = union[voice]
                lowest = low if highest == SILENCE else min(low, lowest)
                union[voice] = lowest, max(high, highest)
    return tuple(union)


def _ranges(piece: Chorale) -> list[Range]:
    highest = piece.pitches.max(axis=0)
    sounding = piece.pitches != SILENCE
    # Silence of a voice that sounds elsewhere is no note.
    lowest = np.where(sounding, piece.pitches, highest).min(axis=0)
    return list(zip(lowest.tolist(), highest.tolist(), strict=True))
