"""Classifier two-sample test: can a classifier distinguish two sets of windows?

A logistic regression on the features and measures of the windows is cross-validated;
the statistic is its area under the ROC curve, the probability that it ranks a window of
each set correctly. 0.5 is a guess: the sets are indistinguishable by these features,
this classifier and so many pieces (Lopez-Paz & Oquab, 2017, "Revisiting classifier
two-sample tests").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chorale.evaluation.style.bootstrap import INTERVAL, Floats, Groups
from chorale.evaluation.style.columns import Columns
from chorale.evaluation.style.profiles import Profile
from chorale.utils.arrays import IntArray

FOLDS = 5
REPEATS = 10  # subsets of windows, each with its own folds
REPLICATES = 1000  # of the bootstrap
LEAST_GROUPS = 2 * FOLDS

# Inverse strength of the regression's L2 penalty, for a hundred windows with more bins.
_C = 0.01

# The bootstrap keeps the classifiers fixed, so its replicates vary too little: on
# random pairs of 75 train chorales the area had a standard deviation of 0.058 over
# pairs and of 0.042 over replicates. Intervals are widened by a little more than that
# ratio. Of 340 such pairs 95 % of the intervals then contained 0.5; the mean area was
# 0.500. Where the other 85 pieces taught the classifier too, it was 98 % of 180 pairs.
_WIDENING = 1.45


@dataclass(frozen=True)
class Auc:
    """Area under the ROC curve with its 95 % interval; 0.5 = indistinguishable."""

    value: float
    low: float
    high: float


def two_sample_auc(
    left: Profile,
    right: Profile,
    *,
    more: Profile | None = None,
    random_state: int = 0,
) -> Auc:
    """Return the cross-validated AUC of a classifier of two sets of windows.

    Each repeat draws equally many windows of both sets, each of a different group, and
    splits them into folds; a group that is in both sets is in a single fold. Windows
    are ranked within folds, since scores of different classifiers have different
    scales. The interval is a bootstrap over the groups with fixed scores, widened by
    _WIDENING.

    Args:
        left, right: the sets.
        more: windows like those of the right set, such as training pieces beside
            held-out ones. The classifier learns from them too, as far as their groups
            are not in the fold that is ranked, and ranks none of them. They sharpen the
            test of few windows: of ten samples of `bach` from 0.990 to 1.
        random_state: of all draws.

    Raises:
        DataError: a set has fewer groups than LEAST_GROUPS.
    """
    from threadpoolctl import threadpool_limits

    sets = [Groups(left.groups), Groups(right.groups)]
    for groups in sets:
        groups.check(LEAST_GROUPS)
    size = min(groups.count for groups in sets)
    profiles = [left, right] if more is None else [left, right, more]
    columns = Columns.of(*profiles)
    vectors = np.concatenate([columns.vectors(profile) for profile in profiles])
    names, group_of = np.unique(
        [group for profile in profiles for group in profile.groups],
        return_inverse=True,
    )
    ranked_rows = len(left.groups) + len(right.groups)
    others = vectors[ranked_rows:], group_of[ranked_rows:]
    labels = np.repeat([0, 1], size)

    random = np.random.default_rng(random_state)
    is_ranked = np.isin(np.arange(len(names)), group_of[:ranked_rows])
    uniform = is_ranked / is_ranked.sum()
    resampled = random.multinomial(is_ranked.sum(), uniform, size=REPLICATES)
    # The first row weighs all groups equally: it gives the value.
    weights = np.vstack([np.ones(len(names)), resampled])
    won, ranked = np.zeros((2, len(weights)))
    with threadpool_limits(1):  # so little work that more threads only wait
        for _ in range(REPEATS):
            picked = [
                groups.pick(groups.subsample(size, 1, random), random)[0]
                for groups in sets
            ]
            rows = np.concatenate([picked[0], picked[1] + len(left.groups)])
            seed = int(random.integers(2**31))
            folds, scores = _cross_validate(
                vectors[rows], labels, group_of[rows], others, seed
            )
            for fold in range(FOLDS):
                tested = [(folds == fold) & (labels == label) for label in (0, 1)]
                times = [weights[:, group_of[rows[mask]]] for mask in tested]
                left_scores, right_scores = (scores[mask] for mask in tested)
                # 1 where the score of the right is higher, ½ in a tie.
                wins = (np.sign(right_scores - left_scores[:, np.newaxis]) + 1) / 2
                won += ((times[0] @ wins) * times[1]).sum(axis=1)
                ranked += times[0].sum(axis=1) * times[1].sum(axis=1)
    value, *replicates = won / ranked
    ends = value + _WIDENING * (np.percentile(replicates, INTERVAL) - value)
    return Auc(float(value), *map(float, np.clip(ends, 0, 1)))


def _cross_validate(
    vectors: Floats,
    labels: IntArray,
    groups: IntArray,
    others: tuple[Floats, IntArray],
    seed: int,
) -> tuple[IntArray, Floats]:
    """Return each window's fold, and its score by the classifier of the other folds.

    Others are vectors and groups of more windows of label 1, which are not scored.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    folds = np.empty(len(labels), np.int64)
    scores = np.empty(len(labels))
    for fold, (learned, asked) in enumerate(splitter.split(vectors, labels, groups)):
        # This solver is six times as fast here as the default.
        classifier = make_pipeline(
            StandardScaler(),
            LogisticRegression(C=_C, solver="newton-cg", class_weight="balanced"),
        )
        usable = ~np.isin(others[1], groups[asked])
        classifier.fit(
            np.concatenate([vectors[learned], others[0][usable]]),
            np.concatenate([labels[learned], np.ones(usable.sum(), np.int64)]),
        )
        folds[asked] = fold
        scores[asked] = classifier.decision_function(vectors[asked])
    return folds, scores
