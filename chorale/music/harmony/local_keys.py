"""Chords and local keys, decoded together by dynamic programming.

A state is a chord in a key. A path costs the sum of what its chords cost in their slots
(see `chords`), of their degrees in their keys and of how they follow one another (see
`degrees`), and of its modulations. The cheapest path is found with the algorithm of
Viterbi, as hidden Markov models of harmony do (Raphael & Stoddard, "Functional Harmonic
Analysis Using Probabilistic Models", Computer Music Journal 28, 2004; of chords and
keys together: Rocher et al., ISMIR 2010). Distances of keys are those of the circle of
fifths with relative and parallel keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chorale.music.harmony import degrees, templates
from chorale.music.harmony.degrees import (
    DEGREE_COSTS,
    DEGREES,
    FUNCTION_OF,
    KEYS,
    MODE_OF,
    OUTSIDE,
    TONICS,
)
from chorale.music.harmony.grid import Grid
from chorale.music.harmony.templates import HAS_SEVENTH, IS_DOMINANT, QUALITY_OF, ROOTS
from chorale.utils.arrays import Float64Array, IntArray


@dataclass(frozen=True, kw_only=True)
class PathWeights:
    """Costs of a path of chords and keys."""

    change: tuple[float, ...] = (1.7, -0.04, 0.29)  # of chord, by metrical level
    # Of a chord on the same root, by metrical level.
    same_root: tuple[float, ...] = (0.5, 0.5, 0.2)
    adds_seventh: float = -1.2  # of such a chord that is a seventh chord
    restart: float = 0.62  # of the same chord again in a new phrase
    degree: float = 0.7  # of DEGREE_COSTS
    # By semitones up from root to root.
    motion: tuple[float, ...] = (
        -0.03,
        0.37,
        1.31,
        2.13,
        1.11,
        -0.18,
        1.1,
        1.04,
        0.74,
        0.51,
        1.45,
        0.71,
    )
    unresolved: float = 0.49  # of a dominant seventh or diminished chord
    # By function of the chord and of the next, see `degrees`.
    functions: tuple[tuple[float, ...], ...] = (
        (-0.2, -0.39, 0.0, 0.0, 0.0, 0.0),
        (-0.6, -0.68, -0.2, 0.2, 0.0, 0.0),
        (-0.2, -0.3, 0.2, 0.12, 0.0, 0.0),
        (0.0, 0.0, -0.05, 0.0, 0.0, 0.1),
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        (-0.1, 0.1, 0.0, 0.0, 0.0, 0.0),
    )
    cadence: float = 0.5  # more of them where the last chord of a phrase begins
    outside: float = 0.28  # of each eighth of a pitch class outside the scale
    modulation: float = 4.0
    fifth: float = 0.72  # of a modulation, for each fifth of distance
    at_phrase: float = 0.45  # share of all this where a phrase begins
    away: float = 0.04  # of each slot, for each fifth of distance from the home key
    start: float = 3.1  # of each fifth of distance from the home key
    end: float = 1.41
    # Of the last chord of a phrase: tonic, dominant triad, others.
    phrase_end: tuple[float, ...] = (-2.0, -1.68, 1.05)


PATH = PathWeights()
CANDIDATES = 6  # chords considered in a slot
_BLOCK = 1024  # slots at a time, which bounds the memory


class Path(NamedTuple):
    """The analysis of each slot: int arrays (slots,) of chords and of keys."""

    chords: IntArray
    keys: IntArray


def decode(fit: Float64Array, sounding: Float64Array, grid: Grid, home: int) -> Path:
    """Return the cheapest path.

    Args:
        fit: float array (slots, chords), from `chords.fit_costs`.
        sounding: float array (slots, 12), from `chords.presence`.
        grid: of the piece.
        home: number of the home key.
    """
    weights = PATH
    chords = _candidates(fit, grid)
    count, width = chords.shape
    rows = np.arange(count)[:, np.newaxis]
    units = (grid.ends - grid.starts)[:, np.newaxis] / 2
    distance = DISTANCES[home]
    # Costs of a state in a slot, by candidate and key.
    own = sounding @ OUTSIDE * (weights.outside * units) + weights.away * distance
    states = fit[rows, chords][:, :, np.newaxis] + own[:, np.newaxis]
    states += grid.ends_phrase[:, np.newaxis, np.newaxis] * _END_COSTS[chords]
    modulation = weights.modulation * (DISTANCES > 0) + weights.fifth * DISTANCES
    at_phrase = weights.at_phrase * modulation
    # The same candidate in the slot before.
    same = chords[1:, :, np.newaxis] == chords[:-1, np.newaxis, :]
    stay_from = np.where(same.any(axis=2), same.argmax(axis=2), width)

    totals = states[0] + DEGREE_COSTS[chords[0]] * weights.degree
    totals += weights.start * distance
    kept = np.empty((count, width + 1, KEYS))
    kept[:, width] = np.inf
    moved = np.empty((count, width, KEYS))
    kept[0, :width] = totals
    first, enter = 1, _enter_costs(chords, grid, 1, _BLOCK + 1)
    arriving = np.empty((KEYS, width, KEYS))  # one array for all slots
    for slot in range(1, count):
        if slot == first + _BLOCK:
            first, enter = slot, _enter_costs(chords, grid, slot, slot + _BLOCK)
        costs = at_phrase if grid.begins_phrase[slot] else modulation
        from_key = kept[slot - 1, :width].T[:, :, np.newaxis]
        arrive = np.add(from_key, costs[:, np.newaxis], out=arriving).min(axis=0)
        moved[slot] = arrive
        entered = (arrive[:, np.newaxis] + enter[slot - first]).min(axis=0)
        stay = kept[slot - 1, stay_from[slot - 1]]
        np.minimum(entered, stay, out=entered)
        kept[slot, :width] = entered + states[slot]
    block = first, enter
    return _trace(
        chords, kept, moved, block, stay_from, grid, modulation, at_phrase, home
    )


def _trace(
    chords: IntArray,
    kept: Float64Array,
    moved: Float64Array,
    block: tuple[int, Float64Array],
    stay_from: IntArray,
    grid: Grid,
    modulation: Float64Array,
    at_phrase: Float64Array,
    home: int,
) -> Path:
    """Return the path that led to the cheapest last state.

    `block` has the costs of entering the last slots, and the first of these.
    """
    first, enter = block
    count, width = chords.shape
    last = kept[-1, :width] + PATH.end * DISTANCES[home]
    place, key = np.unravel_index(int(last.argmin()), last.shape)
    path = np.zeros((2, count), np.int64)
    for slot in range(count - 1, -1, -1):
        path[:, slot] = chords[slot, place], key
        if not slot:
            break
        if slot < first:
            first = max(slot + 1 - _BLOCK, 1)
            enter = _enter_costs(chords, grid, first, slot + 1)
        before = stay_from[slot - 1, place]
        via = moved[slot, :, key] + enter[slot - first, :, place, key]
        if kept[slot - 1, before, key] <= via.min():
            place = before
            continue
        place = via.argmin()
        costs = at_phrase if grid.begins_phrase[slot] else modulation
        key = (kept[slot - 1, place] + costs[:, key]).argmin()
    return Path(*path)


def settle_roots(path: Path, grid: Grid) -> Path:
    """Return a path in which diminished sevenths have the roots that their keys give.

    Their four tones are a minor third apart, so any may be the root: it is that which
    leads up a semitone to the root of the next chord, else the leading tone of the key,
    of its dominant or of its second or fourth degree. One that leads to a chord in a
    new key belongs to that.
    """
    chords, keys = path.chords.copy(), path.keys.copy()
    first = templates.chord(0, "diminished seventh")
    is_diminished = (chords >= first) & (chords < first + 12)
    for slot in np.flatnonzero(is_diminished)[::-1].tolist():
        root, key = int(chords[slot]) % 12, int(keys[slot])
        tones = {(root + third) % 12 for third in (0, 3, 6, 9)}
        same = slot + 1 < len(chords) and not grid.begins_phrase[slot + 1]
        following = int(chords[slot + 1]) if same else -1
        if following >= first and following % 12 in tones and following < first + 12:
            chords[slot], keys[slot] = following, keys[slot + 1]
            continue
        leading = [(key + degree) % 12 for degree in (11, 6, 4 if key >= 12 else 1)]
        settled = next(tone for tone in leading if tone in tones)
        if following >= 0 and (following - 1) % 12 in tones:
            settled = (following - 1) % 12
            after = keys[slot + 1]
            if FUNCTION_OF[first + settled, after] != degrees.FOREIGN:
                keys[slot] = after
        chords[slot] = first + settled
    return Path(chords, keys)


def keep_sevenths(path: Path, bass: IntArray, grid: Grid) -> Path:
    """Return a path in which a seventh chord lasts while its triad and bass do.

    A seventh may be left before the chord ends. `bass` is an int array (slots,), the
    pitch class of the lowest voice.
    """
    chords = path.chords.copy()
    for slot in np.flatnonzero(np.diff(path.chords)).tolist():
        before, here = int(chords[slot]), int(chords[slot + 1])
        if (
            _TRIAD_OF[before] == here
            and bass[slot + 1] == bass[slot]
            and path.keys[slot + 1] == path.keys[slot]
            and not grid.begins_phrase[slot + 1]
        ):
            after = slot + 1
            while after < len(chords) and (
                chords[after] == here
                and bass[after] == bass[slot]
                and path.keys[after] == path.keys[slot]
                and not grid.begins_phrase[after]
            ):
                chords[after] = before
                after += 1
    return Path(chords, path.keys)


def _candidates(fit: Float64Array, grid: Grid) -> IntArray:
    """Return the chords considered in each slot, int array (slots, candidates + 3).

    They are those that fit best, and the best of the slots around, which may continue
    through non-chord tones.
    """
    best = np.argpartition(fit, CANDIDATES, axis=1)[:, :CANDIDATES]
    order = np.take_along_axis(fit, best, axis=1).argsort(axis=1)
    best = np.take_along_axis(best, order, axis=1)
    before = np.concatenate([best[:1, :2], best[:-1, :2]])
    after = np.concatenate([best[1:, :1], best[-1:, :1]])
    return np.concatenate([best, before, after], axis=1)


def _enter_costs(chords: IntArray, grid: Grid, first: int, end: int) -> Float64Array:
    """Return what a new chord costs in slots from `first` to `end`, or to the last.

    The axes are the slot, the candidate before, the candidate, and the key.
    """
    weights = PATH
    here = slice(first, end)
    levels, begins = grid.levels[here], grid.begins_phrase[here]
    entered = chords[here]
    left = chords[first - 1 : first - 1 + len(entered)]
    before, after = left[:, :, np.newaxis], entered[:, np.newaxis, :]
    motion = _MOTION_COSTS[before, after]
    level = np.array(weights.change)[levels][:, np.newaxis, np.newaxis]
    same = np.array(weights.same_root)[levels][:, np.newaxis, np.newaxis]
    same = same + weights.adds_seventh * HAS_SEVENTH[after]
    costs = motion + np.where(ROOTS[before] == ROOTS[after], same, level)
    again = np.where(begins, weights.restart, np.inf)
    costs = np.where(before == after, again[:, np.newaxis, np.newaxis], costs)
    pairs = FUNCTION_OF[left][:, :, np.newaxis], FUNCTION_OF[entered][:, np.newaxis]
    enter: Float64Array = _FUNCTION_COSTS[pairs]
    factor = 1 + weights.cadence * grid.is_last[here]
    enter *= factor[:, np.newaxis, np.newaxis, np.newaxis]
    enter += costs[..., np.newaxis]
    enter += weights.degree * DEGREE_COSTS[entered][:, np.newaxis]
    return enter


# === Tables ===


def _distances() -> IntArray:
    """Return the distances of keys, int array (keys, keys).

    Between keys of one mode they are the fifths on the circle, of the other mode the
    fifths between the signatures and one more; parallel keys are two apart.
    """
    signatures = np.where(MODE_OF == 1, TONICS + 3, TONICS) * 7 % 12
    fifths: IntArray = (signatures[:, np.newaxis] - signatures) % 12
    fifths = np.minimum(fifths, 12 - fifths)
    other = MODE_OF[:, np.newaxis] != MODE_OF
    parallel = other & (TONICS[:, np.newaxis] == TONICS)
    distances: IntArray = np.where(parallel, 2, fifths + other)
    return distances


DISTANCES: IntArray = _distances()

# The triad of each seventh chord, -1 of triads: int array (chords,).
_TRIAD_OF: IntArray = np.full(templates.CHORDS, -1)
for _seventh, _triad in (
    ("dominant seventh", "major"),
    ("major seventh", "major"),
    ("minor seventh", "minor"),
    ("half-diminished", "diminished"),
    ("diminished seventh", "diminished"),
):
    for _root in range(12):
        _TRIAD_OF[templates.chord(_root, _seventh)] = templates.chord(_root, _triad)


def _motion_costs(weights: PathWeights) -> Float64Array:
    """Return the costs of one chord after another, float array (chords, chords)."""
    up = (ROOTS - ROOTS[:, np.newaxis]) % 12
    costs: Float64Array = np.array(weights.motion, np.float64)[up]
    kind = IS_DOMINANT[:, np.newaxis]
    unresolved = ((kind == 1) & ~np.isin(up, (5, 2, 1, 0))) | (
        (kind == 2) & ~np.isin(up, (1, 8, 0))
    )
    costs += weights.unresolved * unresolved
    return costs


def _end_costs(weights: PathWeights) -> Float64Array:
    """Return the costs of the last chord of a phrase, (chords, keys)."""
    tonic, dominant, other = weights.phrase_end
    triad = degrees.IS_TRIAD[:, np.newaxis]
    is_tonic = (FUNCTION_OF == degrees.TONIC) & triad
    is_dominant = (DEGREES == 7) & (QUALITY_OF == 0)[:, np.newaxis]
    costs: Float64Array = np.select([is_tonic, is_dominant], [tonic, dominant], other)
    return costs


_MOTION_COSTS = _motion_costs(PATH)
_FUNCTION_COSTS = np.array(PATH.functions)
_END_COSTS = _end_costs(PATH)
