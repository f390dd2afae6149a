"""Ensembles: the mean of several predictors over several transpositions.

A chorale moved by three semitones is an equally good chorale, but a network assigns it
a slightly different likelihood. Test-time augmentation averages over such
transpositions, an ensemble over networks; each pair of a network and a transposition is
a member of the ensemble

    log p(note | past) = mean over the valid members of log p_m(note | past) + constant

The mean is geometric, renormalized over the vocabulary, with equal weights (a product
of experts, Hinton 2002): `jsb` and `plain` of its card have 0.299 nats per note over
seven transpositions, with the arithmetic mean 0.303. It is taken note by note, each
given the same past, so the product over a piece is a distribution of pieces.

A transposed member is valid at a note if every earlier note, in the order in which
notes are written, has a token after the transposition. This depends on the past alone,
never on later notes. Untransposed members are always valid. Of a note that a valid
member has no token for, or gives no probability at all, the mean is that of the others.

Apply guidance (`chorale.models.guidance`) to an ensemble, not to its members: members
without the feature `key` would dilute it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.plan import transpose_features
from chorale.errors import ModelError, UsageError
from chorale.models.critic.tables import critic_of
from chorale.models.predictor import Predictor, log_softmax
from chorale.music.voices import VOICE_NAMES
from chorale.utils.arrays import BoolArray, FloatArray, IntArray
from chorale.utils.checks import check_choice
from chorale.utils.threads import threads_of

# Semitones by which most chorales can move within the ranges of the voices.
TRANSPOSITIONS = (-3, -2, -1, 0, 1, 2, 3)
AVERAGES = {"none": (0,), "transpositions": TRANSPOSITIONS}


class AveragedState(NamedTuple):
    """State of an ensemble for a batch of sequences.

    Attributes:
        states: of each predictor, for all transposed copies of the batch in one: those
            of the first piece, those of the second, and so on.
        valid: bool array (batch, transpositions), whether all notes before the present
            step have a token after the transposition.
    """

    states: tuple[Any, ...]
    valid: BoolArray


class AveragedPredictor:
    """The mean of predictors over transpositions.

    Args:
        predictors: of one vocabulary and order of voices; their plan features may
            differ. The ranges of voices and the critic are those of the first.
        transpositions: in semitones upwards, 0 among them.

    Raises:
        UsageError: no predictor, or no transposition by 0.
        ModelError: the predictors do not fit each other.
    """

    def __init__(
        self,
        predictors: Sequence[Predictor[Any]],
        transpositions: Sequence[int] = TRANSPOSITIONS,
    ) -> None:
        if not predictors:
            raise UsageError("expected at least one model to average, got none")
        if 0 not in transpositions:
            raise UsageError(
                f"expected 0 among the transpositions, got {transpositions}"
            )
        first, *others = map(_token_format, predictors)
        for number, found in enumerate(others, start=2):
            if found != first:
                raise ModelError(
                    "models cannot be averaged that write different tokens: expected "
                    f"those of model 1, {first}, of model {number} too, got {found}"
                )

        self.predictors, self.transpositions = predictors, transpositions
        self.vocabulary = predictors[0].vocabulary
        self.voice_order = predictors[0].voice_order
        features = chain.from_iterable(model.plan_features for model in predictors)
        self.plan_features = tuple(dict.fromkeys(features))
        self.threads = min(map(threads_of, predictors))
        self.critic = critic_of(predictors[0])
        networks = sum(model.members for model in predictors)
        self.members = networks * len(transpositions)

    def start(self, plan: IntArray) -> AveragedState:
        shape = (len(plan), len(self.transpositions))
        states = [
            predictor.start(self._plans(predictor, plan))
            for predictor in self.predictors
        ]
        return AveragedState(tuple(states), np.ones(shape, np.bool_))

    def advance(
        self, state: AveragedState, tokens: IntArray, plan: IntArray
    ) -> AveragedState:
        copies, has_token = self._copies(tokens)
        states = [
            predictor.advance(own, copies, self._plans(predictor, plan))
            for predictor, own in zip(self.predictors, state.states, strict=True)
        ]
        return AveragedState(tuple(states), state.valid & has_token.all(axis=-1))

    def select(self, state: AveragedState, rows: IntArray) -> AveragedState:
        # The rows of a predictor's state are (batch, transpositions), flattened.
        copies = len(self.transpositions)
        every = (np.asarray(rows)[:, np.newaxis] * copies + np.arange(copies)).ravel()
        states = [
            predictor.select(own, every)
            for predictor, own in zip(self.predictors, state.states, strict=True)
        ]
        return AveragedState(tuple(states), state.valid[rows])

    def voice_logits(
        self, state: AveragedState, voice: int, chosen: IntArray
    ) -> FloatArray:
        copies, has_token = self._copies(chosen)
        written = list(self.voice_order[: self.voice_order.index(voice)])
        valid = state.valid[: len(chosen)] & has_token[..., written].all(axis=-1)
        members: list[FloatArray] = []
        for predictor, own in zip(self.predictors, state.states, strict=True):
            scores = log_softmax(predictor.voice_logits(own, voice, copies))
            scores = scores.reshape(*valid.shape, -1).swapaxes(0, 1)
            members += map(self._member, scores, self.transpositions, valid.T)
        return _mean(members)

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        return _mean(self._scores(tokens, plan))

    def _scores(self, tokens: IntArray, plan: IntArray) -> Iterator[FloatArray]:
        """Yield the scores of each member, one at a time to save memory."""
        for semitones in self.transpositions:
            copy, has_token = self._transposed(tokens, semitones)
            valid = self._valid(has_token)
            for predictor in self.predictors:
                scores = predictor.score(copy, self._plan(predictor, plan, semitones))
                yield self._member(scores, semitones, valid)

    # === Transposition to a member and back ===

    def _transposed(
        self, tokens: IntArray, semitones: int
    ) -> tuple[IntArray, BoolArray]:
        """Return transposed tokens, and where the transposed note has a token.

        A note without a token becomes the lowest or the highest note.
        """
        vocabulary = self.vocabulary
        moved = vocabulary.shifted(tokens, semitones)
        lowest, highest = (
            vocabulary.token(pitch) for pitch in (vocabulary.lowest, vocabulary.highest)
        )
        is_pitch = vocabulary.shifted(tokens, 1) != tokens
        copy = np.where(is_pitch, np.clip(moved, lowest, highest), tokens)
        return copy, copy == moved

    def _copies(self, tokens: IntArray) -> tuple[IntArray, BoolArray]:
        """Return all transpositions of a batch as one batch.

        Args:
            tokens: int array (batch, 4).

        Returns:
            int array (batch * transpositions, 4), the copies of the first piece, of
            the second, and so on; and bool array (batch, transpositions, 4), where
            their notes have a token.
        """
        pairs = [
            self._transposed(tokens, semitones) for semitones in self.transpositions
        ]
        copies, has_token = zip(*pairs, strict=True)
        return np.concatenate(np.stack(copies, axis=1)), np.stack(has_token, axis=1)

    def _plan(
        self, predictor: Predictor[Any], plan: IntArray, semitones: int
    ) -> IntArray:
        """Return the plan features of one predictor, transposed."""
        names = predictor.plan_features
        columns = [self.plan_features.index(name) for name in names]
        return transpose_features(plan[..., columns], names, semitones)

    def _plans(self, predictor: Predictor[Any], plan: IntArray) -> IntArray:
        """Return the plans of `_copies`, (batch * transpositions, features)."""
        plans = [
            self._plan(predictor, plan, semitones) for semitones in self.transpositions
        ]
        return np.concatenate(np.stack(plans, axis=1))

    def _valid(self, has_token: BoolArray) -> BoolArray:
        """Return where all notes written before have a token.

        Args:
            has_token: bool array (batch, steps, 4).

        Returns:
            bool array (batch, steps, 4).
        """
        order = list(self.voice_order)
        written = has_token[..., order].reshape(len(has_token), -1)
        before = np.ones_like(written)
        before[:, 1:] = np.logical_and.accumulate(written, axis=1)[:, :-1]
        valid = np.empty_like(has_token)
        valid[..., order] = before.reshape(has_token.shape)
        return valid

    def _member(
        self, logarithms: FloatArray, semitones: int, valid: BoolArray
    ) -> FloatArray:
        """Return one member's log-probabilities of the untransposed tokens.

        Args:
            logarithms: float array (..., vocabulary size), of the transposed tokens.
            semitones: transposition of the member.
            valid: bool array (...), where the member counts.
        """
        tokens, has_token = self._transposed(np.arange(self.vocabulary.size), semitones)
        known = valid[..., np.newaxis] & has_token
        return np.where(known, logarithms[..., tokens], np.float32(-np.inf))


def average(predictors: Sequence[Predictor[Any]], kind: str = "none") -> Predictor[Any]:
    """Return an ensemble, or the predictor itself if there is nothing to average.

    Args:
        predictors: at least one.
        kind: a name out of AVERAGES, the transpositions to average over.

    Raises:
        UsageError: there is no such kind.
        ModelError: the predictors do not fit each other.
    """
    check_choice("an average", kind, AVERAGES)
    ensemble = AveragedPredictor(predictors, AVERAGES[kind])
    return ensemble if ensemble.members > 1 else predictors[0]


def _mean(members: Iterable[FloatArray]) -> FloatArray:
    """Return the logarithms of the geometric mean of probabilities, renormalized.

    Args:
        members: float arrays (..., tokens), log-probabilities; -inf for tokens that a
            member does not know, and for all where it is not valid.
    """
    total: Any = 0.0
    count: Any = np.int16(0)
    for logarithms in members:
        known = logarithms != -np.inf
        total = total + np.where(known, logarithms, np.float32(0))
        count = count + known
    with np.errstate(invalid="ignore"):  # 0 / 0 where no member knows a token
        mean = total / count.astype(np.float32)
    return log_softmax(np.where(count > 0, mean, np.float32(-np.inf)))


def _token_format(predictor: Predictor[Any]) -> str:
    """Describe what the predictors of an ensemble must have in common."""
    voices = ", ".join(VOICE_NAMES[voice] for voice in predictor.voice_order)
    return f"{predictor.vocabulary.alphabet}, {voices}"
