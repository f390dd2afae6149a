"""Style: what chorales are like, counted the same for Bach's own and for samples.

- `cadences`: how a chorale ends, and what its voices keep to
- `windows`: the parts of chorales that are compared
- `heard`, `features`: a window taken apart, and what is counted in it
- `distances`, `resampling`: how far the counts of two sets are from each other
- `telling_apart`: whether a classifier tells two sets apart
- `memory`: how much is copied from train
"""

from chorale.evaluation.style.cadences import (
    Cadence,
    final_cadence,
    has_rest,
    leaves_ranges,
    share_of_cadences,
)
from chorale.evaluation.style.distances import Distance, compare, difference, noise
from chorale.evaluation.style.features import FEATURES, Feature, Profile, profile
from chorale.evaluation.style.two_sample import Auc, two_sample_auc
from chorale.evaluation.style.windows import Matched, Window, matched, windows_of

__all__ = [
    "FEATURES",
    "Auc",
    "Cadence",
    "Distance",
    "Feature",
    "Matched",
    "Profile",
    "Window",
    "compare",
    "difference",
    "final_cadence",
    "has_rest",
    "leaves_ranges",
    "matched",
    "noise",
    "profile",
    "share_of_cadences",
    "two_sample_auc",
    "windows_of",
]
