"""Fitting of a critic: counts of what Bach does and of what a model does instead.

The log ratio of the probabilities of an event is what it says for Bach. Events of a
beat depend on one another, so their sum would exaggerate: a logistic regression of
beats by Bach and by the model weighs the tables. Its inputs are counted in other pieces
than its own (cross-fitting, Chernozhukov et al. 2018), since counts know the pieces
that they are from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from chorale.encoding.plan import Plan
from chorale.errors import DataError
from chorale.evaluation.style.windows import Window
from chorale.models.critic.events import TABLES, Observer
from chorale.models.critic.shrinkage import log_ratios
from chorale.models.critic.tables import Critic
from chorale.utils.arrays import BoolArray, Float64Array, IntArray, stack_padded

FOLDS = 5
_SILENT = 0


class Seen(NamedTuple):
    """The events of windows.

    Attributes:
        groups: of the windows.
        beats: number of beats of the longest.
        events: by name of TABLES, int array (events, 3): window, beat, cell.
    """

    groups: tuple[str, ...]
    beats: int
    events: Mapping[str, IntArray]

    @property
    def has_beat(self) -> BoolArray:
        """Which beats end in which window, bool array (windows, beats)."""
        found = np.zeros((len(self.groups), self.beats), np.bool_)
        windows, beats, _ = self.events["chords"].T
        found[windows, beats] = True
        return found

    def counts(self, name: str, chosen: Float64Array) -> Float64Array:
        """Return the counts of a table, in windows weighted by a float array."""
        windows, _, cells = self.events[name].T
        size = int(np.prod(TABLES[name]))
        counts = np.bincount(cells, chosen[windows], size).astype(np.float64)
        return counts.reshape(TABLES[name])


def observe(windows: Sequence[Window]) -> Seen:
    """Return the events of windows; what comes before them is context."""
    pieces = [window.chorale for window in windows]
    observer = Observer([Plan.of(piece) for piece in pieces])
    pitches = stack_padded([piece.pitches for piece in pieces], _SILENT)
    onsets = stack_padded([piece.onsets for piece in pieces], False)
    ends = np.array([piece.steps for piece in pieces])
    starts = np.array([window.start for window in windows])
    beats = np.zeros(len(pieces), np.int64)
    none = np.zeros((0, 3), np.int64)
    found = {name: [none] for name in TABLES}
    for step in range(pitches.shape[1]):
        for table, rows, cells in observer.at_step(
            step, pitches[:, step], onsets[:, step]
        ):
            counts = (starts[rows] <= step) & (step < ends[rows])
            chosen = rows[counts]
            found[table].append(
                np.stack([chosen, beats[chosen], cells[counts]], axis=1)
            )
        beats += observer.ends_beat(step)
    return Seen(
        tuple(window.group for window in windows),
        int(beats.max()) + 1,
        {name: np.concatenate(parts) for name, parts in found.items()},
    )


def fit_critic(
    bach: Sequence[Window],
    drawn: Sequence[Window],
    base: Critic | None = None,
    *,
    random_state: int = 0,
) -> Critic:
    """Return a critic that prefers Bach's windows to those of a model.

    Args:
        bach: windows of the corpus.
        drawn: windows that the model has written from openings of the same pieces; the
            group of each is its piece.
        base: the critic that steered the model while it wrote them: what it still does
            otherwise than Bach is added.
        random_state: of the folds.

    Raises:
        DataError: fewer groups than folds.
    """
    sets = observe(bach), observe(drawn)
    groups = sorted({group for seen in sets for group in seen.groups})
    if len(groups) < FOLDS:
        raise DataError(
            f"expected at least {FOLDS} pieces to fit a critic, got {len(groups)}"
        )
    random = np.random.default_rng(random_state)
    folds = dict(zip(groups, random.permutation(len(groups)) % FOLDS, strict=True))
    weights = _weights(sets, folds)
    everything = [np.ones(len(seen.groups)) for seen in sets]
    tables = {}
    for name in TABLES:
        ratios = weights[name] * _ratios(sets, name, everything)
        if base is not None:
            ratios += base.tables[name]
        tables[name] = ratios.astype(np.float32)
    return Critic(tables)


def _ratios(
    sets: tuple[Seen, Seen], name: str, chosen: Sequence[Float64Array]
) -> Float64Array:
    """Return log ratios of a table, counted in weighted windows."""
    return log_ratios(
        *(
            seen.counts(name, weights)
            for seen, weights in zip(sets, chosen, strict=True)
        )
    )


def _weights(sets: tuple[Seen, Seen], folds: Mapping[str, int]) -> dict[str, float]:
    """Return the weight of each table, by a logistic regression of beats."""
    from sklearn.linear_model import LogisticRegression

    inputs, labels = [], []
    fold_of = [np.array([folds[group] for group in seen.groups]) for seen in sets]
    for fold in range(FOLDS):
        others = [(own != fold).astype(np.float64) for own in fold_of]
        sums = [np.zeros((len(seen.groups), seen.beats, len(TABLES))) for seen in sets]
        for index, name in enumerate(TABLES):
            ratios = _ratios(sets, name, others).reshape(-1)
            for seen, total in zip(sets, sums, strict=True):
                windows, beats, cells = seen.events[name].T
                np.add.at(total[..., index], (windows, beats), ratios[cells])
        for label, (total, own) in enumerate(zip(sums, fold_of, strict=True)):
            tested = total[(own == fold)[:, np.newaxis] & sets[label].has_beat]
            inputs.append(tested)
            labels.append(np.full(len(tested), 1 - label))
    regression = LogisticRegression(class_weight="balanced", max_iter=1000)
    regression.fit(np.concatenate(inputs), np.concatenate(labels))
    # A negative weight would prefer the model to Bach.
    return dict(zip(TABLES, np.maximum(regression.coef_[0], 0).tolist(), strict=True))
