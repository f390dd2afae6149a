"""A run: the directory that one training leaves, and a fit that survives being killed.

    options.json     what was asked for
    data.json        SHA-256 of every file that was read, and of teachers
    history.csv      one row an epoch
    checkpoint.npz   weights, their average, optimizer and history after the last
                     whole epoch
    best.npz         weights of the epoch that validated best
    model/           what was made of them at the end (`chorale.models`)

Randomness is derived from the seed and the number of the epoch, so a killed epoch is
replayed: on one machine a resumed run ends where the unbroken one would have ended.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from chorale import __version__
from chorale.errors import ModelError, TrainingError, UsageError
from chorale.extras import require
from chorale.files import Arrays, load_arrays, replacing, save_arrays, write_text
from chorale.moving_average import MovingAverage

Row = dict[str, float]
NetworkT = TypeVar("NetworkT")
TrainingT = TypeVar("TrainingT")


class Batch(NamedTuple):
    """One step of training: inputs of the network, targets, weight of each target."""

    inputs: Any
    targets: npt.NDArray[Any]
    weights: npt.NDArray[Any]


class Asked(NamedTuple, Generic[NetworkT, TrainingT]):
    """What a run was asked for when it was created.

    Attributes:
        network, training: the options of both.
        command: that asked for it.
        versions: of the libraries that it began with.
    """

    network: NetworkT
    training: TrainingT
    command: str
    versions: Mapping[str, str]


class Progress(Protocol):
    """What a fit reports as it goes; the command line draws it."""

    def start_epoch(self, epoch: int, epochs: int, batches: int) -> None: ...

    def finish_batch(self, loss: float) -> None: ...

    def finish_epoch(self, row: Row) -> None: ...


class Run:
    """The directory of one training."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def create(self, options: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Write down what is asked for and what is read.

        Raises:
            UsageError: the folder already holds a run.
            OutputError: the folder cannot be written.
        """
        self.check_new()
        write_text(self.folder / "data.json", _to_json(data))
        write_text(self.folder / "options.json", _to_json(options))

    def check_new(self) -> None:
        """Raise a UsageError if the folder already holds a run."""
        if (self.folder / "options.json").exists():
            raise UsageError(
                f"{self.folder} already holds a run: continue it with --resume, "
                "or choose another --output"
            )

    def options(self) -> dict[str, Any]:
        """Return what was asked for when the run was created."""
        return self._read_json("options.json")

    def asked(
        self, network: type[NetworkT], training: type[TrainingT]
    ) -> Asked[NetworkT, TrainingT]:
        """Return what was asked for, its options as what they were.

        Args:
            network, training: dataclasses, whose sequences are tuples.

        Raises:
            UsageError: there is no run.
            ModelError: a class does not fit what another version has written.
        """
        told = self.options()
        try:
            return Asked(
                network(**_with_tuples(told["network"])),
                training(**_with_tuples(told["training"])),
                told["command"],
                told["versions"],
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ModelError(
                f"{self.folder}: options.json is not of this version: {error}"
            ) from None

    def check_data(self, data: Mapping[str, Any]) -> None:
        """Make sure that a resumed run learns from what it began with.

        Args:
            data: SHA-256 by name: of `files`, and of `teachers` if there are any.

        Raises:
            ModelError: one has changed, come or gone.
        """
        told = self._read_json("data.json")
        before = {**told["files"], **told.get("teachers", {})}
        now = {**data["files"], **data.get("teachers", {})}
        for name in sorted(set(before) | set(now)):
            if before.get(name) != now.get(name):
                raise ModelError(
                    f"{self.folder}: the data is not what the run began with: "
                    f"{name} differs"
                )

    def load(self, name: str) -> Arrays | None:
        """Return the arrays of `checkpoint` or `best`; None if there are none yet.

        Raises:
            ModelError: the file is damaged.
        """
        path = self.folder / f"{name}.npz"
        return load_arrays(path) if path.exists() else None

    def save(self, name: str, arrays: Arrays) -> None:
        """Write the arrays of `checkpoint` or `best`, whole or not at all."""
        save_arrays(self.folder / f"{name}.npz", arrays)

    def write_history(self, rows: Sequence[Row]) -> None:
        """Write `history.csv`, one row an epoch, at full precision."""
        text = io.StringIO()
        table = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        write_text(self.folder / "history.csv", text.getvalue())

    def _read_json(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UsageError(
                f"{self.folder} holds no run to resume ({name} is missing)"
            ) from None
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: expected the JSON of a run: {error}") from None
        return values


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


def library_versions() -> dict[str, str]:
    """Return the versions of what a network is trained with, for its card."""
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
    progress: Progress | None = None,
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


def plot_history(run: Run, monitor: str) -> Path:
    """Draw the learning curves of a run and return the PNG."""
    require("plot", "drawing pictures")
    import matplotlib.pyplot as plt
    import pandas as pd

    history = pd.read_csv(run.folder / "history.csv")
    figure, axes = plt.subplots(figsize=(7, 4))
    axes.plot(
        history["epoch"], history["train_loss"], label="training loss, dropout and all"
    )
    axes.plot(history["epoch"], history[monitor], label="valid")
    best = 1 + int(np.argmin(history[monitor]))
    axes.axvline(best, color="grey", linestyle=":", label="best epoch")
    axes.set(xlabel="epoch", ylabel="loss")
    axes.legend()
    path = run.folder / "curves.png"
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=120, bbox_inches="tight")
    plt.close(figure)
    return path


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


def _with_tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values that JSON has told, which writes tuples as lists."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
    }


def _to_json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
