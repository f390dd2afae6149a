"""Measures of chords: kinds, inversions, progressions, rhythm, keys."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chorale.evaluation.style.analysis import Analysis, Harmonies
from chorale.evaluation.style.measures.measure import Count, Measure
from chorale.music.harmony.degrees import (
    APPLIED,
    DOMINANT,
    FOREIGN,
    PREDOMINANT,
    TONIC,
    key_number,
)
from chorale.music.harmony.templates import HAS_SEVENTH, quality
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.utils.arrays import BoolArray


def _share(holds: Callable[[Harmonies], BoolArray]) -> Callable[[Analysis], Count]:
    """Return a count of the chords of which something holds, bool array (chords,)."""

    def count(analysis: Analysis) -> Count:
        found = holds(analysis.harmony_arrays)
        return int(found.sum()), len(found)

    return count


def _moves(before: int, after: int) -> Callable[[Analysis], Count]:
    """Return a count of the chords of one function that another follows."""

    def count(analysis: Analysis) -> Count:
        chords = analysis.harmony_arrays
        counted = (np.diff(chords.roots) != 0) & (np.diff(chords.keys) == 0)
        counted &= chords.functions[:-1] == before
        follows = chords.functions[1:] == after
        return int((counted & follows).sum()), int(counted.sum())

    return count


def _root_moves(*intervals: int) -> Callable[[Analysis], Count]:
    """Return a count of the changes of root by some semitones upwards, modulo 12."""

    def count(analysis: Analysis) -> Count:
        moves = np.bincount(np.diff(analysis.harmony_arrays.roots) % 12, minlength=12)
        return int(moves[list(intervals)].sum()), int(moves[1:].sum())

    return count


def _changes_at(place: int) -> Callable[[Analysis], Count]:
    """Return a count of the quarters at a sixteenth of which a chord begins."""

    def count(analysis: Analysis) -> Count:
        positions = analysis.chorale.positions[analysis.harmony_arrays.starts]
        found = positions % STEPS_PER_QUARTER == place
        return int(found.sum()), len(analysis.steps_at(0))

    return count


def _held_over_barlines(analysis: Analysis) -> Count:
    """Count barlines inside a phrase over which a chord is held."""
    inside = (analysis.chorale.positions == 0) & ~analysis.piece.phrase_starts
    inside[: analysis.start + 1] = False
    held = inside.copy()
    held[[harmony.start for harmony in analysis.harmony.harmonies]] = False
    return int(held.sum()), int(inside.sum())


def _away_from_home(analysis: Analysis) -> Count:
    """Count steps in another key than that of the piece."""
    chords = analysis.harmony_arrays
    lengths = chords.ends - chords.starts
    away = chords.keys != key_number(analysis.harmony.key)
    return int(lengths[away].sum()), int(lengths.sum())


def _key_changes(analysis: Analysis) -> Count:
    changes = np.diff(analysis.harmony_arrays.keys) != 0
    return int(changes.sum()), len(changes)


def _is(name: str) -> Callable[[Harmonies], BoolArray]:
    return lambda chords: chords.numbers // 12 == quality(name)


def _triads(inversion: int) -> Callable[[Harmonies], BoolArray]:
    return lambda chords: (
        (chords.inversions == inversion) & ~HAS_SEVENTH[chords.numbers]
    )


def _has(function: int) -> Callable[[Harmonies], BoolArray]:
    return lambda chords: chords.functions == function


MEASURES: dict[str, Measure] = {
    "first_inversions": Measure(
        summary="chords that are triads in first inversion",
        count=_share(_triads(1)),
    ),
    "six_fours": Measure(
        summary="chords that are six-four chords",
        count=_share(_triads(2)),
    ),
    "sevenths_in_root_position": Measure(
        summary="chords that are seventh chords in root position",
        count=_share(
            lambda chords: HAS_SEVENTH[chords.numbers] & (chords.inversions == 0)
        ),
    ),
    "inverted_sevenths": Measure(
        summary="chords that are inverted seventh chords",
        count=_share(
            lambda chords: HAS_SEVENTH[chords.numbers] & (chords.inversions > 0)
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
        summary="changes of root down a fifth", count=_root_moves(5)
    ),
    "roots_by_fourth": Measure(
        summary="changes of root up a fifth", count=_root_moves(7)
    ),
    "roots_by_step": Measure(
        summary="changes of root by step", count=_root_moves(1, 2, 10, 11)
    ),
    "chords_on_beats": Measure(
        summary="beats on which a chord begins", count=_changes_at(0)
    ),
    "chords_off_beats": Measure(
        summary="beats between which a chord begins",
        count=_changes_at(STEPS_PER_QUARTER // 2),
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
