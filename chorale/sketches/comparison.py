"""Comparison of two classifiers, or of two forms of the same drawings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from chorale.errors import DataError
from chorale.utils.arrays import BoolArray

_Z = NormalDist().inv_cdf(0.975)  # of a 95 % confidence interval, 1.96


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Difference in accuracy of a and b on the same drawings."""

    difference: float  # accuracy of a minus accuracy of b
    low: float  # bounds of its 95 % confidence interval
    high: float
    drawings: int
    only_a: int  # drawings classified correctly by one of them only
    only_b: int


def paired_difference(right_a: BoolArray, right_b: BoolArray) -> PairedDifference:
    """Compare two accuracies on the same drawings.

    The interval is method 10 of Newcombe (1998), "Improved confidence intervals for
    the difference between binomial proportions based on paired data", Statistics in
    Medicine 17: Wilson score intervals of both proportions, combined with the
    correlation of the pairs, with continuity correction. It is valid for small samples.

    The arguments, bool (drawings,), tell whether a and b classify each correctly.

    Raises:
        DataError: the arrays are not of bool or of equal length, or are empty.
    """
    right_a, right_b = np.asarray(right_a), np.asarray(right_b)
    if right_a.dtype != bool or right_b.dtype != bool:
        raise DataError(
            "expected true or false for each drawing, "
            f"got {right_a.dtype} and {right_b.dtype}"
        )
    if right_a.ndim != 1 or right_a.shape != right_b.shape:
        raise DataError(
            "expected the same drawings in both forms, "
            f"got shapes {right_a.shape} and {right_b.shape}"
        )
    drawings = len(right_a)
    if not drawings:
        raise DataError("expected drawings to compare, there are none")
    both = int((right_a & right_b).sum())
    only_a = int((right_a & ~right_b).sum())
    only_b = int((~right_a & right_b).sum())
    below_a, above_a = _margins((both + only_a) / drawings, drawings)
    below_b, above_b = _margins((both + only_b) / drawings, drawings)
    phi = _correlation(both, only_a, only_b, drawings - both - only_a - only_b)

    def combined(a: float, b: float) -> float:
        return math.sqrt(a**2 - 2 * phi * a * b + b**2)

    difference = (only_a - only_b) / drawings
    return PairedDifference(
        difference=difference,
        low=difference - combined(below_a, above_b),
        high=difference + combined(above_a, below_b),
        drawings=drawings,
        only_a=only_a,
        only_b=only_b,
    )


def _margins(share: float, drawings: int) -> tuple[float, float]:
    """Return how far the Wilson (1927) score interval is below and above a share."""
    square = _Z**2 / drawings
    shift = square * (0.5 - share)
    half = math.sqrt(square * share * (1 - share) + square**2 / 4)
    return (half - shift) / (1 + square), (half + shift) / (1 + square)


def _correlation(both: int, only_a: int, only_b: int, neither: int) -> float:
    """Return the phi coefficient with continuity correction, 0 where undefined."""
    drawings = both + only_a + only_b + neither
    product = (both + only_a) * (only_b + neither)
    product *= (both + only_b) * (only_a + neither)
    if not product:
        return 0.0
    excess: float = both * neither - only_a * only_b
    if excess > 0:
        excess = max(excess - drawings / 2, 0)
    return excess / math.sqrt(product)
