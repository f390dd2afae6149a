"""Training a next-step network on a corpus of chorales: options -> a run -> a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chorale.cards import save_card
from chorale.checks import (
    check_above_zero,
    check_at_least,
    check_seed,
    check_shares,
)
from chorale.corpus import Corpus, hold_out
from chorale.distillation import load_teacher, soften
from chorale.echoes import echoes
from chorale.errors import DataError, ModelError, UsageError
from chorale.evaluation import evaluate
from chorale.extras import require
from chorale.models import (
    WEIGHTS_FILE,
    Card,
    find_model,
    load_card,
    load_predictor,
    save_model,
)
from chorale.networks import NetworkOptions
from chorale.plan import FEATURES, Plan, transpose_features
from chorale.predictors import KerasPredictor
from chorale.runs import (
    Batch,
    Progress,
    Row,
    Run,
    adamw,
    fit,
    library_versions,
    make_deterministic,
)
from chorale.score import Chorale, IntArray
from chorale.style.memory import recited
from chorale.tokens import ENCODINGS, Vocabulary, shifted
from chorale.voices import SILENCE, VOICE_ORDER, VOICES

MONITOR = "valid_nats_per_note"
# All that is known of a piece before its notes; a classic CSV tells `step` alone.
FULL_PLAN = ("position", "bar_length", "fermata", "to_fermata", "to_end", "key")
# Whole pieces are padded to a multiple of this, so that few shapes are compiled.
_PADDING = 64


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How a network is trained; saved as JSON with the run.

    Attributes:
        encoding: `hold` or `pitch`, see `chorale.tokens`.
        plan: the features of the plan that the network is told.
        epochs: how often every chorale is seen at most.
        batch_size: chorales in one step of the optimizer.
        crop: steps of a chorale that are seen at a time; 0 sees whole pieces.
        transpose: semitones up or down that a chorale is moved at most, at random, as
            far as every voice stays in its range.
        learning_rate: the highest; it rises over the first twentieth of the steps and
            then falls along a cosine to nothing.
        weight_decay: of AdamW.
        clip_norm: largest norm of the gradient.
        averaging: decay of the moving average of the weights that is validated and
            kept, see `chorale.moving_average`; 0 keeps the weights themselves.
        past_dropout: share of the steps, at random, at which the network is not told
            what sounded just before, so that it listens further back and to the plan
            (word dropout, Bowman et al., 2016).
        plan_dropout: share of the chorales, at random, of which the network is told no
            more than a classic CSV tells, so that it can do without: no fermatas, no
            key, bars of 4/4 from the first row.
        teacher: models whose mean distribution of every note is learned besides the
            note itself; none learns the notes alone.
        teacher_share: weight of that distribution, the rest is the note's (Hinton,
            Vinyals & Dean, "Distilling the knowledge in a neural network", 2015).
        patience: epochs without a better validation after which to stop.
        seed: of all randomness.
    """

    encoding: str = "hold"
    plan: tuple[str, ...] = FULL_PLAN
    epochs: int = 60
    batch_size: int = 8
    crop: int = 256
    transpose: int = 6
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    averaging: float = 0.998
    past_dropout: float = 0.1
    plan_dropout: float = 0.1
    teacher: tuple[str, ...] = ()
    teacher_share: float = 0.7
    patience: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise UsageError(
                f"expected an encoding out of {', '.join(ENCODINGS)}, "
                f"got {self.encoding!r}"
            )
        unknown = [name for name in self.plan if name not in FEATURES]
        if unknown or not self.plan:
            raise UsageError(
                f"expected plan features out of {', '.join(FEATURES)}, "
                f"got {', '.join(unknown) or 'none'}"
            )
        check_at_least(self, epochs=1, batch_size=1, crop=0, transpose=0, patience=1)
        check_at_least(self, weight_decay=0)
        check_seed(self.seed)
        check_above_zero(self, "learning_rate", "clip_norm")
        shares = ("averaging", "past_dropout", "plan_dropout", "teacher_share")
        check_shares(self, *shares)


class Piece(NamedTuple):
    """A chorale as the trainer needs it.

    Attributes:
        tokens, pitches, ages: int arrays (steps, 4): what is written at each step, and
            what stands before it (`Vocabulary.pasts`).
        echo_tokens, echo_lengths: int arrays (steps, 4) and (steps,), see
            `chorale.echoes`.
        plan: int array (steps, features).
        bare_plan: the same as a classic CSV would tell it.
        lowest, highest: the semitones by which it may be transposed.
    """

    tokens: IntArray
    pitches: IntArray
    ages: IntArray
    echo_tokens: IntArray
    echo_lengths: IntArray
    plan: IntArray
    bare_plan: IntArray
    lowest: int
    highest: int


def split_corpus(corpus: Corpus) -> tuple[Sequence[Chorale], Sequence[Chorale], str]:
    """Return the chorales to train on, those to validate on, and a remark.

    A corpus without a valid split has a tenth of its train held out, by content, and
    the remark says so; otherwise it is empty.
    """
    if not corpus.train:
        raise DataError("expected a train split with chorales", corpus.path)
    if corpus.valid:
        return corpus.train, corpus.valid, ""
    train, valid = hold_out(corpus.train)
    remark = (
        f"the corpus has no valid split: {len(valid)} of its {len(corpus.train)} "
        "chorales, chosen by content, are held out to validate"
    )
    return train, valid, remark


def train_network(
    corpus: Corpus,
    network_options: NetworkOptions,
    options: TrainingOptions,
    output: Path | str,
    *,
    command: str = "",
    tensorboard: bool = False,
    progress: Progress | None = None,
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
    require("train", "training")
    fit_vocabulary(corpus, options)
    run = Run(output)
    run.check_new()  # before Keras is loaded for its version
    asked = {
        "network": asdict(network_options),
        "training": asdict(options),
        "command": command,
        "versions": library_versions(),
    }
    run.create(asked, _provenance(corpus))
    return resume_training(corpus, output, tensorboard=tensorboard, progress=progress)


def resume_training(
    corpus: Corpus,
    output: Path | str,
    *,
    finish: bool = False,
    tensorboard: bool = False,
    progress: Progress | None = None,
) -> Card:
    """Continue a run after its last whole epoch; see `train_network`.

    Args:
        finish: whether to train no further, and make the model of what there is.

    Raises:
        UsageError: there is no run in `output`.
        ModelError: the corpus is not the one that the run began with.
    """
    run = Run(output)
    asked = run.options()
    run.check_data(_provenance(corpus))
    try:
        network_options = NetworkOptions(**asked["network"])
        versions = dict(asked["versions"])
        training = dict(asked["training"])
        for name in ("plan", "teacher"):
            training[name] = tuple(training[name])
        options = TrainingOptions(**training)
    except (KeyError, TypeError) as error:
        raise ModelError(
            f"{output}: options.json is not of this version: {error}"
        ) from None
    require("train", "training")
    import keras

    from chorale.networks.next_step import NextStepNetwork

    make_deterministic(options.seed)
    learned, validated, _ = split_corpus(corpus)
    vocabulary = fit_vocabulary(corpus, options)
    pieces = [prepare(chorale, vocabulary, options) for chorale in learned]
    batches_per_epoch = -(-len(pieces) // options.batch_size)
    network = NextStepNetwork(network_options, vocabulary, options.plan)
    loss = keras.losses.SparseCategoricalCrossentropy
    if options.teacher:
        teacher = load_teacher(options.teacher, vocabulary, options.plan)
        loss = keras.losses.CategoricalCrossentropy
    network.compile(
        adamw(options, batches_per_epoch),
        loss(from_logits=True, reduction="mean_with_sample_weight"),
    )
    predictor = KerasPredictor(network)

    def batches(epoch: int) -> Iterable[Batch]:
        drawn = draw_batches(pieces, vocabulary, options, epoch)
        if not options.teacher:
            return drawn
        return soften(drawn, teacher, options.plan, options.teacher_share)

    def validate() -> Row:
        likelihood = evaluate(predictor, validated)
        return {
            MONITOR: likelihood.nats_per_note,
            "valid_accuracy": likelihood.accuracy,
        }

    fit(
        network,
        run,
        batches=batches,
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
    data = {**_provenance(corpus), "valid_in_train": recited(learned, validated)}
    if options.teacher:
        cards = {name: load_card(find_model(name)) for name in options.teacher}
        data["teachers"] = {
            name: card.files[WEIGHTS_FILE] for name, card in cards.items()
        }
        known = set(data["files"].values())
        data["files"] |= {
            f"{name}/{file}": digest
            for name, card in cards.items()
            for file, digest in card.data["files"].items()
            if digest not in known
        }
    folder = run.folder / "model"
    card = Card(
        name=run.folder.resolve().name,
        network=network_options,
        vocabulary=vocabulary,
        plan_features=options.plan,
        voice_order=VOICE_ORDER,
        memory_shapes=tuple(network.memory_shapes()),
        training=asdict(options),
        data=data,
        command=asked["command"],
        figures={},
        versions=versions,
        files={},
    )
    card = save_model(network, card, folder)
    figures = {"valid": asdict(evaluate(load_predictor(folder), validated))}
    card = replace(card, figures=figures)
    save_card(card, folder)
    return card


def fit_vocabulary(corpus: Corpus, options: TrainingOptions) -> Vocabulary:
    """Return the vocabulary of a corpus's train split.

    Raises:
        DataError: a chorale to validate on has a note outside it, by name.
    """
    validated = split_corpus(corpus)[1]
    # Chorales held out of a flat corpus are of its train split too.
    vocabulary = Vocabulary.fit(corpus.train, options.encoding)
    for chorale in validated:
        vocabulary.encode(chorale)
    return vocabulary


def prepare(
    chorale: Chorale, vocabulary: Vocabulary, options: TrainingOptions
) -> Piece:
    """Encode a chorale and find how far it may be transposed."""
    tokens = vocabulary.encode(chorale)
    past = vocabulary.pasts(tokens)
    heard = echoes(vocabulary, tokens[np.newaxis])
    lowest, highest = -options.transpose, options.transpose
    for voice, (low, high) in zip(range(VOICES), vocabulary.ranges, strict=True):
        line = chorale.pitches[:, voice]
        sounding = line[line != SILENCE]
        if len(sounding):
            lowest = max(lowest, low - int(sounding.min()))
            highest = min(highest, high - int(sounding.max()))
    bare = Chorale(pitches=chorale.pitches)
    return Piece(
        tokens,
        past.pitches,
        past.ages,
        heard.tokens[0],
        heard.lengths[0],
        Plan.of(chorale).features(options.plan),
        Plan.of(bare).features(options.plan),
        min(lowest, 0),
        max(highest, 0),
    )


def draw_batches(
    pieces: Sequence[Piece],
    vocabulary: Vocabulary,
    options: TrainingOptions,
    epoch: int,
) -> Iterable[Batch]:
    """Yield the batches of an epoch: every piece once, transposed and cropped.

    What is drawn depends on the seed and the epoch alone. Arrays are padded at the end
    to the longest piece of the batch, at most to the crop. Padding is the piece over
    again, without weight: batch normalization counts it in, and is to count music.
    """
    random = np.random.default_rng([options.seed, epoch])
    order = random.permutation(len(pieces))
    for begin in range(0, len(order), options.batch_size):
        chosen = [pieces[i] for i in order[begin : begin + options.batch_size]]
        length = max(len(piece.tokens) for piece in chosen)
        length = -(-length // _PADDING) * _PADDING
        length = min(length, options.crop) if options.crop else length
        shape = (len(chosen), length, VOICES)
        notes = {
            name: np.zeros(shape, np.int32)
            for name in ("tokens", "pitches", "ages", "echo_tokens")
        }
        lengths = np.zeros(shape[:2], np.int32)
        plan = np.zeros((*shape[:2], len(options.plan)), np.int32)
        weights = np.zeros(shape, np.float32)
        for row, piece in enumerate(chosen):
            shift = int(random.integers(piece.lowest, piece.highest + 1))
            first = int(random.integers(max(len(piece.tokens) - length, 0) + 1))
            count = min(length, len(piece.tokens))
            seen = (first + np.arange(length)) % len(piece.tokens)
            notes["tokens"][row] = shifted(piece.tokens[seen], shift, vocabulary)
            notes["pitches"][row] = shifted(piece.pitches[seen], shift, vocabulary)
            notes["ages"][row] = piece.ages[seen]
            heard = shifted(piece.echo_tokens[seen], shift, vocabulary)
            notes["echo_tokens"][row] = heard
            lengths[row] = piece.echo_lengths[seen]
            untold = np.flatnonzero(random.random(count) < options.past_dropout)
            notes["pitches"][row, untold] = vocabulary.nothing
            notes["ages"][row, untold] = 0
            notes["echo_tokens"][row, untold] = 0
            lengths[row, untold] = 0
            is_bare = random.random() < options.plan_dropout
            told = piece.bare_plan if is_bare else piece.plan
            plan[row] = transpose_features(told[seen], options.plan, shift)
            weights[row, :count] = 1
        inputs = {
            "past_pitches": notes["pitches"],
            "past_ages": notes["ages"],
            "plan": plan,
            "tokens": notes["tokens"],
            "echo_tokens": notes["echo_tokens"],
            "echo_lengths": lengths,
        }
        yield Batch(inputs, notes["tokens"], weights)


def _provenance(corpus: Corpus) -> dict[str, Any]:
    return {"corpus": corpus.path.name, "files": dict(sorted(corpus.hashes.items()))}
