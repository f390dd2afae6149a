"""Best of n: the judge that ranks several chorales drawn for one prompt.

The draft of the lowest cost ranks first. Costs are in nats, negative logarithms of a
probability:

- *rules*: findings of part-writing beyond Bach's rates, see
  `chorale.sampling.fault_costs`;
- *style*: what Bach hardly does, or does more often, such as basses that return at once
  and rare successions of chords, see `chorale.sampling.style_costs`;
- *cadence*: an end without a complete cadence;
- *typicality*: half the squared distance of the likelihood from the mean of Bach's own
  chorales, in standard deviations. A much higher likelihood is no better: the mode of a
  model is not among its typical samples (Meister, Pimentel, Wiher & Cotterell, 2023,
  "Locally typical sampling"). Where the mean of all drafts is further away than one
  deviation, as that of a lively melody is, the rest of this distance does not count.

The log ratio of the draft (`chorale.sampling.log_ratio`) lowers the cost of one that
is more like Bach's chorales than like a model's drafts, and raises that of others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.evaluation.likelihood import score_each
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.cadences import final_cadence
from chorale.evaluation.style.windows import Window
from chorale.models.infiller import Infiller
from chorale.models.predictor import Predictor
from chorale.models.storage import (
    DEFAULT_MODEL,
    NEXT_STEP,
    Card,
    load_card,
    load_model,
)
from chorale.music.score import Chorale
from chorale.sampling.compound_metre import in_simple_metre
from chorale.sampling.fault_costs import fault_cost, tally_rules
from chorale.sampling.log_ratio import DRAFTS, log_ratio
from chorale.sampling.style_costs import style_costs
from chorale.utils.arrays import Float64Array

# Factors of the costs of findings and of style, and nats of an end without a complete
# cadence. Drafts have fewer findings than Bach's chorales, and end on such a cadence as
# often: larger costs make drafts more correct, and easier to tell from Bach. For the
# best of three continuations of 117 chorales, two draws, the two-sample test has a mean
# AUC of .73 with these, .75 without style, .73 without any, .78 with 2 nats for the end
# and without style, and .84 with a factor of 0.3 for findings and cadences before all
# else. With style .365 of the successions of three chords are new to half of train,
# without .384, of Bach's .33. Of the drafts kept .92 end on a complete cadence, of
# Bach's chorales .87.
_FINDINGS = 0.03
_STYLE = 0.1
_NO_CADENCE = 1.0


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
        rules, typicality: costs in nats, at least 0, that of rules times _FINDINGS.
        styles: costs of style in nats, above 0, times _STYLE, by name of
            `chorale.sampling.style_costs.DIRECTIONS`.
        log_ratio: in nats, above 0 for a draft that is more like Bach's than a model's.
        terms: what features and measures add to it, in nats, by name, see
            `chorale.sampling.log_ratio.LogRatio.terms`.
    """

    chorale: Chorale
    ends_well: bool
    findings: Mapping[str, int]
    nats_per_note: float
    rules: float
    typicality: float
    styles: Mapping[str, float]
    log_ratio: float
    terms: Mapping[str, float]

    @property
    def style(self) -> float:
        """Sum of the costs of style, in nats."""
        return sum(self.styles.values())

    @property
    def cost(self) -> float:
        """Sum of all costs, less the log ratio, in nats."""
        cadence = 0.0 if self.ends_well else _NO_CADENCE
        costs = self.rules + self.style + cadence + self.typicality
        return costs - self.log_ratio


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

    @classmethod
    def default(cls, name: str, opened: Predictor[Any] | Infiller) -> Judge:
        """Return the default model as a judge.

        Args:
            name: of a model that is open already.
            opened: that model, which is not opened again if it is the default one.
        """
        if name == DEFAULT_MODEL and not isinstance(opened, Infiller):
            return cls(opened, typical_of(load_card(name)))
        return cls.load()

    def rank(
        self, chorales: Sequence[Chorale], *, opening: int = 0, semitones: int = 0
    ) -> list[Candidate]:
        """Return chorales with their costs, best first; of equals the first drawn.

        A chorale in compound metre is judged in simple metre, in which `harmonize`
        wrote it, see `chorale.sampling.compound_metre`; one with an opening is not.

        Args:
            chorales: drawn for one prompt.
            opening: steps at their beginning that were given.
            semitones: transposition under which they are judged.

        Raises:
            DataError: a transposed chorale has a note outside the model's vocabulary.
        """
        moved = [chorale.transpose(semitones) for chorale in chorales]
        if not opening:
            moved = [
                simple.chorale if (simple := in_simple_metre(chorale)) else chorale
                for chorale in moved
            ]
        scores = score_each(self.predictor, moved)
        nats = np.array([scored.nats[opening:].mean() for scored in scores])
        candidates = [
            self._candidate(chorale, judged, mean, distance, opening)
            for chorale, judged, mean, distance in zip(
                chorales, moved, nats.tolist(), self._distances(nats), strict=True
            )
        ]
        return sorted(candidates, key=lambda candidate: candidate.cost)

    def _distances(self, nats: Float64Array) -> list[float]:
        """Return the distances of drafts from typical ones, in standard deviations.

        Args:
            nats: float array (drafts,), of one prompt.
        """
        if self.typical is None:
            return [0.0] * len(nats)
        distances = (nats - self.typical.nats_per_note) / self.typical.spread
        mean = distances.mean()
        shared = mean - np.clip(mean, -1, 1)
        return [float(distance - shared) for distance in distances]

    def _candidate(
        self,
        chorale: Chorale,
        judged: Chorale,
        nats: float,
        distance: float,
        opening: int,
    ) -> Candidate:
        """Return a chorale with its costs, which are those of its transposition."""
        # Rules, style, cadence and log ratio share one harmonic analysis.
        analysis = Analysis.of(Window(judged, opening, judged.source))
        tallies = tally_rules(analysis.piece, start=opening)
        ratio = log_ratio(DRAFTS)
        terms = ratio.terms(analysis)
        return Candidate(
            chorale=chorale,
            ends_well=final_cadence(judged, analysis.harmony).complete,
            findings={
                name: tally.findings
                for name, tally in tallies.items()
                if tally.findings
            },
            nats_per_note=nats,
            rules=_FINDINGS * fault_cost(tallies),
            typicality=distance**2 / 2,
            styles={
                name: _STYLE * cost
                for name, cost in style_costs().costs(analysis).items()
                if cost
            },
            log_ratio=ratio.constant + sum(terms.values()),
            terms=terms,
        )


class Choice(NamedTuple):
    """The chorale that is kept of several.

    Attributes:
        chorale: the best, or the first if nothing was judged.
        ends_well: whether it ends on a complete cadence; True if nothing was judged.
        candidates: all of them, best first, if they are wanted for a report.
        plan: in words, what was to be repeated, and how phrases were to end.
    """

    chorale: Chorale
    ends_well: bool = True
    candidates: tuple[Candidate, ...] = ()
    plan: str = ""


def choose_best(
    drawn: Sequence[Chorale],
    best_of: int,
    judge: Judge | None,
    *,
    opening: int = 0,
    semitones: int = 0,
    report: bool = False,
    plans: Sequence[str] = (),
) -> list[Choice]:
    """Return the best of each group of chorales.

    Args:
        drawn: group after group of `best_of` chorales.
        best_of: their number.
        judge: None to keep the first of each.
        opening, semitones: see `Judge.rank`.
        report: whether choices name all candidates.
        plans: of the chorales drawn, in words; none if they are not to be said.

    Raises:
        DataError: see `Judge.rank`.
    """
    plans = plans or [""] * len(drawn)
    if judge is None:
        kept = zip(drawn[::best_of], plans[::best_of], strict=True)
        return [Choice(chorale, plan=plan) for chorale, plan in kept]
    choices = []
    for first in range(0, len(drawn), best_of):
        ranked = judge.rank(
            drawn[first : first + best_of], opening=opening, semitones=semitones
        )
        best = ranked[0]
        named = tuple(ranked) if report else ()
        (number,) = (
            number
            for number in range(first, first + best_of)
            if drawn[number] is best.chorale
        )
        choices.append(Choice(best.chorale, best.ends_well, named, plans[number]))
    return choices


def choose_if_judged(
    drawn: Sequence[Chorale],
    best_of: int,
    load_judge: Callable[[], Judge],
    *,
    opening: int = 0,
    semitones: int = 0,
    report: bool = False,
    plans: Sequence[str] = (),
) -> tuple[list[Choice], tuple[str, ...]]:
    """Return the best of each group, or the first if they cannot be judged.

    Args:
        drawn, best_of, opening, semitones, report, plans: see `choose_best`.
        load_judge: opens the judge; called only if there is something to rank.

    Returns:
        The choices, and sentences for the user.
    """
    judge = load_judge() if best_of > 1 or report else None
    choose = partial(
        choose_best, drawn, best_of, opening=opening, semitones=semitones, plans=plans
    )
    try:
        return choose(judge, report=report), ()
    except DataError as error:
        # The model's vocabulary, or the given notes, exceed that of the judge.
        remark = f"nothing was judged, the first is kept: {error}"
        return choose(None), (remark,)
