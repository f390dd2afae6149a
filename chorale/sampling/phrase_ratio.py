"""How much more a phrase is like Bach's than like a model's: a log ratio.

A measure of style counts events in opportunities, such as bass notes that move by leap
among all bass notes. A logistic regression has two terms for each measure: the events
beyond those that Bach has in as many opportunities, and those that are missing. Unlike
the costs of style (`chorale.sampling.style_costs`) a term may lower or raise the log
ratio, so drafts are led to what Bach does more often than the model, and not only kept
from what he hardly does; nothing holds them at his rate.

Rates and weights are in `phrase_ratio.json`, as `chorale.sampling.phrase_ratio_fitting`
fits them to drafts that the costs of style have weighed: fit those first. Where the
rate is tiny, a large weight of missing events is in effect a constant for phrases of
one length.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.table import MEASURES, SUBJECTS
from chorale.sampling.style_costs import excess

FILE = Path(__file__).with_suffix(".json")

# Left out: what needs a whole piece, two phrase ends, or a corpus to compare with.
_OF_MORE = {
    *SUBJECTS["form"],
    "complete_end",
    "other_key_next",
    "unseen_pairs",
    "unseen_triples",
}
NAMES = tuple(name for name in MEASURES if name not in _OF_MORE)


class Term(NamedTuple):
    """What the events of a measure say.

    Attributes:
        bach: Bach's rate, events divided by opportunities.
        more, fewer: nats for an event beyond this rate, and for one that is missing;
            positive if it makes the phrase likelier to be Bach's.
    """

    bach: float
    more: float
    fewer: float


@dataclass(frozen=True)
class PhraseRatio:
    """The terms of the log ratio.

    Attributes:
        terms: by name of NAMES.
    """

    terms: Mapping[str, Term]

    def of(self, analysis: Analysis) -> float:
        """Return the log ratio of a phrase, in nats, up to a constant."""
        ratio = 0.0
        for name, (bach, more, fewer) in self.terms.items():
            count = MEASURES[name].count(analysis)
            ratio += more * excess(1, count, bach) + fewer * excess(-1, count, bach)
        return ratio

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, numbers and text."""
        return {
            name: {"counts": MEASURES[name].summary, **term._asdict()}
            for name, term in self.terms.items()
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> PhraseRatio:
        """Return what `to_json` was made of."""
        return cls(
            {
                name: Term(*(term[field] for field in Term._fields))
                for name, term in table.items()
            }
        )


@cache
def phrase_ratio() -> PhraseRatio:
    """Return the log ratio that was fitted to the shipped model."""
    table = json.loads(FILE.read_text(encoding="utf-8"))
    return PhraseRatio.from_json(table["terms"])
