"""Distillation: learning from what other models hold likely, besides the notes.

A corpus says of each note that it was this one. A model that knows the music says of
every note how well it would have done, which is a great deal more, and says nothing of
what is but an accident of the piece. A network that learns a part of each knows the
pieces less by heart (Hinton, Vinyals & Dean, "Distilling the knowledge in a neural
network", 2015; Furlanello et al., "Born-again neural networks", 2018).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from chorale.averaging import average
from chorale.errors import ModelError
from chorale.fitting import Batch
from chorale.models import Card, find_model, load_card, load_predictor
from chorale.predictors import Predictor
from chorale.tokens import Vocabulary


def teacher_cards(
    names: Sequence[str], vocabulary: Vocabulary, plan: Sequence[str]
) -> dict[str, Card]:
    """Return the cards of the models that a network is to learn from, by name.

    Args:
        names: each as in `chorale.models.find_model`.
        vocabulary: of the network.
        plan: the features that the network is told.

    Raises:
        UsageError: no such model.
        ModelError: a model of other tokens, or one that is told more than the network.
    """
    cards = {name: load_card(find_model(name)) for name in names}
    for name, card in cards.items():
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


def load_teachers(names: Sequence[str]) -> Predictor[Any]:
    """Open the models that a network is to learn from, as one; see `teacher_cards`."""
    return average([load_predictor(name, backend="keras") for name in names])


def soften(
    batches: Iterable[Batch],
    teacher: Predictor[Any],
    plan: Sequence[str],
    share: float,
) -> Iterator[Batch]:
    """Yield batches whose targets are distributions.

    Args:
        batches: their targets are tokens, int arrays (batch, steps, 4).
        teacher: hears the notes of a batch from its first step on, so of a crop less
            than the network, which is told what came before by ages and echoes.
        plan: names of the features in the batches.
        share: of the teacher in the targets; the rest is the note that was written.

    Yields:
        the same with targets float32 (batch, steps, 4, vocabulary size).
    """
    columns = [plan.index(name) for name in teacher.plan_features]
    for batch in batches:
        tokens = batch.targets
        targets = share * np.exp(
            teacher.score(tokens, batch.inputs["plan"][..., columns])
        )
        written = tokens[..., np.newaxis]
        there = np.take_along_axis(targets, written, axis=-1)
        np.put_along_axis(targets, written, there + (1 - share), axis=-1)
        yield batch._replace(targets=targets)
