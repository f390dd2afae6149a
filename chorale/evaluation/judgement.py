"""Rows of figures: a set of chorales, Bach's others, chance, and a floor.

Figures say little alone. So the same are taken of four sets of windows:

- `samples`: what is judged;
- `bach`: other chorales of Bach's, which no model has learnt from: the ceiling;
- `train`: for distances, parts of the train chorales against their rest: what chance
  alone makes of sets of this size. Its other figures are those of all of them;
- `n-gram`: chorales by counting alone: the floor.

Samples that were drawn otherwise may stand beside those that are judged, in rows of
their own, so that it can be told what the difference in drawing does.

Distances are from chorales of train, matched to the samples in place, length and metre.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from typing import Any

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.errors import DataError, UsageError
from chorale.evaluation.copying import WINDOWS, Copied, Memory
from chorale.evaluation.style import (
    Auc,
    Distance,
    Profile,
    Window,
    compare,
    difference,
    has_rest,
    leaves_ranges,
    matched,
    noise,
    profile,
    share_of_cadences,
    two_sample_auc,
)
from chorale.evaluation.style.two_sample import LEAST_GROUPS
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO, VOICE_NAMES, VOICES
from chorale.utils.progress import Progress
from chorale.voice_leading.checking import Tally, rates

ROWS = ("samples", "bach", "train", "n-gram")


@dataclass(frozen=True, kw_only=True)
class Copying:
    """How much of some chorales is in train, note for note in any key.

    Attributes:
        median_steps, longest_steps: of the longest copied stretch of a chorale: the
            median over the chorales, and the most.
        shares: by beats, the share of the windows of that length that train has; None
            where there are no such windows.
    """

    median_steps: float
    longest_steps: int
    shares: Mapping[int, float | None]

    @classmethod
    def of(cls, copied: Sequence[Copied]) -> Copying:
        """Put together what single chorales copy."""
        runs = [one.longest_run for one in copied]
        shares: dict[int, float | None] = {}
        for beats in WINDOWS:
            found = sum(one.windows[beats].copied for one in copied)
            total = sum(one.windows[beats].all for one in copied)
            shares[beats] = found / total if total else None
        return cls(
            median_steps=float(np.median(runs)),
            longest_steps=max(runs),
            shares=shares,
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """What there is to say of a set of chorales.

    Attributes:
        chorales: how many.
        cadences: share of them that end so, by name, see `style.share_of_cadences`;
            those that were cut are left out, None if all were.
        leaves_ranges: share in which a voice leaves its range in train.
        has_rest: share in which a voice is silent somewhere.
        rules: findings and opportunities of each part-writing rule.
        distances: from train, by name of `style.FEATURES`.
        two_sample_auc: from Bach's others, these themselves from train; None for
            train, and for fewer than LEAST_GROUPS chorales.
        copying: from train; None for train itself.
        own_notes: of voices written to a melody of Bach's, the share of notes that are
            his own, by voice and of all; None where no melody was given.
    """

    chorales: int
    cadences: Mapping[str, float] | None
    leaves_ranges: float
    has_rest: float
    rules: Mapping[str, Tally]
    distances: Mapping[str, Distance]
    two_sample_auc: Auc | None
    copying: Copying | None
    own_notes: Mapping[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain dictionaries, numbers and None."""
        rules = {
            name: {**asdict(tally), "per_thousand": tally.per_thousand}
            for name, tally in self.rules.items()
        }
        distances = {name: _to_json(one) for name, one in self.distances.items()}
        return {
            "chorales": self.chorales,
            **(self.cadences or {}),
            "leaves_ranges": self.leaves_ranges,
            "has_rest": self.has_rest,
            "rules": rules,
            "distances": distances,
            "told_apart": self.two_sample_auc and asdict(self.two_sample_auc),
            "copying": None if self.copying is None else asdict(self.copying),
            "own_notes": self.own_notes,
        }


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The rows beside each other.

    Attributes:
        rows: by name: samples, what stands against them, bach, train, n-gram.
        profiles: what was counted, by row; distances are from that of train.
        size: windows of each set that are compared at a time.
        against: names of the rows of samples that were drawn otherwise.
        other_metre, shorter: of the windows of train that stand beside the samples, how
            many are in another metre or shorter, for want of a chorale.
    """

    rows: Mapping[str, Row]
    profiles: Mapping[str, Profile]
    size: int
    against: Sequence[str]
    other_metre: int
    shorter: int

    def gap(self, row: str, feature: str, *, other: str = "bach") -> Distance:
        """Return how much further from train a row is than another, by default Bach.

        An interval above 0 says at 95 % that it is further away, one below 0 that it is
        nearer.
        """
        return difference(
            self.rows[row].distances[feature], self.rows[other].distances[feature]
        )

    def is_worse(self, row: str, feature: str) -> bool:
        """Return whether a row can be told from Bach by a feature."""
        return self.gap(row, feature).low > 0

    def to_json(self) -> dict[str, Any]:
        """Return the rows as plain dictionaries, numbers and None.

        Rows that stand against the samples tell besides how much further from train
        the samples are than they.
        """
        rows = {name: row.to_json() for name, row in self.rows.items()}
        for name in self.against:
            rows[name]["samples_further"] = {
                feature: _to_json(self.gap("samples", feature, other=name))
                for feature in self.rows[name].distances
            }
        return rows


def judge(
    samples: Sequence[Window],
    *,
    others: Sequence[Window],
    floor: Sequence[Window],
    train: Sequence[Chorale],
    melodies: Sequence[Chorale] = (),
    against: Mapping[str, Sequence[Window]] | None = None,
    random_state: int = 0,
    progress: Progress | None = None,
) -> Judgement:
    """Set chorales beside Bach's.

    Args:
        samples: what is judged, without what it was given.
        others: of chorales of Bach's that are not in train. Where a sample's opening
            came from one of them, both are of one group.
        floor: of chorales by the n-gram.
        train: the chorales that distances are from.
        melodies: the chorales whose sopranos the samples and the floor were written to,
            if they were.
        against: samples that were drawn otherwise, as many, from the same beginnings
            and in the same order, by the name of their row.
        random_state: of all that is drawn.
        progress: called with the rows done and the rows in all.

    Raises:
        UsageError: what stands against the samples has the name of another row.
        DataError: a set is empty, there is no chorale of train to match, or what stands
            against the samples is not from their beginnings.
    """
    begun = [window.group for window in samples]
    for name, windows in (against or {}).items():
        if name in ROWS:
            raise UsageError(f"expected another name than that of a row, got {name!r}")
        if [window.group for window in windows] != begun:
            raise DataError(
                f"expected the {len(begun)} chorales of {name!r} to be of the same "
                "beginnings as the samples, in the same order"
            )
    # About as many as train has, so that what few samples are compared with is not few.
    asked = [*islice(cycle(samples), max(len(samples), len(train)))]
    beside = matched(asked, train, np.random.default_rng(random_state))
    sets = {
        "samples": samples,
        **(against or {}),
        "bach": others,
        "train": beside.windows,
        "n-gram": floor,
    }
    profiles = {name: profile(windows) for name, windows in sets.items()}
    reference = profiles["train"]
    # As many as all sets have; a part of train has to leave a rest.
    groups = {name: len(set(one.groups)) for name, one in profiles.items()}
    groups["train"] = max(groups["train"] - 1, 1)
    size = min(groups.values())
    memory, ranges = Memory(train), Vocabulary.fit(train).ranges
    rows = {}
    for name, windows in sets.items():
        is_train = name == "train"
        opponent = reference if name == "bach" else profiles["bach"]
        rows[name] = _row(
            windows,
            distances=noise(reference, size=size, random_state=random_state)
            if is_train
            else compare(
                profiles[name], reference, size=size, random_state=random_state
            ),
            apart=None
            if is_train
            else _told_apart(profiles[name], opponent, random_state),
            memory=None if is_train else memory,
            ranges=ranges,
            own_notes=share_of_own_notes(windows, melodies)
            if melodies and name not in ("bach", "train")
            else None,
        )
        if progress is not None:
            progress(len(rows), len(sets))
    return Judgement(
        rows=rows,
        profiles=profiles,
        size=size,
        against=tuple(against or ()),
        other_metre=beside.other_metre,
        shorter=beside.shorter,
    )


def share_of_own_notes(
    windows: Sequence[Window], chorales: Sequence[Chorale]
) -> dict[str, float]:
    """Return how often the voices under a soprano sing what Bach's do.

    Args:
        windows: written to sopranos of Bach's, one a piece; groups are the sources.
        chorales: Bach's pieces, among others.

    Returns:
        By name of the voice, and of all three together, the share of the steps at which
        the pitches are equal.
    """
    own = {one.source: one.pitches for one in chorales}
    equal = np.concatenate(
        [window.chorale.pitches == own[window.group] for window in windows]
    )
    lower = [voice for voice in range(VOICES) if voice != SOPRANO]
    shares = {VOICE_NAMES[voice]: float(equal[:, voice].mean()) for voice in lower}
    return {**shares, "all": float(equal[:, lower].mean())}


def _row(
    windows: Sequence[Window],
    *,
    distances: Mapping[str, Distance],
    apart: Auc | None,
    memory: Memory | None,
    ranges: Sequence[tuple[int, int]],
    own_notes: Mapping[str, float] | None,
) -> Row:
    """Return what there is to say of a set; `memory` None if it is train itself."""
    chorales = [window.chorale for window in windows]
    starts = [window.start for window in windows]
    pairs = list(zip(chorales, starts, strict=True))
    ended = [window.chorale for window in windows if not window.is_cut]
    copied = [memory.copied(a, start=b) for a, b in pairs] if memory else None
    return Row(
        chorales=len(windows),
        cadences=share_of_cadences(ended) if ended else None,
        leaves_ranges=_share(leaves_ranges(a, ranges, start=b) for a, b in pairs),
        has_rest=_share(has_rest(a, start=b) for a, b in pairs),
        rules=rates(chorales, start=starts),
        distances=distances,
        two_sample_auc=apart,
        copying=Copying.of(copied) if copied else None,
        own_notes=own_notes,
    )


def _told_apart(one: Profile, other: Profile, random_state: int) -> Auc | None:
    """Return how well sets are told apart, None if one is too small to tell."""
    if min(len(set(one.groups)), len(set(other.groups))) < LEAST_GROUPS:
        return None
    return two_sample_auc(one, other, random_state=random_state)


def _to_json(distance: Distance) -> dict[str, float] | None:
    """Return a distance and its interval, None where there was nothing to compare."""
    if math.isnan(distance.value):
        return None
    return {"value": distance.value, "low": distance.low, "high": distance.high}


def _share(holds: Iterable[bool]) -> float:
    return float(np.mean(list(holds)))
