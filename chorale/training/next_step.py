"""Training task of next-step networks, with teachers if there are any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chorale.corpus.shards import ShardedPieces
from chorale.encoding.inputs import Inputs
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import NO_TUNES, Tunes
from chorale.errors import UsageError
from chorale.evaluation.likelihood import evaluate
from chorale.models.next_step import KerasPredictor
from chorale.models.options import NetworkOptions
from chorale.models.storage import NEXT_STEP, Card, load_model, save_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_ORDER, VOICES
from chorale.nn.fitting import Batch, make_deterministic
from chorale.nn.plugins import ensure_plugin, load_plugin
from chorale.nn.provenance import models_read
from chorale.nn.runs import Row
from chorale.training.batches import (
    both_plans,
    draw_pieces,
    transposition_range,
)
from chorale.training.distillation import Teacher, teacher_cards
from chorale.training.options import TrainingOptions
from chorale.training.pieces import StreamedPieces, prepared
from chorale.training.task import ChoraleTask, metrics, stored_figures
from chorale.utils.arrays import IntArray, stack_padded


class Piece(NamedTuple):
    """A chorale, prepared for training a next-step network.

    Attributes:
        inputs: of the network at each step, arrays (steps, …).
        bare_plan: int array (steps, features), the plan as a classic CSV gives it.
        shifts: lowest and highest transposition in semitones.
    """

    inputs: Inputs
    bare_plan: IntArray
    shifts: tuple[int, int]

    @property
    def steps(self) -> int:
        """Steps of the whole piece."""
        return len(self.inputs.tokens)


class NextStepTask(ChoraleTask[Vocabulary]):
    """A next-step network to train on a corpus of chorales."""

    kind = NEXT_STEP
    vocabulary_class = Vocabulary
    network_options: NetworkOptions
    options: TrainingOptions
    teacher: Teacher | None = None

    def check(self) -> None:
        """Check a body from outside; see `check_plugin_body`."""
        if self.network_options.plugin:
            from chorale.nn.plugin_bodies import check_plugin_body

            check_plugin_body(self.network_options)

    def load_plugin(self) -> None:
        ensure_plugin(self.network_options.body, self.network_options.plugin)

    def provenance(self) -> dict[str, Any]:
        """Return the hashes of the corpus, of teachers and base, and of their corpora.

        The origin of a body from outside is among them.

        Raises:
            UsageError, ModelError: see `teacher_cards`; tunes of a corpus in shards.
        """
        if self.network_options.tunes and isinstance(self.learned, ShardedPieces):
            base = self.options.base
            way_out = "fine-tune another model" if base else "leave --tunes out"
            raise UsageError(
                f"{f'{base} knows tunes, but ' if base else ''}tunes of a corpus in "
                f"shards are not supported: {way_out}, or import the corpus without "
                "--shards"
            )
        data = super().provenance()
        body, plugin = self.network_options.body, self.network_options.plugin
        if plugin:
            data["plugin"] = load_plugin(body, plugin).origin()
        teachers, plan = self.options.teacher, self.options.plan
        if cards := teacher_cards(teachers, self.vocabulary, plan):
            data |= models_read("teachers", cards, data)
        return data

    def build(self) -> Any:
        import keras

        from chorale.models.networks.next_step import NextStepNetwork

        options = self.options
        make_deterministic(options.seed)
        self.tunes = NO_TUNES
        if self.network_options.tunes:
            tokens = [self.vocabulary.encode(chorale) for chorale in self.learned]
            self.tunes = Tunes.of(tokens, self.vocabulary)
        self._pieces = prepared(
            self.learned,
            lambda group: prepare_each(group, self.vocabulary, options, self.tunes),
        )
        network = NextStepNetwork(self.network_options, self.vocabulary, options.plan)
        if options.teacher:
            share = options.teacher_share
            self.teacher = Teacher.load(
                options.teacher, options.plan, self.vocabulary, share
            )
            self.compile(network, keras.losses.CategoricalCrossentropy)
        else:
            self.compile(network, keras.losses.SparseCategoricalCrossentropy)
        self.begin_with_base(network)
        self._predictor = KerasPredictor(network, self.tunes)
        return network

    def batches(self, epoch: int) -> Iterable[Batch]:
        return draw_batches(
            self._pieces, self.vocabulary, self.options, epoch, self.teacher
        )

    def validate(self) -> Row:
        return metrics(evaluate(self._predictor, self.validated))

    def save(
        self, network: Any, common: dict[str, Any], history: Sequence[Row], folder: Path
    ) -> Card:
        memory = tuple(network.rings())
        card = self.card(common, voice_order=VOICE_ORDER, memory=memory)
        return save_model(network, card, folder, self.tunes)

    def figures(self, folder: Path) -> dict[str, Any]:
        predictor = load_model(folder, kind=NEXT_STEP)
        return stored_figures(evaluate(predictor, self.validated))


def prepare(
    chorale: Chorale,
    vocabulary: Vocabulary,
    options: TrainingOptions,
    tunes: Tunes = NO_TUNES,
) -> Piece:
    """Encode a chorale and find its transposition range.

    Its inputs recall the tunes of other pieces only.
    """
    (piece,) = prepare_each([chorale], vocabulary, options, tunes)
    return piece


def prepare_each(
    chorales: Sequence[Chorale],
    vocabulary: Vocabulary,
    options: TrainingOptions,
    tunes: Tunes = NO_TUNES,
) -> list[Piece]:
    """Prepare several chorales as `prepare` does, in less time for each."""
    tokens = [vocabulary.encode(chorale) for chorale in chorales]
    plans = [both_plans(chorale, options.plan) for chorale in chorales]
    whole = [plan for plan, _ in plans]
    if len(tunes.intervals):
        inputs = [
            Inputs.of_pieces(
                piece[np.newaxis],
                plan[np.newaxis],
                vocabulary,
                tunes.without(piece, vocabulary),
            ).at(0)
            for piece, plan in zip(tokens, whole, strict=True)
        ]
    else:
        together = Inputs.of_pieces(
            stack_padded(tokens), stack_padded(whole), vocabulary, NO_TUNES
        )
        # Copies: a view would keep the padding of all in memory.
        inputs = [
            together.map(lambda array, row=row: array[row, : len(tokens[row])].copy())
            for row in range(len(tokens))
        ]
    return [
        Piece(
            each,
            bare_plan.astype(np.int32),
            transposition_range(chorale, vocabulary.ranges, options.transpose),
        )
        for each, (_, bare_plan), chorale in zip(inputs, plans, chorales, strict=True)
    ]


def draw_batches(
    pieces: Sequence[Piece] | StreamedPieces[Piece],
    vocabulary: Vocabulary,
    options: TrainingOptions,
    epoch: int,
    teacher: Teacher | None = None,
) -> Iterable[Batch]:
    """Yield the batches of an epoch: every piece once, transposed and cropped.

    Targets are the tokens, or the soft targets of a teacher. All randomness derives
    from the seed and the epoch. Arrays are padded at the end to the steps of the batch,
    see `draw_pieces`: the piece is repeated with weight 0, so that batch normalization
    sees music there too.
    """
    random = np.random.default_rng([options.seed, epoch])
    for chosen, steps in draw_pieces(pieces, options, epoch, random):
        rows, targets = [], []
        weights = np.zeros((len(chosen), steps, VOICES), np.float32)
        for row, piece in enumerate(chosen):
            length = piece.steps
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
