"""Likelihoods: how well a predictor foretells whole pieces.

The figure is the exact chronological joint likelihood: each note given all the steps
before it and the voices of its step that come earlier in `voice_order`, over whole
pieces, every voice at every step counted once, averaged over all notes of all pieces.
Likelihoods of the `pitch` and the `hold` encoding are not comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.plan import Plan
from chorale.predictors import Predictor
from chorale.score import BoolArray, Chorale, IntArray
from chorale.voices import VOICES

# Pieces that are scored side by side.
_BATCH = 8


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """What a predictor scores on some chorales; a note is a voice at a step.

    Attributes:
        nats_per_note: negative log-likelihood over the number of notes.
        nats_per_frame: the same over the number of steps, four notes each.
        nats_per_changed_note: the same over the notes whose pitch differs from the
            step before; the first step counts as changed.
        accuracy: share of the notes whose token is the most likely one.
        notes: how many there are.
    """

    nats_per_note: float
    nats_per_frame: float
    nats_per_changed_note: float
    accuracy: float
    notes: int


def evaluate(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Likelihood:
    """Return the likelihood of whole chorales.

    Args:
        predictor: the model.
        chorales: at least one.
        progress: called with the pieces done and the pieces in all.

    Raises:
        DataError: there are no chorales, or one that the model's vocabulary does not
            cover, by name.
    """
    if not chorales:
        raise DataError("expected at least one chorale to evaluate, got none")
    # All are encoded first, so that a stray note is reported before the long part.
    tokens = [predictor.vocabulary.encode(chorale) for chorale in chorales]
    surprises, hits, changed = [], [], []
    # Pieces of similar length share a batch, so that little of it is padding.
    order = sorted(range(len(chorales)), key=lambda index: len(tokens[index]))
    for first in range(0, len(order), _BATCH):
        batch = order[first : first + _BATCH]
        plans = [
            Plan.of(chorales[index]).features(predictor.plan_features)
            for index in batch
        ]
        scores = predictor.score(
            _pad([tokens[index] for index in batch]), _pad(plans)
        ).astype(np.float64)
        for row, index in enumerate(batch):
            piece, score = tokens[index], scores[row, : len(tokens[index])]
            given = np.take_along_axis(score, piece[..., np.newaxis], axis=-1)
            surprises.append(-given[..., 0])
            hits.append(score.argmax(axis=-1) == piece)
            changed.append(_changed(chorales[index].pitches))
        if progress is not None:
            progress(len(surprises), len(order))
    nats = np.concatenate(surprises)
    return Likelihood(
        nats_per_note=float(nats.mean()),
        nats_per_frame=float(nats.mean() * VOICES),
        nats_per_changed_note=float(nats[np.concatenate(changed)].mean()),
        accuracy=float(np.concatenate(hits).mean()),
        notes=nats.size,
    )


def _changed(pitches: IntArray) -> BoolArray:
    """Return where the pitch differs from the step before, silence being a pitch."""
    changed = np.ones(pitches.shape, np.bool_)
    changed[1:] = pitches[1:] != pitches[:-1]
    return changed


def _pad(tables: Sequence[IntArray]) -> IntArray:
    """Stack int arrays (steps, columns) to (batch, longest steps, columns)."""
    steps = max(len(table) for table in tables)
    return np.stack(
        [np.pad(one, ((0, steps - len(one)), (0, 0)), mode="edge") for one in tables]
    )
