"""Chord templates: which pitch classes each chord has.

A chord is a root and a quality; the chords of this room are numbered
`quality * 12 + root`, roots being pitch classes.
"""

from __future__ import annotations

import numpy as np

from chorale.music.chords import QUALITIES as SONORITIES
from chorale.utils.arrays import BoolArray, Float64Array, IntArray

# Semitones above the root, complete. To the triads and seventh chords of
# `chorale.music.chords` comes the French sixth, on the lowered sixth degree; the
# German sixth sounds as a dominant seventh.
INTERVALS: dict[str, tuple[int, ...]] = {
    **{name: forms[0] for name, forms in SONORITIES.items() if len(forms[0]) > 2},
    "French sixth": (0, 4, 6, 10),
}
QUALITIES = tuple(INTERVALS)
CHORDS = 12 * len(QUALITIES)

ROOTS: IntArray = np.tile(np.arange(12), len(QUALITIES))
QUALITY_OF: IntArray = np.repeat(np.arange(len(QUALITIES)), 12)


def quality(name: str) -> int:
    """Return the index of a quality."""
    return QUALITIES.index(name)


def chord(root: int, name: str) -> int:
    """Return the number of the chord with a root (pitch class) and quality."""
    return quality(name) * 12 + root % 12


def _by_chord(place: int) -> IntArray:
    """Return a pitch class of each chord, (chords,): 0 the root, 1 the third …

    A triad has no seventh: its root stands there.
    """
    tones = [
        intervals[place] if place < len(intervals) else 0
        for intervals in INTERVALS.values()
    ]
    classes: IntArray = (ROOTS + np.array(tones)[QUALITY_OF]) % 12
    return classes


# Pitch classes by chord, int array (4, chords): root, third, fifth, seventh.
TONES: IntArray = np.stack([_by_chord(place) for place in range(4)])
HAS_SEVENTH: BoolArray = np.array([len(INTERVALS[name]) > 3 for name in QUALITIES])[
    QUALITY_OF
]

# Whether a chord has a pitch class, bool array (chords, 12).
HAS_TONE: BoolArray = np.zeros((CHORDS, 12), np.bool_)
HAS_TONE[np.arange(CHORDS), TONES] = True

# Inversion by chord and pitch class of the bass, int array (chords, 12): 0 in root
# position, 1 with the third in the bass …; -1: the bass is no tone of the chord.
INVERSIONS: IntArray = np.full((CHORDS, 12), -1)
for _place in (3, 2, 1, 0):
    INVERSIONS[np.arange(CHORDS), TONES[_place]] = _place

NOT_CHORD: Float64Array = (~HAS_TONE).astype(np.float64)

# 1: a dominant seventh, which resolves by fifth or deceptively; 2: a diminished chord
# with the leading tone as its root; 0: other chords. Int array (chords,).
IS_DOMINANT: IntArray = np.select(
    [
        np.isin(QUALITY_OF, quality("dominant seventh")),
        np.isin(QUALITY_OF, [quality("diminished"), quality("diminished seventh")]),
    ],
    [1, 2],
    0,
)
