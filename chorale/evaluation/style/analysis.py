"""Musical analysis of a window, shared by all features: key, chords, notes, phrases."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from chorale.evaluation.style.progressions import Progressions
from chorale.evaluation.style.windows import Window
from chorale.music.chords import Chords, name_chords
from chorale.music.harmony.analysis import Analysis as HarmonicAnalysis
from chorale.music.harmony.analysis import Cadence, Harmony, NonChordTone
from chorale.music.harmony.degrees import FUNCTION_OF, key_number
from chorale.music.harmony.templates import chord
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import IntArray
from chorale.voice_leading.piece import Piece

MODES = ("major", "minor")


class Line(NamedTuple):
    """The notes of one voice: int arrays (notes,)."""

    pitches: IntArray
    starts: IntArray
    ends: IntArray


class Harmonies(NamedTuple):
    """The chords of a window as int arrays (chords,).

    Numbers, keys and functions are those of `chorale.music.harmony`: `templates`,
    `degrees`.
    """

    starts: IntArray
    ends: IntArray
    roots: IntArray  # pitch classes
    numbers: IntArray
    inversions: IntArray
    keys: IntArray  # of the local key
    functions: IntArray  # in the local key


@dataclass(frozen=True, eq=False, kw_only=True)
class Analysis:
    """Musical analysis of a window."""

    chorale: Chorale  # of the window
    start: int  # of the window, a step
    tonic: int  # pitch class of the key
    mode: int  # index into MODES
    chords: Chords  # of each step of the chorale
    lines: tuple[Line, ...]  # the notes of each voice of the chorale
    piece: Piece  # the chorale, as the rules of part-writing read it
    is_cut: bool  # whether the window has no ending
    group: str  # of the window
    progressions: Progressions | None  # of the corpus it is compared with

    @classmethod
    def of(
        cls,
        window: Window,
        progressions: Progressions | None = None,
        piece: Piece | None = None,
    ) -> Analysis:
        """Analyze a window; an unknown key is estimated from the notes.

        Args:
            window: to be analyzed.
            progressions: of the corpus it is compared with, if any.
            piece: its chorale, if it has been prepared before.
        """
        chorale = window.chorale
        piece = piece or Piece(chorale)
        key = piece.key
        return cls(
            chorale=chorale,
            start=window.start,
            tonic=key.tonic_class,
            mode=MODES.index(key.mode),
            chords=name_chords(chorale.pitches),
            lines=tuple(_line(chorale, voice) for voice in range(VOICES)),
            piece=piece,
            is_cut=window.is_cut,
            group=window.group,
            progressions=progressions,
        )

    @property
    def harmony(self) -> HarmonicAnalysis:
        """The harmonic analysis of the chorale."""
        return self.piece.analysis

    @cached_property
    def harmonies(self) -> tuple[Harmony, ...]:
        """The chords that begin in the window."""
        return tuple(h for h in self.harmony.harmonies if h.start >= self.start)

    @cached_property
    def harmony_arrays(self) -> Harmonies:
        """The same chords as arrays."""
        numbers = {key: key_number(key) for key in {h.key for h in self.harmonies}}
        rows = [
            (
                harmony.start,
                harmony.end,
                harmony.root,
                chord(harmony.root, harmony.quality),
                harmony.inversion,
                numbers[harmony.key],
            )
            for harmony in self.harmonies
        ]
        columns = np.array(rows, np.int64).reshape(-1, 6).T
        starts, ends, roots, chords, inversions, keys = columns
        functions = FUNCTION_OF[chords, keys]
        return Harmonies(starts, ends, roots, chords, inversions, keys, functions)

    @cached_property
    def foreign(self) -> tuple[NonChordTone, ...]:
        """The non-chord tones that begin in the window."""
        return tuple(
            tone for tone in self.harmony.non_chord_tones if tone.start >= self.start
        )

    @cached_property
    def endings(self) -> tuple[Cadence, ...]:
        """How the phrases end whose last chord begins in the window.

        Phrases end at fermatas and with the piece, in a piece without fermatas where
        `analyze` hears it; where a window was cut no phrase ends.
        """
        last = self.chorale.steps
        return tuple(
            phrase.cadence
            for phrase in self.harmony.phrases
            if phrase.cadence is not None
            and phrase.cadence.step >= self.start
            and not (
                self.is_cut and phrase.end == last and not self.chorale.fermatas[-1]
            )
        )

    @property
    def pitches(self) -> IntArray:
        """Pitches of the window, int array (steps, 4)."""
        return self.chorale.pitches[self.start :]

    def steps_at(self, place: int) -> IntArray:
        """Return the steps of the window at a sixteenth of their quarter, from 0."""
        places = self.chorale.positions[self.start :] % STEPS_PER_QUARTER
        return np.flatnonzero(places == place) + self.start

    def phrase_ends(self) -> tuple[IntArray, IntArray]:
        """Return the first steps of fermatas after `start`, and their phrases' lengths.

        A phrase goes from the end of the preceding fermata, or from the beginning of
        the piece, to the end of its own fermata. Int arrays (phrases,), in steps.
        """
        spans = np.array(self.chorale.fermata_spans(), np.int64).reshape(-1, 2)
        starts, ends = spans.T
        counted = starts >= self.start
        return starts[counted], np.diff(ends, prepend=0)[counted]


def _line(chorale: Chorale, voice: int) -> Line:
    """Return the notes of a voice; a faster `Chorale.notes`."""
    pitches = chorale.pitches[:, voice]
    starts = np.flatnonzero(chorale.onsets[:, voice])
    sounding = pitches != SILENCE
    falls_silent = np.flatnonzero(sounding[:-1] & ~sounding[1:]) + 1
    silences = np.append(falls_silent, chorale.steps)
    ends = silences[np.searchsorted(silences, starts, side="right")]
    ends = np.minimum(ends, np.append(starts[1:], chorale.steps)[: len(starts)])
    return Line(pitches[starts], starts, ends)
