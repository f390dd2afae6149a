"""Training on several devices and on several machines, by `tf.distribute`.

All devices of all machines, the replicas, share the batches of one training:

- Every process draws the whole batch, which derives from seed and epoch alone, and each
  replica takes its own rows of it. Rows that equal shares lack are copies of others, of
  weight 0.
- The loss is the mean over the batch, weighted by the weights of the whole batch.
  Gradients are summed over the replicas; then follow clipping and the step of the
  optimizer, the same in every process. So weights stay equal on machines that round
  alike, and a training ends as in one process, but for rounding.
- Each replica has its own dropout, which derives from seed, epoch and replica; the
  first one draws as a single process does. With dropout, a training on several replicas
  is therefore as good as that on one, but not the same.
- Batch normalization uses statistics of the rows of its replica, copies included; its
  moving statistics are the mean over the replicas. So are losses that layers add.
- The moving average of the weights is updated after each step, in every process.

On several machines (`chorale.nn.cluster`) only the chief validates, and only the chief
reads and writes the run: the others receive what it holds, and need no shared folder.
When a worker is lost, the others raise WorkerLostError. Once all have started again,
they go on after the last whole epoch.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow

from chorale.errors import UsageError, WorkerLostError
from chorale.nn.cluster import Cluster
from chorale.nn.fitting import Batch, is_dropout_state
from chorale.nn.runs import Row, Run
from chorale.utils.arrays import Arrays
from chorale.utils.npz import read_npz

Tensor = Any  # of TensorFlow

# Distance of the dropout seeds of two replicas: odd, and far from a small number.
_SEED_STRIDE = 0x9E3779B1
# What collectives raise in the processes that are left.
_LOST = (
    tensorflow.errors.UnavailableError,
    tensorflow.errors.AbortedError,
    tensorflow.errors.CancelledError,
    tensorflow.errors.DeadlineExceededError,
    tensorflow.errors.FailedPreconditionError,
)


class Replicas:
    """The devices that share each batch of a training.

    Args:
        strategy: of `tf.distribute`, with one or more devices in this process.
        is_chief: whether this process keeps the run.
    """

    def __init__(self, strategy: Any, is_chief: bool = True) -> None:
        self._strategy, self.is_chief = strategy, is_chief
        self.count = int(strategy.num_replicas_in_sync)

    def trainer(self, network: Any) -> Callable[[Batch], float]:
        """Return the function that trains a compiled network on a batch.

        It returns the loss of the whole batch, as `train_on_batch` does.
        """
        step: _Step | None = None

        def train(batch: Batch) -> float:
            nonlocal step
            if step is None:
                step = _Step(network, self._strategy, tuple(batch))
            total = tensorflow.constant(batch.weights.sum(), tensorflow.float32)
            with _collective():
                return float(step.run(self._distributed(batch), total))

        return train

    def share(self, payload: bytes) -> bytes:
        """Return what the chief gives, in every process.

        Raises:
            WorkerLostError: a worker was lost.
        """
        size = int(self._of_chief(np.array([len(payload)], np.int32))[0])
        words = np.zeros(-(-size // 4), np.int32)
        if self.is_chief:
            words.view(np.uint8)[:size] = np.frombuffer(payload, np.uint8)
        return self._of_chief(words).tobytes()[:size] if size else b""

    def share_row(self, validate: Callable[[], Row]) -> Callable[[], Row]:
        """Return a function that returns the chief's metrics in every process."""

        def shared() -> Row:
            row = validate() if self.is_chief else {}
            received: Row = json.loads(self.share(json.dumps(row).encode()))
            return received

        return shared

    def close(self) -> None:
        """Wait until all have received what was shared last, then let them go."""
        with contextlib.suppress(WorkerLostError):
            self.share(b"")

    def _distributed(self, batch: Batch) -> Any:
        """Return the arrays of each replica of this process, as one flat list."""

        def rows(context: Any) -> list[Tensor]:
            part = rows_of(batch, context.replica_id_in_sync_group, self.count)
            return [
                tensorflow.constant(each)
                for each in tensorflow.nest.flatten(tuple(part))
            ]

        return self._strategy.experimental_distribute_values_from_function(rows)

    def _of_chief(self, words: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """Return the array of the chief; those of the others have the same shape."""

        def value(context: Any) -> Tensor:
            first = context.replica_id_in_sync_group == 0
            return tensorflow.constant(words if first else np.zeros_like(words))

        distribute = self._strategy.experimental_distribute_values_from_function
        with _collective():
            total = self._strategy.reduce("SUM", distribute(value), axis=None)
            received: npt.NDArray[np.int32] = total.numpy()
        return received


class SharedRun(Run):
    """The run of a training on several machines: the chief's, which the others see.

    What is saved in the other processes is left to the chief.
    """

    def __init__(self, run: Run, replicas: Replicas) -> None:
        super().__init__(run.folder)
        self._replicas = replicas

    def load(self, name: str) -> Arrays | None:
        payload = b""
        if self._replicas.is_chief and (arrays := super().load(name)) is not None:
            file = io.BytesIO()
            np.savez(file, **arrays)  # type: ignore[arg-type]
            payload = file.getvalue()
        payload = self._replicas.share(payload)
        return read_npz(io.BytesIO(payload)) if payload else None

    def save(self, name: str, arrays: Arrays) -> None:
        if self._replicas.is_chief:
            super().save(name, arrays)

    def write_history(self, rows: Any) -> None:
        if self._replicas.is_chief:
            super().write_history(rows)


def start_local(devices: int) -> Replicas:
    """Return some devices of this machine: its GPUs, or without any its CPU devices.

    Raises:
        UsageError: it has fewer of them.
    """
    found = tensorflow.config.list_logical_devices(device_kind())
    names = [device.name for device in _first(found, devices)]
    return Replicas(tensorflow.distribute.MirroredStrategy(names))


def choose_devices(devices: int) -> None:
    """Let a training on several machines see some GPUs of this one, or its CPU.

    Raises:
        UsageError: it has fewer of them, or TensorFlow has run in this process.
    """
    found = tensorflow.config.list_physical_devices(device_kind())
    with _fresh_process():
        tensorflow.config.set_visible_devices(_first(found, devices), device_kind())


def start_cluster(cluster: Cluster) -> Replicas:
    """Connect to the other workers of the cluster in TF_CONFIG, which have all met.

    Raises:
        UsageError: something has run on TensorFlow in this process before.
        WorkerLostError: one of them was lost meanwhile.
    """
    with _collective(), _fresh_process():
        strategy = tensorflow.distribute.MultiWorkerMirroredStrategy()
        return Replicas(strategy, cluster.is_chief)


def device_kind() -> str:
    """Return the kind of device that trains here, `GPU` or `CPU`."""
    return "GPU" if tensorflow.config.list_physical_devices("GPU") else "CPU"


def _first(found: Sequence[Any], devices: int) -> Sequence[Any]:
    if devices > len(found):
        raise UsageError(
            f"expected {devices} devices on this machine, found {len(found)} "
            f"({device_kind()})"
        )
    return found[:devices]


def rows_of(batch: Batch, replica: int, replicas: int) -> Batch:
    """Return the rows of one replica, as many as each other has.

    Where they end before the shares are equal, they begin again with weight 0.
    """
    count = len(batch.weights)
    share = -(-count // replicas)
    rows = np.arange(replica * share, (replica + 1) * share)
    inputs, targets, weights = tensorflow.nest.map_structure(
        lambda array: np.asarray(array)[rows % count], tuple(batch)
    )
    weights[rows >= count] = 0
    return Batch(inputs, targets, weights)


class _Step:
    """A training step of all replicas, on batches of the structure of one.

    Each replica computes gradients from copies of the weights; every process makes one
    step of the optimizer with their sum.
    """

    def __init__(self, network: Any, strategy: Any, structure: Any) -> None:
        self._network, self._strategy, self._structure = network, strategy, structure
        self._trainable = list(network.trainable_variables)
        self._states = list(network.non_trainable_variables)
        places = range(len(self._states))
        self._drawn = [i for i in places if is_dropout_state(self._states[i])]
        self._averaged = [i for i in places if i not in self._drawn]
        jit = bool(network.jit_compile)
        self._gradients = tensorflow.function(self._compute, jit_compile=jit)
        self.run = tensorflow.function(self._run)

    def _run(self, rows: Any, total: Tensor) -> Tensor:
        """Train on the rows of all replicas and return the loss of the batch."""
        trainable = [tensorflow.convert_to_tensor(each) for each in self._trainable]
        states = [tensorflow.convert_to_tensor(each) for each in self._states]

        def replica(rows: Any) -> Any:
            context = tensorflow.distribute.get_replica_context()
            number = tensorflow.cast(context.replica_id_in_sync_group, "int64")
            return self._gradients(trainable, states, rows, total, number)

        flat, seeds = self._strategy.run(replica, args=(rows,))
        # One sum of everything: each costs milliseconds between machines.
        loss, *arrays = self._parts(self._strategy.reduce("SUM", flat, axis=None))
        count = len(self._trainable)
        self._network.optimizer.apply(arrays[:count], self._trainable)
        for place, value in zip(self._averaged, arrays[count:], strict=True):
            self._states[place].assign(value)
        for place, values in zip(self._drawn, seeds, strict=True):
            own = self._strategy.experimental_local_results(values)[0]
            self._states[place].assign(own)
        return loss

    def _compute(
        self, trainable: Any, states: Any, rows: Any, total: Tensor, number: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """Return what is summed over the replicas, and the seeds after the step.

        The former are loss, gradients and statistics in one flat array.
        """
        network = self._network
        inputs, targets, weights = tensorflow.nest.pack_sequence_as(
            self._structure, rows
        )
        share = 1 / self._strategy.num_replicas_in_sync
        shift = tensorflow.stack([number * _SEED_STRIDE, tensorflow.zeros_like(number)])
        before = list(states)
        for place in self._drawn:
            before[place] += tensorflow.cast(shift, before[place].dtype)
        with tensorflow.GradientTape() as tape:
            tape.watch(trainable)
            outputs, after, losses = network.stateless_call(
                trainable, before, inputs, training=True, return_losses=True
            )
            nats = network.loss.call(targets, outputs)
            loss = tensorflow.reduce_sum(nats * weights) / total
            loss += share * sum(losses)
        gradients = tape.gradient(
            loss,
            trainable,
            unconnected_gradients=tensorflow.UnconnectedGradients.ZERO,
        )
        statistics = [share * after[place] for place in self._averaged]
        flat = [
            tensorflow.reshape(each, [-1]) for each in [loss, *gradients, *statistics]
        ]
        seeds = [
            after[place] - tensorflow.cast(shift, after[place].dtype)
            for place in self._drawn
        ]
        return tensorflow.concat(flat, axis=0), seeds

    def _parts(self, flat: Tensor) -> list[Tensor]:
        """Return loss, gradients and statistics of their flat array."""
        variables = [*self._trainable, *(self._states[i] for i in self._averaged)]
        shapes = [(), *(tuple(variable.shape) for variable in variables)]
        parts = tensorflow.split(flat, [int(np.prod(shape)) for shape in shapes])
        return [
            tensorflow.reshape(part, shape)
            for part, shape in zip(parts, shapes, strict=True)
        ]


@contextlib.contextmanager
def _fresh_process() -> Iterator[None]:
    """Say of what TensorFlow raises once it has run in this process that it is so."""
    try:
        yield
    except RuntimeError as error:
        raise UsageError(
            "a training on several machines needs a process in which nothing has run "
            f"on TensorFlow before: start a new one ({error})"
        ) from error


@contextlib.contextmanager
def _collective() -> Iterator[None]:
    """Say of what TensorFlow raises when a worker is lost that it is so."""
    try:
        yield
    except _LOST as error:
        lines = [*str(error).splitlines(), type(error).__name__]
        reason = next((line for line in lines if " aborted by" in line), lines[-1])
        raise WorkerLostError(f"another worker was lost ({reason.strip()})") from error
