"""Guidance: following the key more closely than the model would by itself.

Left to itself a network believes the notes that it has just written more than the plan,
and what begins in one key may end in another. So the network is asked twice, with the
key and without it, and what the key changes is made larger (classifier-free guidance,
Ho & Salimans, 2022):

    log p = (1 + w) log p(note | past, plan) - w log p(note | past, plan without key)

Only the last bars are guided, where the plan tells how far the end is. There the key
has to be that of the plan; before, chorales wander through others, and where all of it
was guided they sang higher than Bach's and left more sevenths unresolved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.plan import distance_value
from chorale.encoding.tokens import Vocabulary
from chorale.models.predictor import Predictor, log_softmax
from chorale.utils.arrays import FloatArray, IntArray

KEY_FEATURE = "key"
END_FEATURE = "to_end"
_GUIDED_STEPS = 64  # before the end: four bars of common time


class GuidedState(NamedTuple):
    """What a guided predictor carries from step to step.

    Attributes:
        both: state of the predictor behind, for all pieces with the key, then without.
        weights: float array (batch, 1), of the key at the present step.
    """

    both: Any
    weights: FloatArray


@dataclass(frozen=True)
class GuidedPredictor:
    """A predictor whose every note is drawn nearer to the key of the plan.

    Attributes:
        predictor: whose plan has the feature `key`.
        weight: w of the formula; 0 leaves the predictor as it is.
    """

    predictor: Predictor[Any]
    weight: float

    @property
    def vocabulary(self) -> Vocabulary:
        return self.predictor.vocabulary

    @property
    def voice_order(self) -> tuple[int, ...]:
        return self.predictor.voice_order

    @property
    def plan_features(self) -> tuple[str, ...]:
        return self.predictor.plan_features

    # Both askings are one batch: first all pieces with the key, then all without.

    def start(self, plan: IntArray) -> GuidedState:
        both = self.predictor.start(self._both(plan))
        return GuidedState(both, self._weights(plan))

    def advance(
        self, state: GuidedState, tokens: IntArray, plan: IntArray
    ) -> GuidedState:
        both = self.predictor.advance(
            state.both, np.tile(tokens, (2, 1)), self._both(plan)
        )
        return GuidedState(both, self._weights(plan))

    def select(self, state: GuidedState, rows: IntArray) -> GuidedState:
        both = np.concatenate([rows, rows + len(state.weights)])
        return GuidedState(self.predictor.select(state.both, both), state.weights[rows])

    def voice_logits(
        self, state: GuidedState, voice: int, chosen: IntArray
    ) -> FloatArray:
        both = np.tile(chosen, (2, 1))
        told, untold = np.split(self.predictor.voice_logits(state.both, voice, both), 2)
        return _guided(told, untold, state.weights)

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        return _guided(
            self.predictor.score(tokens, plan),
            self.predictor.score(tokens, self._without_key(plan)),
            self._weights(plan)[..., np.newaxis],
        )

    def _weights(self, plan: IntArray) -> FloatArray:
        """Return how closely each step follows the key, float (..., 1)."""
        guided = np.ones(plan.shape[:-1], np.float32)
        if END_FEATURE in self.plan_features:
            to_end = plan[..., self.plan_features.index(END_FEATURE)]
            guided *= to_end < distance_value(_GUIDED_STEPS)
        return self.weight * guided[..., np.newaxis]

    def _both(self, plan: IntArray) -> IntArray:
        return np.concatenate([plan, self._without_key(plan)])

    def _without_key(self, plan: IntArray) -> IntArray:
        untold = np.array(plan)
        untold[..., self.plan_features.index(KEY_FEATURE)] = 0
        return untold


def _guided(told: FloatArray, untold: FloatArray, weights: FloatArray) -> FloatArray:
    told, untold = log_softmax(told), log_softmax(untold)
    return log_softmax(told + weights * (told - untold))
