"""A table as windows: rows seen before a forecast origin, rows forecast after it.

`past` covariates are known up to the origin; `known` ones also in the rows forecast,
as the day of the week is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chorale.utils.arrays import BoolArray, IntArray

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of a table, standardized, and the origins of its forecasts.

    An origin is the index of the first row that is forecast.
    """

    # float32 (rows, targets); a missing value is filled from earlier ones.
    values: Array
    observed: BoolArray  # (rows, targets), False where a value was missing
    past: Array  # float32 (rows, past covariates)
    known: Array  # float32 (rows + ahead, known covariates)
    season: int  # rows of a season, 1 for none
    train_rows: int  # the first rows, which alone are learned from
    origins: Mapping[str, IntArray]  # of train, valid, test and `latest`, the last one

    @property
    def targets(self) -> int:
        """The number of columns that are forecast."""
        return int(self.values.shape[1])

    def seen(self, origins: IntArray, steps: int) -> Array:
        """Return the values before origins, (count, steps, targets)."""
        seen: Array = self.values[origins[:, None] + np.arange(-steps, 0)]
        return seen

    def truth(self, origins: IntArray, ahead: int) -> Array:
        """Return values from origins on, (count, ahead, targets), NaN if missing."""
        rows = origins[:, None] + np.arange(ahead)
        return np.where(self.observed[rows], self.values[rows], np.float32(np.nan))

    def sequence_truth(self, origins: IntArray, steps: int, ahead: int) -> Array:
        """Return a target after each seen step, (count, steps, ahead, targets)."""
        after = np.arange(-steps + 1, 1)[:, None] + np.arange(ahead)
        rows = origins[:, None, None] + after
        return np.where(self.observed[rows], self.values[rows], np.float32(np.nan))

    def covariates(
        self, origins: IntArray, steps: int, ahead: int
    ) -> tuple[Array, Array]:
        """Return past (count, steps, …) and known (count, steps + ahead, …)."""
        before = origins[:, None] + np.arange(-steps, 0)
        around = origins[:, None] + np.arange(-steps, ahead)
        return self.past[before], self.known[around]

    def digest(self) -> str:
        """Return the SHA-256 of the rows and origins, in hexadecimal."""
        digest = hashlib.sha256(f"{self.season} {self.train_rows}".encode())
        arrays = (self.values, self.observed, self.past, self.known)
        for array in (*arrays, *self.origins.values()):
            digest.update(f"{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
