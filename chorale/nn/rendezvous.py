"""The rendezvous of all workers before a training on several machines.

The chief listens on the address that it has in the cluster, until every other worker
has joined and said what it trains on. If all train on the same, they begin together. A
worker that was lost, and the others that start again after it, meet so once more.

The messages are lines of JSON: a worker sends its name and its facts; the chief
acknowledges them at once (`wait`), and answers later that all have joined (`begin`) or
what differs (`error`). Other connections are closed.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from chorale.errors import TrainingError, UsageError
from chorale.nn.cluster import Cluster, split_address

Facts = Mapping[str, Any]

PATIENCE = 1800.0  # seconds until a worker that has not joined is given up
_LONGEST_LINE = 1 << 26  # bytes: hashes of some hundred thousand files
_ANSWER = 10.0  # seconds for a line of one that has connected
_PAUSE = 0.5  # seconds between attempts to connect
_NOTICE = 5.0  # seconds of waiting before it is said


def meet(
    cluster: Cluster,
    facts: Facts,
    *,
    notify: Callable[[str], None],
    patience: float = PATIENCE,
) -> None:
    """Wait for all workers of a cluster, and check that they train on the same.

    Args:
        cluster: the workers.
        facts: what all must agree on, values of JSON by name, which may be nested.
        notify: called with a sentence if others are waited for.
        patience: seconds to wait.

    Raises:
        UsageError: facts differ, two machines are the same worker, or the port of this
            worker is in use.
        TrainingError: a worker did not join in time.
    """
    wait = _Wait(cluster, notify, patience)
    facts = json.loads(json.dumps(facts))
    with _listener(cluster) as listener:
        if cluster.is_chief:
            _gather(cluster, facts, listener, wait)
            return
    _join(cluster, facts, wait)


@dataclass
class _Wait:
    """A wait for others, which is announced and comes to an end."""

    cluster: Cluster
    notify: Callable[[str], None]
    patience: float
    started: float = field(default_factory=time.monotonic)
    announced: bool = False

    @property
    def remaining(self) -> float:
        """Seconds that are left."""
        return self.started + self.patience - time.monotonic()

    def go_on(self, missing: Sequence[str]) -> None:
        """Say whom the others wait for, or give them up.

        Raises:
            TrainingError: it has taken too long.
        """
        addresses = self.cluster.workers
        names = ", ".join(f"{name} at {addresses[name]}" for name in missing)
        if self.remaining < 0:
            raise TrainingError(
                f"{names} did not come within {self.patience:.0f} seconds: start the "
                "same command there, with the same cluster in TF_CONFIG, and this one "
                "again"
            )
        if not self.announced and time.monotonic() > self.started + _NOTICE:
            self.notify(f"waiting for {names}")
            self.announced = True


# === The chief ===


def _gather(
    cluster: Cluster, facts: Facts, listener: socket.socket, wait: _Wait
) -> None:
    """Welcome all other workers, and tell them to begin."""
    listener.settimeout(_PAUSE)
    joined: dict[str, socket.socket] = {}
    with contextlib.ExitStack() as connections:
        while missing := [
            name
            for name in cluster.workers
            if name != cluster.name and (name not in joined or _has_left(joined[name]))
        ]:
            wait.go_on(missing)
            try:
                connection = connections.enter_context(listener.accept()[0])
            except TimeoutError:
                continue
            connection.settimeout(_ANSWER)
            with connection.makefile("rb") as file:
                greeting = _read(file)
            name, theirs = str(greeting.get("worker")), greeting.get("facts")
            if name not in cluster.workers or not isinstance(theirs, dict):
                connection.close()  # something else, such as a worker not yet ended
                continue
            error = ""
            if found := _difference(facts, theirs):
                error = _disagreement(found, cluster.name, name)
            elif name in joined and not _has_left(joined[name]):
                error = _duplicate(name, joined[name], connection)
            if error:
                for each in (*joined.values(), connection):
                    _send(each, {"error": error})
                raise UsageError(error)
            joined[name] = connection
            _send(connection, {"wait": True})
        for connection in joined.values():
            _send(connection, {"begin": True})


def _has_left(connection: socket.socket) -> bool:
    """Return whether a worker that waits has closed its connection."""
    connection.setblocking(False)
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return False  # it says nothing while it waits
    except OSError:
        return True
    finally:
        connection.settimeout(_ANSWER)


def _difference(facts: Facts, others: Facts) -> tuple[str, Any, Any] | None:
    """Return the name of the first fact that differs, and both of its values."""
    for name in sorted({*facts, *others}):
        here, there = facts.get(name), others.get(name)
        if isinstance(here, dict) and isinstance(there, dict):
            if found := _difference(here, there):
                return found
        elif here != there:
            return name, here, there
    return None


def _disagreement(found: tuple[str, Any, Any], chief: str, worker: str) -> str:
    name, here, there = found
    values = [
        f"{'missing' if value is None else str(value)[:60]} on {where}"
        for value, where in ((here, chief), (there, worker))
    ]
    return (
        f"the workers do not train on the same: {name} is {' and '.join(values)}; "
        "start the same command, with the same versions and data, on every machine"
    )


def _duplicate(name: str, first: socket.socket, second: socket.socket) -> str:
    """Return what is wrong if a worker joins from two machines, else nothing.

    One machine cannot have a worker twice, for they would share a port: the second is
    the first, started again after its connection was lost.
    """
    try:
        hosts = [str(each.getpeername()[0]) for each in (first, second)]
    except OSError:  # one of them has left
        return ""
    if hosts[0] == hosts[1]:
        return ""
    machines = " and ".join(host.removeprefix("::ffff:") for host in hosts)
    return (
        f"two machines, {machines}, are {name}: give each machine an index of its own "
        "in TF_CONFIG, and start the same command on all of them again"
    )


# === The others ===


def _join(cluster: Cluster, facts: Facts, wait: _Wait) -> None:
    """Join the chief, again if the connection is lost, and wait until all begin."""
    address = split_address(cluster.workers[cluster.chief])
    while True:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(address, timeout=_ANSWER) as connection,
            connection.makefile("rb") as file,
        ):
            _send(connection, {"worker": cluster.name, "facts": facts})
            answer = _read(file)
            while answer.get("wait"):
                connection.settimeout(max(wait.remaining, _PAUSE))
                answer = _read(file)
            if "error" in answer:
                raise UsageError(str(answer["error"]))
            if answer.get("begin"):
                return
        wait.go_on([cluster.chief])
        time.sleep(_PAUSE)


# === Both ===


def _listener(cluster: Cluster) -> socket.socket:
    """Return a socket that listens on the port of this worker."""
    _, port = split_address(cluster.address)
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        return socket.create_server(("", port), family=family, dualstack_ipv6=both)
    except OSError as error:
        raise UsageError(
            f"{cluster.name} is to use port {port} of this machine and cannot "
            f"({error.strerror or error}): end the program that uses it, or name "
            "another port in TF_CONFIG on every machine"
        ) from None


def _send(connection: socket.socket, message: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(message).encode() + b"\n")


def _read(file: IO[bytes]) -> dict[str, Any]:
    """Return the next message; an empty one if none comes in time."""
    try:
        values = json.loads(file.readline(_LONGEST_LINE))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
