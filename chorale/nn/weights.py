"""Weights of a network by name, as they are stored and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError
from chorale.utils.arrays import Arrays


def round_weights(network: keras.Model) -> Arrays:
    """Round the weights of a network, in place, to half precision.

    Returns:
        The weights by their paths, float16, statistics of normalization included.
    """
    arrays = {
        weight.path: np.asarray(weight).astype(np.float16) for weight in network.weights
    }
    assign_weights(network, arrays)
    return arrays


def assign_weights(
    network: keras.Model, arrays: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Load weights by name.

    Raises:
        ModelError: a weight that is missing, unknown or of another shape.
    """
    weights = {weight.path: weight for weight in network.weights}
    if set(arrays) != set(weights):
        odd = sorted(set(arrays) ^ set(weights))
        raise ModelError(f"the weights do not fit the network: {odd[0]} and others")
    for name, weight in weights.items():
        if arrays[name].shape != tuple(weight.shape):
            raise ModelError(
                f"the weights do not fit the network: {name} has the shape "
                f"{arrays[name].shape} instead of {tuple(weight.shape)}"
            )
        weight.assign(arrays[name].astype("float32"))
