"""Measures of chords: kinds, inversions, missing and doubled tones, rhythm."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count, Measure
from chorale.music.harmony.analysis import Harmony
from chorale.music.harmony.degrees import (
    APPLIED,
    DOMINANT,
    FOREIGN,
    FUNCTION_OF,
    PREDOMINANT,
    TONIC,
    key_number,
)
from chorale.music.harmony.templates import HAS_SEVENTH, chord
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import BASS, SILENCE
from chorale.utils.arrays import IntArray


def number(harmony: Harmony) -> int:
    """Return the number of a chord, see `chorale.music.harmony.templates`."""
    return chord(harmony.root, harmony.quality)


def function(harmony: Harmony) -> int:
    """Return the function of a chord in its local key."""
    return int(FUNCTION_OF[number(harmony), key_number(harmony.key)])


def _share(holds: Callable[[Harmony], bool]) -> Callable[[Analysis], Count]:
    """Return a count of the chords of which something holds."""

    def count(analysis: Analysis) -> Count:
        chords = analysis.harmonies
        return sum(holds(harmony) for harmony in chords), len(chords)

    return count


def _functions(harmonies: tuple[Harmony, ...]) -> list[int]:
    return [function(harmony) for harmony in harmonies]


def _moves(before: int, after: int) -> Callable[[Analysis], Count]:
    """Return a count of the chords of one function that another follows."""

    def count(analysis: Analysis) -> Count:
        harmonies = analysis.harmonies
        pairs = [
            (function(left), function(right))
            for left, right in pairwise(harmonies)
            if left.root != right.root and left.key == right.key
        ]
        starts = [pair for pair in pairs if pair[0] == before]
        return sum(right == after for _, right in starts), len(starts)

    return count


def _root_moves(intervals: set[int]) -> Callable[[Analysis], Count]:
    """Return a count of the changes of root by some semitones upwards, modulo 12."""

    def count(analysis: Analysis) -> Count:
        moves = [
            (right.root - left.root) % 12
            for left, right in pairwise(analysis.harmonies)
            if left.root != right.root
        ]
        return sum(move in intervals for move in moves), len(moves)

    return count


def _beats(analysis: Analysis) -> IntArray:
    """Return the steps on quarters of the window."""
    steps = np.flatnonzero(analysis.chorale.positions % STEPS_PER_QUARTER == 0)
    return steps[steps >= analysis.start]


def _sounding(analysis: Analysis) -> tuple[IntArray, IntArray]:
    """Return the beats with four voices, and their pitch classes above the bass."""
    beats = _beats(analysis)
    pitches = analysis.chorale.pitches[beats]
    full = (pitches != SILENCE).all(axis=1)
    return beats[full], (pitches[full] - pitches[full][:, [BASS]]) % 12


def _open_fifths(analysis: Analysis) -> Count:
    """Count beats at which root and fifth sound alone, in any octaves."""
    _, above = _sounding(analysis)
    fifth = (np.isin(above, (0, 7)).all(axis=1)) & (above == 7).any(axis=1)
    fourth = (np.isin(above, (0, 5)).all(axis=1)) & (above == 5).any(axis=1)
    return int((fifth | fourth).sum()), len(above)


def _without_third(analysis: Analysis) -> Count:
    """Count chords whose third does not sound, while four voices do."""
    missing = total = 0
    for harmony in analysis.harmonies:
        if harmony.end - harmony.start < STEPS_PER_QUARTER:
            continue
        sounding = analysis.chorale.pitches[harmony.start : harmony.end]
        if (sounding == SILENCE).any():
            continue
        total += 1
        thirds = (sounding - harmony.root) % 12
        missing += not np.isin(thirds, (3, 4)).any()
    return missing, total


def _dissonant_beats(analysis: Analysis) -> Count:
    """Count beats whose notes are no triad or seventh chord."""
    beats = _beats(analysis)
    chords = analysis.chords
    sounding = chords.basses[beats] >= 0
    other = chords.roots[beats] < 0
    return int((sounding & other).sum()), int(sounding.sum())


def _clashes(analysis: Analysis) -> Count:
    """Count steps at which a letter begins to sound with two accidentals at once."""
    chorale = analysis.chorale
    letters = analysis.piece.spelling % 7
    sounding = chorale.pitches != SILENCE
    clash = np.zeros(chorale.steps, bool)
    for upper in range(4):
        for lower in range(upper + 1, 4):
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
    doubled = total = 0
    for harmony in analysis.harmonies:
        if function(harmony) != DOMINANT:
            continue
        tone = (harmony.key.tonic_class + 11) % 12
        sounding = analysis.chorale.pitches[harmony.start : harmony.end]
        voices = ((sounding % 12 == tone) & (sounding != SILENCE)).sum(axis=1)
        total += bool((voices > 0).any())
        doubled += bool((voices > 1).any())
    return doubled, total


def _doubled_thirds(analysis: Analysis) -> Count:
    """Count major triads in root position whose third two voices have."""
    doubled = total = 0
    for harmony in analysis.harmonies:
        if harmony.quality != "major" or harmony.inversion:
            continue
        first = analysis.chorale.pitches[harmony.start]
        third = ((first - harmony.root) % 12 == 4) & (first != SILENCE)
        total += 1
        doubled += int(third.sum()) > 1
    return doubled, total


def _changes_at(places: tuple[int, ...]) -> Callable[[Analysis], Count]:
    """Return a count of quarters at some sixteenths of which a chord begins."""

    def count(analysis: Analysis) -> Count:
        positions = analysis.chorale.positions
        starts = [harmony.start for harmony in analysis.harmonies]
        found = np.isin(positions[starts] % STEPS_PER_QUARTER, places)
        return int(found.sum()), len(_beats(analysis))

    return count


def _held_over_barlines(analysis: Analysis) -> Count:
    """Count barlines inside a phrase over which a chord is held."""
    barlines = np.flatnonzero(analysis.chorale.positions == 0)
    begins = set(np.flatnonzero(analysis.piece.phrase_starts).tolist())
    inside = [
        step
        for step in barlines.tolist()
        if step > max(analysis.start, 0) and step not in begins
    ]
    starts = {harmony.start for harmony in analysis.harmony.harmonies}
    return sum(step not in starts for step in inside), len(inside)


def _away_from_home(analysis: Analysis) -> Count:
    """Count steps in another key than that of the piece."""
    away = total = 0
    for harmony in analysis.harmonies:
        total += harmony.end - harmony.start
        if harmony.key != analysis.harmony.key:
            away += harmony.end - harmony.start
    return away, total


def _key_changes(analysis: Analysis) -> Count:
    changes = sum(left.key != right.key for left, right in pairwise(analysis.harmonies))
    return changes, max(len(analysis.harmonies) - 1, 0)


def _is(quality: str) -> Callable[[Harmony], bool]:
    return lambda harmony: harmony.quality == quality


def _inverted(inversion: int, *, seventh: bool) -> Callable[[Harmony], bool]:
    return lambda harmony: (
        harmony.inversion == inversion and bool(HAS_SEVENTH[number(harmony)]) == seventh
    )


def _has(kind: int) -> Callable[[Harmony], bool]:
    return lambda harmony: function(harmony) == kind


MEASURES: dict[str, Measure] = {
    "first_inversions": Measure(
        summary="chords that are triads in first inversion",
        count=_share(_inverted(1, seventh=False)),
    ),
    "six_fours": Measure(
        summary="chords that are six-four chords",
        count=_share(_inverted(2, seventh=False)),
    ),
    "sevenths_in_root_position": Measure(
        summary="chords that are seventh chords in root position",
        count=_share(_inverted(0, seventh=True)),
    ),
    "inverted_sevenths": Measure(
        summary="chords that are inverted seventh chords",
        count=_share(
            lambda harmony: bool(HAS_SEVENTH[number(harmony)]) and harmony.inversion > 0
        ),
    ),
    "diminished": Measure(
        summary="chords that are diminished triads", count=_share(_is("diminished"))
    ),
    "minor_sevenths": Measure(
        summary="chords that are minor sevenths", count=_share(_is("minor seventh"))
    ),
    "tonics": Measure(summary="chords that are tonics", count=_share(_has(TONIC))),
    "dominants": Measure(
        summary="chords that are dominants", count=_share(_has(DOMINANT))
    ),
    "predominants": Measure(
        summary="chords that are subdominants", count=_share(_has(PREDOMINANT))
    ),
    "applied": Measure(
        summary="chords that are applied dominants", count=_share(_has(APPLIED))
    ),
    "foreign_chords": Measure(
        summary="chords that are foreign to their key", count=_share(_has(FOREIGN))
    ),
    "dominant_to_tonic": Measure(
        summary="dominants that a tonic follows", count=_moves(DOMINANT, TONIC)
    ),
    "dominant_to_subdominant": Measure(
        summary="dominants that a subdominant follows",
        count=_moves(DOMINANT, PREDOMINANT),
    ),
    "subdominant_to_dominant": Measure(
        summary="subdominants that a dominant follows",
        count=_moves(PREDOMINANT, DOMINANT),
    ),
    "roots_by_fifth": Measure(
        summary="changes of root down a fifth", count=_root_moves({5})
    ),
    "roots_by_fourth": Measure(
        summary="changes of root up a fifth", count=_root_moves({7})
    ),
    "roots_by_step": Measure(
        summary="changes of root by step", count=_root_moves({1, 2, 10, 11})
    ),
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
    "chords_on_beats": Measure(
        summary="beats on which a chord begins", count=_changes_at((0,))
    ),
    "chords_off_beats": Measure(
        summary="beats between which a chord begins", count=_changes_at((2,))
    ),
    "held_over_barlines": Measure(
        summary="barlines in a phrase over which a chord is held",
        count=_held_over_barlines,
    ),
    "away_from_home": Measure(
        summary="time in another key than the home key", count=_away_from_home
    ),
    "key_changes": Measure(
        summary="chords at which the key changes", count=_key_changes
    ),
}
