"""Exponential moving average of a network's weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chorale.errors import ModelError
from chorale.utils.arrays import Arrays

_PREFIX = "average/"


class MovingAverage:
    """An exponential moving average of weights (Polyak & Juditsky, 1992).

    Averaging removes the noise of single optimizer steps, as a lower learning rate
    would. The decay starts lower, so that the initial weights are soon forgotten.

    Args:
        network: a built Keras model.
        decay: weight of the old average at each step, 0 to below 1; 0 turns averaging
            off, at no cost.
    """

    def __init__(self, network: Any, decay: float) -> None:
        self._network, self._decay = network, decay
        self._steps = 0
        self._values = self._copies()

    def update(self) -> None:
        """Update the average after a step of the optimizer."""
        self._steps += 1
        keep = min(self._decay, (1 + self._steps) / (10 + self._steps))  # warmup
        for value, weight in zip(self._values, self._weights(), strict=True):
            value += (1 - keep) * (np.asarray(weight) - value)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Use the average as the weights of the network inside the block."""
        current = self._copies()
        self._assign(self._values)
        try:
            yield
        finally:
            self._assign(current)

    def state(self) -> Arrays:
        """Return the state for a checkpoint: arrays by name."""
        arrays = {
            _PREFIX + weight.path: value
            for weight, value in zip(self._weights(), self._values, strict=True)
        }
        return {**arrays, _PREFIX + "steps": np.array(self._steps)}

    def restore(self, state: Arrays) -> None:
        """Restore what `state` returned; other arrays are ignored.

        Raises:
            ModelError: an array is missing or of another shape.
        """
        for weight, value in zip(self._weights(), self._values, strict=True):
            stored = state.get(_PREFIX + weight.path)
            if stored is None or stored.shape != value.shape:
                raise ModelError(f"the checkpoint has no average of {weight.path}")
            value[...] = stored
        self._steps = int(state.get(_PREFIX + "steps", 0))

    def _weights(self) -> list[Any]:
        return list(self._network.weights) if self._decay else []

    def _copies(self) -> list[Any]:
        return [np.asarray(weight).copy() for weight in self._weights()]

    def _assign(self, values: list[Any]) -> None:
        for weight, value in zip(self._weights(), values, strict=True):
            weight.assign(value)
