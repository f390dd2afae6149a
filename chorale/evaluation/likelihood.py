"""Likelihoods: how well a predictor foretells whole pieces.

The figure is the exact chronological joint likelihood: each note given all the steps
before it and the voices of its step that come earlier in `voice_order`, over whole
pieces, every voice at every step counted once, averaged over all notes of all pieces.
Likelihoods of the `pitch` and the `hold` encoding are not comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.encoding.plan import Plan
from chorale.errors import DataError, UsageError
from chorale.models.predictor import Predictor
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.utils.progress import Progress

# Pieces that are scored side by side.
_BATCH = 8


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """What a predictor scores on some chorales; a note is a voice at a step.

    Attributes:
        nats_per_note: negative log-likelihood over the number of notes.
        nats_per_frame: the same over the number of steps.
        nats_per_changed_note: the same over the notes whose pitch differs from the
            step before; the first step counts as changed.
        spread: standard deviation of the pieces' own nats a note.
        accuracy: share of the notes whose token is the most likely one.
        notes: how many there are.
    """

    nats_per_note: float
    nats_per_frame: float
    nats_per_changed_note: float
    spread: float
    accuracy: float
    notes: int


class Scored(NamedTuple):
    """What a predictor makes of one piece.

    Attributes:
        nats: float array (steps, 4), negative log-likelihood of each note.
        hits: bool array (steps, 4), whether it was the most likely one.
    """

    nats: npt.NDArray[np.float64]
    hits: BoolArray


def evaluate(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    *,
    given: Sequence[int] = (),
    progress: Progress | None = None,
) -> Likelihood:
    """Return the likelihood of whole chorales.

    Args:
        predictor: the model.
        chorales: at least one.
        given: voices that are not counted: what is left is the likelihood of the others
            given these up to each step, and not after it.
        progress: called with the pieces done and the pieces in all.

    Raises:
        DataError: there are no chorales, or one that the model's vocabulary does not
            cover, by name.
        UsageError: voices are given that are not the first that the model writes.
    """
    if not chorales:
        raise DataError("expected at least one chorale to evaluate, got none")
    order = predictor.voice_order
    if set(given) != set(order[: len(given)]) or len(given) == VOICES:
        names = [VOICE_NAMES[voice] for voice in order]
        raise UsageError(
            "expected to be given the first of the voices, in the order in which the "
            f"model writes them, {', '.join(names)}, and not all, got "
            f"{', '.join(VOICE_NAMES[voice] for voice in given)}"
        )
    asked = [voice for voice in range(VOICES) if voice not in given]
    scored = score_each(predictor, chorales, progress=progress)
    nats = np.concatenate([one.nats[:, asked] for one in scored])
    changed = np.concatenate([_changed(chorale.pitches) for chorale in chorales])
    return Likelihood(
        nats_per_note=float(nats.mean()),
        nats_per_frame=float(nats.mean() * len(asked)),
        nats_per_changed_note=float(nats[changed[:, asked]].mean()),
        spread=float(np.std([one.nats[:, asked].mean() for one in scored])),
        accuracy=float(np.concatenate([one.hits[:, asked] for one in scored]).mean()),
        notes=nats.size,
    )


def score_each(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    *,
    progress: Progress | None = None,
) -> list[Scored]:
    """Return what a predictor makes of every note of each chorale; see `evaluate`."""
    # All are encoded first, so that a stray note is reported before the long part.
    tokens = [predictor.vocabulary.encode(chorale) for chorale in chorales]
    scored: dict[int, Scored] = {}
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
            scored[index] = Scored(-given[..., 0], score.argmax(axis=-1) == piece)
        if progress is not None:
            progress(len(scored), len(order))
    return [scored[index] for index in range(len(chorales))]


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
