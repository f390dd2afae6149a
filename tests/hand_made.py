"""Pieces made by hand for tests of what is counted in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chorale.music.keys import Key
from chorale.music.score import Chorale, Note

C_MAJOR = Key("C", "major")
C_MINOR = Key("C", "minor")


def piece(*voices: list[tuple[int, int]], **fields: Any) -> Chorale:
    """Lay voices of (pitch, length) on the grid, 0 = a rest; missing ones rest."""
    lines = []
    steps = sum(length for _, length in voices[0])
    for voice in (*voices, *([(0, steps)] for _ in range(4 - len(voices)))):
        ends = np.cumsum([length for _, length in voice])
        lines.append(
            [
                Note(pitch, int(end) - length, length)
                for (pitch, length), end in zip(voice, ends, strict=True)
                if pitch
            ]
        )
    return Chorale.from_notes(lines, steps, **({"key": C_MAJOR} | fields))


def chords(*rows: list[int], length: int = 4, **fields: Any) -> Chorale:
    """Return chords of `length` steps each, common notes held."""
    pitches = np.repeat(rows, length, axis=0)
    return Chorale(pitches=pitches, **({"key": C_MAJOR} | fields))


def fermatas(steps: int, *spans: tuple[int, int]) -> np.ndarray:
    """Return fermatas from some steps to others, bool array (steps,)."""
    marks = np.zeros(steps, bool)
    for start, stop in spans:
        marks[start:stop] = True
    return marks
