"""Distillation: learning from what other models hold likely, besides the notes.

A corpus says of each note that it was this one. A model that knows the music says of
every note how well it would have done, which is a great deal more, and says nothing of
what is but an accident of the piece. A network that learns a part of each knows the
pieces less by heart (Hinton, Vinyals & Dean, "Distilling the knowledge in a neural
network", 2015; Furlanello et al., "Born-again neural networks", 2018).
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


def teacher_cards(
    names: Sequence[str], vocabulary: Vocabulary, plan: Sequence[str]
) -> dict[str, Card]:
    """Return the cards of the models that a network is to learn from, by name.

    Args:
        names: each as in `chorale.models.storage.find_model`.
        vocabulary: of the network.
        plan: the features that the network is told.

    Raises:
        UsageError: no such model.
        ModelError: a model of other tokens, or one that is told more than the network.
    """
    cards = {name: load_card(name) for name in names}
    for name, card in cards.items():
        if not isinstance(card.vocabulary, Vocabulary):
            raise ModelError(
                f"expected next-step models as teachers, {name} is not one"
            )
        if card.vocabulary.alphabet != vocabulary.alphabet:
            raise ModelError(
                f"expected teachers of the network's tokens, {vocabulary.alphabet}, "
                f"got {name} of {card.vocabulary.alphabet}"
            )
        untold = [feature for feature in card.plan_features if feature not in plan]
        if untold:
            raise ModelError(
                f"the teacher {name} is told {', '.join(untold)} and the network is "
                "not: add it to the plan, or choose other teachers"
            )
    return cards


@dataclass(frozen=True)
class Teacher:
    """What a network learns besides the notes.

    A piece is heard whole, from its beginning, once in each key and under each plan
    that it comes with. What is held likely in it is kept: some 200 kB each time, half a
    gigabyte or so of the bundled corpus once all have come.

    Attributes:
        predictors: say what is likely, together; none recalls the piece by its own
            soprano.
        plan: names of the features that the network is told.
        share: of what is likely in the targets; the rest is the note that was written.
    """

    predictors: Sequence[NetworkPredictor]
    plan: Sequence[str]
    share: float
    _heard: dict[tuple[bytes, bytes], FloatArray] = field(
        default_factory=dict, init=False, repr=False
    )

    @classmethod
    def load(cls, names: Sequence[str], plan: Sequence[str], share: float) -> Teacher:
        """Open models, to be heard as one; see `teacher_cards`."""
        return cls([load_model(name, kind=NEXT_STEP) for name in names], plan, share)

    def targets(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        """Return what a network is to hold likely of every note of a piece.

        Args:
            tokens: int array (steps, 4), of a whole piece.
            plan: int array (steps, features).

        Returns:
            float32 array (steps, 4, vocabulary size), a distribution of every note.
        """
        piece = tokens.tobytes(), plan.tobytes()
        if piece not in self._heard:
            self._heard[piece] = self._targets(tokens, plan)
        return self._heard[piece]

    def _targets(self, tokens: IntArray, plan: IntArray) -> FloatArray:
        predictor = average([one.without(tokens) for one in self.predictors])
        columns = [self.plan.index(name) for name in predictor.plan_features]
        scores = predictor.score(tokens[np.newaxis], plan[np.newaxis, :, columns])
        targets: FloatArray = self.share * np.exp(scores[0])
        written = tokens[..., np.newaxis]
        there = np.take_along_axis(targets, written, axis=-1)
        np.put_along_axis(targets, written, there + (1 - self.share), axis=-1)
        return targets
