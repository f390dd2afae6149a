"""The command `chorale` as a worker process that says what its weights are.

After each epoch it prints a line `weights HASH`, of the network and of the optimizer.
With the environment variable LOGICAL_DEVICES it divides the CPU into so many devices,
with WITHOUT_XLA it trains without XLA.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import nullcontext
from typing import Any

import numpy as np
import tensorflow as tf
from tiny import without_xla

from chorale.commands import main
from chorale.nn.distribution import Replicas

share_row, trainer = Replicas.share_row, Replicas.trainer
networks: list[Any] = []


def seen(self: Replicas, network: Any) -> Any:
    networks.append(network)
    return trainer(self, network)


def printed(self: Replicas, validate: Any) -> Any:
    shared = share_row(self, validate)

    def run() -> Any:
        (network,) = networks
        variables = [*network.variables, *network.optimizer.variables]
        content = b"".join(np.asarray(variable).tobytes() for variable in variables)
        sys.stdout.write(f"weights {hashlib.sha256(content).hexdigest()}\n")
        sys.stdout.flush()
        return shared()

    return run


if __name__ == "__main__":
    if count := int(os.environ.get("LOGICAL_DEVICES", 0)):
        cpu = tf.config.list_physical_devices("CPU")[0]
        logical = [tf.config.LogicalDeviceConfiguration()] * count
        tf.config.set_logical_device_configuration(cpu, logical)
    Replicas.trainer, Replicas.share_row = seen, printed  # type: ignore[method-assign]
    with without_xla() if os.environ.get("WITHOUT_XLA") else nullcontext():
        main()
