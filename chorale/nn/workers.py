"""The beginning of a training on several devices or machines, before its network.

The workers of several machines meet (`chorale.nn.rendezvous`), the chief creates the
run or finds it, and all connect (`chorale.nn.distribution`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chorale.errors import UsageError
from chorale.nn.cluster import Cluster
from chorale.nn.finishing import exports_here
from chorale.nn.rendezvous import meet
from chorale.nn.runs import Run, Settings, hashes_read

if TYPE_CHECKING:
    from chorale.nn.distribution import Replicas


def open_devices(devices: int) -> Replicas | None:
    """Return the devices of this machine that share each batch; None for one.

    Raises:
        UsageError: the machine has fewer, or Keras does not run on TensorFlow.
    """
    if devices == 1:
        return None
    _check_backend()
    from chorale.nn.distribution import start_local

    return start_local(devices)


def open_workers(
    cluster: Cluster,
    devices: int,
    run: Run,
    settings: Settings[Any, Any],
    data: dict[str, Any],
    notify: Callable[[str], None],
) -> tuple[Replicas, Settings[Any, Any]]:
    """Meet the other workers and connect to them.

    Args:
        cluster: the workers.
        devices: number of devices of each machine.
        run: kept by the chief, which creates it, unless it exists and is the same.
        settings, data: of the run.
        notify: called with a sentence if others are waited for.

    Returns:
        the devices of all machines, and the settings that the run began with.

    Raises:
        UsageError: the run or another worker has other options or data, a port is in
            use, or Keras does not run on TensorFlow.
        ModelError: the data is not what the run began with.
        TrainingError: a worker did not come.
    """
    _check_backend()
    from chorale.nn.distribution import choose_devices, device_kind, start_cluster

    choose_devices(devices)
    versions = settings.versions
    is_new = cluster.is_chief and not run.exists
    if cluster.is_chief and not is_new:
        settings = _begun(run, settings)
        run.check_data(data)
    facts = {
        **{name: versions[name] for name in ("chorale", "keras")},
        "options": {**asdict(settings.network), **asdict(settings.training)},
        "data": hashes_read(data),
        "cluster": cluster.workers,
        "device": f"{devices} {device_kind()}",
    }
    meet(cluster, facts, notify=notify)
    if is_new:
        run.create(settings.to_json(), data)
    return start_cluster(cluster), settings


def _begun(run: Run, settings: Settings[Any, Any]) -> Settings[Any, Any]:
    """Return the settings of a run that goes on.

    Raises:
        UsageError: its options are not these.
    """
    network, training = settings.network, settings.training
    begun = run.settings(type(network), type(training))
    if (begun.network, begun.training) != (network, training):
        raise UsageError(
            f"{run.folder} holds a run with other options: repeat the command that "
            "began it, or choose another --output"
        )
    return begun


def _check_backend() -> None:
    if not exports_here():
        import keras

        raise UsageError(
            "training on several devices or machines needs Keras on TensorFlow, not on "
            f"{keras.backend.backend()}: unset KERAS_BACKEND, or train on one device"
        )
