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


def beats(analysis: Analysis) -> IntArray:
    """Return the steps on quarters of the window."""
    steps = np.flatnonzero(analysis.chorale.positions % STEPS_PER_QUARTER == 0)
    return steps[steps >= analysis.start]


def _changes_at(places: tuple[int, ...]) -> Callable[[Analysis], Count]:
    """Return a count of quarters at some sixteenths of which a chord begins."""

    def count(analysis: Analysis) -> Count:
        positions = analysis.chorale.positions
        starts = [harmony.start for harmony in analysis.harmonies]
        found = np.isin(positions[starts] % STEPS_PER_QUARTER, places)
        return int(found.sum()), len(beats(analysis))

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
