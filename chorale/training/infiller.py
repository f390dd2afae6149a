"""Training an infilling network on a corpus of chorales: options -> a run -> a model.

What it shares with next-step networks is in `chorale.training.batches` and
`chorale.nn.fitting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chorale.corpus.loading import Corpus, split_corpus
from chorale.encoding.cells import ABSENT, CellVocabulary
from chorale.encoding.inputs import CellInputs
from chorale.evaluation.copying import near_duplicates
from chorale.evaluation.orderless import evaluate_infiller
from chorale.models.infiller import KerasInfiller
from chorale.models.options import InfillerOptions
from chorale.models.storage import INFILLER, Card, load_model, save_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.nn.fitting import (
    Batch,
    EpochProgress,
    adamw,
    begin,
    fit,
    make_deterministic,
)
from chorale.nn.runs import Row, Run
from chorale.training.batches import (
    MONITOR,
    CommonOptions,
    both_plans,
    draw_order,
    draw_plan,
    fit_vocabulary,
    provenance,
    room,
)
from chorale.training.masks import draw_gap
from chorale.utils.arrays import IntArray
from chorale.utils.extras import require_keras

# Draws with which an epoch is validated, the same for all epochs.
_ORDERS, _PLACES = 1, 2


class CellPiece(NamedTuple):
    """A chorale as the trainer of infillers needs it.

    Attributes:
        cells: int array (steps, 4).
        plans: int arrays (steps, features), see `chorale.training.batches.both_plans`.
        shifts: lowest and highest semitones by which it may be transposed.
    """

    cells: IntArray
    plans: tuple[IntArray, IntArray]
    shifts: tuple[int, int]


def train_infiller(
    corpus: Corpus,
    network_options: InfillerOptions,
    options: CommonOptions,
    output: Path | str,
    *,
    command: str = "",
    tensorboard: bool = False,
    progress: EpochProgress | None = None,
) -> Card:
    """Train an infilling network from the beginning, into a new run.

    Args:
        corpus: whose train is learned and whose valid chooses the best epoch.
        network_options: the network.
        options: the training.
        output: folder of the run; must not hold one yet.
        command: that asked for it, for the card.
        tensorboard: whether to write figures for TensorBoard.
        progress: hears of every batch and epoch.

    Returns:
        The card of the model in `output/model`.
    """
    require_keras("training")
    fit_vocabulary(corpus, CellVocabulary, options.encoding)
    begin(Run(output), network_options, options, command, provenance(corpus))
    return resume_infiller(corpus, output, tensorboard=tensorboard, progress=progress)


def resume_infiller(
    corpus: Corpus,
    output: Path | str,
    *,
    finish: bool = False,
    tensorboard: bool = False,
    progress: EpochProgress | None = None,
) -> Card:
    """Continue a run after its last whole epoch; see `train_infiller`.

    Args:
        finish: whether to train no further, and make the model of what there is.

    Raises:
        UsageError: there is no run in `output`.
        ModelError: the corpus is not the one that the run began with.
    """
    run = Run(output)
    asked = run.asked(InfillerOptions, CommonOptions)
    network_options, options = asked.network, asked.training
    run.check_data(provenance(corpus))
    require_keras("training")
    import keras

    from chorale.models.networks.infilling import build_infiller

    make_deterministic(options.seed)
    learned, validated, _ = split_corpus(corpus)
    vocabulary = fit_vocabulary(corpus, CellVocabulary, options.encoding)
    pieces = [prepare(chorale, vocabulary, options) for chorale in learned]
    batches_per_epoch = -(-len(pieces) // options.batch_size)
    network = build_infiller(network_options, vocabulary, options.plan)
    network.compile(
        adamw(options, batches_per_epoch),
        keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        ),
    )
    infiller = KerasInfiller(network)

    def validate() -> Row:
        likelihood = evaluate_infiller(
            infiller, validated, orders=_ORDERS, places=_PLACES
        )
        return {
            MONITOR: likelihood.nats_per_note,
            "valid_accuracy": likelihood.accuracy,
        }

    fit(
        network,
        run,
        batches=lambda epoch: draw_batches(pieces, vocabulary, options, epoch),
        batches_per_epoch=batches_per_epoch,
        validate=validate,
        monitor=MONITOR,
        epochs=options.epochs,
        patience=options.patience,
        seed=options.seed,
        averaging=options.averaging,
        finish=finish,
        tensorboard=tensorboard,
        progress=progress,
    )
    folder = run.folder / "model"
    card = Card(
        kind=INFILLER,
        name=run.folder.resolve().name,
        network=network_options,
        vocabulary=vocabulary,
        plan_features=options.plan,
        training=asdict(options),
        data={
            **provenance(corpus),
            "valid_in_train": near_duplicates(learned, validated),
        },
        command=asked.command,
        figures={},
        versions=asked.versions,
        files={},
    )
    card = save_model(network, card, folder)
    figures = {
        "valid": asdict(evaluate_infiller(load_model(folder, kind=INFILLER), validated))
    }
    card = replace(card, figures=figures)
    card.write(folder)
    return card


def prepare(
    chorale: Chorale, vocabulary: CellVocabulary, options: CommonOptions
) -> CellPiece:
    """Encode a chorale and find how far it may be transposed."""
    return CellPiece(
        vocabulary.encode(chorale),
        both_plans(chorale, options.plan),
        room(chorale, vocabulary.ranges, options.transpose),
    )


def draw_batches(
    pieces: Sequence[CellPiece],
    vocabulary: CellVocabulary,
    options: CommonOptions,
    epoch: int,
) -> Iterable[Batch]:
    """Yield the batches of an epoch: every piece once, transposed, cropped, with gaps.

    What is drawn depends on the seed and the epoch alone. The hidden cells of a piece
    weigh 1 together, so that the loss is the mean over pieces of the mean over hidden
    cells (see `chorale.training.masks`); visible cells and the absent ones, with which
    a piece is padded to the steps of the batch, weigh nothing.
    """
    random = np.random.default_rng([options.seed, epoch])
    lengths = [len(piece.cells) for piece in pieces]
    for chosen, steps in draw_order(lengths, options, random):
        shape = (len(chosen), steps, VOICES)
        cells = np.full(shape, ABSENT)
        hidden = np.zeros(shape, np.bool_)
        plan = np.zeros((*shape[:2], len(options.plan)), np.int64)
        for row, piece in enumerate(pieces[index] for index in chosen):
            shift = int(random.integers(piece.shifts[0], piece.shifts[1] + 1))
            count = min(steps, len(piece.cells))
            first = int(random.integers(len(piece.cells) - count + 1))
            seen = slice(first, first + count)
            cells[row, :count] = vocabulary.shifted(piece.cells[seen], shift)
            hidden[row, :count] = draw_gap(random, count)
            plan[row, :count] = draw_plan(piece.plans, options, shift, random)[seen]
        weights = hidden / hidden.sum(axis=(1, 2), keepdims=True)
        yield Batch(
            CellInputs.of_pieces(cells, ~hidden, plan, vocabulary),
            np.maximum(cells, 0).astype(np.int32),
            weights.astype(np.float32),
        )
