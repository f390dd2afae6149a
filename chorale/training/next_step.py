"""Training a next-step network on a corpus of chorales: options -> a run -> a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chorale.corpus.loading import Corpus, split_corpus
from chorale.encoding.inputs import Inputs
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import NO_TUNES, Tunes
from chorale.evaluation.copying import near_duplicates
from chorale.evaluation.likelihood import evaluate
from chorale.models.next_step import KerasPredictor
from chorale.models.options import NetworkOptions
from chorale.models.storage import NEXT_STEP, WEIGHTS_FILE, Card, load_model, save_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_ORDER, VOICES
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
    fit_vocabulary,
    provenance,
    room,
)
from chorale.training.distillation import Teacher, teacher_cards
from chorale.utils.arrays import IntArray
from chorale.utils.checks import check_shares
from chorale.utils.extras import require_keras


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(CommonOptions):
    """How a next-step network is trained; saved as JSON with the run.

    Attributes:
        past_dropout: share of the steps, at random, at which the network is not told
            what sounded just before, so that it listens further back and to the plan
            (word dropout, Bowman et al., 2016).
        teacher: models whose mean distribution of every note is learned besides the
            note itself; none learns the notes alone.
        teacher_share: weight of that distribution, the rest is the note's (Hinton,
            Vinyals & Dean, "Distilling the knowledge in a neural network", 2015).
    """

    past_dropout: float = 0.1
    teacher: tuple[str, ...] = ()
    teacher_share: float = 0.7

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shares(self, "past_dropout", "teacher_share")


class Piece(NamedTuple):
    """A chorale as the trainer needs it.

    Attributes:
        inputs: of the network at each step, arrays (steps, …).
        bare_plan: int array (steps, features), the plan as a classic CSV gives it.
        shifts: lowest and highest semitones by which it may be transposed.
    """

    inputs: Inputs
    bare_plan: IntArray
    shifts: tuple[int, int]


def train_network(
    corpus: Corpus,
    network_options: NetworkOptions,
    options: TrainingOptions,
    output: Path | str,
    *,
    command: str = "",
    tensorboard: bool = False,
    progress: EpochProgress | None = None,
) -> Card:
    """Train a network from the beginning, into a new run.

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
    begin(Run(output), network_options, options, command, _provenance(corpus, options))
    return resume_training(corpus, output, tensorboard=tensorboard, progress=progress)


def resume_training(
    corpus: Corpus,
    output: Path | str,
    *,
    finish: bool = False,
    tensorboard: bool = False,
    progress: EpochProgress | None = None,
) -> Card:
    """Continue a run after its last whole epoch; see `train_network`.

    Args:
        finish: whether to train no further, and make the model of what there is.

    Raises:
        UsageError: there is no run in `output`.
        ModelError: the corpus or a teacher is not the one that the run began with.
    """
    run = Run(output)
    asked = run.asked(NetworkOptions, TrainingOptions)
    network_options, options = asked.network, asked.training
    data = _provenance(corpus, options)
    run.check_data(data)
    require_keras("training")
    import keras

    from chorale.models.networks.next_step import NextStepNetwork

    make_deterministic(options.seed)
    learned, validated, _ = split_corpus(corpus)
    vocabulary = fit_vocabulary(corpus, Vocabulary, options.encoding)
    tunes = NO_TUNES
    if network_options.tunes:
        tunes = Tunes.of([vocabulary.encode(one) for one in learned], vocabulary)
    pieces = [prepare(chorale, vocabulary, options, tunes) for chorale in learned]
    batches_per_epoch = -(-len(pieces) // options.batch_size)
    network = NextStepNetwork(network_options, vocabulary, options.plan)
    teacher, loss = None, keras.losses.SparseCategoricalCrossentropy
    if options.teacher:
        teacher = Teacher.load(options.teacher, options.plan, options.teacher_share)
        loss = keras.losses.CategoricalCrossentropy
    network.compile(
        adamw(options, batches_per_epoch),
        loss(from_logits=True, reduction="mean_with_sample_weight"),
    )
    predictor = KerasPredictor(network, tunes)

    def validate() -> Row:
        likelihood = evaluate(predictor, validated)
        return {
            MONITOR: likelihood.nats_per_note,
            "valid_accuracy": likelihood.accuracy,
        }

    fit(
        network,
        run,
        batches=lambda epoch: draw_batches(pieces, vocabulary, options, epoch, teacher),
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
        kind=NEXT_STEP,
        name=run.folder.resolve().name,
        network=network_options,
        vocabulary=vocabulary,
        plan_features=options.plan,
        voice_order=VOICE_ORDER,
        memory_shapes=tuple(network.memory_shapes()),
        training=asdict(options),
        data={**data, "valid_in_train": near_duplicates(learned, validated)},
        command=asked.command,
        figures={},
        versions=asked.versions,
        files={},
    )
    card = save_model(network, card, folder, tunes)
    figures = {"valid": asdict(evaluate(load_model(folder, kind=NEXT_STEP), validated))}
    card = replace(card, figures=figures)
    card.write(folder)
    return card


def _provenance(corpus: Corpus, options: TrainingOptions) -> dict[str, Any]:
    """Return the hashes of what a network learns from: a corpus, and its teachers.

    What a teacher has read its pupil has read too.

    Raises:
        DataError: the corpus has no vocabulary that covers it.
        UsageError, ModelError: see `teacher_cards`.
    """
    data = provenance(corpus)
    vocabulary = fit_vocabulary(corpus, Vocabulary, options.encoding)
    cards = teacher_cards(options.teacher, vocabulary, options.plan)
    if cards:
        known = set(data["files"].values())
        data["files"] |= {
            f"{name}/{file}": digest
            for name, card in cards.items()
            for file, digest in card.data["files"].items()
            if digest not in known
        }
        data["teachers"] = {
            name: card.files[WEIGHTS_FILE] for name, card in cards.items()
        }
    return data


def prepare(
    chorale: Chorale,
    vocabulary: Vocabulary,
    options: TrainingOptions,
    tunes: Tunes = NO_TUNES,
) -> Piece:
    """Encode a chorale and find how far it may be transposed.

    Of the tunes it recalls those of other pieces.
    """
    tokens = vocabulary.encode(chorale)
    plan, bare_plan = both_plans(chorale, options.plan)
    others = tunes.without(tokens, vocabulary)
    inputs = Inputs.of_pieces(tokens[np.newaxis], plan[np.newaxis], vocabulary, others)
    return Piece(
        inputs.map(lambda array: array[0]),
        bare_plan.astype(np.int32),
        room(chorale, vocabulary.ranges, options.transpose),
    )


def draw_batches(
    pieces: Sequence[Piece],
    vocabulary: Vocabulary,
    options: TrainingOptions,
    epoch: int,
    teacher: Teacher | None = None,
) -> Iterable[Batch]:
    """Yield the batches of an epoch: every piece once, transposed and cropped.

    Targets are the tokens, or the distributions that a teacher makes of them.

    What is drawn depends on the seed and the epoch alone. Arrays are padded at the end
    to the steps of the batch, see `draw_order`. Padding is the piece over
    again, without weight: batch normalization counts it in, and is to count music.
    """
    random = np.random.default_rng([options.seed, epoch])
    lengths = [len(piece.inputs.tokens) for piece in pieces]
    for chosen, steps in draw_order(lengths, options, random):
        rows, targets = [], []
        weights = np.zeros((len(chosen), steps, VOICES), np.float32)
        for row, index in enumerate(chosen):
            piece, length = pieces[index], lengths[index]
            shift = int(random.integers(piece.shifts[0], piece.shifts[1] + 1))
            first = int(random.integers(max(length - steps, 0) + 1))
            count = min(steps, length)
            hidden = np.flatnonzero(random.random(count) < options.past_dropout)
            inputs = piece.inputs
            if random.random() < options.plan_dropout:
                inputs = inputs._replace(plan=piece.bare_plan)
            inputs = inputs.transposed(shift, vocabulary, options.plan)
            crop = (first + np.arange(steps)) % length
            rows.append(inputs.at(crop).without_past(hidden, vocabulary))
            wanted = inputs.tokens
            if teacher is not None:
                wanted = teacher.targets(inputs.tokens, inputs.plan)
            targets.append(wanted[crop])
            weights[row, :count] = 1
        yield Batch(Inputs.stack(rows), np.stack(targets), weights)
