"""What the style of a draft costs: events beyond Bach's rates, in nats.

A term counts events in opportunities, such as bass notes that return at once among all
bass notes. Events that are too many, or that are missing, beyond what Bach would have
in as many opportunities, cost a weight each; a term never lowers the cost. The terms
are those measures of lines, chords and phrase ends that separate drafts of the shipped
model from Bach's chorales most. Their rates and weights are in `style_costs.json`, as
`chorale.sampling.style_fitting` fits them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count
from chorale.evaluation.style.measures.table import MEASURES
from chorale.evaluation.style.progressions import successions

FILE = Path(__file__).with_suffix(".json")

# Degree in semitones above the tonic of the local key, quality, inversion, mode.
Chord = tuple[int, str, int, str]
Pair = tuple[Chord, ...]  # a chord and the next

RARE_PAIRS = "rare_pairs"
# Terms by name, of MEASURES or RARE_PAIRS: 1 if more events than Bach has cost, -1 if
# fewer do.
DIRECTIONS: dict[str, int] = {
    "bass_returns": 1,
    "bass_oscillates": 1,
    "soprano_oscillates": 1,
    "bass_scales": -1,
    RARE_PAIRS: 1,
    "passing_tones": -1,
    "escape_tones": 1,
    "retardation_tones": 1,
    "anticipation_tones": 1,
    "unexplained_tones": 1,
    "resolved_sevenths": -1,
    "foreign_chords": 1,
    "missing_thirds": 1,
    "doubled_leading_tones": 1,
    "roots_by_step": 1,
    "held_over_barlines": 1,
    "phrase_ends_inverted": 1,
    "phrase_ends_pac": -1,
    "phrase_ends_none": 1,
    "other_key_next": -1,
    "phrases_again": -1,
}
# A pair of chords is common if this number of chorales has it.
_COMMON = 2


@dataclass(frozen=True, kw_only=True)
class StyleCosts:
    """The rates and weights of the terms.

    Attributes:
        rates: Bach's events by opportunities, by name of DIRECTIONS.
        weights: nats for an event too many, or too few; at least 0.
        common: pairs of chords that at least two of Bach's chorales have.
    """

    rates: Mapping[str, float]
    weights: Mapping[str, float]
    common: Set[Pair]

    def costs(self, analysis: Analysis) -> dict[str, float]:
        """Return the cost of each term, in nats, at least 0, by name."""
        counts = count_events(analysis, self.common)
        return {
            name: weight * excess(DIRECTIONS[name], counts[name], self.rates[name])
            for name, weight in self.weights.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, numbers and text."""
        following: dict[str, list[str]] = {}
        for chord, after in sorted(self.common):
            following.setdefault(_to_text(chord), []).append(_to_text(after))
        terms = {
            name: {
                "counts": _summary_of(name),
                "bach": self.rates[name],
                "weight": self.weights[name],
            }
            for name in self.weights
        }
        return {"terms": terms, "common_pairs": following}

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> StyleCosts:
        """Return what `to_json` was made of."""
        terms = table["terms"]
        return cls(
            rates={name: term["bach"] for name, term in terms.items()},
            weights={name: term["weight"] for name, term in terms.items()},
            common=frozenset(
                (_from_text(chord), _from_text(after))
                for chord, following in table["common_pairs"].items()
                for after in following
            ),
        )


@cache
def style_costs() -> StyleCosts:
    """Return the costs that were fitted to the shipped model."""
    return StyleCosts.from_json(json.loads(FILE.read_text(encoding="utf-8")))


def _summary_of(name: str) -> str:
    """Return what a term of DIRECTIONS counts, in words: `too many …`, `too few …`."""
    if name == RARE_PAIRS:
        what = "successions of two chords that fewer than two chorales by Bach have"
    else:
        what = MEASURES[name].summary
    return f"too {'many' if DIRECTIONS[name] > 0 else 'few'} {what}"


def count_events(analysis: Analysis, common: Set[Pair]) -> dict[str, Count]:
    """Return the events and opportunities of a window by name of DIRECTIONS."""
    pairs = successions(analysis.harmonies, 2)
    counts: dict[str, Count] = {
        RARE_PAIRS: (sum(pair not in common for pair in pairs), len(pairs))
    }
    for name in DIRECTIONS:
        if name not in counts:
            counts[name] = MEASURES[name].count(analysis)
    return counts


def excess(direction: int, count: Count, rate: float) -> float:
    """Return by how many events a count is beyond a rate, at least 0.

    Args:
        direction: 1 if more events than the rate count, -1 if fewer do.
        count: events and opportunities.
        rate: events by opportunities.
    """
    events, opportunities = count
    return max(direction * float(events - opportunities * rate), 0.0)


def is_common(chorales: int) -> bool:
    """Return whether a pair of chords that this number of chorales has is common."""
    return chorales >= _COMMON


def _to_text(chord: Chord) -> str:
    """Return a chord such as `7 dominant seventh, inversion 1, in major`."""
    degree, quality, inversion, mode = chord
    return f"{degree} {quality}, inversion {inversion}, in {mode}"


def _from_text(text: str) -> Chord:
    chord, inversion, mode = text.split(", ")
    degree, _, quality = chord.partition(" ")
    return int(degree), quality, int(inversion.split()[1]), mode.removeprefix("in ")
