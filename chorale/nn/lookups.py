"""Look-ups: rules about small whole numbers as tables, built once.

A rule of ten operations on integers is ten nodes of an exported graph, each slower to
start than to compute; a look-up is one. Places are never negative: `keras.ops.take`
would check each of them for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from chorale.nn.causal import Tensor

Table = npt.NDArray[np.int32]


def as_table(values: npt.NDArray[Any]) -> Table:
    """Return whole numbers in the type of the networks' integers."""
    return values.astype(np.int32)


def look_up(table: Any, places: Tensor) -> Tensor:
    """Return the rows of a table or weight (size, …) at int places (...): (..., …)."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        return tensorflow.gather(table, places)
    return ops.take(table, places, axis=0)


def look_up_pairs(table: Table, first: Tensor, second: Tensor) -> Tensor:
    """Return the numbers of a table (sizes of both) at int arrays that broadcast."""
    return look_up(table.reshape(-1), first * table.shape[1] + second)


def look_up_along(rows: Tensor, places: Tensor) -> Tensor:
    """Return some numbers of each row: of (rows, size) at int places (rows, count)."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        return tensorflow.gather(rows, places, batch_dims=1)
    return ops.take_along_axis(rows, places, axis=1)


def pick(array: Tensor, columns: Sequence[int]) -> Tensor:
    """Return some columns of (..., columns), in this order."""
    places = np.array(columns, np.int32)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        return tensorflow.gather(array, places, axis=-1)
    return ops.take(array, places, axis=-1)
