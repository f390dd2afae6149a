"""Style features of chords: qualities, harmonies, changes, cadences."""

from __future__ import annotations

import numpy as np

from chorale.evaluation.style.analysis import MODES, Analysis
from chorale.evaluation.style.feature import DEGREES, Feature, histogram, in_mode
from chorale.music.chords import NO_ROOT, QUALITY_NAMES
from chorale.music.harmony.templates import QUALITIES as HARMONY_QUALITIES
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.utils.arrays import IntArray

# Chords of chord changes: a degree and one of these families, or "other". Seventh
# chords with a diminished fifth function like the diminished triad.
_FAMILIES = {
    "major": "major",
    "minor": "minor",
    "diminished": "diminished",
    "half-diminished": "diminished",
    "diminished seventh": "diminished",
    "dominant seventh": "dominant seventh",
    "major seventh": "seventh",
    "minor seventh": "seventh",
}
_FAMILY_NAMES = tuple(dict.fromkeys(_FAMILIES.values()))
_FAMILY_OF = np.array(
    [
        _FAMILY_NAMES.index(_FAMILIES[name]) if name in _FAMILIES else -1
        for name in QUALITY_NAMES
    ]
)
_CHORDS = (
    *(f"{degree} {family}" for degree in DEGREES for family in _FAMILY_NAMES),
    "other",
)

# Chords of the harmonic analysis: a degree, a family and an inversion.
_HARMONY_FAMILIES = (*_FAMILY_NAMES, "other")  # augmented triads, French sixths
_HARMONY_FAMILY_OF = np.array(
    [
        _HARMONY_FAMILIES.index(_FAMILIES.get(name, "other"))
        for name in HARMONY_QUALITIES
    ]
)
_INVERSIONS = ("", ", first inversion", ", second inversion", ", third inversion")
_HARMONIES = tuple(
    f"{degree} {family}{inversion}"
    for degree in DEGREES
    for family in _HARMONY_FAMILIES
    for inversion in _INVERSIONS
)


def _chord_qualities(analysis: Analysis) -> IntArray:
    sounding = analysis.chords.basses[analysis.start :] != NO_ROOT
    qualities = analysis.chords.qualities[analysis.start :][sounding]
    return histogram(qualities, len(QUALITY_NAMES))[np.newaxis]


def _harmonies(analysis: Analysis) -> IntArray:
    chords = analysis.harmony_arrays
    degrees = (chords.roots - chords.keys) % 12
    families = _HARMONY_FAMILY_OF[chords.numbers // 12]
    kinds = degrees * len(_HARMONY_FAMILIES) + families
    bins = kinds * len(_INVERSIONS) + chords.inversions
    counts = np.zeros((len(MODES), len(_HARMONIES)), np.int64)
    np.add.at(counts, (chords.keys // 12, bins), 1)
    return counts


def _chord_changes(analysis: Analysis) -> IntArray:
    # Between beats, passing notes make chords that are not heard as harmony.
    on_beat = analysis.chorale.positions % STEPS_PER_QUARTER == 0
    on_beat &= analysis.chords.basses != NO_ROOT
    on_beat[: analysis.start] = False
    families = _FAMILY_OF[analysis.chords.qualities[on_beat]]
    degrees = (analysis.chords.roots[on_beat] - analysis.tonic) % 12
    other = len(_CHORDS) - 1
    chords = np.where(families < 0, other, degrees * len(_FAMILY_NAMES) + families)
    before, after = chords[:-1], chords[1:]
    pairs = (before * len(_CHORDS) + after)[before != after]
    return in_mode(analysis, pairs, len(_CHORDS) ** 2)


def _cadence_chords(analysis: Analysis) -> IntArray:
    arrivals, _ = analysis.phrase_ends()
    roots, qualities, basses = (table[arrivals] for table in analysis.chords)
    triads = (qualities < len(MODES)) & (basses == roots)
    degrees = (roots - analysis.tonic) % 12
    other = 12 * len(MODES)
    chords = np.where(triads, degrees * len(MODES) + qualities, other)
    return in_mode(analysis, chords, other + 1)


FEATURES: dict[str, Feature] = {
    "chord_qualities": Feature(
        summary="chord qualities weighted by duration",
        count=_chord_qualities,
        parts=("all",),
        bins=QUALITY_NAMES,
    ),
    "harmonies": Feature(
        summary="chords by degree of the local key and inversion, by mode of that key",
        count=_harmonies,
        parts=MODES,
        bins=_HARMONIES,
    ),
    "chord_changes": Feature(
        summary="chord changes from beat to beat, by mode",
        count=_chord_changes,
        parts=MODES,
        bins=tuple(f"{left} → {right}" for left in _CHORDS for right in _CHORDS),
    ),
    "cadence_chords": Feature(
        summary="chords under fermatas, triads in root position or other, by mode",
        count=_cadence_chords,
        parts=MODES,
        bins=(
            *(f"{degree} {quality}" for degree in DEGREES for quality in MODES),
            "other",
        ),
    ),
}
