"""Averages: several opinions of each note, mixed into one distribution.

A chorale is as good a chorale three semitones higher, yet a network foretells it a
little differently there. So it is asked in several keys, and so may several networks
be; every pair of a network and a transposition is a member of the mixture

    p(note | past) = mean over the available members of p_m(note | past)

of probabilities, with equal weights, renormalised over the vocabulary. The mean is
taken note by note, each given the same past, so the product over a piece is a
distribution of pieces; a mean of likelihoods taken afterwards would be none.

A transposed member is available as long as every note before the one in question, in
the order in which notes are written, has a token once it is transposed. That looks at
the past alone: what a piece does later changes nothing. The untransposed members always
are. What a transposed member gives to notes without a token of their own is lost, which
is why the mean is renormalised.

Guidance (`chorale.models.guidance`) goes around an average, not into it: what the key
changes
is then the change of one distribution, and members that are told no key only weaken it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.plan import transpose_features
from chorale.encoding.tokens import Vocabulary, shifted
from chorale.errors import ModelError, UsageError
from chorale.models.predictor import Predictor, log_softmax
from chorale.music.voices import VOICE_NAMES
from chorale.utils.arrays import BoolArray, FloatArray, IntArray

# Up and down by as much as voices have room for in most chorales.
TRANSPOSITIONS = (-3, -2, -1, 0, 1, 2, 3)
AVERAGES = {"none": (0,), "transpositions": TRANSPOSITIONS}


class AveragedState(NamedTuple):
    """What an average carries from step to step, for a batch of sequences.

    Attributes:
        states: of each predictor, for all transposed copies of the batch in one.
        available: bool array (transpositions, batch), whether all notes before the
            present step have a token once they are transposed.
    """

    states: tuple[Any, ...]
    available: BoolArray


@dataclass(frozen=True)
class AveragedPredictor:
    """The mean of some predictors over some transpositions.

    Attributes:
        predictors: of one vocabulary and order of voices, whose plans may differ. The
            average takes the ranges of voices from the first.
        transpositions: in semitones upwards, 0 among them.

    Raises:
        UsageError: no predictor, or no transposition by 0.
        ModelError: the predictors do not fit each other.
    """

    predictors: Sequence[Predictor[Any]]
    transpositions: Sequence[int] = TRANSPOSITIONS

    def __post_init__(self) -> None:
        if not self.predictors:
            raise UsageError("expected at least one model to average, got none")
        if 0 not in self.transpositions:
            raise UsageError(
                f"expected 0 among the transpositions, got {self.transpositions}"
            )
        first, *others = (_form(one) for one in self.predictors)
        for number, other in enumerate(others, start=2):
            if other != first:
                raise ModelError(
                    f"models cannot be averaged that write different tokens: expected "
                    f"that of model 1, {first}, of model {number} too, got {other}"
                )

    @property
    def vocabulary(self) -> Vocabulary:
        return self.predictors[0].vocabulary

    @property
    def voice_order(self) -> tuple[int, ...]:
        return self.predictors[0].voice_order

    @property
    def plan_features(self) -> tuple[str, ...]:
        names = [name for one in self.predictors for name in one.plan_features]
        return tuple(dict.fromkeys(names))

    @property
    def members(self) -> int:
        """Number of pairs of a predictor and a transposition."""
        return len(self.predictors) * len(self.transpositions)

    def start(self, plan: IntArray) -> AveragedState:
        shape = (len(self.transpositions), len(plan))
        states = [one.start(self._plans(one, plan)) for one in self.predictors]
        return AveragedState(tuple(states), np.ones(shape, np.bool_))

    def advance(
        self, state: AveragedState, tokens: IntArray, plan: IntArray
    ) -> AveragedState:
        copies, has_token = self._copies(tokens)
        states = [
            one.advance(its_state, copies, self._plans(one, plan))
            for one, its_state in zip(self.predictors, state.states, strict=True)
        ]
        available = state.available & has_token.all(axis=-1)
        return AveragedState(tuple(states), available)

    def select(self, state: AveragedState, rows: IntArray) -> AveragedState:
        # Of each state the copies of the whole batch lie one after another.
        copies, batch = state.available.shape
        every = (np.arange(copies)[:, np.newaxis] * batch + rows).ravel()
        states = [
            one.select(its_state, every)
            for one, its_state in zip(self.predictors, state.states, strict=True)
        ]
        return AveragedState(tuple(states), state.available[:, rows])

    def voice_logits(
        self, state: AveragedState, voice: int, chosen: IntArray
    ) -> FloatArray:
        copies, has_token = self._copies(chosen)
        written = list(self.voice_order[: self.voice_order.index(voice)])
        available = state.available & has_token[..., written].all(axis=-1)
        members = []
        for one, its_state in zip(self.predictors, state.states, strict=True):
            logits = one.voice_logits(its_state, voice, copies)
            parts = np.split(log_softmax(logits), len(self.transpositions))
            for semitones, part, is_available in zip(
                self.transpositions, parts, available, strict=True
            ):
                members.append(self._member(part, semitones, is_available))
        return _mean(members)

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        return _mean(self._scores(tokens, plan))

    def _scores(self, tokens: IntArray, plan: IntArray) -> Iterator[FloatArray]:
        """Yield what each member makes of whole pieces, one at a time."""
        for semitones in self.transpositions:
            copy, has_token = self._transposed(tokens, semitones)
            available = self._so_far(has_token)
            for one in self.predictors:
                scores = one.score(copy, self._plan(one, plan, semitones))
                yield self._member(scores, semitones, available)

    # === Transposing there and back ===

    def _transposed(
        self, tokens: IntArray, semitones: int
    ) -> tuple[IntArray, BoolArray]:
        """Return transposed tokens, and which notes have a token then.

        Those that have none become the lowest or the highest note.
        """
        vocabulary = self.vocabulary
        moved = shifted(tokens, semitones, vocabulary)
        lowest, highest = (
            vocabulary.token(pitch) for pitch in (vocabulary.lowest, vocabulary.highest)
        )
        is_pitch = shifted(tokens, 1, vocabulary) != tokens
        copy = np.where(is_pitch, np.clip(moved, lowest, highest), tokens)
        return copy, copy == moved

    def _copies(self, tokens: IntArray) -> tuple[IntArray, BoolArray]:
        """Transpose a batch by every interval, as one batch, one copy after another.

        Args:
            tokens: int array (batch, 4).

        Returns:
            int array (transpositions * batch, 4), the copies, and bool array
            (transpositions, batch, 4), which of their notes have a token.
        """
        pairs = [
            self._transposed(tokens, semitones) for semitones in self.transpositions
        ]
        copies, has_token = zip(*pairs, strict=True)
        return np.concatenate(copies), np.stack(has_token)

    def _plan(
        self, predictor: Predictor[Any], plan: IntArray, semitones: int
    ) -> IntArray:
        """Return the columns of a plan that a predictor is told, transposed."""
        names = predictor.plan_features
        columns = [self.plan_features.index(name) for name in names]
        return transpose_features(plan[..., columns], names, semitones)

    def _plans(self, predictor: Predictor[Any], plan: IntArray) -> IntArray:
        """Return the plans of `_copies`, (transpositions * batch, features)."""
        plans = [self._plan(predictor, plan, one) for one in self.transpositions]
        return np.concatenate(plans)

    def _so_far(self, has_token: BoolArray) -> BoolArray:
        """Return where all notes that are written before a place have a token.

        Args:
            has_token: bool array (batch, steps, 4), as is what is returned.
        """
        order = list(self.voice_order)
        written = has_token[..., order].reshape(len(has_token), -1)
        before = np.ones_like(written)
        before[:, 1:] = np.logical_and.accumulate(written, axis=1)[:, :-1]
        available = np.empty_like(has_token)
        available[..., order] = before.reshape(has_token.shape)
        return available

    def _member(
        self, logarithms: FloatArray, semitones: int, available: BoolArray
    ) -> FloatArray:
        """Return the log-probabilities of the untransposed tokens to one member.

        Args:
            logarithms: float array (..., vocabulary size), of the transposed tokens.
            available: bool array (...), where the member has a say.
        """
        tokens, has_token = self._transposed(np.arange(self.vocabulary.size), semitones)
        known = available[..., np.newaxis] & has_token
        return np.where(known, logarithms[..., tokens], np.float32(-np.inf))


def average(predictors: Sequence[Predictor[Any]], kind: str = "none") -> Predictor[Any]:
    """Return the average of predictors.

    Args:
        predictors: at least one.
        kind: a name out of AVERAGES, what they are averaged over besides.

    Raises:
        UsageError: there is no such kind.
        ModelError: the predictors do not fit each other.
    """
    if kind not in AVERAGES:
        raise UsageError(
            f"expected an average out of {', '.join(AVERAGES)}, got {kind!r}"
        )
    averaged = AveragedPredictor(predictors, AVERAGES[kind])
    return averaged if averaged.members > 1 else predictors[0]


def _mean(members: Iterable[FloatArray]) -> FloatArray:
    """Return the logarithms of the mean of probabilities, renormalised.

    Args:
        members: float arrays (..., tokens), log-probabilities; -inf all over where a
            member has no say.
    """
    return log_softmax(reduce(np.logaddexp, members))


def _form(predictor: Predictor[Any]) -> str:
    """Name what predictors must have in common to be averaged."""
    voices = ", ".join(VOICE_NAMES[voice] for voice in predictor.voice_order)
    return f"{predictor.vocabulary.alphabet}, {voices}"
