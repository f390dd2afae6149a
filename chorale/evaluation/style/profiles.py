"""Profiles: what is counted in the windows of a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from chorale.errors import DataError
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.measures.table import MEASURES, count_measures
from chorale.evaluation.style.progressions import Progressions
from chorale.evaluation.style.windows import Window
from chorale.utils.arrays import Float64Array, IntArray


@dataclass(frozen=True, eq=False)
class Profile:
    """Histograms and measures of a set of windows."""

    groups: tuple[str, ...]  # of each window
    counts: Mapping[str, IntArray]  # by name of FEATURES, (windows, parts, bins)
    # Events and opportunities by name of MEASURES, (windows, 2).
    measures: Mapping[str, Float64Array] = field(default_factory=dict)


def profile(
    windows: Sequence[Window], progressions: Progressions | None = None
) -> Profile:
    """Count all features and measures in each window.

    Args:
        windows: of the set.
        progressions: of the corpus it is compared with, see `measure_window`.

    Raises:
        DataError: there are no windows.
    """
    return profile_of([Analysis.of(window, progressions) for window in windows])


def profile_of(analyses: Sequence[Analysis]) -> Profile:
    """Count all features and measures in analyzed windows.

    Raises:
        DataError: there are no windows.
    """
    if not analyses:
        raise DataError("expected at least one window to count in, got none")
    measured = [count_measures(analysis) for analysis in analyses]
    return Profile(
        groups=tuple(analysis.group for analysis in analyses),
        counts={
            name: np.stack([feature.count(analysis) for analysis in analyses])
            for name, feature in FEATURES.items()
        },
        measures={
            name: np.array([counts[name] for counts in measured], np.float64)
            for name in MEASURES
        },
    )
