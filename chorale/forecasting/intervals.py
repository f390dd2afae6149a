"""Prediction intervals by split conformal prediction, and their coverage.

The half width of an interval of 80 % at a step ahead is the 80 % quantile of the
absolute errors at that step in the valid part (Vovk, Gammerman & Shafer, "Algorithmic
Learning in a Random World", 2005; with the finite-sample correction). It assumes
that later errors are like those of the valid part; the coverage in the test part
shows whether they are.
"""

from __future__ import annotations

import math

import numpy as np

from chorale.errors import UsageError
from chorale.forecasting.series import Floats


def check_level(level: float) -> None:
    """Raise a UsageError unless a level is a share between 0 and 1."""
    if not 0 < level < 1:
        raise UsageError(
            f"expected an interval between 0 and 1, such as 0.8, got {level:g}"
        )


def half_widths(errors: Floats, level: float) -> Floats:
    """Return half widths of intervals, float (ahead, targets).

    Args:
        errors: of forecasts, float (count, ahead, targets), NaN where the value is
            missing; each step and target needs one.
        level: share of values that the intervals are to contain.
    """
    check_level(level)
    sizes = np.sort(np.abs(errors), axis=0)  # NaN last
    counts = np.isfinite(errors).sum(axis=0)
    widths = np.full(sizes.shape[1:], np.nan)
    for place, count in np.ndenumerate(counts):
        if count:
            rank = min(math.ceil((count + 1) * level), count)
            widths[place] = sizes[(rank - 1, *place)]
    return widths


def coverage(errors: Floats, widths: Floats) -> Floats:
    """Return the share of errors within the half widths, float (ahead, targets)."""
    present = np.isfinite(errors)
    inside = present & (np.abs(errors) <= widths)
    with np.errstate(invalid="ignore"):
        shares: Floats = inside.sum(axis=0) / present.sum(axis=0)
    return shares
