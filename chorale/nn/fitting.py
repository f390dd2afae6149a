"""A fit: an epoch after another until there is no new best, in spite of being killed.

It leaves its traces in a run (`chorale.nn.runs`). Randomness is derived from the seed
and the number of the epoch, so a killed epoch is replayed: on one machine a resumed run
ends where the unbroken one would have ended.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError, TrainingError, UsageError
from chorale.nn.moving_average import MovingAverage
from chorale.nn.runs import Row, Run
from chorale.utils.extras import require
from chorale.utils.files import Arrays
from chorale.version import __version__


class Batch(NamedTuple):
    """One step of training: inputs of the network, targets, weight of each target."""

    inputs: Any
    targets: npt.NDArray[Any]
    weights: npt.NDArray[Any]


class EpochProgress(Protocol):
    """What a fit reports as it goes; the command line draws it."""

    def start_epoch(self, epoch: int, epochs: int, batches: int) -> None: ...

    def finish_batch(self, loss: float) -> None: ...

    def finish_epoch(self, row: Row) -> None: ...


def make_deterministic(seed: int) -> None:
    """Seed every generator, and have TensorFlow repeat itself to the bit.

    On a processor it does so unasked. On a GPU it has to be asked, which holds for the
    rest of the process and is refused by what XLA compiles.
    """
    import keras

    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        if tensorflow.config.list_physical_devices("GPU"):
            tensorflow.config.experimental.enable_op_determinism()


def seed_dropout(network: Any, seed: int, epoch: int) -> None:
    """Set the state of every dropout layer from the seed and the epoch alone.

    Epochs count from 1; 0 is for dropout that is left on after training.
    """
    states = [v for v in network.variables if v.path.endswith("seed_generator_state")]
    for index, state in enumerate(states):
        digest = hashlib.sha256(f"{seed} {epoch} {index}".encode()).digest()
        value = np.array([int.from_bytes(digest[:4], "little"), 0])
        state.assign(value.astype(state.dtype))


def adamw(options: Any, batches_per_epoch: int) -> Any:
    """Return a Keras optimizer: AdamW, its learning rate up, then down to nothing.

    Args:
        options: with `learning_rate`, the highest, which is reached after a twentieth
            of the steps, `weight_decay`, `clip_norm` and `epochs`.
        batches_per_epoch: steps of the optimizer in an epoch.
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


def begin(
    run: Run, network: Any, training: Any, command: str, data: Mapping[str, Any]
) -> None:
    """Create a run: what is asked for, and with what it is trained.

    Args:
        run: must not be there yet.
        network, training: the options of both, dataclasses.
        command: that asked for it, for the card.
        data: see `Run.check_data`.

    Raises:
        UsageError, OutputError: see `Run.create`.
    """
    run.check_new()  # before Keras is loaded for its version
    asked = {
        "network": asdict(network),
        "training": asdict(training),
        "command": command,
        "versions": _library_versions(),
    }
    run.create(asked, data)


def _library_versions() -> dict[str, str]:
    import keras

    libraries = ("keras", keras.backend.backend(), "numpy")
    return {
        "chorale": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def fit(
    network: Any,
    run: Run,
    *,
    batches: Callable[[int], Sequence[Batch] | Iterable[Batch]],
    batches_per_epoch: int,
    validate: Callable[[], Row],
    monitor: str,
    epochs: int,
    patience: int,
    seed: int,
    averaging: float = 0.0,
    finish: bool = False,
    tensorboard: bool = False,
    progress: EpochProgress | None = None,
) -> list[Row]:
    """Train a compiled network, from its last checkpoint if the run has one.

    Args:
        network: a compiled Keras model; it ends with the weights that validated best.
        run: where checkpoints and history are kept.
        batches: gives the batches of an epoch, counted from 1; all its randomness must
            come from that number.
        batches_per_epoch: how many those are.
        validate: gives the figures of the network as it is.
        monitor: which of the figures is to become small.
        epochs: how many to train at most.
        patience: epochs without a new best after which to stop.
        seed: of the run.
        averaging: decay of the moving average of the weights, which is what validates
            and what is kept; 0 for the weights themselves.
        finish: whether to train no further than the last checkpoint.
        tensorboard: whether to write the figures for TensorBoard too.
        progress: hears of every batch and epoch.

    Returns:
        One row an epoch: its number, the training loss, the figures of `validate`, the
        learning rate and the seconds it took.

    Raises:
        TrainingError: the loss is not a number.
        UsageError: a run is to be finished that has no checkpoint yet.
    """
    if tensorboard:
        require("train", "figures for TensorBoard", ("tensorflow",))
    network.optimizer.build(network.trainable_variables)
    average = MovingAverage(network, averaging)
    history = _restore(network, average, run.load("checkpoint"))
    if history:  # killed after the checkpoint, the run has yet to write it
        run.write_history(history)
    if finish and not history:
        raise UsageError(
            f"{run.folder} has no whole epoch yet: there is no model in it"
        )
    while (
        not finish
        and len(history) < epochs
        and not _is_stale(history, monitor, patience)
    ):
        epoch = len(history) + 1
        began = time.perf_counter()
        if progress is not None:
            progress.start_epoch(epoch, epochs, batches_per_epoch)
        seed_dropout(network, seed, epoch)
        losses, weights = [], []
        for batch in batches(epoch):
            loss = network.train_on_batch(
                batch.inputs, batch.targets, sample_weight=batch.weights
            )
            average.update()
            losses.append(float(loss))
            weights.append(float(batch.weights.sum()))
            network.reset_metrics()
            if progress is not None:
                progress.finish_batch(losses[-1])
        row: Row = {
            "epoch": epoch,
            "train_loss": float(np.average(losses, weights=weights)),
        }
        if not np.isfinite(row["train_loss"]):
            raise TrainingError(
                f"the loss of epoch {epoch} is {row['train_loss']}: "
                "try a smaller learning rate"
            )
        with average.applied():
            row |= {
                **validate(),
                "learning_rate": float(np.asarray(network.optimizer.learning_rate)),
                "seconds": round(time.perf_counter() - began, 3),
            }
            history.append(row)
            if _best(history, monitor) == epoch:
                run.save("best", _weights(network))
        # The checkpoint comes last: killed before it, the epoch is replayed whole.
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


def _best(history: Sequence[Row], monitor: str) -> int:
    """Return the number of the best epoch, the earliest of equals."""
    figures = np.array([row[monitor] for row in history])
    return 1 + int(np.argmin(np.where(np.isfinite(figures), figures, np.inf)))


def _is_stale(history: Sequence[Row], monitor: str, patience: int) -> bool:
    return bool(history) and len(history) - _best(history, monitor) >= patience


def _weights(network: Any) -> Arrays:
    return {weight.path: np.asarray(weight) for weight in network.weights}


def _state(network: Any, average: MovingAverage, history: Sequence[Row]) -> Arrays:
    """Return all that the next epoch depends on."""
    optimizer = {
        f"optimizer/{index}": np.asarray(variable)
        for index, variable in enumerate(network.optimizer.variables)
    }
    text = {"history": np.array(json.dumps(history))}
    return {**_weights(network), **average.state(), **optimizer, **text}


def _restore(network: Any, average: MovingAverage, state: Arrays | None) -> list[Row]:
    if state is None:
        return []
    _assign(network.weights, state)
    average.restore(state)
    try:
        for index, variable in enumerate(network.optimizer.variables):
            variable.assign(state[f"optimizer/{index}"])
        history: list[Row] = json.loads(str(state["history"]))
    except (KeyError, ValueError) as error:
        raise ModelError(f"the checkpoint does not fit: {error}") from None
    return history


def _assign(weights: Iterable[Any], arrays: Arrays) -> None:
    for weight in weights:
        if weight.path not in arrays:
            raise ModelError(
                f"the checkpoint does not fit the network: no {weight.path}"
            )
        weight.assign(arrays[weight.path])


def _write_tensorboard(folder: Path, row: Row) -> None:
    import tensorflow

    with tensorflow.summary.create_file_writer(str(folder)).as_default():
        for name, value in row.items():
            tensorflow.summary.scalar(name, value, step=int(row["epoch"]))
