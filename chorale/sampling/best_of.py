"""Choosing: of several chorales drawn, the one that could most likely be Bach's.

A chorale that ends on a complete cadence comes before one that does not. Among the
others the one of the lowest cost comes first. Costs are in nats, the negative logarithm
of a probability, and a chorale as Bach's are on average costs nothing or little:

- *rules*: every finding beyond those that Bach would have at as many opportunities
  costs the more, the rarer such findings are in his chorales: -ln of their rate;
- *typicality*: half the square of how many standard deviations the likelihood lies from
  the mean of Bach's own. What is far more likely than Bach is no better but dull: the
  mode of a model is not among the pieces that it would write (Meister, Pimentel, Wiher
  & Cotterell, 2023, "Locally typical sampling", tell why).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chorale.evaluation.likelihood import score_each
from chorale.evaluation.style import final_cadence
from chorale.models.predictor import Predictor
from chorale.models.storage import Card
from chorale.music.score import Chorale
from chorale.voice_leading import BACH_PER_THOUSAND, Tally, count, surprisal


class Typical(NamedTuple):
    """How likely Bach's own chorales are to a model.

    Attributes:
        nats_per_note: the mean over all notes of valid.
        spread: standard deviation of the means of single chorales.
    """

    nats_per_note: float
    spread: float


def typical_of(card: Card) -> Typical | None:
    """Return what the card of a model says of Bach's own chorales; None if nothing."""
    figures = card.figures.get("valid", {})
    if not figures.get("spread"):  # older cards have none
        return None
    return Typical(figures["nats_per_note"], figures["spread"])


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A chorale that was drawn, and what is held against it.

    Attributes:
        chorale: opening included.
        ends_well: whether it ends on a complete cadence.
        findings: of each part-writing rule that is broken, opening excluded.
        nats_per_note: negative log-likelihood, opening excluded, by the model alone.
        rules, typicality: costs in nats, at least 0.
    """

    chorale: Chorale
    ends_well: bool
    findings: Mapping[str, int]
    nats_per_note: float
    rules: float
    typicality: float

    @property
    def cost(self) -> float:
        """Both costs together, in nats."""
        return self.rules + self.typicality


def choose(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    *,
    opening: int,
    typical: Typical | None,
) -> list[Candidate]:
    """Return chorales with what is held against them, the best first.

    Args:
        predictor: the model that wrote them.
        chorales: drawn from one start.
        opening: steps at their beginning that were given.
        typical: of the model; None if its card does not say, then all count as typical.

    Raises:
        DataError: a chorale has a note outside the model's vocabulary.
    """
    scored = score_each(predictor, chorales)
    candidates = []
    for chorale, one in zip(chorales, scored, strict=True):
        tallies = count(chorale, rules=BACH_PER_THOUSAND, start=opening)
        nats = float(one.nats[opening:].mean())
        distance = (nats - typical.nats_per_note) / typical.spread if typical else 0.0
        candidates.append(
            Candidate(
                chorale=chorale,
                ends_well=final_cadence(chorale).complete,
                findings={
                    name: tally.findings
                    for name, tally in tallies.items()
                    if tally.findings
                },
                nats_per_note=nats,
                rules=sum(_cost(name, tally) for name, tally in tallies.items()),
                typicality=distance**2 / 2,
            )
        )
    # Of equals the first that was drawn.
    return sorted(candidates, key=lambda one: (not one.ends_well, one.cost))


def choose_each(
    predictor: Predictor[Any],
    drawn: Sequence[Chorale],
    best_of: int,
    *,
    opening: int = 0,
    typical: Typical | None,
) -> list[list[Candidate]]:
    """Part chorales in lots of `best_of`, and return each as `choose` does."""
    return [
        choose(
            predictor, drawn[first : first + best_of], opening=opening, typical=typical
        )
        for first in range(0, len(drawn), best_of)
    ]


def _cost(rule: str, tally: Tally) -> float:
    """Return what findings cost in nats, those that Bach would have excepted."""
    rate = BACH_PER_THOUSAND[rule] / 1000
    return max(tally.findings - tally.opportunities * rate, 0) * surprisal(rule)
