"""Style: what chorales are like, counted the same for Bach's own and for samples.

cadences.py       how a chorale ends, and what its voices keep to
windows.py        the parts of chorales that are compared
features.py       what is counted in them
distances.py      how far the counts of two sets are from each other
telling_apart.py  whether a classifier tells two sets apart
"""

from chorale.style.cadences import (
    Cadence,
    final_cadence,
    has_rest,
    leaves_ranges,
    share_of_cadences,
)
from chorale.style.distances import Distance, compare, difference, noise
from chorale.style.features import FEATURES, Feature, Profile, profile
from chorale.style.telling_apart import Auc, told_apart
from chorale.style.windows import Matched, Window, matched, windows_of

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
    "told_apart",
    "windows_of",
]
