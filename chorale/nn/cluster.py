"""The machines of a training, as the environment variable TF_CONFIG names them.

Every machine has the same list and its own place in it:

    TF_CONFIG='{"cluster": {"worker": ["alpha:2222", "beta:2222"]},
                "task": {"type": "worker", "index": 0}}'

The first worker is the chief, unless the list has a `chief` of its own. Without
TF_CONFIG, or with one that names a single machine, a training is of one process.
Importing this loads no TensorFlow.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from chorale.errors import UsageError
from chorale.utils.files import parse_object

VARIABLE = "TF_CONFIG"
CHIEF = "chief"
WORKER = "worker"


@dataclass(frozen=True)
class Cluster:
    """The workers of a training on several machines.

    Attributes:
        workers: address of each, `host:port`, by its name, such as `worker 0`; the
            chief comes first.
        name: of the worker that this process is.
    """

    workers: dict[str, str]
    name: str

    @property
    def chief(self) -> str:
        """Name of the worker that keeps the run."""
        return next(iter(self.workers))

    @property
    def is_chief(self) -> bool:
        return self.name == self.chief

    @property
    def address(self) -> str:
        """Address of this process."""
        return self.workers[self.name]

    @classmethod
    def of_environment(cls) -> Cluster | None:
        """Return the cluster in TF_CONFIG, or None for a training of one process.

        Raises:
            UsageError: TF_CONFIG is malformed, or has parameter servers.
        """
        text = os.environ.get(VARIABLE, "").strip()
        if not text:
            return None
        try:
            values = parse_object(text)
        except ValueError as error:
            raise _malformed(f"it is no JSON object: {error}") from None
        jobs = values.get("cluster") or {}
        workers = _workers(jobs)
        if len(workers) < 2:
            return None
        task = values.get("task")
        if not isinstance(task, dict):
            raise _malformed('it has no "task", the place of this machine in the list')
        name = _name(str(task.get("type")), task.get("index"))
        if name not in workers:
            raise _malformed(
                f"its task is {name}, and the cluster has {', '.join(workers)}"
            )
        return cls(workers, name)


def split_address(address: str) -> tuple[str, int]:
    """Return the host and the port of `host:port`, or of `[host]:port`."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _workers(jobs: Any) -> dict[str, str]:
    if not isinstance(jobs, dict):
        raise _malformed('its "cluster" is no object')
    unknown = sorted(set(jobs) - {CHIEF, WORKER})
    if unknown:
        raise _malformed(
            f"its cluster has {', '.join(map(repr, unknown))}: a training knows "
            f"{CHIEF!r} and {WORKER!r}"
        )
    workers: dict[str, str] = {}
    for job in (CHIEF, WORKER):
        addresses = jobs.get(job, [])
        if not isinstance(addresses, list):
            raise _malformed(f"its {job!r} is no list of addresses")
        for index, address in enumerate(addresses):
            host, _, port = str(address).rpartition(":")
            if not host or not port.isascii() or not port.isdigit():
                raise _malformed(f"expected an address host:port, got {address!r}")
            if not 0 < int(port) < 1 << 16:
                raise _malformed(f"expected a port below 65536, got {address!r}")
            if address in workers.values():
                raise _malformed(f"it has the address {address} twice")
            workers[_name(job, index)] = str(address)
    if CHIEF in jobs and len(jobs[CHIEF]) > 1:
        raise _malformed("it has more than one chief")
    return workers


def _name(job: str, index: Any) -> str:
    return CHIEF if job == CHIEF and index == 0 else f"{job} {index}"


def _malformed(reason: str) -> UsageError:
    return UsageError(
        f"{VARIABLE} does not describe a training on several machines: {reason}; unset "
        'it, or write it like {"cluster": {"worker": ["alpha:2222", "beta:2222"]}, '
        '"task": {"type": "worker", "index": 0}}'
    )
