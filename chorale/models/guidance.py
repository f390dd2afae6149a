"""Classifier-free guidance by the key of the plan.

An unguided network conditions more on the notes that it has just written than on the
plan, and a piece that begins in one key may end in another. Guidance evaluates the
network twice, with the key and without it, and amplifies the difference (Ho & Salimans,
2022):

    log p = (1 + w) log p(note | past, plan) - w log p(note | past, plan without key)

Only the last bars are guided and, with less weight, the last beats before a fermata, if
the plan contains the distances to them. There the key has to be that of the plan, which
names the key of each phrase end; elsewhere other keys are normal. Guided throughout,
pieces were higher than Bach's and had more unresolved sevenths.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.plan import distance_value
from chorale.models.predictor import Predictor, log_softmax
from chorale.utils.arrays import FloatArray, IntArray
from chorale.utils.threads import threads_of

KEY_FEATURE = "key"
END_FEATURE = "to_end"
_GUIDED_STEPS = 64  # before the end: four bars of 4/4
_NOT_GUIDED = distance_value(_GUIDED_STEPS)
FERMATA_FEATURE = "to_fermata"
_BEFORE_FERMATA = 8  # steps: two beats
_FERMATA_SHARE = 0.4  # of the weight there


class GuidedState(NamedTuple):
    """State of a guided predictor for a batch of sequences.

    Attributes:
        both: state of the inner predictor, for all pieces with the key, then without.
        weights: float array (batch, 1), w of the formula at the present step.
    """

    both: Any
    weights: FloatArray


class GuidedPredictor:
    """A predictor with classifier-free guidance by the key.

    Args:
        predictor: the inner predictor, whose plan has the feature `key`.
        weight: w of the formula; 0 changes nothing.
    """

    def __init__(self, predictor: Predictor[Any], weight: float) -> None:
        self.predictor, self.weight = predictor, weight
        self.vocabulary = predictor.vocabulary
        self.voice_order = predictor.voice_order
        self.plan_features = predictor.plan_features
        self.threads, self.members = threads_of(predictor), predictor.members

    # Both evaluations are one batch: first all pieces with the key, then all without.
    # The second half is carried through the whole piece, but gives no probabilities
    # where nothing is guided.

    def start(self, plan: IntArray) -> GuidedState:
        both = self.predictor.start(self._both(plan))
        return GuidedState(both, self._weights(plan))

    def advance(
        self, state: GuidedState, tokens: IntArray, plan: IntArray
    ) -> GuidedState:
        both = self.predictor.advance(
            state.both, np.concatenate([tokens, tokens]), self._both(plan)
        )
        return GuidedState(both, self._weights(plan))

    def select(self, state: GuidedState, rows: IntArray) -> GuidedState:
        both = np.concatenate([rows, rows + len(state.weights)])
        return GuidedState(self.predictor.select(state.both, both), state.weights[rows])

    def voice_logits(
        self, state: GuidedState, voice: int, chosen: IntArray
    ) -> FloatArray:
        rows, batch = len(chosen), len(state.weights)
        weights = state.weights[:rows]
        if not weights.any():
            return self.predictor.voice_logits(state.both, voice, chosen)
        both = np.zeros((2, batch, chosen.shape[-1]), np.int64)
        both[:, :rows] = chosen
        logits = self.predictor.voice_logits(state.both, voice, np.concatenate(both))
        conditional, unconditional = logits.reshape(2, batch, -1)[:, :rows]
        return _guided(conditional, unconditional, weights)

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        return _guided(
            self.predictor.score(tokens, plan),
            self.predictor.score(tokens, self._without_key(plan)),
            self._weights(plan)[..., np.newaxis],
        )

    def guides(self, plan: IntArray) -> bool:
        """Return whether anything is guided at steps of such plans (..., features)."""
        return bool(self._weights(plan).any())

    def _weights(self, plan: IntArray) -> FloatArray:
        """Return w of the formula at each step, float array (..., 1)."""
        guided = np.ones(plan.shape[:-1])
        if END_FEATURE in self.plan_features:
            to_end = plan[..., self.plan_features.index(END_FEATURE)]
            guided *= to_end < _NOT_GUIDED
        if FERMATA_FEATURE in self.plan_features:
            to_fermata = plan[..., self.plan_features.index(FERMATA_FEATURE)]
            near = to_fermata <= distance_value(_BEFORE_FERMATA)
            guided = np.maximum(guided, _FERMATA_SHARE * near)
        weights: FloatArray = (self.weight * guided).astype(np.float32)
        return weights[..., np.newaxis]

    def _both(self, plan: IntArray) -> IntArray:
        return np.concatenate([plan, self._without_key(plan)])

    def _without_key(self, plan: IntArray) -> IntArray:
        plan = np.array(plan)
        plan[..., self.plan_features.index(KEY_FEATURE)] = 0
        return plan


def _guided(
    conditional: FloatArray, unconditional: FloatArray, weights: FloatArray
) -> FloatArray:
    """Return guided log-probabilities of logits; float arrays (..., tokens or 1).

    Logits are log-probabilities but for a number in each row, which the result, being
    normalized, does not depend on.
    """
    return log_softmax(conditional + weights * (conditional - unconditional))
