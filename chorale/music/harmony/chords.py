"""Chords: how well each of them fits the notes of each slot.

Template matching as in Pardo & Birmingham, "Algorithms for Chordal Analysis" (Computer
Music Journal 26, 2002): a chord is charged for notes that it does not have, and for
tones of its own that are missing. Here a foreign note is charged by what it would be as
a non-chord tone, see `non_chord_tones`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chorale.music.harmony import templates
from chorale.music.harmony.grid import Grid
from chorale.music.harmony.templates import (
    HAS_SEVENTH,
    INVERSIONS,
    NOT_CHORD,
    QUALITY_OF,
    TONES,
)
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE
from chorale.utils.arrays import Float64Array, IntArray


@dataclass(frozen=True, kw_only=True)
class FitWeights:
    """Costs of a chord in a slot of an eighth."""

    missing: tuple[float, ...] = (3.06, 1.84, 1.05, 2.0)  # root, third, fifth, seventh
    missing_diminished_fifth: float = 1.78
    elsewhere: float = 0.8  # of these where the tone sounds in the next or last slot
    inversion: tuple[float, ...] = (-0.2, 0.04, 1.84, 0.67)  # root position, 6, 64, 2
    foreign_bass: float = 0.15
    seventh: float = 0.1  # of each chord with a seventh
    unusual: float = 0.18  # of augmented triads and French sixths


FIT = FitWeights()
_ALTERED_FIFTH = np.isin(
    QUALITY_OF,
    [
        templates.quality(name)
        for name in ("diminished", "augmented", "half-diminished", "diminished seventh")
    ],
)
_UNUSUAL = np.isin(
    QUALITY_OF, [templates.quality(name) for name in ("augmented", "French sixth")]
)


def presence(chorale: Chorale, grid: Grid) -> Float64Array:
    """Return the share of each slot in which a pitch class sounds, (slots, 12)."""
    sounding = chorale.pitches != SILENCE
    classes = chorale.pitches % 12
    at_step = np.zeros((chorale.steps, 12))
    steps, voices = np.nonzero(sounding)
    at_step[steps, classes[steps, voices]] = 1.0
    shares: Float64Array = np.add.reduceat(at_step, grid.starts, axis=0)
    shares /= (grid.ends - grid.starts)[:, np.newaxis]
    return shares


def basses(chorale: Chorale, grid: Grid) -> IntArray:
    """Return the pitch class of the lowest voice at the start of each slot, (slots,).

    Where all are silent it is 0.
    """
    chords = chorale.pitches[grid.starts]
    lowest = np.where(chords == SILENCE, 10**6, chords).min(axis=1)
    return np.where(lowest == 10**6, 0, lowest) % 12


def fit_costs(
    sounding: Float64Array, foreign: Float64Array, bass: IntArray, grid: Grid
) -> Float64Array:
    """Return what each chord costs in each slot, float array (slots, chords).

    Args:
        sounding: float array (slots, 12), from `presence`.
        foreign: float array (slots, 12), from `non_chord_tones.foreign_costs`.
        bass: int array (slots,), from `basses`.
        grid: of the piece.
    """
    weights = FIT
    near = sounding.copy()
    same_phrase = ~grid.begins_phrase[1:, np.newaxis]
    elsewhere = 1 - weights.elsewhere
    near[1:] = np.maximum(near[1:], elsewhere * sounding[:-1] * same_phrase)
    near[:-1] = np.maximum(near[:-1], elsewhere * sounding[1:] * same_phrase)
    missing = 1 - np.minimum(near * 2, 1)
    costs: Float64Array = foreign @ NOT_CHORD.T
    factors = missing_factors(weights)
    units = np.minimum((grid.ends - grid.starts) / 2, 2.0)
    costs += units[:, np.newaxis] * (missing @ factors)
    costs += bass_costs(weights)[:, bass].T * units[:, np.newaxis]
    return costs


def missing_factors(weights: FitWeights) -> Float64Array:
    """Return the cost of each missing pitch class by chord, (12, chords)."""
    factors = np.zeros((12, templates.CHORDS))
    chords = np.arange(templates.CHORDS)
    for place, weight in enumerate(weights.missing):
        here = HAS_SEVENTH if place == 3 else np.ones(templates.CHORDS, np.bool_)
        cost = np.full(templates.CHORDS, weight)
        if place == 2:
            cost[_ALTERED_FIFTH] = weights.missing_diminished_fifth
        factors[TONES[place][here], chords[here]] = cost[here]
    return factors


def bass_costs(weights: FitWeights) -> Float64Array:
    """Return costs by chord and pitch class of the bass, float array (chords, 12)."""
    own = np.array([*weights.inversion, weights.foreign_bass])
    costs: Float64Array = own[INVERSIONS]
    costs += (weights.seventh * HAS_SEVENTH + weights.unusual * _UNUSUAL)[:, np.newaxis]
    return costs
