"""The two-sample test: can a classifier tell one set of windows from another?

A logistic regression learns the features of some windows of both sets and is asked
about others; its AUC is the chance that, of a window of each set, it ranks the two
rightly. 0.5 is a guess: the sets are not told apart by these features, by this
classifier, with so few pieces (Lopez-Paz & Oquab, 2017, "Revisiting classifier
two-sample tests").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chorale.evaluation.style.bootstrap import INTERVAL, Floats, Groups
from chorale.evaluation.style.features import Profile
from chorale.utils.arrays import IntArray

FOLDS = 5
REPEATS = 10  # draws of windows, each with folds of its own
REPLICATES = 1000  # of the bootstrap
LEAST_GROUPS = 2 * FOLDS

# Bins that hold a smaller share of what a feature counts are pooled: there are
# thousands of chord changes, and most never come.
_RARE = 0.01
# Strength of the regression's L2 penalty (its inverse, as scikit-learn has it), for
# a hundred windows described by more bins than that.
_C = 0.01

# The bootstrap leaves the classifiers as they are, so its replicates vary too little:
# on random pairs of 75 chorales of train the area deviated by 0.061 from one pair to
# the next, and by 0.042 from replicate to replicate. So they are spread as much wider.
# Of 380 such pairs 94 % of the intervals then held 0.5; the mean area was 0.498.
_WIDER = 1.45


@dataclass(frozen=True)
class Auc:
    """Area under the ROC curve and its 95 % interval; 0.5 = not told apart."""

    value: float
    low: float
    high: float


def two_sample_auc(one: Profile, other: Profile, *, random_state: int = 0) -> Auc:
    """Return how well a classifier tells two sets of windows apart.

    Each repeat draws as many windows of both sets, each of another group, and splits
    them into folds: a group is in one fold alone, and so are those of both sets that
    share its name. Windows are ranked within a fold alone, because the scores of
    different classifiers are on different scales. The interval is a bootstrap over the
    groups with the scores as they are, made wider by _WIDER.

    Raises:
        DataError: a set has fewer groups than LEAST_GROUPS.
    """
    sets = [Groups(one.groups), Groups(other.groups)]
    for groups in sets:
        groups.check(LEAST_GROUPS)
    size = min(groups.count for groups in sets)
    vectors = _vectors(one, other)
    names, group_of = np.unique([*one.groups, *other.groups], return_inverse=True)
    labels = np.repeat([0, 1], size)

    random = np.random.default_rng(random_state)
    even = np.full(len(names), 1 / len(names))
    drawn = random.multinomial(len(names), even, size=REPLICATES)
    # Every group counts once in the first row, as often as it was drawn in the others.
    weights = np.vstack([np.ones(len(names)), drawn])
    won, ranked = np.zeros((2, len(weights)))
    for _ in range(REPEATS):
        left, right = (
            groups.pick(groups.draw(size, 1, random), random)[0] for groups in sets
        )
        rows = np.concatenate([left, right + len(one.groups)])
        seed = int(random.integers(2**31))
        folds, scores = _scores(vectors[rows], labels, group_of[rows], seed)
        for fold in range(FOLDS):
            below, above = ((folds == fold) & (labels == label) for label in (0, 1))
            times = [weights[:, group_of[rows[here]]] for here in (below, above)]
            wins = _wins(scores[below], scores[above])
            won += ((times[0] @ wins) * times[1]).sum(axis=1)
            ranked += times[0].sum(axis=1) * times[1].sum(axis=1)
    value, *replicates = won / ranked
    ends = value + _WIDER * (np.percentile(replicates, INTERVAL) - value)
    low, high = np.clip(ends, 0, 1)
    return Auc(float(value), float(low), float(high))


def _scores(
    vectors: Floats, labels: IntArray, groups: IntArray, seed: int
) -> tuple[IntArray, Floats]:
    """Return each window's fold, and its score by a classifier of the other folds."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    folds = np.empty(len(labels), np.int64)
    scores = np.empty(len(labels))
    for fold, (learnt, asked) in enumerate(splitter.split(vectors, labels, groups)):
        # The solver is six times as fast here as the default.
        classifier = make_pipeline(
            StandardScaler(), LogisticRegression(C=_C, solver="newton-cg")
        )
        with threadpool_limits(1):  # more wait for each other, so little is to do
            classifier.fit(vectors[learnt], labels[learnt])
        folds[asked] = fold
        scores[asked] = classifier.decision_function(vectors[asked])
    return folds, scores


def _wins(below: Floats, above: Floats) -> Floats:
    """Return 1 where a score of `above` is the higher, ½ in a tie: (below, above)."""
    wins: Floats = (np.sign(above - below[:, np.newaxis]) + 1) / 2
    return wins


def _vectors(*profiles: Profile) -> Floats:
    """Return the windows of all profiles as shares of each feature's bins.

    Float array (windows, columns). Rare bins of a feature are one column.
    """
    columns = []
    for name in profiles[0].counts:
        counts = np.concatenate([one.counts[name] for one in profiles])
        flat = counts.reshape(len(counts), -1)
        shares = flat / np.maximum(flat.sum(axis=1, keepdims=True), 1)
        rare = shares.mean(axis=0) < _RARE
        columns += [shares[:, ~rare], shares[:, rare].sum(axis=1, keepdims=True)]
    return np.hstack(columns)
