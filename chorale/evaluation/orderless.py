"""Orderless likelihoods: how well an infiller foretells whole pieces, cell by cell.

Revealing the cells of a piece one at a time, in some order, is a chain rule: the
product of the probabilities of each cell given those revealed before it is a
distribution of whole pieces, one for each order. `orderless` gives the mean of its
negative logarithm over random orders (Uria, Murray & Larochelle, "A Deep and Tractable
Density Estimator", 2014), which by Jensen's inequality is never below that of the
mixture of all orders.

A piece of a thousand cells would take a thousand evaluations an order. So of each order
only some places are evaluated, one in each of as many equal parts of it, and what is
expected of the next cell is taken exactly: all cells that are still hidden are as
likely to come next, so their mean stands for it. All of this is unbiased, and a
standard error tells how far the draws may have led astray. Hidden cells are never
counted as if some of them had been revealed when the others were evaluated.

`frame_by_frame` is another order: steps as time goes, the voices of a step at random
(Huang et al., "Counterpoint by Convolution", 2017). It gives another figure, by the
same network, and so is told apart.

Neither can be held against the likelihood of a next-step model: its chain is one order,
the one in which it was trained, while an infiller is asked in all orders alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from chorale.encoding.cells import ABSENT
from chorale.encoding.plan import Plan
from chorale.errors import DataError, UsageError
from chorale.models.infiller import Infiller
from chorale.models.predictor import log_softmax
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.utils.progress import Progress

Scalar = TypeVar("Scalar", bound=np.generic)

ORDERS = 5
# Evaluations of each order of a piece; more make the standard error smaller.
PLACES = 8
# Evaluations that are made side by side.
_BATCH = 8


@dataclass(frozen=True, kw_only=True)
class OrderlessLikelihood:
    """What an infiller scores on some chorales; a cell is a voice at a step.

    Attributes:
        nats_per_note: negative log-likelihood over the number of cells.
        standard_error: of `nats_per_note`, by the orders and places that were drawn,
            not by the choice of chorales; None of a single order.
        nats_per_frame: the same over the number of steps.
        spread: standard deviation of the pieces' own nats a note.
        accuracy: share of the cells whose likeliest value is the right one, by the same
            draws.
        notes: how many cells there are.
        orders, places: of each piece, and of each order.
        random_state: which orders and places.
    """

    nats_per_note: float
    standard_error: float | None
    nats_per_frame: float
    spread: float
    accuracy: float
    notes: int
    orders: int
    places: int
    random_state: int


class Glimpse(NamedTuple):
    """One evaluation of one piece: what is visible, and what is asked.

    Attributes:
        piece, order: their numbers.
        visible: bool array (steps, 4).
        asked: bool array (steps, 4), the hidden cells whose mean counts.
    """

    piece: int
    order: int
    visible: BoolArray
    asked: BoolArray


def orderless(
    infiller: Infiller,
    chorales: Sequence[Chorale],
    *,
    given: Sequence[int] = (),
    orders: int = ORDERS,
    places: int = PLACES,
    random_state: int = 0,
    progress: Progress | None = None,
) -> OrderlessLikelihood:
    """Return the likelihood of whole chorales in random orders of their cells.

    Args:
        infiller: the model.
        chorales: at least one.
        given: voices that are visible from the beginning, and are not counted.
        orders: of each chorale.
        places: that are evaluated of each order.
        random_state: of the draws; each chorale has its own.
        progress: called with the evaluations done and those in all.

    Raises:
        DataError: there are no chorales, or one that the model's vocabulary does not
            cover, by name.
        UsageError: no order, no place, or all voices given.
    """
    asked = [voice for voice in range(VOICES) if voice not in given]
    _check(chorales, orders, places, asked)
    glimpses = []
    for piece, chorale in enumerate(chorales):
        for order in range(orders):
            random = np.random.default_rng([random_state, piece, order])
            drawn = _in_random_order(random, chorale.steps, asked, places)
            glimpses += [Glimpse(piece, order, ~hide, hide) for hide in drawn]
    scores = _score(infiller, chorales, glimpses, progress)
    return _likelihood(
        scores, chorales, len(asked), orders=orders, places=places, state=random_state
    )


def frame_by_frame(
    infiller: Infiller,
    chorales: Sequence[Chorale],
    *,
    orders: int = ORDERS,
    places: int = PLACES,
    random_state: int = 0,
    progress: Progress | None = None,
) -> OrderlessLikelihood:
    """Return the likelihood of whole chorales, frame after frame.

    The frames, the steps that is, are revealed as time goes, each given all before it
    and none after it, and the voices of a frame in a random order. Of each order
    `places` frames are evaluated, at four evaluations each. See `orderless`.
    """
    _check(chorales, orders, places, range(VOICES))
    glimpses = []
    for piece, chorale in enumerate(chorales):
        for order in range(orders):
            random = np.random.default_rng([random_state, piece, order])
            for step in _places(random, chorale.steps, places):
                visible = np.zeros((chorale.steps, VOICES), np.bool_)
                visible[:step] = True
                for voice in random.permutation(VOICES):
                    asked = np.zeros_like(visible)
                    asked[step, voice] = True
                    glimpses.append(Glimpse(piece, order, visible.copy(), asked))
                    visible[step, voice] = True
    scores = _score(infiller, chorales, glimpses, progress)
    return _likelihood(
        scores, chorales, VOICES, orders=orders, places=places, state=random_state
    )


def _check(
    chorales: Sequence[Chorale], orders: int, places: int, asked: Sequence[int]
) -> None:
    if not chorales:
        raise DataError("expected at least one chorale to evaluate, got none")
    for number, name in ((orders, "orders"), (places, "places")):
        if number < 1:
            raise UsageError(f"expected at least 1 of the {name}, got {number}")
    if not asked:
        raise UsageError("expected a voice that is not given, got none")


def _places(random: np.random.Generator, count: int, places: int) -> IntArray:
    """Return one of `count` places in each of `places` equal parts of them."""
    parts = (np.arange(places) + random.random(places)) / places
    return np.minimum((parts * count).astype(np.int64), count - 1)


def _in_random_order(
    random: np.random.Generator, steps: int, voices: Sequence[int], places: int
) -> Iterator[BoolArray]:
    """Yield, at some places of a random order, the cells that are hidden until then."""
    cells = np.stack(np.meshgrid(np.arange(steps), voices, indexing="ij"), axis=-1)
    order = random.permutation(cells.reshape(-1, 2))
    for place in _places(random, len(order), places):
        hidden = np.zeros((steps, VOICES), np.bool_)
        hidden[tuple(order[place:].T)] = True
        yield hidden


class _Scores(NamedTuple):
    """Sums over evaluations, float arrays (pieces, orders), and how many there were."""

    nats: npt.NDArray[np.float64]
    hits: npt.NDArray[np.float64]
    evaluations: npt.NDArray[np.float64]


def _score(
    infiller: Infiller,
    chorales: Sequence[Chorale],
    glimpses: Sequence[Glimpse],
    progress: Progress | None,
) -> _Scores:
    # All are encoded first, so that a stray note is reported before the long part.
    cells = [infiller.vocabulary.encode(chorale) for chorale in chorales]
    plans = [Plan.of(chorale).features(infiller.plan_features) for chorale in chorales]
    shape = (len(chorales), 1 + max(glimpse.order for glimpse in glimpses))
    scores = _Scores(*(np.zeros(shape) for _ in _Scores._fields))
    # Pieces of similar length share a batch, so that little of it is padding.
    glimpses = sorted(glimpses, key=lambda glimpse: len(glimpse.visible))
    for first in range(0, len(glimpses), _BATCH):
        batch = glimpses[first : first + _BATCH]
        told = _pad([cells[one.piece] for one in batch], ABSENT)
        logits = infiller.logits(
            told,
            _pad([one.visible for one in batch], 0),
            _pad([plans[one.piece] for one in batch], 0),
        )
        for row, one in enumerate(batch):
            right = cells[one.piece][one.asked]
            asked = logits[row, : len(one.asked)][one.asked]
            chances = log_softmax(asked).astype(np.float64)
            place = one.piece, one.order
            scores.nats[place] -= chances[np.arange(len(right)), right].mean()
            scores.hits[place] += (asked.argmax(axis=-1) == right).mean()
            scores.evaluations[place] += 1
        if progress is not None:
            progress(min(first + _BATCH, len(glimpses)), len(glimpses))
    return scores


def _likelihood(
    scores: _Scores,
    chorales: Sequence[Chorale],
    voices: int,
    *,
    orders: int,
    places: int,
    state: int,
) -> OrderlessLikelihood:
    cells = np.array([voices * chorale.steps for chorale in chorales])
    shares = cells / cells.sum()
    nats = scores.nats / scores.evaluations
    own = nats.mean(axis=1)
    error = None
    if orders > 1:
        error = float(np.sqrt((shares**2 * nats.var(axis=1, ddof=1) / orders).sum()))
    hits = (scores.hits / scores.evaluations).mean(axis=1)
    return OrderlessLikelihood(
        nats_per_note=float(shares @ own),
        standard_error=error,
        nats_per_frame=float(shares @ own * voices),
        spread=float(own.std()),
        accuracy=float(shares @ hits),
        notes=int(cells.sum()),
        orders=orders,
        places=places,
        random_state=state,
    )


def _pad(tables: Sequence[npt.NDArray[Scalar]], value: int) -> npt.NDArray[Scalar]:
    """Stack arrays (steps, columns) to (batch, longest steps, columns)."""
    steps = max(len(table) for table in tables)
    return np.stack(
        [
            np.pad(one, ((0, steps - len(one)), (0, 0)), constant_values=value)
            for one in tables
        ]
    )
