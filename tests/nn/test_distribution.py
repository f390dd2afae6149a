"""Training on several devices: rows, loss, dropout and statistics of the replicas.

Several processes are tested in tests/commands/test_distributed_training.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from killed import run_python
from ports import free_ports

from chorale.errors import UsageError, WorkerLostError
from chorale.nn.cluster import Cluster
from chorale.nn.fitting import Batch, FitOptions, adamw, fit, make_deterministic
from chorale.nn.runs import Run

pytestmark = pytest.mark.keras

# Trains networks on two devices of this machine, and on one; prints losses and weights.
TWO_DEVICES = """
import json, sys
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
logical = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(cpu, logical)
from nn.test_distribution import CASES, train
from chorale.nn.distribution import start_local

results, folder = {}, sys.argv[1]
for name, (alone, together) in CASES.items():
    both = [train(f"{folder}/{name}1", **alone),
            train(f"{folder}/{name}2", start_local(2), **together)]
    results[name] = [(losses, [w.tolist() for w in weights])
                     for losses, weights in both]
print(json.dumps(results))
"""
# What is trained on one device, and on two. Twice the same rows are the same rows for
# each of two replicas.
CASES: dict[str, Any] = {
    "uneven": [{"rows": 5}, {"rows": 5}],
    "normalized": [{"normalize": True}, {"normalize": True, "times": 2}],
    "dropout": [{"dropout": 0.5}, {"dropout": 0.5, "times": 2}],
}


def train(
    folder: Path | str,
    replicas: Any = None,
    *,
    dropout: float = 0.0,
    normalize: bool = False,
    rows: int = 6,
    times: int = 1,
) -> tuple[list[float], list[Any]]:
    """Train a small network; return the losses of its epochs and its weights."""
    import keras

    make_deterministic(0)
    layers = [keras.layers.Dense(5, activation="tanh"), keras.layers.Dropout(dropout)]
    if normalize:
        layers.append(keras.layers.BatchNormalization())
    network = keras.Sequential([keras.Input((3,)), *layers, keras.layers.Dense(2)])
    options = FitOptions(epochs=3, learning_rate=0.05, clip_norm=0.1)
    loss = keras.losses.MeanSquaredError(reduction="mean_with_sample_weight")
    network.compile(adamw(options, 2), loss, jit_compile=False)
    history = fit(
        network,
        Run(folder),
        options,
        batches=lambda epoch: [draw(seed, rows, times) for seed in (epoch, epoch + 9)],
        batches_per_epoch=2,
        validate=lambda: {"figure": 0.0},
        monitor="figure",
        train=None if replicas is None else replicas.trainer(network),
    )
    return [row["train_loss"] for row in history], [
        np.asarray(weight) for weight in network.weights
    ]


def draw(seed: int, rows: int, times: int) -> Batch:
    """Return a batch whose rows weigh differently, and come several times."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(rows, 3)).astype(np.float32)
    weights = random.random(rows).astype(np.float32)
    batch = (inputs, inputs[:, :2] * inputs[:, 2:], weights)
    return Batch(*(np.concatenate([array] * times) for array in batch))


@pytest.fixture(scope="module")
def on_two_devices(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return losses and weights of the CASES, of one device and of two."""
    folder = tmp_path_factory.mktemp("runs")
    done = run_python("-c", TWO_DEVICES, folder)
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)
    return results


def test_replicas_take_their_rows_in_order() -> None:
    from chorale.nn.distribution import rows_of

    batch = Batch({"x": np.arange(6)}, np.arange(6) * 10, np.ones((6, 2), np.float32))
    parts = [rows_of(batch, replica, 3) for replica in range(3)]
    assert [part.inputs["x"].tolist() for part in parts] == [[0, 1], [2, 3], [4, 5]]
    assert [part.targets.tolist() for part in parts] == [[0, 10], [20, 30], [40, 50]]
    assert all((part.weights == 1).all() for part in parts)


@pytest.mark.parametrize("rows, replicas", [(7, 2), (5, 4), (1, 3), (4, 4)])
def test_missing_rows_are_copies_without_weight(rows: int, replicas: int) -> None:
    from chorale.nn.distribution import rows_of

    batch = Batch(np.arange(rows), np.arange(rows), np.ones(rows, np.float32))
    parts = [rows_of(batch, replica, replicas) for replica in range(replicas)]
    assert len({len(part.weights) for part in parts}) == 1
    weights = np.concatenate([part.weights for part in parts])
    inputs = np.concatenate([part.inputs for part in parts])
    assert inputs[weights == 1].tolist() == list(range(rows))
    assert set(inputs[weights == 0]) <= set(range(rows))
    assert (batch.weights == 1).all()


def test_one_replica_trains_as_the_process_alone(tmp_path: Path) -> None:
    from chorale.nn.distribution import start_local

    changes: dict[str, Any] = {"dropout": 0.4, "normalize": True}
    alone = train(tmp_path / "alone", **changes)
    check_equal(alone, train(tmp_path / "one", start_local(1), **changes))


# The statistics of normalization are among the weights, as moving means over replicas.
@pytest.mark.parametrize("case", ["uneven", "normalized"])
def test_two_devices_train_as_one(on_two_devices: dict[str, Any], case: str) -> None:
    check_equal(*on_two_devices[case])


def test_replicas_draw_their_own_dropout(on_two_devices: dict[str, Any]) -> None:
    # Were the masks of both replicas equal, so would be everything.
    (losses, _), (others, _) = on_two_devices["dropout"]
    assert others != pytest.approx(losses, abs=1e-3)


def test_more_devices_than_there_are_is_refused() -> None:
    from chorale.nn.distribution import start_local

    with pytest.raises(UsageError, match="expected 64 devices on this machine, found"):
        start_local(64)


def test_workers_connect_before_anything_runs_on_tensorflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import tensorflow

    from chorale.nn.distribution import start_cluster

    tensorflow.zeros(1)
    addresses = [f"localhost:{port}" for port in free_ports(2)]
    task = {"type": "worker", "index": 0}
    config = {"cluster": {"worker": addresses}, "task": task}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    cluster = Cluster.of_environment()
    assert cluster is not None
    with pytest.raises(UsageError, match="nothing has run on TensorFlow before"):
        start_cluster(cluster)


@pytest.mark.parametrize("payload", [b"", b"a", bytes(range(256)) * 33 + b"end"])
def test_the_chief_shares_bytes_of_any_number(payload: bytes) -> None:
    from chorale.nn.distribution import start_local

    assert start_local(1).share(payload) == payload


def test_only_the_chief_reads_and_writes_the_run(tmp_path: Path) -> None:
    from chorale.nn.distribution import SharedRun, start_local

    arrays = {"weights": np.eye(2), "history": np.array("[]")}
    run = SharedRun(Run(tmp_path / "run"), start_local(1))
    assert run.load("best") is None
    run.save("best", arrays)
    run.write_history([{"epoch": 1}])
    loaded = run.load("best")
    assert loaded is not None and sorted(loaded) == sorted(arrays)
    np.testing.assert_array_equal(loaded["weights"], arrays["weights"])

    class Received:
        """The devices of another worker, which receives something."""

        is_chief = False

        def share(self, payload: bytes) -> bytes:
            assert not payload
            return b""

    own = Run(tmp_path / "run")
    before = {path.name: path.read_bytes() for path in own.folder.iterdir()}
    other = SharedRun(own, Received())  # type: ignore[arg-type]
    assert other.load("best") is None
    other.save("best", {"weights": np.zeros(2)})
    other.write_history([{"epoch": 2}])
    after = {path.name: path.read_bytes() for path in own.folder.iterdir()}
    assert after == before


def test_validation_is_shared_as_it_is() -> None:
    from chorale.nn.distribution import start_local

    row = {"valid": 0.1 + 0.2, "other": float("inf")}
    assert start_local(1).share_row(lambda: row)() == row


@pytest.mark.parametrize("kind", ["UnavailableError", "DeadlineExceededError"])
def test_a_lost_worker_is_named_so_and_other_errors_are_not(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow

    from chorale.nn.distribution import start_local

    message = "Graph execution error:\nCollective ops is aborted by: Socket closed\n"
    lost = getattr(tensorflow.errors, kind)(None, None, message)
    replicas = start_local(1)
    for error, raised in ((lost, WorkerLostError), (ValueError("bug"), ValueError)):
        strategy = mock.Mock()
        strategy.reduce.side_effect = error
        monkeypatch.setattr(replicas, "_strategy", strategy)
        with pytest.raises(raised, match=r"Socket closed|bug"):
            replicas.share(b"")
    replicas = start_local(1)
    monkeypatch.setattr(replicas, "share", mock.Mock(side_effect=WorkerLostError("")))
    replicas.close()  # the others may have ended


def check_equal(trained: Any, other: Any) -> None:
    """Check that two trainings have the same losses and weights, but for rounding."""
    assert other[0] == pytest.approx(trained[0], abs=1e-6)
    for weight, same in zip(trained[1], other[1], strict=True):
        np.testing.assert_allclose(weight, same, atol=1e-5)
