"""What the experiment on gradients measured: in a few figures, and as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from chorale.forecasting.gradients import Training
from chorale.utils.tables import write_table


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A training in a few figures, those of its finite updates.

    Attributes:
        name: of the recurrence.
        activation: of the recurrence.
        recurrent_weights: what U began as.
        layer_norm: whether it was normalized.
        clip_norm: largest norm of the gradient of the weights, 0 for no limit.
        first_norm: of the gradient by the state at the first step, before training.
        last_norm: likewise at the last step.
        first_norm_after: at the first step, in the last update.
        last_norm_after: likewise at the last step.
        largest_gradient: norm of the gradient of all weights, before it is clipped.
        largest_step: norm of what was added to the weights.
        loss: mean of the last tenth of the updates; None if it blew up.
        blew_up: the update, counted from 1, whose loss or gradient was not finite.
    """

    name: str
    activation: str
    recurrent_weights: str
    layer_norm: bool
    clip_norm: float
    first_norm: float
    last_norm: float
    first_norm_after: float
    last_norm_after: float
    largest_gradient: float
    largest_step: float
    loss: float | None
    blew_up: int | None


def summarize(training: Training) -> Summary:
    """Return the figures of a training."""
    finite, recurrence = training.finite, training.recurrence
    before, after = (
        training.updates[0].by_step,
        (finite or training.updates)[-1].by_step,
    )
    blew_up = len(finite) < len(training.updates)
    tenth = max(1, len(finite) // 10)
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
        loss=None if blew_up else float(np.mean([it.loss for it in finite[-tenth:]])),
        blew_up=len(training.updates) if blew_up else None,
    )


def write_gradients(folder: Path | str, trainings: Iterable[Training]) -> None:
    """Write what was measured as three CSVs.

    `gradients.csv` has the summaries, `gradient-steps.csv` the norms by step before
    training, halfway and at the end, `gradient-updates.csv` loss and norms of every
    update.

    Raises:
        OutputError: a file cannot be written.
    """
    folder, trainings = Path(folder), list(trainings)
    write_table(
        folder / "gradients.csv",
        [field.name for field in fields(Summary)],
        (list(asdict(summarize(training)).values()) for training in trainings),
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
            (training.name, number + 1, *(f"{figure:.6g}" for figure in update[:3]))
            for training in trainings
            for number, update in enumerate(training.updates)
        ),
    )


def write_tensorboard(folder: Path | str, trainings: Iterable[Training]) -> None:
    """Write the same for TensorBoard, a folder for each recurrence.

    The norms by step, logarithms to the base of 10, are three curves over the steps:
    `state_gradient/first`, `/halfway` and `/last`; loss and norms of the updates are
    curves over the updates, below `update/`.
    """
    import tensorflow as tf

    for training in trainings:
        writer = tf.summary.create_file_writer(str(Path(folder) / training.name))
        with writer.as_default():
            for number, update in enumerate(training.updates):
                for name, figure in zip(update._fields[:3], update, strict=False):
                    tf.summary.scalar(f"update/{name}", figure, step=number + 1)
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
