"""The meeting of the workers: all come and agree, or somebody hears why not."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from ports import free_ports

from chorale.errors import TrainingError, UsageError
from chorale.nn import rendezvous
from chorale.nn.cluster import Cluster
from chorale.nn.rendezvous import meet

FACTS = {"options": {"epochs": 3, "plan": ("key",)}, "data": {"a.csv": "1"}}
Come = Callable[..., "Future[None]"]


@pytest.fixture
def workers() -> dict[str, str]:
    ports = free_ports(3)
    return {f"worker {i}": f"localhost:{port}" for i, port in enumerate(ports)}


@pytest.fixture
def come(
    workers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Come, list[str]]]:
    """Return a function that sends a worker to the meeting, and what is said there."""
    monkeypatch.setattr(rendezvous, "_PAUSE", 0.02)
    said: list[str] = []
    with ThreadPoolExecutor() as pool:

        def send(index: int, facts: Any = FACTS, patience: float = 20.0) -> Any:
            cluster = Cluster(workers, f"worker {index}")
            return pool.submit(
                meet, cluster, facts, notify=said.append, patience=patience
            )

        yield send, said


def test_all_begin_once_the_last_has_come(come: tuple[Come, list[str]]) -> None:
    send, said = come
    early = [send(2), send(0)]
    time.sleep(0.2)
    assert not any(future.done() for future in early)
    for future in [*early, send(1)]:
        assert future.result(timeout=10) is None
    assert not said  # nobody waited for long


def test_a_wait_is_announced_and_comes_to_an_end(
    come: tuple[Come, list[str]],
    workers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send, said = come
    monkeypatch.setattr(rendezvous, "_NOTICE", 0.05)
    chief, other = send(0, patience=0.5), send(1, patience=0.8)
    with pytest.raises(TrainingError, match=r"^worker 2 at .* did not come within 0"):
        chief.result(timeout=10)
    with pytest.raises(TrainingError, match=r"^worker 0 at .* start the same command"):
        other.result(timeout=10)
    assert f"waiting for worker 2 at {workers['worker 2']}" in said


@pytest.mark.parametrize(
    "changed, reason",
    [
        ({"options": {"epochs": 4, "plan": ["key"]}}, "epochs is 3 on .* and 4 on"),
        ({"data": {"a.csv": "2"}}, "a.csv is 1 on worker 0 and 2 on worker 2"),
        ({"data": {}}, "a.csv is 1 on worker 0 and missing on worker 2"),
        ({"device": "1 GPU"}, "device is missing on worker 0 and 1 GPU on worker 2"),
    ],
)
def test_a_difference_ends_the_meeting_for_all(
    come: tuple[Come, list[str]], changed: dict[str, Any], reason: str
) -> None:
    send, _ = come
    others = [send(1), send(0)]
    time.sleep(0.1)
    for future in [*others, send(2, {**FACTS, **changed})]:
        with pytest.raises(UsageError, match=rf"not train on the same: {reason}"):
            future.result(timeout=10)


def test_one_that_leaves_is_waited_for_again(
    come: tuple[Come, list[str]], workers: dict[str, str]
) -> None:
    send, _ = come
    port = int(workers["worker 0"].rpartition(":")[2])
    chief = send(0)
    time.sleep(0.1)
    with socket.create_connection(("localhost", port)) as lost:
        greeting = json.dumps({"worker": "worker 2", "facts": FACTS}) + "\n"
        lost.sendall(greeting.encode())
        with lost.makefile() as file:
            assert json.loads(file.readline()) == {"wait": True}
    second = send(1)
    time.sleep(0.3)
    assert not chief.done() and not second.done()
    for future in (send(2), second, chief):
        assert future.result(timeout=10) is None


def test_two_machines_of_one_index_are_named(
    come: tuple[Come, list[str]], workers: dict[str, str]
) -> None:
    send, _ = come
    address = "127.0.0.1", int(workers["worker 0"].rpartition(":")[2])
    chief = send(0)
    time.sleep(0.1)
    greeting = json.dumps({"worker": "worker 2", "facts": FACTS}).encode() + b"\n"
    files = []
    for host in ("127.0.0.5", "127.0.0.5", "127.0.0.6"):
        with socket.create_connection(address, source_address=(host, 0)) as machine:
            machine.sendall(greeting)
            files.append(machine.makefile("rb"))
        assert host.endswith("6") or b"wait" in files[-1].readline()
    with pytest.raises(UsageError) as raised:
        chief.result(timeout=10)
    assert str(raised.value).startswith(
        "two machines, 127.0.0.5 and 127.0.0.6, are worker 2: give each machine an"
    )
    for file in files[1:]:  # the first was taken for lost
        assert json.loads(file.readline()) == {"error": str(raised.value)}
    for file in files:
        file.close()


def test_strangers_are_turned_away(
    come: tuple[Come, list[str]], workers: dict[str, str]
) -> None:
    send, _ = come
    port = int(workers["worker 0"].rpartition(":")[2])
    chief = send(0)
    time.sleep(0.1)
    for greeting in (
        b"PRI * HTTP/2.0\r\n\r\n",
        b'{"worker": "worker 9", "facts": {}}\n',
        b'{"worker": "worker 1", "facts": 3}\n',
        b"[" * 3000 + b"\n",
        b"\xff\n",
    ):
        with socket.create_connection(("localhost", port)) as stranger:
            stranger.sendall(greeting)
            assert stranger.makefile("rb").read() == b""
    for future in (send(1), send(2), chief):
        assert future.result(timeout=10) is None


def test_a_port_in_use_is_named(
    come: tuple[Come, list[str]], workers: dict[str, str]
) -> None:
    send, _ = come
    for index in (0, 1):
        port = int(workers[f"worker {index}"].rpartition(":")[2])
        with (
            socket.create_server(("", port)),
            pytest.raises(UsageError, match=rf"worker {index} is to use port {port}"),
        ):
            send(index).result(timeout=10)
