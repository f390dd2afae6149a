"""Array types that signatures name, and padding to batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]

Scalar = TypeVar("Scalar", bound=np.generic)


def stack_padded(
    tables: Sequence[npt.NDArray[Scalar]], value: int | None = None
) -> npt.NDArray[Scalar]:
    """Stack arrays (steps, columns) to (batch, longest steps, columns).

    Args:
        tables: at least one.
        value: of the padding at the end; None repeats the last row.
    """
    steps = max(map(len, tables))
    padding: dict[str, object] = {"mode": "edge"}
    if value is not None:
        padding = {"constant_values": value}
    return np.stack(
        [
            np.pad(table, ((0, steps - len(table)), (0, 0)), **padding)  # type: ignore[call-overload]
            for table in tables
        ]
    )
