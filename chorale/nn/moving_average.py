"""The moving average of a network's weights, which errs less than the weights do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chorale.errors import ModelError
from chorale.utils.files import Arrays

_PREFIX = "average/"


class MovingAverage:
    """An exponential moving average of weights (Polyak & Juditsky, 1992).

    The weights of a step of the optimizer jump about a better place; their average is
    nearer to it, as if the learning rate had been lowered. The first steps count for
    less than they would, so that the initial weights are soon forgotten.

    Args:
        network: a built Keras model.
        decay: share of itself that the average keeps at each step, below 1; with 0 the
            average is the weights, and costs nothing.
    """

    def __init__(self, network: Any, decay: float) -> None:
        self._network, self._decay = network, decay
        self._steps = 0
        self._values = self._copies()

    def update(self) -> None:
        """Take in the weights as they are after one more step."""
        self._steps += 1
        # After t steps 9 / (10 + t) are forgotten at first, then 1 - decay.
        keep = min(self._decay, (1 + self._steps) / (10 + self._steps))
        for value, weight in zip(self._values, self._weights(), strict=True):
            value += (1 - keep) * (np.asarray(weight) - value)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the network the average as its weights for as long as the block runs."""
        current = self._copies()
        self._assign(self._values)
        try:
            yield
        finally:
            self._assign(current)

    def state(self) -> Arrays:
        """Return what the next step depends on, by name."""
        arrays = {
            _PREFIX + weight.path: value
            for weight, value in zip(self._weights(), self._values, strict=True)
        }
        return {**arrays, _PREFIX + "steps": np.array(self._steps)}

    def restore(self, state: Arrays) -> None:
        """Go on from what `state` returned; other names in it do not matter.

        Raises:
            ModelError: an array is missing, or is of another shape.
        """
        for weight, value in zip(self._weights(), self._values, strict=True):
            kept = state.get(_PREFIX + weight.path)
            if kept is None or kept.shape != value.shape:
                raise ModelError(f"the checkpoint has no average of {weight.path}")
            value[...] = kept
        self._steps = int(state.get(_PREFIX + "steps", 0))

    def _weights(self) -> list[Any]:
        return list(self._network.weights) if self._decay else []

    def _copies(self) -> list[Any]:
        return [np.asarray(weight).copy() for weight in self._weights()]

    def _assign(self, values: list[Any]) -> None:
        for weight, value in zip(self._weights(), values, strict=True):
            weight.assign(value)
