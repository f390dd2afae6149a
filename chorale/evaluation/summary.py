"""A judgement in words: where samples do not sound like the corpus, with bars."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any

from chorale.evaluation.observing import Observed, Place
from chorale.evaluation.style.differences import Unusual, set_rates, unusual
from chorale.evaluation.style.measures.table import MEASURES
from chorale.utils.text import counted, listed
from chorale.voice_leading.checking import Tally
from chorale.voice_leading.rules import RULES

# A rule is broken more often than in the corpus if so many findings would occur there
# with a lower probability than this.
_LEVEL = 0.02
_ENDS = ("phrase_ends_on_root", "phrase_ends_inverted", "phrase_ends_dissonant")
# Rates and rules that the first sentences have already.
_SAID_RATES = (*_ENDS, "complete_end")
_SAID = ("phrase-end-dissonance", "phrase-end-inversion", "missing-cadence")
_NAMED = 3  # pieces that are named as the worst
_PLACES = 6  # that are named of each fault; of a single piece twice as many
_RATES = 10  # unusual rates that are named


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A rule that samples break more often than the corpus.

    Attributes:
        rule: its name.
        summary: what it forbids.
        findings: in the samples.
        expected: findings in as many opportunities of the corpus.
        places: of the findings.
    """

    rule: str
    summary: str
    findings: int
    expected: float
    places: Sequence[Place]


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What distinguishes samples from a corpus, for musicians.

    Attributes:
        names: of the samples, in order.
        corpus: name of the corpus.
        phrases: number of phrases that end in the samples.
        resting: number of them that end on a triad in root position.
        usually_resting: share of such phrases in the corpus; nan if it has none.
        weak_phrase_ends: the others.
        endings: number of samples that have an end.
        weak_ends: of those without a complete cadence.
        faults: of part-writing, the rarest in the corpus first.
        unusual: rates that are unusual in the corpus, the most unusual first.
    """

    names: Sequence[str]
    corpus: str
    phrases: int
    resting: int
    usually_resting: float
    weak_phrase_ends: Sequence[Place]
    endings: int
    weak_ends: Sequence[Place]
    faults: Sequence[Fault]
    unusual: Sequence[Unusual]

    @classmethod
    def of(
        cls, samples: Observed, reference: Observed, names: Sequence[str], corpus: str
    ) -> Summary:
        """Summarize samples, observed with places, beside a corpus.

        Names are those of the samples, in order.
        """
        resting, phrases = samples.profile.measures[_ENDS[0]].sum(axis=0).tolist()
        return cls(
            names=names,
            corpus=corpus,
            phrases=int(phrases),
            resting=int(resting),
            usually_resting=set_rates(reference.profile)[_ENDS[0]],
            weak_phrase_ends=samples.weak_phrase_ends,
            endings=len(samples.cadences),
            weak_ends=samples.weak_ends,
            faults=_faults(samples, reference.rules),
            unusual=[
                item
                for item in unusual(samples.profile, reference.profile)
                if item.name not in _SAID_RATES
            ],
        )

    @property
    def worst(self) -> list[tuple[str, int]]:
        """The samples with most weak endings and faults, and how many they have."""
        places = [*self.weak_phrase_ends, *self.weak_ends]
        places += [place for fault in self.faults for place in fault.places]
        numbers = Counter(place.piece for place in places)
        return [
            (self.names[piece], number) for piece, number in numbers.most_common(_NAMED)
        ]

    def sentences(self) -> list[str]:
        """Return the summary in words, sentence by sentence."""
        lines = []
        if self.phrases:
            usual = (
                ""
                if math.isnan(self.usually_resting)
                else f" ({self.corpus} {100 * self.usually_resting:.0f} %)"
            )
            lines.append(
                f"Phrase ends: {self.resting} of {self.phrases} rest on a triad in "
                f"root position{usual}{self._places(self.weak_phrase_ends)}."
            )
        if self.endings:
            complete = self.endings - len(self.weak_ends)
            lines.append(
                f"Endings: {complete} of {self.endings} on a complete cadence"
                f"{self._places(self.weak_ends)}."
            )
        lines += [
            f"{fault.rule.replace('-', ' ').capitalize()}: {fault.findings} "
            f"({self.corpus} {_rounded(fault.expected)} in as much music)"
            f"{self._places(fault.places)}."
            for fault in self.faults
        ]
        for higher, words in ((True, "More"), (False, "Less")):
            rates = [
                self._rate(item)
                for item in self.unusual[:_RATES]
                if (item.deviations > 0) == higher
            ]
            if rates:
                lines.append(
                    f"{words} often than in {self.corpus}: {'; '.join(rates)}."
                )
        worst = [f"{name} ({number})" for name, number in self.worst if number > 1]
        if len(self.names) > 1 and worst:
            lines.append(f"Most weak endings and faults of a piece: {listed(worst)}.")
        return lines or [f"Nothing that is unusual in {self.corpus} was found."]

    def to_json(self) -> dict[str, Any]:
        """Return all of it, places with the names of their pieces."""

        def named(places: Sequence[Place]) -> list[dict[str, Any]]:
            return [
                {**place._asdict(), "piece": self.names[place.piece]}
                for place in places
            ]

        return {
            "sentences": self.sentences(),
            "phrase_ends": {
                "total": self.phrases,
                "on_root": self.resting,
                "usual_share": _number(self.usually_resting),
                "others": named(self.weak_phrase_ends),
            },
            "endings": {"total": self.endings, "incomplete": named(self.weak_ends)},
            "faults": [
                {
                    "rule": fault.rule,
                    "findings": fault.findings,
                    "expected": fault.expected,
                    "places": named(fault.places),
                }
                for fault in self.faults
            ],
            "unusual": [
                {
                    **asdict(item),
                    "usual": _number(item.usual),
                    "summary": MEASURES[item.name].summary,
                }
                for item in self.unusual
            ],
            "worst": [{"piece": name, "places": count} for name, count in self.worst],
        }

    def _places(self, places: Sequence[Place]) -> str:
        """Return `: bar 7, …; bar 9, …`, the pieces named if there are several."""
        if not places:
            return ""
        several = len(self.names) > 1
        most = _PLACES if several else 2 * _PLACES
        shown = [
            (f"{self.names[place.piece]} " if several else "")
            + f"bar {place.bar} beat {place.beat:g}, {place.text}"
            for place in _spread(places, most)
        ]
        more = len(places) - len(shown)
        if more:
            shown.append(counted(more, "more place"))
        return f": {'; '.join(shown)}"

    def _rate(self, item: Unusual) -> str:
        measure = MEASURES[item.name]
        here, there = (measure.scale * rate for rate in (item.rate, item.usual))
        return (
            f"{measure.summary} ({here:.3g} {measure.unit}, {self.corpus} {there:.3g})"
        )


def _spread(places: Sequence[Place], most: int) -> list[Place]:
    """Return places of as many pieces as possible, in order, those with most first."""
    by_piece: dict[int, list[Place]] = {}
    for place in places:
        by_piece.setdefault(place.piece, []).append(place)
    fullest = sorted(by_piece.values(), key=lambda found: -len(found))
    rounds = [place for found in zip_longest(*fullest) for place in found if place]
    return sorted(rounds[:most], key=places.index)


def _faults(samples: Observed, usual: Mapping[str, Tally]) -> list[Fault]:
    """Return the rules that are broken more often, the least probable first."""
    found = []
    for rule, tally in samples.rules.items():
        if rule in _SAID:
            continue
        # As if the corpus had half a finding more: none is impossible.
        rate = (usual[rule].findings + 0.5) / (usual[rule].opportunities + 1)
        expected = rate * tally.opportunities
        probability = _poisson_tail(tally.findings, expected)
        if tally.findings and probability < _LEVEL:
            fault = Fault(
                rule=rule,
                summary=RULES[rule].summary,
                findings=tally.findings,
                expected=expected,
                places=samples.faults.get(rule, ()),
            )
            found.append((probability, rate, fault))
    return [fault for *_, fault in sorted(found, key=lambda item: item[:2])]


def _poisson_tail(count: int, expected: float) -> float:
    """Return the probability of so many events or more, where some are expected."""
    term = math.exp(-expected)
    below = 0.0
    for number in range(count):
        below += term
        term *= expected / (number + 1)
    return max(1 - below, 0.0)


def _rounded(number: float) -> str:
    if number >= 9.5:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 0.95 else f"{number:.1g}"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
