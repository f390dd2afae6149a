"""Tables of counts, their log ratios, and the critic that adds them up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from chorale.errors import ModelError
from chorale.models.critic.events import TABLES, Events
from chorale.utils.arrays import Float64Array, FloatArray
from chorale.utils.files import load_arrays, save_arrays

# Counts that the probabilities given more general circumstances are worth.
_PRIOR = 40.0
# Count of each event that is added where nothing is given.
_EVEN = 0.02
# Stored log ratios are whole multiples of this, in nats, of one byte each.
_UNIT = 1 / 32
_LARGEST = 127


def probabilities(counts: Float64Array, general: Float64Array) -> Float64Array:
    """Return the probability of each event given its circumstances.

    It is shrunk to that given all but the first of them, that to the next, and the last
    to a general one: interpolation with a Dirichlet prior (MacKay & Peto 1995).

    Args:
        counts: float array, shaped as in TABLES.
        general: float array (events,), probabilities given nothing.
    """
    lower = general if counts.ndim == 1 else probabilities(counts.sum(axis=0), general)
    totals = counts.sum(axis=-1, keepdims=True)
    shrunk: Float64Array = (counts + _PRIOR * lower) / (totals + _PRIOR)
    return shrunk


def log_ratios(wanted: Float64Array, others: Float64Array) -> Float64Array:
    """Return ln of the ratio of the probabilities of two sets of counts.

    Both are shrunk to what they have in common, so that it is 0 where nothing is known.
    """
    both = (wanted + others).sum(axis=tuple(range(wanted.ndim - 1))) + _EVEN
    general = both / both.sum()
    ratios: Float64Array = np.log(probabilities(wanted, general))
    ratios -= np.log(probabilities(others, general))
    return ratios


@dataclass(frozen=True, eq=False)
class Critic:
    """Log ratios of how often Bach and a model do something, by event.

    Attributes:
        tables: by name of TABLES, float arrays of their shapes, in nats: positive where
            Bach does it more often.
    """

    tables: Mapping[str, FloatArray]

    @cached_property
    def _flat(self) -> dict[str, FloatArray]:
        return {name: table.reshape(-1) for name, table in self.tables.items()}

    def add(self, gains: Float64Array, events: Events) -> None:
        """Add the log ratios of events to gains, float array (rows,)."""
        np.add.at(gains, events.rows, self._flat[events.table][events.cells])

    def scaled(self, strength: float) -> Critic:
        """Return a critic whose log ratios are multiplied."""
        return Critic(
            {
                name: (strength * table).astype(np.float32)
                for name, table in self.tables.items()
            }
        )

    def save(self, path: Path) -> None:
        """Write the tables to an .npz file, rounded to a 32nd of a nat."""
        arrays = {
            name: np.clip(np.rint(table / _UNIT), -_LARGEST, _LARGEST).astype(np.int8)
            for name, table in self.tables.items()
        }
        save_arrays(path, arrays, compress=True)

    @classmethod
    def load(cls, path: Path) -> Critic:
        """Read what `save` has written.

        Raises:
            ModelError: the file is missing, damaged, or holds something else.
        """
        arrays = load_arrays(path)
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != TABLES or any(a.dtype != np.int8 for a in arrays.values()):
            raise ModelError(
                f"{path}: expected the tables of a critic of this version: make it "
                "again with `chorale critic`"
            )
        return cls(
            {name: array.astype(np.float32) * _UNIT for name, array in arrays.items()}
        )


def critic_of(predictor: object) -> Critic | None:
    """Return the critic of a predictor; None if it has none."""
    critic = getattr(predictor, "critic", None)
    return critic if isinstance(critic, Critic) else None
