"""Results of a benchmark that was never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chorale.benchmarks.measures import Measure, Prepared
from chorale.benchmarks.results import Results, Series

MACHINE = {
    "processor": "Abacus 3",
    "usable_cores": 2,
    "versions": {"chorale": "0.0", "numpy": "2.0"},
}


def series(name: str, *figures: dict[str, float], **changes: Any) -> Series:
    """Return the trials of a measure with some figures, one per round."""

    def prepare(_: Path) -> Prepared:
        raise AssertionError

    weights = changes.pop("weights", 0)
    row = Measure(name=name, title=name, prepare=prepare, process="p", **changes)
    return Series(row, weights, dict(enumerate(figures)))


def results(*rows: Series) -> Results:
    """Return results of some series."""
    return Results({row.measure.name: row for row in rows}, 3)
