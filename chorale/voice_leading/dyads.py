"""Dyads: two voices at a time, and which of their steps the rules forbid.

Each predicate is elementwise on arrays, so that one definition serves both the rules,
which look at all steps of a piece, and the sampler, which looks at all notes that may
come next (`writing`). What a rule counts and where it comes from is told where the
rules are: `motion` and `placing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, IntArray

# Semitones.
UNISON, FIFTH, OCTAVE = 0, 7, 12
_LARGEST_STEP = 2  # what is wider is a leap


@dataclass(frozen=True, eq=False, kw_only=True)
class Dyads:
    """Pairs of voices at two steps in a row, as arrays that broadcast together.

    Attributes:
        upper, lower: int arrays, MIDI notes, 0 = silence.
        upper_before, lower_before: int arrays, those a step before; silence before the
            first.
        breathes: bool array, where a phrase begins, to which no motion leads.
        letters, letters_before: int arrays, diatonic steps between the voices, then and
            a step before; None if notes are not spelled.
    """

    upper: IntArray
    lower: IntArray
    upper_before: IntArray
    lower_before: IntArray
    breathes: BoolArray
    letters: IntArray | None = None
    letters_before: IntArray | None = None

    @cached_property
    def sings(self) -> BoolArray:
        """Where both voices sing."""
        sings: BoolArray = (self.upper != SILENCE) & (self.lower != SILENCE)
        return sings

    @cached_property
    def sang(self) -> BoolArray:
        """Where both voices sang a step before."""
        sang: BoolArray = (self.upper_before != SILENCE) & (
            self.lower_before != SILENCE
        )
        return sang

    @cached_property
    def goes_on(self) -> BoolArray:
        """Where both voices sing on from the step before."""
        return self.sings & self.sang & ~self.breathes

    @cached_property
    def moves(self) -> tuple[IntArray, IntArray]:
        """Semitones that the upper and the lower voice move; 0: no motion."""
        return (
            np.where(self.goes_on, self.upper - self.upper_before, 0),
            np.where(self.goes_on, self.lower - self.lower_before, 0),
        )

    def is_perfect(self, perfect: int) -> BoolArray:
        """Return where they form a unison, fifth or octave, or octaves more of these.

        A unison has no octaves more, and is none itself.
        """
        return self._perfect_now[perfect]

    def was_perfect(self, perfect: int) -> BoolArray:
        """Return where they formed one a step before."""
        return self._perfect_before[perfect]

    # Several rules ask for the same.

    @cached_property
    def _perfect_now(self) -> Mapping[int, BoolArray]:
        return _perfect(self.upper - self.lower, self.letters)

    @cached_property
    def _perfect_before(self) -> Mapping[int, BoolArray]:
        return _perfect(self.upper_before - self.lower_before, self.letters_before)


# === Motion ===


def is_parallel(dyads: Dyads, perfect: int) -> BoolArray:
    """Return where voices move in one direction from a perfect interval to its like."""
    upper, lower = dyads.moves
    similar: BoolArray = upper * lower > 0
    return similar & dyads.was_perfect(perfect) & dyads.is_perfect(perfect)


def is_contrary(dyads: Dyads, perfect: int) -> BoolArray:
    """Return where they do so in opposite directions; a unison counts as an octave."""
    upper, lower = dyads.moves
    was, is_now = dyads.was_perfect(perfect), dyads.is_perfect(perfect)
    if perfect == OCTAVE:
        was, is_now = was | dyads.was_perfect(UNISON), is_now | dyads.is_perfect(UNISON)
    contrary: BoolArray = upper * lower < 0
    return contrary & was & is_now


def is_direct(dyads: Dyads, perfect: int) -> BoolArray:
    """Return where one direction leads to a perfect interval, the upper voice by leap.

    From its like it would be a parallel instead.
    """
    upper, lower = dyads.moves
    leaps: BoolArray = (upper * lower > 0) & (np.abs(upper) > _LARGEST_STEP)
    return leaps & dyads.is_perfect(perfect) & ~dyads.was_perfect(perfect)


def is_overlap(dyads: Dyads) -> BoolArray:
    """Return where a voice moves beyond the note that the other has just left.

    Where the two are crossed before or after, that counts instead.
    """
    in_order = (dyads.upper_before >= dyads.lower_before) & (dyads.upper >= dyads.lower)
    beyond: BoolArray = (dyads.lower > dyads.upper_before) | (
        dyads.upper < dyads.lower_before
    )
    return dyads.goes_on & in_order & beyond


# === Places ===


def begins_crossing(dyads: Dyads) -> BoolArray:
    """Return where the upper voice sings below the lower one and did not before."""
    return _begins(dyads, np.less, 0)


def begins_spacing(dyads: Dyads) -> BoolArray:
    """Return where they are more than an octave apart and were not before."""
    return _begins(dyads, np.greater, OCTAVE)


def _begins(dyads: Dyads, compare: np.ufunc, interval: int) -> BoolArray:
    """Return where the interval upwards compares so to another, and did not before."""
    holds = compare(dyads.upper - dyads.lower, interval) & dyads.sings
    held = compare(dyads.upper_before - dyads.lower_before, interval) & dyads.sang
    begins: BoolArray = holds & ~held
    return begins


def _perfect(interval: IntArray, letters: IntArray | None) -> dict[int, BoolArray]:
    """Return where intervals, in semitones up or down, are unisons, fifths, octaves."""
    wide = np.abs(interval)
    within = wide % OCTAVE
    is_unison, is_fifth = wide == UNISON, within == FIFTH
    if letters is not None:
        # What only sounds like a fifth is a diminished sixth or the like.
        is_fifth &= np.abs(letters) % 7 == 4
    is_octave = (within == 0) & ~is_unison
    return {UNISON: is_unison, FIFTH: is_fifth, OCTAVE: is_octave}
