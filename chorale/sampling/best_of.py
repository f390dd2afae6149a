"""Best of n: the judge that ranks several chorales drawn for one prompt.

A chorale that ends on a complete cadence ranks before one that does not, then the one
of the lowest cost. Costs are in nats, negative logarithms of a probability, and an
average chorale of Bach's costs little or nothing:

- *rules*: each finding beyond those that Bach would have at as many opportunities costs
  -ln of the rate of such findings in his chorales, so rarer violations cost more;
- *typicality*: half the squared distance of the likelihood from the mean of Bach's own
  chorales, in standard deviations. A much higher likelihood is no better: the mode of a
  model is not among its typical samples (Meister, Pimentel, Wiher & Cotterell, 2023,
  "Locally typical sampling").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from chorale.errors import DataError
from chorale.evaluation.likelihood import score_each
from chorale.evaluation.style.cadences import final_cadence
from chorale.models.predictor import Predictor
from chorale.models.storage import NEXT_STEP, Card, load_card, load_model
from chorale.music.score import Chorale
from chorale.voice_leading.checking import Tally, count
from chorale.voice_leading.rules import BACH_PER_THOUSAND, surprisal


class Typical(NamedTuple):
    """The distribution of a model's likelihoods of Bach's own chorales.

    Attributes:
        nats_per_note: mean over all notes of the valid split.
        spread: standard deviation of the means of single chorales.
    """

    nats_per_note: float
    spread: float


def typical_of(card: Card) -> Typical | None:
    """Return the likelihoods in the card of a model; None if it has none."""
    figures = card.figures.get("valid", {})
    if not figures.get("spread"):  # older cards have none
        return None
    return Typical(figures["nats_per_note"], figures["spread"])


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A drawn chorale and its costs.

    Attributes:
        chorale: opening included.
        ends_well: whether it ends on a complete cadence.
        findings: number of findings of each part-writing rule, opening excluded.
        nats_per_note: negative log-likelihood, opening excluded.
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
        """Sum of both costs, in nats."""
        return self.rules + self.typicality


@dataclass(frozen=True)
class Judge:
    """A next-step model that ranks chorales.

    Attributes:
        predictor: the model, without guidance or averaging.
        typical: its likelihoods of Bach; None if unknown, then typicality costs
            nothing.
    """

    predictor: Predictor[Any]
    typical: Typical | None

    @classmethod
    def load(cls, model: Path | str | None = None) -> Judge:
        """Open a judge by the name of its model, see `load_model`."""
        return cls(load_model(model, kind=NEXT_STEP), typical_of(load_card(model)))

    def rank(
        self, chorales: Sequence[Chorale], *, opening: int = 0, semitones: int = 0
    ) -> list[Candidate]:
        """Return chorales with their costs, best first; of equals the first drawn.

        Args:
            chorales: drawn for one prompt.
            opening: steps at their beginning that were given.
            semitones: transposition under which they are judged.

        Raises:
            DataError: a transposed chorale has a note outside the model's vocabulary.
        """
        moved = [chorale.transpose(semitones) for chorale in chorales]
        candidates = []
        for chorale, judged, scored in zip(
            chorales,
            moved,
            score_each(self.predictor, moved),
            strict=True,
        ):
            tallies = count(judged, rules=BACH_PER_THOUSAND, start=opening)
            nats, distance = float(scored.nats[opening:].mean()), 0.0
            if self.typical is not None:
                distance = (nats - self.typical.nats_per_note) / self.typical.spread
            findings = {name: tally.findings for name, tally in tallies.items()}
            candidate = Candidate(
                chorale=chorale,
                ends_well=final_cadence(judged).complete,
                findings={name: found for name, found in findings.items() if found},
                nats_per_note=nats,
                rules=sum(_cost(name, tally) for name, tally in tallies.items()),
                typicality=distance**2 / 2,
            )
            candidates.append(candidate)
        return sorted(candidates, key=lambda c: (not c.ends_well, c.cost))


class Choice(NamedTuple):
    """The chorale that is kept of several.

    Attributes:
        chorale: the best, or the first if nothing was judged.
        ends_well: whether it ends on a complete cadence; True if nothing was judged.
        candidates: all of them, best first, if they are wanted for a report.
    """

    chorale: Chorale
    ends_well: bool = True
    candidates: tuple[Candidate, ...] = ()


def choose_best(
    drawn: Sequence[Chorale],
    best_of: int,
    judge: Judge | None,
    *,
    opening: int = 0,
    semitones: int = 0,
    report: bool = False,
) -> list[Choice]:
    """Return the best of each group of chorales.

    Args:
        drawn: group after group of `best_of` chorales.
        best_of: their number.
        judge: None to keep the first of each.
        opening, semitones: see `Judge.rank`.
        report: whether choices name all candidates.

    Raises:
        DataError: see `Judge.rank`.
    """
    if judge is None:
        return [Choice(chorale) for chorale in drawn[::best_of]]
    choices = []
    for first in range(0, len(drawn), best_of):
        ranked = judge.rank(
            drawn[first : first + best_of], opening=opening, semitones=semitones
        )
        best = ranked[0]
        kept = tuple(ranked) if report else ()
        choices.append(Choice(best.chorale, best.ends_well, kept))
    return choices


def choose_if_judged(
    drawn: Sequence[Chorale],
    best_of: int,
    load_judge: Callable[[], Judge],
    *,
    opening: int = 0,
    semitones: int = 0,
    report: bool = False,
) -> tuple[list[Choice], tuple[str, ...]]:
    """Return the best of each group, or the first if they cannot be judged.

    Args:
        drawn, best_of, opening, semitones, report: see `choose_best`.
        load_judge: opens the judge; called only if there is something to rank.

    Returns:
        The choices, and sentences for the user.
    """
    judge = load_judge() if best_of > 1 or report else None
    choose = partial(choose_best, drawn, best_of, opening=opening, semitones=semitones)
    try:
        return choose(judge, report=report), ()
    except DataError as error:
        # The model's vocabulary, or the given notes, exceed that of the judge.
        remark = f"nothing was judged, the first is kept: {error}"
        return choose(None), (remark,)


def _cost(rule: str, tally: Tally) -> float:
    """Return the cost in nats of the findings beyond Bach's rate."""
    rate = BACH_PER_THOUSAND[rule] / 1000
    return max(tally.findings - tally.opportunities * rate, 0) * surprisal(rule)
