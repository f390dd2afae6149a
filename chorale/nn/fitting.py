"""Training loop with early stopping, checkpoints, and resumption after a kill.

Checkpoints and history are kept in a run (`chorale.nn.runs`). All randomness of an
epoch derives from the seed and the number of the epoch. An epoch that was killed is
therefore repeated exactly, and on one machine a resumed run ends with the same weights
as an uninterrupted one.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypedDict

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError, TrainingError, UsageError, translated
from chorale.nn.moving_average import MovingAverage
from chorale.nn.runs import Row, Run
from chorale.utils.arrays import Arrays
from chorale.utils.checks import (
    check_above_zero,
    check_at_least,
    check_seed,
    check_shares,
)
from chorale.utils.extras import require
from chorale.utils.options import option


class Batch(NamedTuple):
    """One training step: inputs of the network, targets, weight of each target."""

    inputs: Any
    targets: npt.NDArray[Any]
    weights: npt.NDArray[Any]


class EpochProgress(Protocol):
    """Callbacks for the progress of a training; the command line draws a bar."""

    def start_epoch(self, epoch: int, epochs: int, batches: int) -> None: ...

    def finish_batch(self, loss: float) -> None: ...

    def finish_epoch(self, row: Row) -> None: ...


class FitArguments(TypedDict, total=False):
    """Arguments of `fit` that are not options of the training.

    Attributes:
        finish: whether to train no further than the last checkpoint; default False.
        tensorboard: whether to write the metrics for TensorBoard too; default False.
        progress: callbacks for every batch and epoch.
    """

    finish: bool
    tensorboard: bool
    progress: EpochProgress | None


class RunArguments(FitArguments, total=False):
    """Arguments of a training that are not options of it.

    Attributes:
        devices: number of devices of this machine that share each batch, see
            `chorale.nn.distribution`; default 1.
        notify: called with a sentence if other machines are waited for.
    """

    devices: int
    notify: Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """Options of a training loop and its optimizer; saved as JSON with the run."""

    epochs: int = option(60, "Maximum number of passes over the training set.")
    patience: int = option(20, "Epochs without a better validation before it stops.")
    batch_size: int = option(8, "Examples in one step of the optimizer.")
    learning_rate: float = option(
        2e-3,
        "Peak of the learning rate: warmup over a twentieth of the steps, then a "
        "cosine to 0.",
    )
    seed: int = option(0, "Seed of all randomness.")
    weight_decay: float = option(0.01, "Weight decay of AdamW.", advanced=True)
    clip_norm: float = option(1.0, "Maximum norm of the gradient.", advanced=True)
    averaging: float = option(
        0.0,
        "Decay of the moving average of the weights, which is validated and kept; 0 = "
        "none.",
        advanced=True,
    )

    def __post_init__(self) -> None:
        check_at_least(self, epochs=1, batch_size=1, weight_decay=0, patience=1)
        check_above_zero(self, "learning_rate", "clip_norm")
        check_shares(self, "averaging")
        check_seed(self.seed)


def make_deterministic(seed: int) -> None:
    """Seed every random generator and make TensorFlow deterministic.

    On a CPU it is so by default. On a GPU determinism holds for the rest of the process
    and excludes compilation by XLA.
    """
    import keras

    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        if tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.enable_op_determinism()


def seed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Set the state of every dropout layer from the seed and the epoch alone.

    Epochs count from 1; 0 is for dropout that stays active after training.
    """
    states = [each for each in network.variables if is_dropout_state(each)]
    for index, state in enumerate(states):
        digest = hashlib.sha256(f"{seed} {epoch} {index}".encode()).digest()
        value = np.array([int.from_bytes(digest[:4], "little"), 0])
        state.assign(value.astype(state.dtype))


def is_dropout_state(variable: Any) -> bool:
    """Return whether a variable of a network is the random state of dropout."""
    return bool(variable.path.endswith("seed_generator_state"))


def adamw(options: FitOptions, batches_per_epoch: int) -> Any:
    """Return a Keras optimizer: AdamW with linear warmup and cosine decay.

    Warmup takes a twentieth of all steps, see `FitOptions.learning_rate`.
    """
    import keras

    steps = options.epochs * batches_per_epoch
    warmup = max(steps // 20, 1)
    return keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(
            0.0,
            max(steps - warmup, 1),
            warmup_target=options.learning_rate,
            warmup_steps=warmup,
        ),
        weight_decay=options.weight_decay,
        global_clipnorm=options.clip_norm,
    )


def fit(
    network: Any,
    run: Run,
    options: FitOptions,
    *,
    batches: Callable[[int], Iterable[Batch]],
    batches_per_epoch: int,
    validate: Callable[[], Row],
    monitor: str,
    finish: bool = False,
    tensorboard: bool = False,
    progress: EpochProgress | None = None,
    train: Callable[[Batch], float] | None = None,
) -> list[Row]:
    """Train a compiled network, from its last checkpoint if the run has one.

    Args:
        network: a compiled Keras model; ends with the weights of the best epoch.
        run: keeps checkpoints and history.
        options: `epochs`, `patience`, `averaging` and `seed`. The optimizer is the one
            that the network is compiled with.
        batches: returns the batches of an epoch, counted from 1; all its randomness
            must derive from that number.
        batches_per_epoch: their number, for `progress`.
        validate: returns validation metrics of the network as it is.
        monitor: the metric to minimize.
        finish, tensorboard, progress: see FitArguments.
        train: trains on a batch and returns the loss; default: `train_on_batch`.

    Returns:
        One row per epoch: its number, the training loss, the validation metrics, the
        learning rate and the seconds it took.

    Raises:
        TrainingError: the loss is not finite.
        UsageError: `finish` is set and the run has no checkpoint yet.
    """
    if tensorboard:
        require("train", "figures for TensorBoard", ("tensorflow",))
    network.optimizer.build(network.trainable_variables)
    average = MovingAverage(network, options.averaging)
    history = _restore(network, average, run.load("checkpoint"), monitor)
    if history:  # a kill may have come between checkpoint and history
        run.write_history(history)
    if finish and not history:
        raise UsageError(
            f"{run.folder} has no whole epoch yet: there is no model in it"
        )
    epochs = len(history) if finish else options.epochs
    while len(history) < epochs and not _is_stale(history, monitor, options.patience):
        epoch, started = len(history) + 1, time.perf_counter()
        if progress is not None:
            progress.start_epoch(epoch, epochs, batches_per_epoch)
        seed_dropout(network, options.seed, epoch)
        loss = _train_epoch(network, average, batches(epoch), progress, train)
        row: Row = {"epoch": epoch, "train_loss": loss}
        if not np.isfinite(loss):
            raise TrainingError(
                f"the loss of epoch {epoch} is {loss}: try a smaller learning rate"
            )
        with average.applied():
            row |= validate()
            row["learning_rate"] = float(np.asarray(network.optimizer.learning_rate))
            row["seconds"] = round(time.perf_counter() - started, 3)
            history.append(row)
            if _best(history, monitor) == epoch:
                run.save("best", _weights(network))
        # The checkpoint comes last: a kill before it repeats the whole epoch.
        run.save("checkpoint", _state(network, average, history))
        run.write_history(history)
        if tensorboard:
            _write_tensorboard(run.folder / "tensorboard", row)
        if progress is not None:
            progress.finish_epoch(row)
    best = run.load("best")
    if best is not None:
        _assign(network.weights, best)
    return history


def _train_epoch(
    network: Any,
    average: MovingAverage,
    batches: Iterable[Batch],
    progress: EpochProgress | None,
    train: Callable[[Batch], float] | None,
) -> float:
    """Train on the batches of an epoch and return the mean loss."""
    losses, weights = [], []
    for batch in batches:
        if train is None:
            loss = network.train_on_batch(
                batch.inputs, batch.targets, sample_weight=batch.weights
            )
        else:
            loss = train(batch)
        average.update()
        losses.append(float(loss))
        weights.append(float(batch.weights.sum()))
        network.reset_metrics()
        if progress is not None:
            progress.finish_batch(losses[-1])
    return float(np.average(losses, weights=weights))


def _best(history: Sequence[Row], monitor: str) -> int:
    """Return the number of the best epoch, the earliest of equals."""
    figures = np.array([row[monitor] for row in history])
    return 1 + int(np.argmin(np.where(np.isfinite(figures), figures, np.inf)))


def _is_stale(history: Sequence[Row], monitor: str, patience: int) -> bool:
    return bool(history) and len(history) - _best(history, monitor) >= patience


def _weights(network: Any) -> Arrays:
    return {weight.path: np.asarray(weight) for weight in network.weights}


def _state(network: Any, average: MovingAverage, history: Sequence[Row]) -> Arrays:
    """Return everything the next epoch depends on."""
    optimizer = {
        f"optimizer/{index}": np.asarray(variable)
        for index, variable in enumerate(network.optimizer.variables)
    }
    text = {"history": np.array(json.dumps(history))}
    return {**_weights(network), **average.state(), **optimizer, **text}


def _restore(
    network: Any, average: MovingAverage, state: Arrays | None, monitor: str
) -> list[Row]:
    """Load a checkpoint and return its history; without one, an empty history."""
    if state is None:
        return []
    with translated(lambda reason: ModelError(f"the checkpoint is damaged: {reason}")):
        _assign(network.weights, state)
        average.restore(state)
        for index, variable in enumerate(network.optimizer.variables):
            variable.assign(state[f"optimizer/{index}"])
        history: list[Row] = json.loads(str(state["history"]))
        if not all({monitor, "epoch"} <= set(row) for row in history):
            raise ValueError("its history has other columns")
    return history


def _assign(weights: Iterable[Any], arrays: Arrays) -> None:
    for weight in weights:
        if weight.path not in arrays:
            raise ModelError(
                f"the checkpoint does not fit the network: no {weight.path}"
            )
        if arrays[weight.path].shape != tuple(weight.shape):
            raise ModelError(
                f"the checkpoint does not fit the network: {weight.path} has the shape "
                f"{arrays[weight.path].shape} instead of {tuple(weight.shape)}"
            )
        weight.assign(arrays[weight.path])


def _write_tensorboard(folder: Path, row: Row) -> None:
    import tensorflow

    with tensorflow.summary.create_file_writer(str(folder)).as_default():
        for name, value in row.items():
            tensorflow.summary.scalar(name, value, step=int(row["epoch"]))
