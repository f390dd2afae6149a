"""Likelihood of whole pieces under an infiller, in random orders of their cells.

Revealing the cells of a piece one at a time, in some order, is a chain rule: the
product of the probabilities of each cell given those revealed before it is a
distribution over whole pieces, one for each order. The orderless likelihood is the mean
negative logarithm over random orders (Uria, Murray & Larochelle, "A Deep and Tractable
Density Estimator", 2014). By Jensen's inequality it is an upper bound for the mixture
of all orders.

A piece of a thousand cells would need a thousand evaluations for one order. Instead,
each order is evaluated at a few places, one drawn from each of as many equal parts
(stratified sampling), and the expectation over the next cell is exact: every hidden
cell is equally likely to be next, so the mean over the hidden cells is used. The
estimate is unbiased, and its standard error is reported.

The likelihood by frames uses another order: steps chronologically, the voices of each
step at random (Huang et al., "Counterpoint by Convolution", 2017).

The two are not comparable with each other, nor with the likelihood of a next-step
model, whose chain rule has the one order that it is trained in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.encoding.cells import ABSENT
from chorale.encoding.plan import Plan
from chorale.encoding.vocabulary import OutsideNote
from chorale.errors import UsageError
from chorale.evaluation.coverage import covered
from chorale.evaluation.workers import Workers
from chorale.models.infiller import Infiller
from chorale.models.predictor import log_softmax
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.utils.arrays import BoolArray, IntArray, stack_padded
from chorale.utils.progress import Progress
from chorale.utils.threads import map_in_threads, threads_of

ORDERS = 5
PLACES = 8  # of each order; more reduce the standard error
_BATCH = 8  # evaluations


@dataclass(frozen=True, kw_only=True)
class OrderlessLikelihood:
    """Likelihood of a set of chorales; a cell is one voice at one step."""

    nats_per_note: float  # negative log-likelihood divided by the number of cells
    # Of `nats_per_note` over the draws of orders and places, not over the choice of
    # chorales; None with a single order.
    standard_error: float | None
    nats_per_frame: float  # negative log-likelihood divided by the number of steps
    spread: float  # standard deviation of nats per note over the pieces
    # Share of the cells whose most likely value is the right one, estimated by the same
    # draws.
    accuracy: float
    notes: int  # number of cells
    orders: int  # drawn for each piece
    places: int  # drawn for each order
    random_state: int  # of the draws
    chorales: int  # number of chorales that were evaluated
    # Why each of the others was left out: its first note outside the vocabulary.
    left_out: tuple[OutsideNote, ...] = ()


class _Query(NamedTuple):
    """One evaluation of the infiller."""

    piece: int  # index
    order: int  # index
    visible: BoolArray  # (steps, 4)
    asked: BoolArray  # (steps, 4), the hidden cells whose mean counts


def evaluate_infiller(
    infiller: Infiller,
    chorales: Sequence[Chorale],
    *,
    given: Sequence[int] = (),
    by_frame: bool = False,
    orders: int = ORDERS,
    places: int = PLACES,
    random_state: int = 0,
    strict: bool = False,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> OrderlessLikelihood:
    """Return the likelihood of whole chorales in random orders.

    A chorale with a note outside the model's vocabulary has no likelihood: it is left
    out, and listed in the result.

    Args:
        infiller: the model.
        chorales: at least one.
        given: voices to condition on, visible throughout and not counted.
        by_frame: use the chronological order of the steps, and a random order of the
            voices of each step, at four evaluations a place.
        orders: random orders for each chorale.
        places: evaluated places of each order.
        random_state: of the draws; each chorale and order has its own stream.
        strict: whether to raise at the first chorale that would be left out.
        workers: processes that share the work, of the same model; None for threads.
        progress: called with the evaluations done and the total.

    Raises:
        DataError: there are no chorales, or none is left.
        UsageError: no order, no place, all voices given, or any with `by_frame`.
    """
    voices = [voice for voice in range(VOICES) if voice not in given]
    for number, name in ((orders, "orders"), (places, "places")):
        if number < 1:
            raise UsageError(f"expected at least 1 of the {name}, got {number}")
    if not voices:
        raise UsageError("expected a voice that is not given, got none")
    if by_frame and given:
        raise UsageError("the likelihood by frames counts all voices: give none")
    chorales, left_out = covered(infiller.vocabulary, chorales, strict=strict)
    queries = []
    for piece, chorale in enumerate(chorales):
        for order in range(orders):
            random = np.random.default_rng([random_state, piece, order])
            drawn = (
                _frame_masks(random, chorale.steps, places)
                if by_frame
                else _cell_masks(random, chorale.steps, voices, places)
            )
            queries += [_Query(piece, order, *masks) for masks in drawn]
    nats, hits = _score(infiller, chorales, queries, orders, workers, progress)
    cells = np.array([len(voices) * chorale.steps for chorale in chorales])
    shares = cells / cells.sum()
    piece_nats = nats.mean(axis=1)
    error = None
    if orders > 1:
        error = float(np.sqrt((shares**2 * nats.var(axis=1, ddof=1) / orders).sum()))
    return OrderlessLikelihood(
        nats_per_note=float(shares @ piece_nats),
        standard_error=error,
        nats_per_frame=float(shares @ piece_nats * len(voices)),
        spread=float(piece_nats.std()),
        accuracy=float(shares @ hits.mean(axis=1)),
        notes=int(cells.sum()),
        orders=orders,
        places=places,
        random_state=random_state,
        chorales=len(chorales),
        left_out=left_out,
    )


def _draw_places(random: np.random.Generator, count: int, places: int) -> IntArray:
    """Draw one of `count` indices from each of `places` equal parts, (places,)."""
    parts = (np.arange(places) + random.random(places)) / places
    return np.minimum((parts * count).astype(np.int64), count - 1)


def _cell_masks(
    random: np.random.Generator, steps: int, voices: Sequence[int], places: int
) -> Iterator[tuple[BoolArray, BoolArray]]:
    """Yield the visible and the asked cells at places of a random order of cells."""
    cells = np.stack(np.meshgrid(np.arange(steps), voices, indexing="ij"), axis=-1)
    order = random.permutation(cells.reshape(-1, 2))
    for place in _draw_places(random, len(order), places):
        hidden = np.zeros((steps, VOICES), np.bool_)
        hidden[tuple(order[place:].T)] = True
        yield ~hidden, hidden


def _frame_masks(
    random: np.random.Generator, steps: int, places: int
) -> Iterator[tuple[BoolArray, BoolArray]]:
    """Yield the visible and the asked cells of some steps, voice after voice."""
    for step in _draw_places(random, steps, places):
        visible = np.zeros((steps, VOICES), np.bool_)
        visible[:step] = True
        for voice in random.permutation(VOICES):
            asked = np.zeros_like(visible)
            asked[step, voice] = True
            yield visible.copy(), asked
            visible[step, voice] = True


class Batch(NamedTuple):
    """Some evaluations of pieces of similar length."""

    cells: list[IntArray]  # of each, (steps, 4)
    plans: list[IntArray]  # of each, (steps, features)
    visible: list[BoolArray]  # of each, (steps, 4)
    asked: list[BoolArray]  # of each, (steps, 4)


def score_batch(infiller: Infiller, batch: Batch) -> list[tuple[float, float]]:
    """Return mean nats and mean accuracy of the asked cells of each evaluation."""
    logits = infiller.logits(
        stack_padded(batch.cells, ABSENT),
        stack_padded(batch.visible, 0),
        stack_padded(batch.plans, 0),
    )
    means = []
    for row, cells, asked in zip(logits, batch.cells, batch.asked, strict=True):
        truth = cells[asked]
        asked_logits = row[: len(cells)][asked]
        logarithms = log_softmax(asked_logits).astype(np.float64)
        nats = -logarithms[np.arange(len(truth)), truth].mean()
        hits = (asked_logits.argmax(axis=-1) == truth).mean()
        means.append((float(nats), float(hits)))
    return means


def _score(
    infiller: Infiller,
    chorales: Sequence[Chorale],
    queries: Sequence[_Query],
    orders: int,
    workers: Workers | None,
    progress: Progress | None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return mean nats and mean accuracy, float arrays (pieces, orders)."""
    cells = [infiller.vocabulary.encode(chorale) for chorale in chorales]
    plans = [Plan.of(chorale).features(infiller.plan_features) for chorale in chorales]
    nats, hits, evaluations = np.zeros((3, len(chorales), orders))
    # Batches of pieces of similar length need little padding.
    queries = sorted(queries, key=lambda query: len(query.visible))
    batches = [queries[at : at + _BATCH] for at in range(0, len(queries), _BATCH)]
    jobs = (
        Batch(
            [cells[query.piece] for query in batch],
            [plans[query.piece] for query in batch],
            [query.visible for query in batch],
            [query.asked for query in batch],
        )
        for batch in batches
    )
    if workers is None:
        score = partial(score_batch, infiller)
        results = map_in_threads(score, jobs, threads_of(infiller))
    else:
        results = workers.map(score_batch, jobs)
    done = 0
    for batch, means in zip(batches, results, strict=True):
        for query, (mean_nats, mean_hits) in zip(batch, means, strict=True):
            nats[query.piece, query.order] += mean_nats
            hits[query.piece, query.order] += mean_hits
            evaluations[query.piece, query.order] += 1
        done += len(batch)
        if progress is not None:
            progress(done, len(queries))
    return nats / evaluations, hits / evaluations
