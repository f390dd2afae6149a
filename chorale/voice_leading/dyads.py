"""Dyads: pairs of voices at two successive steps.

Rules about two voices are elementwise functions of dyads, so that the same definition
serves all steps of a piece (`checking`) and all notes that may come next (`costs`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, IntArray

# Semitones.
UNISON, FIFTH, OCTAVE = 0, 7, 12
LARGEST_STEP = 2  # wider melodic intervals are leaps
STEPS = (1, LARGEST_STEP)  # of melodic steps


@dataclass(frozen=True, eq=False, kw_only=True)
class Dyads:
    """Pairs of voices at two successive steps, as arrays that broadcast together.

    Attributes:
        upper, lower: int arrays, MIDI notes, 0 = silence.
        upper_before, lower_before: int arrays, MIDI notes a step earlier; silence
            before the first step.
        phrase_start: bool array, where a phrase begins; no motion leads there.
        letters, letters_before: int arrays, diatonic intervals between the voices at
            the step and before; None if the notes are not spelled.
    """

    upper: IntArray
    lower: IntArray
    upper_before: IntArray
    lower_before: IntArray
    phrase_start: BoolArray
    letters: IntArray | None = None
    letters_before: IntArray | None = None

    @cached_property
    def sounding(self) -> BoolArray:
        """Where both voices sound."""
        return _both_sound(self.upper, self.lower)

    @cached_property
    def sounding_before(self) -> BoolArray:
        """Where both voices sounded a step earlier."""
        return _both_sound(self.upper_before, self.lower_before)

    @cached_property
    def continues(self) -> BoolArray:
        """Where both voices sound at both steps, within a phrase."""
        return self.sounding & self.sounding_before & ~self.phrase_start

    @cached_property
    def moves(self) -> tuple[IntArray, IntArray]:
        """Semitones by which the upper and the lower voice move; 0 = no motion."""
        return (
            np.where(self.continues, self.upper - self.upper_before, 0),
            np.where(self.continues, self.lower - self.lower_before, 0),
        )

    @cached_property
    def perfect(self) -> dict[int, BoolArray]:
        """Where the voices form a unison, a fifth or an octave.

        Compound fifths and octaves are included; a unison is not an octave.
        """
        return _perfect_intervals(self.upper - self.lower, self.letters)

    @cached_property
    def perfect_before(self) -> dict[int, BoolArray]:
        """Where the voices formed them a step earlier."""
        return _perfect_intervals(
            self.upper_before - self.lower_before, self.letters_before
        )


def _both_sound(upper: IntArray, lower: IntArray) -> BoolArray:
    both: BoolArray = (upper != SILENCE) & (lower != SILENCE)
    return both


def _perfect_intervals(
    semitones: IntArray, letters: IntArray | None
) -> dict[int, BoolArray]:
    size = np.abs(semitones)
    is_unison, is_fifth = size == UNISON, size % OCTAVE == FIFTH
    if letters is not None:
        # Other intervals sound like a fifth, such as a diminished sixth.
        is_fifth &= np.abs(letters) % 7 == 4
    return {
        UNISON: is_unison,
        FIFTH: is_fifth,
        OCTAVE: (size % OCTAVE == 0) & ~is_unison,
    }
