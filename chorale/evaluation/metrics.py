"""Metrics of one set of windows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chorale.evaluation.copying import Copying
from chorale.evaluation.observing import Observed
from chorale.evaluation.style.cadences import (
    has_rest,
    leaves_ranges,
    share_of_cadences,
)
from chorale.evaluation.style.distances import Distance
from chorale.evaluation.style.two_sample import Auc
from chorale.evaluation.style.windows import Window
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO, VOICE_NAMES, VOICES
from chorale.voice_leading.checking import Tally


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
    measures: Mapping[str, float]  # rates by name of MEASURES; nan if there is none
    # From `bach`, with a sign, by name of MEASURES; of `bach` from train; empty for
    # train.
    differences: Mapping[str, Distance]
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
                name: to_json(distance) for name, distance in self.distances.items()
            },
            "measures": {
                name: None if math.isnan(rate) else rate
                for name, rate in self.measures.items()
            },
            "differences": {
                name: to_json(difference)
                for name, difference in self.differences.items()
            },
            "two_sample_auc": self.two_sample_auc and asdict(self.two_sample_auc),
            "copying": self.copying and asdict(self.copying),
            "note_accuracy": self.note_accuracy,
        }


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


def share_metrics(
    windows: Sequence[Window], observed: Observed, ranges: Sequence[tuple[int, int]]
) -> dict[str, Any]:
    """Return the metrics that are shares of the chorales."""

    def share(values: Iterable[bool]) -> float:
        return float(np.mean(list(values)))

    return {
        "cadences": share_of_cadences(observed.cadences) if observed.cadences else None,
        "leaves_ranges": share(
            leaves_ranges(window.chorale, ranges, start=window.start)
            for window in windows
        ),
        "has_rest": share(
            has_rest(window.chorale, start=window.start) for window in windows
        ),
    }


def to_json(distance: Distance) -> dict[str, float] | None:
    """Return a distance and its interval, None if there was nothing to compare."""
    if math.isnan(distance.value):
        return None
    return {"value": distance.value, "low": distance.low, "high": distance.high}
