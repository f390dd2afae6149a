"""How much more music is like Bach's than like a model's: log ratios.

A logistic regression on the shares and rates of a window, as the classifier of the
two-sample test (`chorale.evaluation.style.two_sample`), fitted to chorales of train and
to drafts of their openings and sopranos. There are two:

- of phrases with a given melody: particles are weighed by it
  (`chorale.sampling.phrase_costs`);
- of whole drafts, of which the judge keeps one (`chorale.sampling.best_of`). It hears
  what no phrase has: repeats, keys of phrases that follow one another.

Phrases of new pieces have a ratio of events (`chorale.sampling.phrase_ratio`). Means
and weights are in `log_ratios.json`, as `chorale.sampling.log_ratio_fitting` fits them.
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

FILE = Path(__file__).with_name("log_ratios.json")
# Names of the ratios.
MELODY_PHRASES = "phrases with a given melody"
DRAFTS = "drafts"
RATIOS = (MELODY_PHRASES, DRAFTS)
_REST = "others"  # the bins of a feature that share a column


@dataclass(frozen=True, kw_only=True, eq=False)
class LogRatio:
    """The weights of a log ratio.

    Attributes:
        columns: of the vector of a window.
        bach: their means over Bach's chorales, float array (columns,).
        weights: nats for a share or rate that is higher by 1, float array (columns,).
        constant: log ratio of a window that has all of these means, in nats.
    """

    columns: Columns
    bach: Float64Array
    weights: Float64Array
    constant: float

    def terms(self, analysis: Analysis) -> dict[str, float]:
        """Return what each feature and measure of a window adds, in nats, by name.

        Their sum and the constant are the log ratio.
        """
        (vector,) = self.columns.vectors(profile_of([analysis]))
        terms: Counter[str] = Counter()
        nats = self.weights * (vector - self.bach)
        for name, term in zip(self.columns.names, nats.tolist(), strict=True):
            terms[name] += term
        return dict(terms)

    def of(self, analysis: Analysis) -> float:
        """Return the log ratio of a window, in nats."""
        return self.constant + sum(self.terms(analysis).values())

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
    def from_json(cls, table: Mapping[str, Any]) -> LogRatio:
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
def log_ratio(name: str) -> LogRatio:
    """Return one of RATIOS, as it was fitted to the shipped model."""
    table = json.loads(FILE.read_text(encoding="utf-8"))
    return LogRatio.from_json(table["ratios"][name])


def summary_of(name: str) -> str:
    """Return what a feature or measure counts, in words."""
    return FEATURES[name].summary if name in FEATURES else MEASURES[name].summary


def _column(bach: float, weight: float) -> dict[str, float]:
    return {"bach": bach, "weight": weight}


def _labels(name: str) -> list[str]:
    """Return the names of the bins of all parts of a feature: `soprano C5`."""
    feature = FEATURES[name]
    return [f"{part} {label}" for part in feature.parts for label in feature.bins]
