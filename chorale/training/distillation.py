"""Distillation: training on the soft targets of teachers as well as on the notes.

A note says only what was written. The distribution of a trained model also says how
likely every other note was. Training on a mixture of both reduces overfitting (Hinton,
Vinyals & Dean, "Distilling the knowledge in a neural network", 2015; Furlanello et al.,
"Born-again neural networks", 2018).

A teacher may know other notes than the network. Its distributions are mapped by pitch,
without the notes that the network lacks, and renormalized. A piece with a note that no
teacher knows is learned from its notes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.errors import ModelError
from chorale.models.next_step import NetworkPredictor
from chorale.models.storage import NEXT_STEP, Card, load_card, load_model
from chorale.music.score import Chorale
from chorale.music.voices import HIGHEST_PITCH, SILENCE
from chorale.utils.arrays import FloatArray, IntArray
from chorale.utils.text import counted

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
        ModelError: an infiller, a model of another encoding, or one with conditioning
            features that the network lacks.
    """
    cards = {name: load_card(name) for name in names}
    for name, card in cards.items():
        if not isinstance(card.vocabulary, Vocabulary):
            raise ModelError(f"expected next-step models as teachers, got {name}")
        if card.vocabulary.encoding != vocabulary.encoding:
            raise ModelError(
                f"expected teachers of the network's encoding, {vocabulary.encoding}, "
                f"got {name} of encoding {card.vocabulary.encoding}"
            )
        missing = [feature for feature in card.plan_features if feature not in plan]
        if missing:
            raise ModelError(
                f"the teacher {name} uses {', '.join(missing)}, the network does not: "
                "add it to the plan, or choose other teachers"
            )
    return cards


def teacher_remark(names: Sequence[str], chorales: Sequence[Chorale]) -> str:
    """Return how many chorales have notes that no teacher knows, empty if none."""
    known = [load_card(name).vocabulary for name in names]
    count = 0
    for chorale in chorales if known else ():
        sounding = chorale.pitches[chorale.pitches != SILENCE]
        low, high = sounding.min(initial=HIGHEST_PITCH), sounding.max(initial=0)
        count += not any(each.lowest <= low and high <= each.highest for each in known)
    if not count:
        return ""
    return (
        f"{count} of {counted(len(chorales), 'piece')} have notes outside the "
        "vocabulary of each teacher and are learned from their notes alone"
    )


@dataclass(frozen=True)
class Teacher:
    """Soft targets of the notes of whole pieces, from one or more models.

    A piece is scored once in each key and under each plan that it is drawn with, and
    the latest results are cached: some 200 kB each, about half a gigabyte for the
    bundled corpus, and at most 0.8.

    Attributes:
        predictors: of their probabilities the arithmetic mean is taken. None recalls
            the melody of the piece that it scores.
        plan: names of the conditioning features of the network.
        vocabulary: of the network.
        share: weight of the predictors in the targets; the rest is the weight of the
            written note.
    """

    predictors: Sequence[NetworkPredictor]
    plan: Sequence[str]
    vocabulary: Vocabulary
    share: float
    _cache: dict[tuple[bytes, bytes], FloatArray] = field(
        default_factory=dict, init=False, repr=False
    )

    @classmethod
    def load(
        cls,
        names: Sequence[str],
        plan: Sequence[str],
        vocabulary: Vocabulary,
        share: float,
    ) -> Teacher:
        """Open the models of teachers, see `teacher_cards`."""
        predictors = [load_model(name, kind=NEXT_STEP) for name in names]
        return cls(predictors, plan, vocabulary, share)

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
        written = np.eye(self.vocabulary.size, dtype=np.float32)[tokens]
        said = [self._said(model, tokens, plan) for model in self.predictors]
        known = [each for each in said if each is not None]
        if not known:
            return written
        targets: FloatArray = self.share * np.mean(known, axis=0)
        return targets + (1 - self.share) * written

    def _said(
        self, model: NetworkPredictor, tokens: IntArray, plan: IntArray
    ) -> FloatArray | None:
        """Return the distributions of one teacher over the tokens of the network.

        None if it lacks a note of the piece.
        """
        numbers = self.vocabulary.numbers_in(model.vocabulary)
        theirs = numbers[tokens]
        if (theirs < 0).any():
            return None
        columns = [self.plan.index(name) for name in model.plan_features]
        scores = model.without(theirs).score(
            theirs[np.newaxis], plan[np.newaxis, :, columns]
        )[0]
        shared = np.flatnonzero(numbers >= 0)
        said = np.zeros((*tokens.shape, self.vocabulary.size), np.float32)
        said[..., shared] = np.exp(scores[..., numbers[shared]])
        said /= said.sum(axis=-1, keepdims=True)
        return said
