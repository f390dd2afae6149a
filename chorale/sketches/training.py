"""Training a classifier on drawings: options → run → model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from chorale.errors import DataError
from chorale.nn.fitting import Batch, RunArguments, adamw
from chorale.nn.provenance import models_read, without_folders
from chorale.nn.runs import Row
from chorale.nn.trainer import Task, begin, resume
from chorale.sketches.augmentation import augment
from chorale.sketches.batches import (
    PREDICTION_BATCH,
    Padded,
    draw_batches,
    pad,
    predict,
)
from chorale.sketches.evaluation import Report, measure
from chorale.sketches.examples import Examples
from chorale.sketches.fine_tuning import assign_base, base_card
from chorale.sketches.models import Card, load_classifier, save_model
from chorale.sketches.options import NetworkOptions, TrainingOptions
from chorale.utils.arrays import FloatArray

MONITOR = "valid_nats"
_FIGURES = ("drawings", "top1", "top3", "top5", "map3", "nats", "calibration_error")


class ClassifierTask(Task[Card]):
    """A classifier to train on drawings; the parameters are as of `train_classifier`.

    Raises:
        DataError: the drawings are of one word only.
        UsageError: there is no such base, or its network is another.
    """

    monitor = MONITOR
    card_class = Card
    options: TrainingOptions

    def __init__(
        self,
        train: Examples,
        valid: Examples,
        network_options: NetworkOptions,
        options: TrainingOptions,
    ) -> None:
        if len(train.words) < 2:
            raise DataError(
                f"expected drawings of at least two words, got only {train.words[0]!r}"
            )
        self.train, self.valid = train, valid
        self.network_options, self.options = network_options, options
        self.base: Card | None = None
        if options.base:
            self.base = base_card(options.base, network_options)

    @property
    def examples(self) -> int:
        return len(self.train.labels)

    def provenance(self) -> dict[str, Any]:
        files = dict(self.train.hashes)
        for name, digest in self.valid.hashes.items():
            # Files of the same name may be in two folders.
            differs = files.get(name, digest) != digest
            files[f"valid/{name}" if differs else name] = digest
        data: dict[str, Any] = {"files": dict(sorted(files.items()))}
        if self.base is not None:
            data |= models_read("base", {self.options.base: self.base}, data)
        return data

    def build(self) -> Any:
        import keras

        from chorale.sketches.network import build_network

        keras.utils.set_random_seed(self.options.seed)
        self._network = build_network(self.network_options, len(self.train.words))
        if self.base is not None:
            assign_base(self._network, self.train.words, self.options.base)
        self._network.compile(
            adamw(self.options, self.batches_per_epoch),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=True,
        )
        return self._network

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch: every drawing once, augmented."""
        random = np.random.default_rng([self.options.seed, epoch])
        for chosen in draw_batches(self.train.inks, self.options.batch_size, random):
            batch = augment(pad(self.train.inks, chosen), self.options.augment, random)
            weights = np.ones(len(chosen), np.float32)
            labels = self.train.labels[chosen].astype(np.int32)
            yield Batch(_inputs(batch), labels, weights)

    def validate(self) -> Row:
        words = len(self.valid.words)
        report = self._measure(predict(self._logits, self.valid.inks, words))
        return {MONITOR: report.nats, "valid_top1": report.top1}

    def save(
        self, network: Any, common: dict[str, Any], history: Sequence[Row], folder: Path
    ) -> Card:
        common["training"] = without_folders(common["training"])
        card = Card(**common, words=self.train.words, history=history)
        return save_model(network, card, folder)

    def figures(self, folder: Path) -> dict[str, Any]:
        report = self._measure(load_classifier(folder).probabilities(self.valid.inks))
        return {name: getattr(report, name) for name in _FIGURES}

    def _measure(self, probabilities: FloatArray) -> Report:
        return measure(probabilities, self.valid.labels, self.valid.words)

    def _logits(self, batch: Padded) -> FloatArray:
        """Return the logits of a batch, which is padded to the compiled size."""
        count = len(batch.lengths)
        rows = np.resize(np.arange(count), PREDICTION_BATCH)
        full = Padded(batch.ink[rows], batch.lengths[rows])
        logits: FloatArray = self._network.predict_on_batch(_inputs(full))[:count]
        return logits


def train_classifier(
    train: Examples,
    valid: Examples,
    network_options: NetworkOptions,
    options: TrainingOptions,
    output: Path | str,
    *,
    command: str = "",
    **fitting: Unpack[RunArguments],
) -> Card:
    """Train a network in a new run.

    Args:
        train: the drawings to learn.
        valid: drawings of the same words that choose the best epoch.
        network_options, options: of the network and of its training.
        output: folder of the run; must not contain one yet.
        command: command line of the run, for the card.
        fitting: see `chorale.nn.fitting.RunArguments`.

    Returns:
        The card of the model in `output/model`.

    Raises:
        UsageError: the folder already holds a run, or the options do not fit the base.
        DataError: the drawings are of one word only.
    """
    task = ClassifierTask(train, valid, network_options, options)
    return begin(task, output, command=command, **fitting)


def resume_training(
    train: Examples,
    valid: Examples,
    output: Path | str,
    **fitting: Unpack[RunArguments],
) -> Card:
    """Continue a run after its last whole epoch; see `train_classifier`.

    Raises:
        UsageError: there is no run in `output`, or none with a whole epoch to finish.
        ModelError: the drawings or the base differ from what the run began with.
    """
    make_task = partial(ClassifierTask, train, valid)
    return resume(make_task, NetworkOptions, TrainingOptions, output, **fitting)


def _inputs(batch: Padded) -> dict[str, Any]:
    return {"ink": batch.ink, "lengths": batch.lengths.astype(np.int32)}
