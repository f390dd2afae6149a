"""Distillation: training on the soft targets of teachers as well as on the notes.

A note says only what was written. The distribution of a trained model also says how
likely every other note was. Training on a mixture of both reduces overfitting (Hinton,
Vinyals & Dean, "Distilling the knowledge in a neural network", 2015; Furlanello et al.,
"Born-again neural networks", 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.errors import ModelError
from chorale.models.ensemble import average
from chorale.models.next_step import NetworkPredictor
from chorale.models.storage import NEXT_STEP, Card, load_card, load_model
from chorale.utils.arrays import FloatArray, IntArray

_CACHED = 4096  # pieces, each in a key and under a plan


def teacher_cards(
    names: Sequence[str], vocabulary: Vocabulary, plan: Sequence[str]
) -> dict[str, Card]:
    """Return the cards of the teachers of a network, by name.

    Args:
        names: each as in `chorale.models.storage.find_model`.
        vocabulary: of the network.
        plan: conditioning features of the network.

    Raises:
        UsageError: no such model.
        ModelError: an infiller, a model of other tokens, or one with conditioning
            features that the network lacks.
    """
    cards = {name: load_card(name) for name in names}
    for name, card in cards.items():
        if not isinstance(card.vocabulary, Vocabulary):
            raise ModelError(f"expected next-step models as teachers, got {name}")
        if card.vocabulary.alphabet != vocabulary.alphabet:
            raise ModelError(
                f"expected teachers of the network's tokens, {vocabulary.alphabet}, "
                f"got {name} of {card.vocabulary.alphabet}"
            )
        missing = [feature for feature in card.plan_features if feature not in plan]
        if missing:
            raise ModelError(
                f"the teacher {name} uses {', '.join(missing)}, the network does not: "
                "add it to the plan, or choose other teachers"
            )
    return cards


@dataclass(frozen=True)
class Teacher:
    """Soft targets of the notes of whole pieces, from one or more models.

    A piece is scored once in each key and under each plan that it is drawn with, and
    the latest results are cached: some 200 kB each, about half a gigabyte for the
    bundled corpus, and at most 0.8.

    Attributes:
        predictors: their probabilities are averaged. None recalls the melody of the
            piece that it scores.
        plan: names of the conditioning features of the network.
        share: weight of the predictors in the targets; the rest is the weight of the
            written note.
    """

    predictors: Sequence[NetworkPredictor]
    plan: Sequence[str]
    share: float
    _cache: dict[tuple[bytes, bytes], FloatArray] = field(
        default_factory=dict, init=False, repr=False
    )

    @classmethod
    def load(cls, names: Sequence[str], plan: Sequence[str], share: float) -> Teacher:
        """Open the models of teachers, see `teacher_cards`."""
        return cls([load_model(name, kind=NEXT_STEP) for name in names], plan, share)

    def targets(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        """Return the targets of every note of a piece.

        Args:
            tokens: int array (steps, 4), of a whole piece.
            plan: int array (steps, features).

        Returns:
            float32 array (steps, 4, vocabulary size), a distribution for each note.
        """
        piece = tokens.tobytes(), plan.tobytes()
        if piece not in self._cache:
            if len(self._cache) == _CACHED:
                del self._cache[next(iter(self._cache))]  # the oldest
            self._cache[piece] = self._targets(tokens, plan)
        return self._cache[piece]

    def _targets(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        predictor = average([model.without(tokens) for model in self.predictors])
        columns = [self.plan.index(name) for name in predictor.plan_features]
        scores = predictor.score(tokens[np.newaxis], plan[np.newaxis, :, columns])
        targets: FloatArray = self.share * np.exp(scores[0])
        written = tokens[..., np.newaxis]
        there = np.take_along_axis(targets, written, axis=-1)
        np.put_along_axis(targets, written, there + (1 - self.share), axis=-1)
        return targets
