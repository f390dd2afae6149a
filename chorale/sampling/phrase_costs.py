"""Costs of phrases: particles weighed by each phrase that they end.

The critic of a model hears a beat at a time. What takes longer, such as a seventh that
resolves or a succession of chords, is heard at the end of each phrase: what its style
costs, see `chorale.sampling.style_costs`. Drafts of one harmonization meet there and go
on from the best of all of them, but for the last phrase, so that whole pieces differ:
six drafts of each of six phrases are more than six pieces to choose from. Where chords
are planned they meet at the end too, as correct part-writing counts more there than
what the judge hears: the faults of 13 folk songs were 23 instead of 27. Drafts of new
pieces do not meet: the judge chooses better among three that differ (AUC of
continuations of the even pieces of valid .61 for .64).

Where the melody is given, faults of part-writing cost too, and so do weak cadences:
other melodies than Bach's lead to more of both. In 26 harmonizations of folk songs, six
drafts each, faults were 184 without these costs, where Bach would have had 142; in 39
with them they were 122, where he would have had 212. Of these 39, 33 ended on V–I in
root position, 26 without the cost of other ends. What a model writes to melodies of its
own has fewer faults than Bach in any case, and the two-sample test of continuations
found them more easily with this cost (AUC 0.69 for 0.67).

Drafts without faults are plainer than Bach's chorales: under his sopranos of the even
pieces of valid, voices moved at .48 of the half beats and the bass at .21, his at .56
and .29. So half beats without motion cost too, which made it .55 and .28, and the
two-sample test finds these harmonizations less easily (mean AUC .78 for .83).

Where the plan names the key of the dominant, a model ends a phrase on a half cadence in
it, on the dominant of the dominant, as readily as on a full one. In pieces in major
.046 of its phrases ended so, of Bach's .003. With this cost none of 783 did.

The log ratio of a phrase lowers what it costs if it is more like Bach's than like a
model's, and otherwise raises it: that of `chorale.sampling.phrase_ratio` where no
melody is given, that of `chorale.sampling.log_ratio` to a melody. The latter made
harmonizations harder to tell from Bach's (mean AUC of the even pieces .72 for .80).
Without a melody, a phrase that ends in another key than is asked for costs as well. A
phrase that repeats an earlier melody counts as having one.

Of the accidentals under folk songs .066 were cancelled in their voice, of Bach's .027;
since they cost it is .029.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.table import MEASURES
from chorale.evaluation.style.windows import Window
from chorale.music.phrases import ends_of_phrases
from chorale.music.voices import SOPRANO, VOICES
from chorale.sampling.asked_plan import Ending
from chorale.sampling.batches import Batch
from chorale.sampling.fault_costs import fault_cost, tally_rules
from chorale.sampling.log_ratio import MELODY_PHRASES, log_ratio
from chorale.sampling.phrase_ratio import phrase_ratio
from chorale.sampling.style_costs import excess, style_costs
from chorale.utils.arrays import BoolArray, Float64Array, IntArray

# A term that a phrase and the one before do not have: what is repeated is drawn before.
_OF_WHOLE_PIECES = "phrases_again"
# Nats, beside those of its style, of a phrase that ends on no cadence, or on a plagal
# one; and of a last phrase that does not end on V–I, both in root position.
_WEAK = {"none": 8.0, "plagal": 4.0}
_NO_CLOSE = 10.0
_DOMINANTS = ("V", "V7")
# Factor of the costs of faults where chords are planned, see
# `chorale.sampling.chord_plan`.
_STRICTER = 3.0
# Nats of a half cadence in the key of the dominant, unless it is asked for.
_HALF_CADENCE_IN_DOMINANT = 5.0
_FIFTH = 7  # semitones
# Nats of a phrase without a given melody that ends in another key than is asked for.
_OTHER_KEY = 4.0


class _Term(NamedTuple):
    """What an event of a measure too many, or too few, costs."""

    direction: int  # 1 if more events than the rate cost, -1 if fewer do
    rate: float  # events by opportunities
    nats: float


# Of phrases with a given melody, by name of MEASURES. Rates of motion are those of
# Bach's chorales of train; of his accidentals 0.027 are cancelled.
_TERMS = {
    "half_beats": _Term(-1, 0.533, 1.0),
    "bass_half_beats": _Term(-1, 0.265, 1.0),
    "cancelled_accidentals": _Term(1, 0.04, 4.0),
}


class _Phrase(NamedTuple):
    """A phrase to be judged: steps of its piece, and where its context begins."""

    piece: int
    context: int  # the phrase before
    start: int  # of what is written in it
    end: int
    has_melody: bool  # whether the soprano is given
    asked: Ending | None  # how it is to end; None if that is open
    is_planned: bool  # whether chords are planned for the piece


class PhraseCosts:
    """What the phrases of the rows of a sampler cost.

    Pieces whose harmony is not free up to the end, such as rewritten passages, have no
    phrases to be judged.

    Args:
        batch: the pieces.
        particles: rows of each piece.
        vocabulary: of the tokens.
    """

    def __init__(self, batch: Batch, particles: int, vocabulary: Vocabulary) -> None:
        self._plans, self._vocabulary = batch.plans, vocabulary
        self._particles = particles
        self._endings: dict[int, list[_Phrase]] = {}
        for piece, plan in enumerate(batch.plans):
            free = batch.free[piece, : plan.steps]
            if plan.key is None or not batch.goes_on(piece):
                continue
            context, ends = 0, ends_of_phrases(plan.fermatas)
            asked = batch.asked[piece] or [None] * len(ends)
            for ending, (start, end) in zip(asked, pairwise([0, *ends]), strict=True):
                written = np.flatnonzero(free[start:end].any(axis=1))
                if len(written):
                    phrase = _Phrase(
                        piece,
                        context,
                        start + int(written[0]),
                        end,
                        has_melody=not free[start:end, SOPRANO].any(),
                        asked=ending,
                        is_planned=batch.chords[piece] is not None,
                    )
                    self._endings.setdefault(end - 1, []).append(phrase)
                context = start

    def of(self, tokens: IntArray, step: int) -> Float64Array | None:
        """Return what the phrases cost that end with a step, in nats, (rows,).

        Args:
            tokens: int array (rows, steps, 4), written up to the step.
            step: its index.

        Returns:
            0 for rows of pieces without such a phrase; None if there are no others.
        """
        if step not in self._endings:
            return None
        costs = np.zeros(len(tokens))
        for phrase in self._endings[step]:
            first = phrase.piece * self._particles
            known: dict[bytes, float] = {}
            for row in range(first, first + self._particles):
                notes = tokens[row, phrase.context : phrase.end].tobytes()
                if notes not in known:
                    known[notes] = self._cost(tokens[row], phrase)
                costs[row] = known[notes]
        return costs

    def meeting(self, step: int) -> BoolArray:
        """Return whose drafts meet after a step, bool array (pieces,).

        They do where a phrase ends that is not the last, or chords are planned.
        """
        meets = np.zeros(len(self._plans), np.bool_)
        for phrase in self._endings.get(step, ()):
            goes_on = phrase.end < self._plans[phrase.piece].steps
            meets[phrase.piece] = goes_on or phrase.is_planned
        return meets

    def _cost(self, tokens: IntArray, phrase: _Phrase) -> float:
        """Return what a phrase costs in a row, int array (steps, 4), in nats."""
        plan = self._plans[phrase.piece]
        pitches = np.zeros((plan.steps, VOICES), np.int64)
        onsets = np.zeros(pitches.shape, np.bool_)
        notes = self._vocabulary.decode(tokens[: phrase.end])
        pitches[: phrase.end], onsets[: phrase.end] = notes
        whole = plan.chorale(pitches, onsets)
        window = Window(
            whole.excerpt(phrase.context, phrase.end),
            phrase.start - phrase.context,
            group="",
            is_cut=phrase.end < plan.steps,
        )
        return cost_of(
            window,
            has_melody=phrase.has_melody,
            asked=phrase.asked,
            strictness=_STRICTER if phrase.is_planned else 1.0,
        )


def cost_of(
    phrase: Window,
    *,
    has_melody: bool,
    asked: Ending | None = None,
    strictness: float = 1.0,
) -> float:
    """Return what a phrase costs, in nats, less its log ratio.

    Args:
        phrase: the window of a piece, cut where it ends.
        has_melody: whether its melody is given: then faults, weak cadences and the
            events of _TERMS cost too.
        asked: how it is to end; None if that is open. Where a kind of cadence is asked
            for, half cadences in the key of the dominant cost nothing more; where no
            melody is given, another key than this one costs.
        strictness: factor of the costs of faults.
    """
    analysis = Analysis.of(phrase)
    styles = style_costs().costs(analysis)
    style = sum(cost for name, cost in styles.items() if name != _OF_WHOLE_PIECES)
    if asked is None or asked.kind is None:
        style += _HALF_CADENCE_IN_DOMINANT * _half_cadences_in_dominant(analysis)
    if not has_melody:
        return style + _other_key(analysis, asked) - phrase_ratio().of(analysis)
    tallies = tally_rules(analysis.piece, start=phrase.start, goes_on=phrase.is_cut)
    weak = sum(_WEAK.get(ending.kind, 0.0) for ending in analysis.endings)
    if not phrase.is_cut and not _closes(analysis):
        weak += _NO_CLOSE
    lines = sum(
        nats * excess(direction, MEASURES[name].count(analysis), rate)
        for name, (direction, rate, nats) in _TERMS.items()
    )
    ratio = log_ratio(MELODY_PHRASES).of(analysis)
    return style + strictness * fault_cost(tallies) + weak + lines - ratio


def _half_cadences_in_dominant(analysis: Analysis) -> int:
    """Return how many phrases end on a half cadence in the key of the dominant."""
    fifth = (analysis.tonic + _FIFTH) % 12
    return sum(
        ending.kind == "HC" and ending.key.tonic_class == fifth
        for ending in analysis.endings
    )


def _other_key(analysis: Analysis, asked: Ending | None) -> float:
    """Return what it costs that a phrase ends in another key than is asked for."""
    if asked is None or not analysis.endings:
        return 0.0
    key = analysis.endings[-1].key
    is_asked = (key.tonic_class, key.mode) == (asked.key.tonic_class, asked.key.mode)
    return 0.0 if is_asked else _OTHER_KEY


def _closes(analysis: Analysis) -> bool:
    """Return whether a piece ends on a dominant and its tonic in root position."""
    if not analysis.endings or analysis.harmonies[-1].inversion:
        return False
    last = analysis.endings[-1]
    return last.kind in ("PAC", "IAC") and last.numerals[0] in _DOMINANTS
