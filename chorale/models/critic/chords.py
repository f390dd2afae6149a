"""The chord of each beat, from the notes so far.

Template matching as in `chorale.music.harmony.chords`, but of one beat at a time: what
comes later is not known while a piece is written.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.harmony.chords import FIT, bass_costs, missing_factors
from chorale.music.harmony.templates import (
    INVERSIONS,
    NOT_CHORD,
    QUALITIES,
    QUALITY_OF,
    ROOTS,
)
from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, IntArray

_FOREIGN = 3.0  # cost of a foreign note that lasts a beat
_FAMILY_NAMES = {
    "major": 0,
    "minor": 1,
    "diminished": 2,
    "half-diminished": 2,
    "diminished seventh": 2,
    "dominant seventh": 3,
}
FAMILIES = 5  # of qualities; the last has all others
FAMILY_OF: IntArray = np.array([_FAMILY_NAMES.get(name, 4) for name in QUALITIES])
KINDS = len(QUALITIES) * 4  # qualities with their inversions
CHORDS = 12 * KINDS
NO_ROOT = -1  # root where there is no chord

_HIGH = 1000  # above all notes
_MISSING = missing_factors(FIT)
_BASS = bass_costs(FIT)[:, 0]  # of chords above the bass
_PRESENT = np.eye(13, 12)  # which pitch class each is; the last: none


class ChordsOfRows(NamedTuple):
    """Chords, one a row: int arrays (rows,).

    Attributes:
        roots: pitch classes; NO_ROOT where there is no chord.
        kinds: quality * 4 + inversion, below KINDS; without meaning where there is no
            chord.
    """

    roots: IntArray
    kinds: IntArray

    @property
    def known(self) -> BoolArray:
        """Whether there is a chord, bool array (rows,)."""
        known: BoolArray = self.roots != NO_ROOT
        return known

    @property
    def families(self) -> IntArray:
        """Families of qualities, below FAMILIES."""
        families: IntArray = FAMILY_OF[self.kinds // 4]
        return families

    def above(self, tonics: IntArray) -> IntArray:
        """Return numbers below CHORDS of the chords above pitch classes (rows,)."""
        numbers: IntArray = (self.roots - tonics) % 12 * KINDS + self.kinds
        return numbers

    def coarse(self, tonics: IntArray) -> IntArray:
        """Return numbers below 12 * FAMILIES, without inversions."""
        numbers: IntArray = (self.roots - tonics) % 12 * FAMILIES + self.families
        return numbers


def match(pitches: IntArray) -> ChordsOfRows:
    """Return the chord that fits the notes of each row best.

    Args:
        pitches: int array (rows, steps, 4), MIDI notes, 0 = silence.
    """
    first = pitches[:, 0]
    bass = np.where(first == SILENCE, _HIGH, first).min(axis=1) % 12
    # In pitch classes above the bass, so that transposing changes no decision.
    above = (pitches - bass[:, np.newaxis, np.newaxis]) % 12
    above[pitches == SILENCE] = 12
    sounding = _PRESENT[above].max(axis=2).mean(axis=1)
    costs = _FOREIGN * (sounding @ NOT_CHORD.T)
    costs += (1 - np.minimum(sounding * 2, 1)) @ _MISSING
    costs += _BASS
    numbers = costs.argmin(axis=1)
    inversions = np.maximum(INVERSIONS[numbers, 0], 0)
    kinds = QUALITY_OF[numbers] * 4 + inversions
    return ChordsOfRows((ROOTS[numbers] + bass) % 12, kinds)
