"""Figures of measures over the rounds: medians, quartiles, and ratios between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from chorale.benchmarks.floor import BANDWIDTH, RATE, floor_ms_per_note
from chorale.benchmarks.measures import TITLES, Figures, Measure


class Summary(NamedTuple):
    """The median of several figures and their quartiles."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        """Return the summary of one or more figures."""
        lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75))
        return cls(float(median), float(lower), float(upper))


@dataclass(frozen=True)
class Series:
    """The trials of a measure.

    Attributes:
        measure: what is measured.
        weights: see `Prepared.weights`.
        trials: figures by the number of the round, counted from 0.
    """

    measure: Measure
    weights: int = 0
    trials: dict[int, Figures] = field(default_factory=dict)

    @property
    def quantities(self) -> list[str]:
        """Names of the quantities, in the order of TITLES."""
        known = {name for figures in self.trials.values() for name in figures}
        return [name for name in TITLES if name in known]

    def values(self, quantity: str) -> dict[int, float]:
        """Return the figures of a quantity by round."""
        return {
            number: figures[quantity]
            for number, figures in self.trials.items()
            if quantity in figures
        }

    def summary(self, quantity: str) -> Summary:
        """Return the summary of a quantity over all rounds."""
        return Summary.of(list(self.values(quantity).values()))


@dataclass(frozen=True)
class Results:
    """What was measured.

    Attributes:
        series: by the name of the measure.
        rounds: number of rounds.
        failed: why measures failed, by name.
        megabytes: peak memory of each process that ran trials, by its name.
    """

    series: Mapping[str, Series]
    rounds: int
    failed: Mapping[str, str] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)

    def values(self, name: str, quantity: str) -> dict[int, float]:
        """Return the figures of a quantity by round, none if it was not measured."""
        return self.series[name].values(quantity) if name in self.series else {}

    def ratio(self, above: tuple[str, str], below: tuple[str, str]) -> Summary | None:
        """Return the ratio of two quantities, each (measure, quantity).

        It is the ratio in each round, so that noise which both meet cancels out; None
        if they have no round in common.
        """
        upper, lower = self.values(*above), self.values(*below)
        ratios = [upper[number] / lower[number] for number in upper if number in lower]
        return Summary.of(ratios) if ratios else None

    def floor(self, name: str) -> float | None:
        """Return the least ms per note of a measure; None if it is not known."""
        series = self.series.get(name)
        bandwidth = self.values(BANDWIDTH, "gigabytes_per_second")
        rate = self.values(RATE, "gigaflops")
        if series is None or not (series.weights and bandwidth and rate):
            return None
        floor = floor_ms_per_note(
            series.weights,
            series.measure.pieces,
            # The best round: other programs can only slow a processor down.
            max(bandwidth.values()),
            max(rate.values()),
        )
        return floor * (series.measure.pieces if series.measure.of_one else 1)

    def to_json(self) -> dict[str, object]:
        """Return everything as values of JSON."""
        return {
            "rounds": self.rounds,
            "measures": {
                name: {
                    "title": series.measure.title,
                    "weights": series.weights,
                    "floor_ms_per_note": self.floor(name),
                    "quantities": {
                        quantity: {
                            **series.summary(quantity)._asdict(),
                            "values": list(series.values(quantity).values()),
                        }
                        for quantity in series.quantities
                    },
                }
                for name, series in self.series.items()
            },
            "process_megabytes": dict(self.megabytes),
            "failed": dict(self.failed),
        }
