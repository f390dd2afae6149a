"""A window taken apart: its key, chords, notes and phrases, once for all features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chorale.evaluation.style.windows import Window
from chorale.music.chords import Chords, name_chords
from chorale.music.keys import estimate_key
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import IntArray

MODES = ("major", "minor")


class Line(NamedTuple):
    """The notes of one voice: int arrays (notes,)."""

    pitches: IntArray
    starts: IntArray
    ends: IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Analysis:
    """A window taken apart, once for all features.

    Attributes:
        chorale, start: those of the window.
        tonic: pitch class of the key.
        mode: index into the modes, 0 = major.
        chords: what sounds at each step of the chorale.
        lines: the notes of each voice, of the whole chorale.
    """

    chorale: Chorale
    start: int
    tonic: int
    mode: int
    chords: Chords
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, window: Window) -> Analysis:
        """Take a window apart."""
        chorale = window.chorale
        key = chorale.key or estimate_key(chorale.pitches)
        return cls(
            chorale=chorale,
            start=window.start,
            tonic=key.tonic_class,
            mode=MODES.index(key.mode),
            chords=name_chords(chorale.pitches),
            lines=tuple(_line(chorale, voice) for voice in range(VOICES)),
        )

    def phrase_ends(self) -> tuple[IntArray, IntArray]:
        """Return where fermatas begin from `start` on, and how long their phrases are.

        A phrase goes from the end of the fermata before it, or from the beginning of
        the piece, to the end of its own.

        Returns:
            Int arrays (phrases,), in steps.
        """
        edges = np.diff(self.chorale.fermatas.astype(np.int8), prepend=0, append=0)
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        here = starts >= self.start
        return starts[here], np.diff(ends, prepend=0)[here]


def _line(chorale: Chorale, voice: int) -> Line:
    """Return the notes of a voice; as `Chorale.notes`, but on arrays."""
    pitches = chorale.pitches[:, voice]
    starts = np.flatnonzero(chorale.onsets[:, voice])
    sounding = pitches != SILENCE
    falls_silent = np.flatnonzero(sounding[:-1] & ~sounding[1:]) + 1
    silences = np.append(falls_silent, chorale.steps)
    ends = silences[np.searchsorted(silences, starts, side="right")]
    ends = np.minimum(ends, np.append(starts[1:], chorale.steps)[: len(starts)])
    return Line(pitches[starts], starts, ends)
