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

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from typing import Any

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.errors import DataError, UsageError
from chorale.evaluation.copying import CopyIndex, Copying
from chorale.evaluation.style.cadences import (
    final_cadence,
    has_rest,
    leaves_ranges,
    share_of_cadences,
)
from chorale.evaluation.style.distances import Distance, compare, null_distances
from chorale.evaluation.style.features import Profile, profile
from chorale.evaluation.style.progressions import Progressions
from chorale.evaluation.style.two_sample import LEAST_GROUPS, Auc, two_sample_auc
from chorale.evaluation.style.windows import Window, match_windows
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO, VOICE_NAMES, VOICES
from chorale.utils.progress import Progress
from chorale.voice_leading.checking import Tally, rates

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


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Metrics of one set."""

    chorales: int  # size of the set
    # Share of final cadences by attribute of FinalCadence, without windows that were
    # cut; None if all were.
    cadences: Mapping[str, float] | None
    leaves_ranges: float  # share in which a voice leaves its range in train
    has_rest: float  # share in which a voice is silent somewhere
    rules: Mapping[str, Tally]  # findings and opportunities of each part-writing rule
    distances: Mapping[str, Distance]  # from train, by name of FEATURES
    # Against `bach`; of `bach` against train; None for train, and for fewer than
    # LEAST_GROUPS chorales.
    two_sample_auc: Auc | None
    copying: Copying | None  # from train; None for train
    # Share of the corpus's own notes in harmonizations, by voice and in all; None where
    # no melody was harmonized.
    note_accuracy: Mapping[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the metrics as plain dictionaries, numbers and None."""
        return {
            "chorales": self.chorales,
            **(self.cadences or {}),
            "leaves_ranges": self.leaves_ranges,
            "has_rest": self.has_rest,
            "rules": {name: tally.to_json() for name, tally in self.rules.items()},
            "distances": {
                name: _to_json(distance) for name, distance in self.distances.items()
            },
            "told_apart": self.two_sample_auc and asdict(self.two_sample_auc),
            "copying": self.copying and asdict(self.copying),
            "own_notes": self.note_accuracy,
        }


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The metrics of all sets."""

    metrics: Mapping[str, Metrics]  # by set: samples, the variants, bach, train, n-gram
    profiles: Mapping[str, Profile]  # by set; distances are from that of train
    size: int  # windows in each of the subsets that are compared
    variants: Sequence[str]  # their names
    other_metre: int  # train windows in another metre than the sample they match
    shorter: int  # train windows shorter than the sample they match
    corpus: str = BACH  # name of the corpus that `bach` and train are of

    def excess(self, name: str, feature: str, *, over: str = "bach") -> Distance:
        """Return how much further from train a set is than another, `bach` by default.

        The difference is significant (95 %) if its interval does not contain 0.
        """
        distance = self.metrics[name].distances[feature]
        return distance.minus(self.metrics[over].distances[feature])

    def is_further(self, name: str, feature: str) -> bool:
        """Return whether a set is significantly further from train than `bach`."""
        return self.excess(name, feature).low > 0

    @property
    def remark(self) -> str:
        """What to know before significance is read from small sets, or nothing."""
        if self.size >= LEAST_SIZE:
            return ""
        return (
            f"subsets of {self.size}, the size of the smallest set, are too small for "
            f"intervals and significance (*): judge {LEAST_SIZE} chorales or more"
        )

    def to_json(self) -> dict[str, Any]:
        """Return all metrics as plain dictionaries, numbers and None.

        A variant also has the excess distance of the samples over it.
        """
        sets = {name: metrics.to_json() for name, metrics in self.metrics.items()}
        for name in self.variants:
            sets[name]["samples_further"] = {
                feature: _to_json(self.excess("samples", feature, over=name))
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
    prompts = [window.group for window in sets.samples]
    for name, windows in sets.variants.items():
        if name in SETS:
            raise UsageError(f"expected a variant with another name, got {name!r}")
        if [window.group for window in windows] != prompts:
            raise DataError(
                f"expected the {len(prompts)} chorales of {name!r} to have the same "
                "prompts as the samples, in the same order"
            )
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
    progressions = Progressions.of(sets.train)
    profiles = {
        name: profile(windows, progressions) for name, windows in by_name.items()
    }
    size = _subset_size(profiles)
    index, ranges = CopyIndex(sets.train), Vocabulary.fit(sets.train).ranges
    metrics = {}
    for name, windows in by_name.items():
        is_sampled = name not in ("bach", "train")
        metrics[name] = Metrics(
            chorales=len(windows),
            **_share_metrics(windows, ranges),
            rules=rates([w.chorale for w in windows], start=[w.start for w in windows]),
            distances=_distances(name, profiles, size, random_state),
            two_sample_auc=_auc(name, profiles, random_state),
            copying=None
            if name == "train"
            else Copying.of([index.copied(w.chorale, start=w.start) for w in windows]),
            note_accuracy=note_accuracy(windows, sets.melodies)
            if sets.melodies and is_sampled
            else None,
        )
        if progress is not None:
            progress(len(metrics), len(by_name))
    return Judgement(
        metrics=metrics,
        profiles=profiles,
        size=size,
        variants=tuple(sets.variants),
        other_metre=matched.other_metre,
        shorter=matched.shorter,
        corpus=sets.corpus,
    )


def note_accuracy(
    windows: Sequence[Window], chorales: Sequence[Chorale]
) -> dict[str, float]:
    """Return the share of steps at which harmonizations have the original pitch.

    Windows are harmonizations of whole sopranos, their groups the sources of the
    chorales. The shares are by name of the lower voice, and for "all" of them.
    """
    originals = {chorale.source: chorale.pitches for chorale in chorales}
    equal = np.concatenate(
        [window.chorale.pitches == originals[window.group] for window in windows]
    )
    lower = [voice for voice in range(VOICES) if voice != SOPRANO]
    shares = {VOICE_NAMES[voice]: float(equal[:, voice].mean()) for voice in lower}
    return {**shares, "all": float(equal[:, lower].mean())}


def _subset_size(profiles: Mapping[str, Profile]) -> int:
    """Return the largest size of subsets; of train, a rest must be left."""
    groups = {name: len(set(found.groups)) for name, found in profiles.items()}
    groups["train"] = max(groups["train"] - 1, 1)
    return min(groups.values())


def _share_metrics(
    windows: Sequence[Window], ranges: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    """Return the metrics that are shares of the chorales."""

    def share(values: Iterable[bool]) -> float:
        return float(np.mean(list(values)))

    whole = [window.chorale for window in windows if not window.is_cut]
    return {
        "cadences": share_of_cadences([final_cadence(piece) for piece in whole])
        if whole
        else None,
        "leaves_ranges": share(
            leaves_ranges(window.chorale, ranges, start=window.start)
            for window in windows
        ),
        "has_rest": share(
            has_rest(window.chorale, start=window.start) for window in windows
        ),
    }


def _distances(
    name: str, profiles: Mapping[str, Profile], size: int, random_state: int
) -> dict[str, Distance]:
    """Return the distances of a set from train; of train, the null distribution."""
    train = profiles["train"]
    if name == "train":
        return null_distances(train, size=size, random_state=random_state)
    return compare(profiles[name], train, size=size, random_state=random_state)


def _auc(name: str, profiles: Mapping[str, Profile], random_state: int) -> Auc | None:
    """Return the AUC against `bach`, of `bach` against train; None if it has none."""
    if name == "train":
        return None
    pair = profiles[name], profiles["train" if name == "bach" else "bach"]
    if min(len(set(found.groups)) for found in pair) < LEAST_GROUPS:
        return None
    return two_sample_auc(*pair, random_state=random_state)


def _to_json(distance: Distance) -> dict[str, float] | None:
    """Return a distance and its interval, None if there was nothing to compare."""
    if math.isnan(distance.value):
        return None
    return {"value": distance.value, "low": distance.low, "high": distance.high}
