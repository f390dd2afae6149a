"""Training a network on drawings: options -> a run -> a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.nn.fitting import Batch, EpochProgress, adamw, begin, fit
from chorale.nn.runs import Row, Run
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
from chorale.sketches.models import Card, load_classifier, save_model
from chorale.sketches.options import NetworkOptions, TrainingOptions
from chorale.utils.arrays import FloatArray
from chorale.utils.extras import require_keras

MONITOR = "valid_nats"


def train_classifier(
    train: Examples,
    valid: Examples,
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
        train: the drawings to learn.
        valid: those that choose the best epoch, of the same words.
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
    if len(train.words) < 2:
        raise DataError(
            f"expected drawings of at least two words, got only {train.words[0]!r}"
        )
    begin(Run(output), network_options, options, command, _provenance(train, valid))
    return resume_training(
        train, valid, output, tensorboard=tensorboard, progress=progress
    )


def resume_training(
    train: Examples,
    valid: Examples,
    output: Path | str,
    *,
    finish: bool = False,
    tensorboard: bool = False,
    progress: EpochProgress | None = None,
) -> Card:
    """Continue a run after its last whole epoch; see `train_classifier`.

    Args:
        finish: whether to train no further, and make the model of what there is.

    Raises:
        UsageError: there is no run in `output`.
        ModelError: the drawings are not those that the run began with.
    """
    require_keras("training")
    run = Run(output)
    asked = run.asked(NetworkOptions, TrainingOptions)
    network_options, options = asked.network, asked.training
    run.check_data(_provenance(train, valid))
    import keras

    from chorale.sketches.network import build_network

    keras.utils.set_random_seed(options.seed)
    network = build_network(network_options, len(train.words))
    batches_per_epoch = -(-len(train.labels) // options.batch_size)
    network.compile(
        adamw(options, batches_per_epoch),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=True,
    )

    def validate() -> Row:
        probabilities = predict(
            lambda batch: _logits(network, batch), valid.inks, len(valid.words)
        )
        report = measure(probabilities, valid.labels, valid.words)
        return {MONITOR: report.nats, "valid_top1": report.top1}

    history = fit(
        network,
        run,
        batches=lambda epoch: _batches(train, options, epoch),
        batches_per_epoch=batches_per_epoch,
        validate=validate,
        monitor=MONITOR,
        epochs=options.epochs,
        patience=options.patience,
        seed=options.seed,
        finish=finish,
        tensorboard=tensorboard,
        progress=progress,
    )
    folder = run.folder / "model"
    card = Card(
        name=run.folder.resolve().name,
        network=network_options,
        words=train.words,
        training=asdict(options),
        data=_provenance(train, valid),
        command=asked.command,
        figures={},
        history=history,
        versions=asked.versions,
        files={},
    )
    card = save_model(network, card, folder)
    probabilities = load_classifier(folder).probabilities(valid.inks)
    report = measure(probabilities, valid.labels, valid.words)
    card = replace(card, figures={"valid": _figures(report)})
    card.write(folder)
    return card


def _batches(train: Examples, options: TrainingOptions, epoch: int) -> Iterator[Batch]:
    """Yield the batches of an epoch, every drawing once, varied.

    What is drawn depends on the seed and the epoch alone.
    """
    random = np.random.default_rng([options.seed, epoch])
    for chosen in draw_batches(train.inks, options.batch_size, random):
        batch = augment(pad(train.inks, chosen), options.augment, random)
        weights = np.ones(len(chosen), np.float32)
        yield Batch(_inputs(batch), train.labels[chosen].astype(np.int32), weights)


def _inputs(batch: Padded) -> dict[str, Any]:
    return {"ink": batch.ink, "lengths": batch.lengths.astype(np.int32)}


def _logits(network: Any, batch: Padded) -> FloatArray:
    """Return logits; what is not a full batch is filled up, not compiled for itself."""
    rows = np.resize(np.arange(len(batch.lengths)), PREDICTION_BATCH)
    full = Padded(batch.ink[rows], batch.lengths[rows])
    logits: FloatArray = network.predict_on_batch(_inputs(full))[: len(batch.lengths)]
    return logits


def _figures(report: Report) -> dict[str, float]:
    names = ("drawings", "top1", "top3", "top5", "map3", "nats", "calibration_error")
    return {name: getattr(report, name) for name in names}


def _provenance(train: Examples, valid: Examples) -> dict[str, Any]:
    files = dict(train.hashes)
    for name, digest in valid.hashes.items():
        # Files of the same name may lie in two folders.
        is_other = files.get(name, digest) != digest
        files[f"valid/{name}" if is_other else name] = digest
    return {"files": dict(sorted(files.items()))}
