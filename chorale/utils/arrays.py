"""Array types that signatures name, and batches of arrays of different lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[Any]]  # by name, as in a file

Scalar = TypeVar("Scalar", bound=np.generic)


def stack_padded(
    tables: Sequence[npt.NDArray[Scalar]], value: int | None = None
) -> npt.NDArray[Scalar]:
    """Stack at least one array (steps, …) to (batch, longest steps, …).

    Padding at the end has the given value; None repeats the last step.
    """
    steps = max(map(len, tables))
    padded = []
    for table in tables:
        last = table[-1:] if value is None else np.full_like(table[:1], value)
        rest = np.repeat(last, steps - len(table), axis=0)
        padded.append(np.concatenate([table, rest]))
    return np.stack(padded)


def batches_by_length(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Return indices in batches of `size` similar lengths, for little padding."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    return [order[first : first + size] for first in range(0, len(order), size)]
