"""Trainer: begins or resumes a run, fits its network, and stores the best epoch.

A task says what differs between the networks that are trained: next-step networks and
infillers (`chorale.training`), classifiers of sketches (`chorale.sketches.training`).

The default backend of Keras, which the extra `train` installs, is TensorFlow: only
there can Keras export the graphs of a model, and on two cores it was the faster one (a
step of the default GRU took 0.40 s of processor time, on JAX 0.45 s). With the
extra `jax` and `KERAS_BACKEND=jax`, JAX trains and a process on TensorFlow exports.
"""

from __future__ import annotations

import pickle
import platform
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, Unpack

from chorale.errors import UsageError
from chorale.nn.cards import BaseCard
from chorale.nn.cluster import Cluster
from chorale.nn.finishing import exports_here, finish_on_tensorflow
from chorale.nn.fitting import Batch, FitArguments, FitOptions, fit
from chorale.nn.runs import Row, Run, Settings
from chorale.nn.workers import open_devices, open_workers
from chorale.utils.extras import require_keras
from chorale.utils.files import remove_partial_files
from chorale.version import __version__

if TYPE_CHECKING:
    from chorale.nn.distribution import Replicas

Notify = Callable[[str], None]
CardT = TypeVar("CardT", bound=BaseCard)
NetworkT = TypeVar("NetworkT")
OptionsT = TypeVar("OptionsT", bound=FitOptions)


class Task(ABC, Generic[CardT]):
    """A network to train: its data, loss, validation, and how it is stored.

    Creating a task loads no Keras.

    Attributes:
        monitor: the validation metric to minimize.
        card_class: class of the card.
        network_options: options of the network, a dataclass.
        options: options of the training.
    """

    monitor: ClassVar[str]
    card_class: ClassVar[type[Any]]
    network_options: Any
    options: FitOptions

    @property
    @abstractmethod
    def examples(self) -> int:
        """Number of training examples; an epoch sees each of them once."""

    @property
    def batches_per_epoch(self) -> int:
        return -(-self.examples // self.options.batch_size)

    def check(self) -> None:
        """Refuse a network that cannot be trained, before a run begins or goes on."""

    def load_plugin(self) -> None:
        """Import in a fresh process the plugin that the user named for the network."""

    @abstractmethod
    def provenance(self) -> dict[str, Any]:
        """Return the SHA-256 of the training data, see `Run.check_data`."""

    @abstractmethod
    def build(self) -> Any:
        """Set the random seeds and return a new compiled network."""

    @abstractmethod
    def batches(self, epoch: int) -> Iterable[Batch]:
        """Return the batches of an epoch, which derive from seed and epoch alone."""

    @abstractmethod
    def validate(self) -> Row:
        """Return validation metrics of the network as it is now."""

    @abstractmethod
    def save(
        self, network: Any, common: dict[str, Any], history: Sequence[Row], folder: Path
    ) -> CardT:
        """Store a network and return its card, without figures.

        Args:
            network: the trained network.
            common: values of the fields that all cards have, `kind` apart.
            history: one row per epoch.
            folder: created if missing.
        """

    @abstractmethod
    def figures(self, folder: Path) -> dict[str, Any]:
        """Return validation metrics of the stored model in a folder."""


def begin(
    task: Task[CardT],
    output: Path | str,
    *,
    command: str = "",
    devices: int = 1,
    notify: Notify = lambda sentence: None,
    **fitting: Unpack[FitArguments],
) -> CardT:
    """Train a network in a new run.

    On several machines (`chorale.nn.distribution`) a run of the same options and data
    goes on: the same command starts a worker again that was lost.

    Args:
        task: the network and its data.
        output: folder of the run; must not contain one yet.
        command: command line of the run, for the card.
        devices, notify, fitting: see RunArguments.

    Returns:
        The card of the model in `output/model`.

    Raises:
        UsageError: the folder already holds a run; or see `open_workers`.
        OutputError: the folder cannot be written.
        WorkerLostError: another machine was lost: begin again, in a new process.
    """
    require_keras("training")
    cluster, run = Cluster.of_environment(), Run(output)
    if cluster is None:
        run.check_new()  # before Keras is loaded for its version
        task.check()
    data = task.provenance()
    settings = Settings(
        task.network_options, task.options, command, _library_versions()
    )
    if cluster is None:
        replicas = open_devices(devices)
        run.create(settings.to_json(), data)
    else:
        replicas, settings = open_workers(cluster, devices, run, settings, data, notify)
        task.check()  # builds a network, which may be done after the workers connect
    return _train(task, run, settings, data, replicas, **fitting)


def resume(
    make_task: Callable[[NetworkT, OptionsT], Task[CardT]],
    network: type[NetworkT],
    training: type[OptionsT],
    output: Path | str,
    *,
    devices: int = 1,
    notify: Notify = lambda sentence: None,
    **fitting: Unpack[FitArguments],
) -> CardT:
    """Continue a run after its last whole epoch.

    Args:
        make_task: makes the task from the options of network and training.
        network, training: classes of these options.
        output: folder of the run.
        devices, notify, fitting: see RunArguments; nobody is waited for.

    Raises:
        UsageError: there is no run in `output`, or none with a whole epoch to finish;
            or TF_CONFIG names several machines.
        ModelError: the data differs from what the run began with.
    """
    require_keras("training")
    if Cluster.of_environment() is not None:
        raise UsageError(
            "on several machines the command that began a run goes on with it: repeat "
            "that, without --resume; or unset TF_CONFIG, to go on on this machine"
        )
    run = Run(output)
    settings = run.settings(network, training)
    task = make_task(settings.network, settings.training)
    task.check()
    data = task.provenance()
    run.check_data(data)
    return _train(task, run, settings, data, open_devices(devices), **fitting)


def _train(
    task: Task[CardT],
    run: Run,
    settings: Settings[Any, Any],
    data: dict[str, Any],
    replicas: Replicas | None = None,
    **fitting: Unpack[FitArguments],
) -> CardT:
    """Fit a network and store it; return the card of the model.

    Of several machines, only the chief stores it, and the others receive the card.
    """
    begun = copy(task)  # as it is before it is built, to be handed on
    if replicas is None:
        remove_partial_files(run.folder)
        network = task.build()
        history = fit(network, run, task.options, **_arguments(task), **fitting)
        return _store(task, begun, network, history, run, settings, data)
    from chorale.nn.distribution import SharedRun

    if replicas.is_chief:
        remove_partial_files(run.folder)
    else:
        fitting["tensorboard"] = False
    network = task.build()
    arguments = _arguments(task)
    arguments["validate"] = replicas.share_row(task.validate)
    shared = SharedRun(run, replicas)
    train = replicas.trainer(network)
    history = fit(network, shared, task.options, train=train, **arguments, **fitting)
    text = b""
    if replicas.is_chief:
        card = _store(task, begun, network, history, run, settings, data)
        text = card.to_json().encode()
    received: CardT = task.card_class.from_json(replicas.share(text).decode())
    replicas.close()
    return received


def _arguments(task: Task[Any]) -> dict[str, Any]:
    """Return the arguments of `fit` that a task gives."""
    return {
        "batches": task.batches,
        "batches_per_epoch": task.batches_per_epoch,
        "validate": task.validate,
        "monitor": task.monitor,
    }


def _store(
    task: Task[CardT],
    begun: Task[CardT],
    network: Any,
    history: Sequence[Row],
    run: Run,
    settings: Settings[Any, Any],
    data: dict[str, Any],
) -> CardT:
    """Store a network, and add figures of the stored model to its card.

    On another backend than TensorFlow the network is stored by a fresh process.

    Raises:
        TrainingError: that process fails; see `chorale.nn.finishing`.
    """
    folder = run.folder / "model"
    if not exports_here():
        finish_on_tensorflow(begun, run, settings, data)
        stored: CardT = task.card_class.read(folder)
        return stored
    common = {
        "name": run.folder.resolve().name,
        "network": settings.network,
        "training": asdict(settings.training),
        "data": data,
        "command": settings.command,
        "versions": settings.versions,
        "figures": {},
        "files": {},
    }
    card = task.save(network, common, history, folder)
    card = replace(card, figures={"valid": task.figures(folder)})
    card.write(folder)
    return card


def finish_pickled() -> None:
    """Finish the run that `finish_on_tensorflow` pickled into the file of argv."""
    # Safe: the pickle comes from the process that started this one.
    task, run, settings, data = pickle.loads(Path(sys.argv[1]).read_bytes())
    task.load_plugin()
    _train(task, run, settings, data, finish=True)


def _library_versions() -> dict[str, str]:
    import keras

    libraries = ("keras", keras.backend.backend(), "numpy")
    return {
        "chorale": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }
