"""Training task of infilling networks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.cells import ABSENT, CellVocabulary
from chorale.encoding.inputs import CellInputs
from chorale.evaluation.orderless import evaluate_infiller
from chorale.models.infiller import KerasInfiller
from chorale.models.options import InfillerOptions
from chorale.models.storage import INFILLER, Card, load_model, save_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.nn.fitting import Batch, make_deterministic
from chorale.nn.runs import Row
from chorale.training.batches import (
    both_plans,
    draw_pieces,
    draw_plan,
    transposition_range,
)
from chorale.training.masks import draw_mask
from chorale.training.options import CommonOptions
from chorale.training.pieces import StreamedPieces, prepared
from chorale.training.task import ChoraleTask, metrics, stored_figures
from chorale.utils.arrays import IntArray

# Random orders and places of the validation after each epoch, fewer than of the card.
_ORDERS, _PLACES = 1, 2


class CellPiece(NamedTuple):
    """A chorale, prepared for training an infiller.

    Attributes:
        cells: int array (steps, 4).
        plans: int arrays (steps, features), see `chorale.training.batches.both_plans`.
        shifts: lowest and highest transposition in semitones.
    """

    cells: IntArray
    plans: tuple[IntArray, IntArray]
    shifts: tuple[int, int]

    @property
    def steps(self) -> int:
        """Steps of the whole piece."""
        return len(self.cells)


class InfillerTask(ChoraleTask[CellVocabulary]):
    """An infilling network to train on a corpus of chorales."""

    kind = INFILLER
    vocabulary_class = CellVocabulary
    network_options: InfillerOptions

    def build(self) -> Any:
        import keras

        from chorale.models.networks.infilling import build_infiller

        options = self.options
        make_deterministic(options.seed)
        self._pieces = prepared(
            self.learned,
            lambda group: [prepare(each, self.vocabulary, options) for each in group],
        )
        network = build_infiller(self.network_options, self.vocabulary, options.plan)
        self.compile(network, keras.losses.SparseCategoricalCrossentropy)
        self.begin_with_base(network)
        self._infiller = KerasInfiller(network)
        return network

    def batches(self, epoch: int) -> Iterable[Batch]:
        return draw_batches(self._pieces, self.vocabulary, self.options, epoch)

    def validate(self) -> Row:
        return metrics(
            evaluate_infiller(
                self._infiller, self.validated, orders=_ORDERS, places=_PLACES
            )
        )

    def save(
        self, network: Any, common: dict[str, Any], history: Sequence[Row], folder: Path
    ) -> Card:
        return save_model(network, self.card(common), folder)

    def figures(self, folder: Path) -> dict[str, Any]:
        infiller = load_model(folder, kind=INFILLER)
        return stored_figures(evaluate_infiller(infiller, self.validated))


def prepare(
    chorale: Chorale, vocabulary: CellVocabulary, options: CommonOptions
) -> CellPiece:
    """Encode a chorale and find its transposition range."""
    return CellPiece(
        vocabulary.encode(chorale),
        both_plans(chorale, options.plan),
        transposition_range(chorale, vocabulary.ranges, options.transpose),
    )


def draw_batches(
    pieces: Sequence[CellPiece] | StreamedPieces[CellPiece],
    vocabulary: CellVocabulary,
    options: CommonOptions,
    epoch: int,
) -> Iterable[Batch]:
    """Yield the batches of an epoch: every piece once, transposed, cropped, masked.

    All randomness derives from the seed and the epoch. The weights of the hidden cells
    of a piece sum to 1, so that the loss is the mean over pieces of the mean over
    hidden cells (`chorale.training.masks`). Visible cells, and absent cells with which
    a piece is padded to the steps of the batch, have weight 0.
    """
    random = np.random.default_rng([options.seed, epoch])
    for chosen, steps in draw_pieces(pieces, options, epoch, random):
        shape = (len(chosen), steps, VOICES)
        cells = np.full(shape, ABSENT)
        hidden = np.zeros(shape, np.bool_)
        plan = np.zeros((*shape[:2], len(options.plan)), np.int64)
        for row, piece in enumerate(chosen):
            shift = int(random.integers(piece.shifts[0], piece.shifts[1] + 1))
            count = min(steps, len(piece.cells))
            first = int(random.integers(len(piece.cells) - count + 1))
            crop = slice(first, first + count)
            cells[row, :count] = vocabulary.shifted(piece.cells[crop], shift)
            hidden[row, :count] = draw_mask(random, count)
            plan[row, :count] = draw_plan(piece.plans, options, shift, random)[crop]
        weights = hidden / hidden.sum(axis=(1, 2), keepdims=True)
        yield Batch(
            CellInputs.of_pieces(cells, ~hidden, plan, vocabulary),
            np.maximum(cells, 0).astype(np.int32),
            weights.astype(np.float32),
        )
