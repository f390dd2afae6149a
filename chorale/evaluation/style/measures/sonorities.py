"""Measures of what sounds at once: open fifths, missing and doubled tones, clashes."""

from __future__ import annotations

import numpy as np

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count, Measure
from chorale.music.harmony.degrees import DOMINANT
from chorale.music.harmony.templates import quality
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import BASS, SILENCE, VOICES
from chorale.utils.arrays import IntArray


def _sounding(analysis: Analysis) -> tuple[IntArray, IntArray]:
    """Return the beats with four voices, and their pitch classes above the bass."""
    quarters = analysis.steps_at(0)
    pitches = analysis.chorale.pitches[quarters]
    full = (pitches != SILENCE).all(axis=1)
    return quarters[full], (pitches[full] - pitches[full][:, [BASS]]) % 12


def _open_fifths(analysis: Analysis) -> Count:
    """Count beats at which root and fifth sound alone, in any octaves."""
    _, above = _sounding(analysis)
    fifth = (np.isin(above, (0, 7)).all(axis=1)) & (above == 7).any(axis=1)
    fourth = (np.isin(above, (0, 5)).all(axis=1)) & (above == 5).any(axis=1)
    return int((fifth | fourth).sum()), len(above)


def _without_third(analysis: Analysis) -> Count:
    """Count chords whose third does not sound, while four voices do."""
    chords, pitches = analysis.harmony_arrays, analysis.chorale.pitches
    full = (pitches != SILENCE).all(axis=1)
    missing = total = 0
    for start, end, root in zip(chords.starts, chords.ends, chords.roots, strict=True):
        if end - start >= STEPS_PER_QUARTER and full[start:end].all():
            above = (pitches[start:end] - root) % 12
            total += 1
            missing += not ((above == 3) | (above == 4)).any()
    return missing, total


def _dissonant_beats(analysis: Analysis) -> Count:
    """Count beats whose notes are no triad or seventh chord."""
    quarters = analysis.steps_at(0)
    chords = analysis.chords
    sounding = chords.basses[quarters] >= 0
    other = chords.roots[quarters] < 0
    return int((sounding & other).sum()), int(sounding.sum())


def _clashes(analysis: Analysis) -> Count:
    """Count steps at which a letter begins to sound with two accidentals at once."""
    chorale = analysis.chorale
    letters = analysis.piece.spelling % 7
    sounding = chorale.pitches != SILENCE
    clash = np.zeros(chorale.steps, bool)
    for upper in range(VOICES):
        for lower in range(upper + 1, VOICES):
            clash |= (
                (letters[:, upper] == letters[:, lower])
                & sounding[:, upper]
                & sounding[:, lower]
                & ((chorale.pitches[:, upper] - chorale.pitches[:, lower]) % 12 != 0)
            )
    begins = clash.copy()
    begins[1:] &= ~clash[:-1]
    steps = chorale.steps - analysis.start
    return int(begins[analysis.start :].sum()), steps / STEPS_PER_QUARTER


def _doubled_leading_tones(analysis: Analysis) -> Count:
    """Count dominants whose leading tone two voices have."""
    chords, pitches = analysis.harmony_arrays, analysis.chorale.pitches
    doubled = total = 0
    for index in np.flatnonzero(chords.functions == DOMINANT).tolist():
        sounding = pitches[chords.starts[index] : chords.ends[index]]
        tone = (chords.keys[index] + 11) % 12
        voices = ((sounding % 12 == tone) & (sounding != SILENCE)).sum(axis=1)
        total += bool((voices > 0).any())
        doubled += bool((voices > 1).any())
    return doubled, total


def _doubled_thirds(analysis: Analysis) -> Count:
    """Count major triads in root position whose third two voices have."""
    chords = analysis.harmony_arrays
    counted = (chords.numbers // 12 == quality("major")) & (chords.inversions == 0)
    first = analysis.chorale.pitches[chords.starts[counted]]
    third = (first - chords.roots[counted, np.newaxis]) % 12 == 4
    voices = (third & (first != SILENCE)).sum(axis=1)
    return int((voices > 1).sum()), len(voices)


MEASURES: dict[str, Measure] = {
    "open_fifths": Measure(
        summary="open fifths on a beat", count=_open_fifths, unit="per 100 beats"
    ),
    "missing_thirds": Measure(
        summary="chords of a quarter and more without their third",
        count=_without_third,
    ),
    "dissonant_beats": Measure(
        summary="beats whose notes are no triad or seventh chord",
        count=_dissonant_beats,
    ),
    "clashes": Measure(
        summary="chromatic clashes, one letter with two accidentals at once",
        count=_clashes,
        unit="per 100 quarters",
    ),
    "doubled_leading_tones": Measure(
        summary="dominants with a doubled leading tone", count=_doubled_leading_tones
    ),
    "doubled_thirds": Measure(
        summary="major triads in root position with a doubled third",
        count=_doubled_thirds,
    ),
}
