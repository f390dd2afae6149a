"""Results of the gradient experiment: summaries, CSV files, TensorBoard curves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chorale.forecasting.gradients import Training
from chorale.utils.tables import write_table


class Summary(NamedTuple):
    """Key numbers of a training, over its finite updates."""

    name: str  # of the recurrence
    activation: str  # of the recurrence
    recurrent_weights: str  # initialization of U
    layer_norm: bool  # whether it had layer normalization
    clip_norm: float  # maximum norm of the gradient of the weights, 0 for no clipping
    # Norm of the gradient with respect to the first state, before training.
    first_norm: float
    last_norm: float  # likewise of the last state
    first_norm_after: float  # with respect to the first state, at the last update
    last_norm_after: float  # likewise of the last state
    largest_gradient: float  # norm of the gradient of all weights, before clipping
    largest_step: float  # norm of the change of the weights
    loss: float | None  # mean over the last tenth of the updates; None if it diverged
    # The update, counted from 1, at which it diverged: loss or gradient are not finite.
    blew_up: int | None


def summarize(training: Training) -> Summary:
    """Return the key numbers of a training."""
    finite, recurrence = training.finite, training.recurrence
    before = training.updates[0].by_step
    after = (finite or training.updates)[-1].by_step
    diverged = len(finite) < len(training.updates)
    last = [update.loss for update in finite[-max(1, len(finite) // 10) :]]
    return Summary(
        name=training.name,
        activation=recurrence.activation,
        recurrent_weights=recurrence.initial_weights,
        layer_norm=recurrence.layer_norm,
        clip_norm=recurrence.clip_norm,
        first_norm=float(before[0]),
        last_norm=float(before[-1]),
        first_norm_after=float(after[0]),
        last_norm_after=float(after[-1]),
        largest_gradient=max((update.gradient for update in finite), default=math.inf),
        largest_step=max((update.step for update in finite), default=math.inf),
        loss=None if diverged else float(np.mean(last)),
        blew_up=len(training.updates) if diverged else None,
    )


def write_gradients(folder: Path | str, trainings: Iterable[Training]) -> None:
    """Write the results as three CSV files.

    `gradients.csv` has the summaries, `gradient-steps.csv` the gradient norms by step
    before training, halfway and at the end, `gradient-updates.csv` loss and norms of
    every update.

    Raises:
        OutputError: a file cannot be written.
    """
    folder, trainings = Path(folder), list(trainings)
    write_table(
        folder / "gradients.csv",
        Summary._fields,
        map(summarize, trainings),
    )
    write_table(
        folder / "gradient-steps.csv",
        ("recurrence", "update", "step", "norm"),
        (
            (training.name, number + 1, step + 1, f"{norm:.6g}")
            for training in trainings
            for number in _snapshots(training)
            for step, norm in enumerate(training.updates[number].by_step)
        ),
    )
    write_table(
        folder / "gradient-updates.csv",
        ("recurrence", "update", "loss", "gradient", "step"),
        (
            (training.name, number + 1, *(f"{value:.6g}" for value in update[:3]))
            for training in trainings
            for number, update in enumerate(training.updates)
        ),
    )


def write_tensorboard(folder: Path | str, trainings: Iterable[Training]) -> None:
    """Write the results for TensorBoard, a folder for each recurrence.

    The base-10 logarithms of the norms by step are three curves over the steps,
    `state_gradient/first`, `/halfway` and `/last`; loss and norms of the updates are
    curves over the updates, `update/…`.
    """
    import tensorflow as tf

    for training in trainings:
        writer = tf.summary.create_file_writer(str(Path(folder) / training.name))
        with writer.as_default():
            for number, update in enumerate(training.updates):
                for name, value in zip(update._fields[:3], update, strict=False):
                    tf.summary.scalar(f"update/{name}", value, step=number + 1)
            for label, number in zip(
                ("first", "halfway", "last"), _snapshots(training), strict=False
            ):
                for step, norm in enumerate(training.updates[number].by_step):
                    logarithm = np.log10(norm) if norm else -np.inf
                    tf.summary.scalar(
                        f"state_gradient/{label}", logarithm, step=step + 1
                    )
        writer.close()


def _snapshots(training: Training) -> list[int]:
    """Return the indices of the first, the middle and the last finite update."""
    last = max(0, len(training.finite) - 1)
    return sorted({0, last // 2, last})
