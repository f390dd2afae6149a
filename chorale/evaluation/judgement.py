"""The judge: metrics of a set of chorales beside a corpus, Bach's, and baselines.

Figures need something to compare with, so four sets of windows are measured alike:

- `samples`: the set that is judged;
- `bach`: held-out chorales of the corpus, the ceiling;
- `train`: training chorales. Their distances are the null distribution: random subsets
  against the rest. Their other metrics are those of all of them;
- `n-gram`: samples of an n-gram model, the baseline.

Variants, samples of the same prompts drawn with other options, can be added for a
paired comparison. Distances are measured from training chorales that are matched to the
samples in place, length and metre.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.errors import DataError, UsageError
from chorale.evaluation.copying import CopyIndex, Copying
from chorale.evaluation.metrics import (
    Metrics,
    note_accuracy,
    share_metrics,
    to_json,
)
from chorale.evaluation.observing import Observed, observe
from chorale.evaluation.style.differences import differences, set_rates
from chorale.evaluation.style.distances import Distance, compare, null_distances
from chorale.evaluation.style.profiles import Profile
from chorale.evaluation.style.progressions import Progressions
from chorale.evaluation.style.two_sample import LEAST_GROUPS, Auc, two_sample_auc
from chorale.evaluation.style.windows import Window, match_windows
from chorale.evaluation.summary import Summary
from chorale.music.score import Chorale
from chorale.utils.progress import Progress
from chorale.utils.text import counted
from chorale.voice_leading.piece import Piece

# Chorales in the subsets that are compared; fewer have too narrow intervals, see
# `chorale.evaluation.reference`.
LEAST_SIZE = 5
SETS = ("samples", "bach", "train", "n-gram")
BACH = "Bach"  # name of the bundled corpus


@dataclass(frozen=True, kw_only=True)
class JudgedSets:
    """The sets that `judge` compares."""

    samples: Sequence[Window]  # the windows that are judged, without what was given
    # Windows of held-out chorales of the corpus. A sample and the chorale that it was
    # prompted with are of one group.
    bach: Sequence[Window]
    ngram: Sequence[Window]  # windows of samples of the n-gram
    train: Sequence[Chorale]  # the training chorales
    melodies: Sequence[Chorale] = ()  # whose sopranos were harmonized, if any
    # Samples drawn with other options, by name: as many, of the same groups and in the
    # same order.
    variants: Mapping[str, Sequence[Window]] = field(default_factory=dict)
    corpus: str = BACH  # name of the corpus, for tables and plots
    # Of the samples, for the summary; by default their titles or numbers.
    names: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The metrics of all sets."""

    metrics: Mapping[str, Metrics]  # by set: samples, the variants, bach, train, n-gram
    profiles: Mapping[str, Profile]  # by set; distances are from that of train
    size: int  # windows in each of the subsets that are compared
    variants: Sequence[str]  # their names
    other_metre: int  # train windows in another metre than the sample they match
    shorter: int  # train windows shorter than the sample they match
    summary: Summary  # of the samples, in words
    corpus: str = BACH  # name of the corpus that `bach` and train are of

    def excess(self, name: str, feature: str, *, over: str = "bach") -> Distance:
        """Return how much further from train a set is than another, `bach` by default.

        The difference is significant (95 %) if its interval does not contain 0.
        """
        distance = self.metrics[name].distances[feature]
        return distance.minus(self.metrics[over].distances[feature])

    def is_further(self, name: str, feature: str) -> bool:
        """Return whether a set is significantly further from train than `bach`."""
        return self.has_intervals and self.excess(name, feature).low > 0

    @property
    def has_intervals(self) -> bool:
        """Whether all sets are large enough for intervals."""
        return self.size >= LEAST_SIZE

    @property
    def remark(self) -> str:
        """What to know before significance is read from small sets, or nothing."""
        if self.has_intervals:
            return ""
        return (
            f"the smallest set has {counted(self.size, 'different piece')}, too few "
            f"for intervals and significance (*): judge {LEAST_SIZE} or more"
        )

    def to_json(self) -> dict[str, Any]:
        """Return all metrics as plain dictionaries, numbers and None.

        The samples also have the summary, a variant the excess distance of the samples
        over it.
        """
        sets = {name: metrics.to_json() for name, metrics in self.metrics.items()}
        sets["samples"]["summary"] = self.summary.to_json()
        for name in self.variants:
            sets[name]["samples_further"] = {
                feature: to_json(self.excess("samples", feature, over=name))
                for feature in self.metrics[name].distances
            }
        return sets


def judge(
    sets: JudgedSets, *, random_state: int = 0, progress: Progress | None = None
) -> Judgement:
    """Measure samples beside a corpus and baselines.

    Args:
        sets: to compare.
        random_state: of all draws.
        progress: called with the sets done and the total.

    Raises:
        UsageError: a variant has the name of another set.
        DataError: a set is empty, no train chorale matches a sample, or a variant has
            other groups than the samples.
    """
    _check_variants(sets)
    # At least as many as train has: few samples also need a large reference.
    repeated = islice(cycle(sets.samples), max(len(sets.samples), len(sets.train)))
    random = np.random.default_rng(random_state)
    matched = match_windows([*repeated], sets.train, random)
    by_name = {
        "samples": sets.samples,
        **sets.variants,
        "bach": sets.bach,
        "train": matched.windows,
        "n-gram": sets.ngram,
    }
    observed = _observe(by_name, sets.train, progress)
    profiles = {name: found.profile for name, found in observed.items()}
    size = _subset_size(profiles)
    index, ranges = CopyIndex(sets.train), Vocabulary.fit(sets.train).ranges
    metrics = {}
    for name, windows in by_name.items():
        is_sampled = name not in ("bach", "train")
        metrics[name] = Metrics(
            chorales=len(windows),
            **share_metrics(windows, observed[name], ranges),
            rules=observed[name].rules,
            distances=_distances(name, profiles, size, random_state),
            measures=set_rates(profiles[name]),
            differences=_differences(name, profiles, random_state),
            two_sample_auc=_auc(name, profiles, random_state),
            copying=None
            if name == "train"
            else Copying.of([index.copied(w.chorale, start=w.start) for w in windows]),
            note_accuracy=note_accuracy(windows, sets.melodies)
            if sets.melodies and is_sampled
            else None,
        )
        if progress is not None:
            progress(len(by_name) + len(metrics), 2 * len(by_name))
    return Judgement(
        metrics=metrics,
        profiles=profiles,
        size=size,
        variants=tuple(sets.variants),
        other_metre=matched.other_metre,
        shorter=matched.shorter,
        summary=Summary.of(
            observed["samples"],
            observed["train"],
            sets.names or _names(sets.samples),
            sets.corpus,
        ),
        corpus=sets.corpus,
    )


def _check_variants(sets: JudgedSets) -> None:
    """Raise an error for a variant of another set's name or of other prompts."""
    prompts = [window.group for window in sets.samples]
    for name, windows in sets.variants.items():
        if name in SETS:
            raise UsageError(f"expected a variant with another name, got {name!r}")
        if [window.group for window in windows] != prompts:
            raise DataError(
                f"expected the {len(prompts)} chorales of {name!r} to have the same "
                "prompts as the samples, in the same order"
            )


def _observe(
    by_name: Mapping[str, Sequence[Window]],
    train: Sequence[Chorale],
    progress: Progress | None,
) -> dict[str, Observed]:
    """Return what is counted in each set, which is half of the work."""
    # Most train windows are whole chorales: each is analyzed once.
    pieces = {id(chorale): Piece(chorale) for chorale in train}
    analyses = [pieces[id(chorale)].analysis for chorale in train]
    progressions = Progressions.of(train, analyses)
    observed = {}
    for name, windows in by_name.items():
        observed[name] = observe(
            windows, progressions, places=name == "samples", pieces=pieces
        )
        if progress is not None:
            progress(len(observed), 2 * len(by_name))
    return observed


def _names(windows: Sequence[Window]) -> list[str]:
    """Return the titles of chorales, with numbers if they have none or share one."""
    titles = [window.chorale.title for window in windows]
    unique = len(set(titles)) == len(titles) and all(titles)
    return titles if unique else [f"no. {place + 1}" for place in range(len(titles))]


def _subset_size(profiles: Mapping[str, Profile]) -> int:
    """Return the largest size of subsets; of train, a rest must be left."""
    groups = {name: len(set(found.groups)) for name, found in profiles.items()}
    groups["train"] = max(groups["train"] - 1, 1)
    return min(groups.values())


def _distances(
    name: str, profiles: Mapping[str, Profile], size: int, random_state: int
) -> dict[str, Distance]:
    """Return the distances of a set from train; of train, the null distribution."""
    train = profiles["train"]
    if name == "train":
        return null_distances(train, size=size, random_state=random_state)
    return compare(profiles[name], train, size=size, random_state=random_state)


def _differences(
    name: str, profiles: Mapping[str, Profile], random_state: int
) -> dict[str, Distance]:
    """Return the differences from `bach`, of `bach` from train; none of train."""
    if name == "train":
        return {}
    reference = profiles["train" if name == "bach" else "bach"]
    return differences(profiles[name], reference, random_state=random_state)


def _auc(name: str, profiles: Mapping[str, Profile], random_state: int) -> Auc | None:
    """Return the AUC against `bach`, of `bach` against train; None if it has none."""
    if name == "train":
        return None
    pair = profiles[name], profiles["train" if name == "bach" else "bach"]
    if min(len(set(found.groups)) for found in pair) < LEAST_GROUPS:
        return None
    more = None if name == "bach" else profiles["train"]
    return two_sample_auc(*pair, more=more, random_state=random_state)
