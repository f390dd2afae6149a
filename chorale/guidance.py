"""Guidance: following the key more closely than the model would by itself.

Left to itself a network believes the notes that it has just written more than the plan,
and what begins in one key may end in another. So the network is asked twice, with the
key and without it, and what the key changes is made larger (classifier-free guidance,
Ho & Salimans, 2022):

    log p = (1 + w) log p(note | past, plan) - w log p(note | past, plan without key)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chorale.predictors import FloatArray, Predictor, log_softmax
from chorale.score import IntArray
from chorale.tokens import Vocabulary

KEY_FEATURE = "key"


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

    def start(self, plan: IntArray) -> Any:
        return self.predictor.start(self._both(plan))

    def advance(self, state: Any, tokens: IntArray, plan: IntArray) -> Any:
        return self.predictor.advance(state, np.tile(tokens, (2, 1)), self._both(plan))

    def voice_logits(self, state: Any, voice: int, chosen: IntArray) -> FloatArray:
        logits = self.predictor.voice_logits(state, voice, np.tile(chosen, (2, 1)))
        return self._guided(*np.split(logits, 2))

    def score(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        return self._guided(
            self.predictor.score(tokens, plan),
            self.predictor.score(tokens, self._without_key(plan)),
        )

    def _guided(self, told: FloatArray, untold: FloatArray) -> FloatArray:
        told, untold = log_softmax(told), log_softmax(untold)
        return log_softmax(told + self.weight * (told - untold))

    def _both(self, plan: IntArray) -> IntArray:
        return np.concatenate([plan, self._without_key(plan)])

    def _without_key(self, plan: IntArray) -> IntArray:
        untold = np.array(plan)
        untold[..., self.plan_features.index(KEY_FEATURE)] = 0
        return untold
