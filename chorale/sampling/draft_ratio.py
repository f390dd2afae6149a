"""How much more a draft is like Bach's chorales than like a model's: a log ratio.

The classifier of the two-sample test (`chorale.evaluation.style.two_sample`), fitted to
all drafts of train at once: a logistic regression on shares and rates of a whole draft.
The judge keeps the draft that has the highest log ratio, of drafts that cost the same
otherwise (`chorale.sampling.best_of`). It hears what no single phrase has: repeats, the
keys of phrases that follow one another, the range of a voice.

Means and weights are in `draft_ratio.json`, as `chorale.sampling.draft_ratio_fitting`
fits them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.columns import Columns
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.measures.table import MEASURES
from chorale.evaluation.style.profiles import profile_of
from chorale.utils.arrays import Float64Array

FILE = Path(__file__).with_suffix(".json")
_REST = "others"  # the bins of a feature that share a column


@dataclass(frozen=True, kw_only=True, eq=False)
class DraftRatio:
    """The weights of the log ratio.

    Attributes:
        columns: of the vector of a draft.
        bach: their means over Bach's chorales, float array (columns,).
        weights: nats for a share or rate that is higher by 1, float array (columns,).
        constant: log ratio of a draft that has all of these means, in nats.
    """

    columns: Columns
    bach: Float64Array
    weights: Float64Array
    constant: float

    def terms(self, analysis: Analysis) -> dict[str, float]:
        """Return what each feature and measure of a draft adds, in nats, by name.

        Their sum and the constant are the log ratio.
        """
        (vector,) = self.columns.vectors(profile_of([analysis]))
        terms: Counter[str] = Counter()
        nats = self.weights * (vector - self.bach)
        for name, term in zip(self.columns.names, nats.tolist(), strict=True):
            terms[name] += term
        return dict(terms)

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, numbers and text."""
        numbers = iter(zip(self.bach.tolist(), self.weights.tolist(), strict=True))
        features = {
            name: {
                "counts": summary_of(name),
                "bins": {
                    label: _column(*next(numbers))
                    for label in (*np.take(_labels(name), bins).tolist(), _REST)
                },
            }
            for name, bins in self.columns.bins.items()
        }
        measures = {
            name: {
                "counts": summary_of(name),
                "mean": mean,
                **_column(*next(numbers)),
            }
            for name, mean in self.columns.rates.items()
        }
        return {"constant": self.constant, "features": features, "measures": measures}

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> DraftRatio:
        """Return what `to_json` was made of."""
        features, measures = table["features"], table["measures"]
        bins = {
            name: np.array(
                [_labels(name).index(label) for label in row["bins"] if label != _REST],
                np.int64,
            )
            for name, row in features.items()
        }
        rates = {name: row["mean"] for name, row in measures.items()}
        rows = [column for row in features.values() for column in row["bins"].values()]
        rows += measures.values()
        return cls(
            columns=Columns(bins, rates),
            bach=np.array([row["bach"] for row in rows]),
            weights=np.array([row["weight"] for row in rows]),
            constant=table["constant"],
        )


@cache
def draft_ratio() -> DraftRatio:
    """Return the log ratio that was fitted to the shipped model."""
    return DraftRatio.from_json(json.loads(FILE.read_text(encoding="utf-8")))


def summary_of(name: str) -> str:
    """Return what a feature or measure counts, in words."""
    return FEATURES[name].summary if name in FEATURES else MEASURES[name].summary


def _column(bach: float, weight: float) -> dict[str, float]:
    return {"bach": bach, "weight": weight}


def _labels(name: str) -> list[str]:
    """Return the names of the bins of all parts of a feature: `soprano C5`."""
    feature = FEATURES[name]
    return [f"{part} {label}" for part in feature.parts for label in feature.bins]
