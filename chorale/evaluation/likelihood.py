"""Exact likelihood of whole pieces under a next-step model.

The chain rule in chronological order: each note is predicted from all earlier steps and
from the voices of its own step that precede it in `voice_order`. Every voice at every
step counts once, and the mean is taken over all notes of all pieces. Likelihoods of the
`pitch` and the `hold` encoding are not comparable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.encoding.plan import Plan
from chorale.encoding.vocabulary import OutsideNote
from chorale.errors import UsageError
from chorale.evaluation.coverage import covered
from chorale.evaluation.workers import Workers
from chorale.models.predictor import Predictor
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, VOICES
from chorale.utils.arrays import (
    BoolArray,
    IntArray,
    batches_by_length,
    stack_padded,
)
from chorale.utils.progress import Progress
from chorale.utils.threads import map_in_threads, threads_of

_BATCH = 4  # pieces; larger batches take more memory and save no time


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """Likelihood of a set of chorales; a note is one voice at one step."""

    nats_per_note: float  # negative log-likelihood divided by the number of notes
    nats_per_frame: float  # the same divided by the number of steps
    # Mean of the notes whose pitch differs from the step before, first steps included.
    nats_per_changed_note: float
    spread: float  # standard deviation of nats per note over the pieces
    accuracy: float  # share of the notes whose token is the most likely one
    notes: int  # their number
    chorales: int  # number of chorales that were evaluated
    # Why each of the others was left out: its first note outside the vocabulary.
    left_out: tuple[OutsideNote, ...] = ()


class Scored(NamedTuple):
    """Scores of the notes of one piece."""

    nats: npt.NDArray[np.float64]  # (steps, 4), negative log-likelihoods
    hits: BoolArray  # (steps, 4), whether the token is the most likely one


class Batch(NamedTuple):
    """Some pieces of similar length."""

    tokens: list[IntArray]  # of each piece, (steps, 4)
    plans: list[IntArray]  # of each piece, (steps, features)


def evaluate(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    *,
    given: Sequence[int] = (),
    strict: bool = False,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Likelihood:
    """Return the likelihood of whole chorales under a next-step model.

    A chorale with a note outside the model's vocabulary has no likelihood: it is left
    out, and listed in the result.

    Args:
        predictor: the model.
        chorales: at least one.
        given: voices to condition on: the likelihood is that of the other voices, given
            these up to the current step.
        strict: whether to raise at the first chorale that would be left out.
        workers: processes that share the work, of the same model; None for threads.
        progress: called with the pieces done and the total.

    Raises:
        DataError: there are no chorales, or none is left.
        UsageError: the given voices are not the first ones that the model writes.
    """
    chorales, left_out = covered(predictor.vocabulary, chorales, strict=strict)
    order = predictor.voice_order
    if set(given) != set(order[: len(given)]) or len(given) == VOICES:
        raise UsageError(
            "expected given voices from the start of the model's writing order, "
            f"{_names(order)}, and not all, got {_names(given)}"
        )
    asked = [voice for voice in range(VOICES) if voice not in given]
    scored = score_each(predictor, chorales, workers=workers, progress=progress)
    nats = np.concatenate([piece.nats[:, asked] for piece in scored])
    hits = np.concatenate([piece.hits[:, asked] for piece in scored])
    changed = np.concatenate(
        [np.diff(chorale.pitches, axis=0, prepend=-1) != 0 for chorale in chorales]
    )
    return Likelihood(
        nats_per_note=float(nats.mean()),
        nats_per_frame=float(nats.mean() * len(asked)),
        nats_per_changed_note=float(nats[changed[:, asked]].mean()),
        spread=float(np.std([piece.nats[:, asked].mean() for piece in scored])),
        accuracy=float(hits.mean()),
        notes=nats.size,
        chorales=len(chorales),
        left_out=left_out,
    )


def score_each(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    *,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> list[Scored]:
    """Score every note of each chorale; for arguments see `evaluate`.

    Raises:
        DataError: a note is outside the model's vocabulary.
    """
    # Encode everything first: notes outside the vocabulary raise before the long part.
    tokens = [predictor.vocabulary.encode(chorale) for chorale in chorales]
    plans = [Plan.of(chorale).features(predictor.plan_features) for chorale in chorales]
    threads = threads_of(predictor)
    size = min(_BATCH, math.ceil(len(tokens) / threads))
    batches = batches_by_length([len(piece) for piece in tokens], size)
    jobs = (
        Batch([tokens[index] for index in batch], [plans[index] for index in batch])
        for batch in batches
    )
    if workers is None:
        results = map_in_threads(partial(score_batch, predictor), jobs, threads)
    else:
        results = workers.map(score_batch, jobs)
    scored: dict[int, Scored] = {}
    for batch, found in zip(batches, results, strict=True):
        scored.update(zip(batch, found, strict=True))
        if progress is not None:
            progress(len(scored), len(chorales))
    return [scored[index] for index in range(len(chorales))]


def score_batch(predictor: Predictor[Any], batch: Batch) -> list[Scored]:
    """Score every note of some pieces, in their order."""
    scores = predictor.score(stack_padded(batch.tokens), stack_padded(batch.plans))
    found = []
    for piece, row in zip(batch.tokens, scores, strict=True):
        row = row[: len(piece)]
        nats = -np.take_along_axis(row, piece[..., np.newaxis], axis=-1)[..., 0]
        found.append(Scored(nats.astype(np.float64), row.argmax(axis=-1) == piece))
    return found


def _names(voices: Sequence[int]) -> str:
    return ", ".join(VOICE_NAMES[voice] for voice in voices)
