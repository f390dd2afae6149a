"""The critic: tables of log ratios, added up, and keys of phrase ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from chorale.errors import ModelError
from chorale.models.critic.cadence_keys import (
    DEGREES_SHAPE,
    FOLLOWING_SHAPE,
    CadenceKeys,
)
from chorale.models.critic.events import TABLES, Events
from chorale.models.form import RETURNS_SHAPE, STOLLEN_SHAPE, FormCounts
from chorale.utils.arrays import Float64Array, FloatArray, IntArray
from chorale.utils.files import load_arrays, save_arrays

# Stored log ratios are whole multiples of this, in nats, of one byte each.
_UNIT = 1 / 32
_LARGEST = 127
# Names of the counts of cadence keys in the file.
_KEYS = {
    "key_following": FOLLOWING_SHAPE,
    "key_degrees": DEGREES_SHAPE,
}
# Those of repeated phrases.
_FORMS = {"form_stollen": STOLLEN_SHAPE, "form_returns": RETURNS_SHAPE}


@dataclass(frozen=True, eq=False)
class Critic:
    """Log ratios of how often Bach and a model do something, by event.

    Attributes:
        tables: by name of TABLES, float arrays of their shapes, in nats: positive where
            Bach does it more often.
        cadence_keys: from which the keys of phrase ends are drawn; None for none.
        form: from which is drawn what phrases repeat; None for none.
    """

    tables: Mapping[str, FloatArray]
    cadence_keys: CadenceKeys | None = None
    form: FormCounts | None = None

    @cached_property
    def _flat(self) -> dict[str, FloatArray]:
        return {name: table.reshape(-1) for name, table in self.tables.items()}

    def add(self, gains: Float64Array, events: Events) -> None:
        """Add the log ratios of events to gains, float array (rows,)."""
        np.add.at(gains, events.rows, self._flat[events.table].take(events.cells))

    def scaled(self, strength: float) -> Critic:
        """Return a critic whose log ratios are multiplied."""
        tables = {
            name: (strength * table).astype(np.float32)
            for name, table in self.tables.items()
        }
        return replace(self, tables=tables)

    def save(self, path: Path) -> None:
        """Write the tables to an .npz file, rounded to a 32nd of a nat."""
        arrays = {
            name: np.clip(np.rint(table / _UNIT), -_LARGEST, _LARGEST).astype(np.int8)
            for name, table in self.tables.items()
        }
        counts: dict[str, IntArray] = {}
        if self.cadence_keys is not None:
            keys = self.cadence_keys
            counts |= zip(_KEYS, (keys.following, keys.degrees), strict=True)
        if self.form is not None:
            form = self.form
            counts |= zip(_FORMS, (form.stollen, form.returns), strict=True)
        arrays |= {name: count.astype(np.int32) for name, count in counts.items()}
        save_arrays(path, arrays, compress=True)

    @classmethod
    def load(cls, path: Path) -> Critic:
        """Read what `save` has written.

        Raises:
            ModelError: the file is missing, damaged, or holds something else.
        """
        arrays = load_arrays(path)
        shapes = {name: array.shape for name, array in arrays.items()}
        has_keys, has_form = (
            any(name in arrays for name in names) for names in (_KEYS, _FORMS)
        )
        counted = (_KEYS if has_keys else {}) | (_FORMS if has_form else {})
        types = {name: np.int32 if name in counted else np.int8 for name in arrays}
        if shapes != TABLES | counted or any(
            array.dtype != types[name] for name, array in arrays.items()
        ):
            raise ModelError(
                f"{path}: expected the tables of a critic of this version: make it "
                "again with `chorale critic`"
            )
        counts = {name: arrays[name].astype(np.int64) for name in counted}
        if any((count < 0).any() for count in counts.values()):
            raise ModelError(f"{path}: expected counts of 0 or more")
        return cls(
            {name: arrays[name].astype(np.float32) * _UNIT for name in TABLES},
            CadenceKeys(*(counts[name] for name in _KEYS)) if has_keys else None,
            FormCounts(*(counts[name] for name in _FORMS)) if has_form else None,
        )


def critic_of(predictor: object) -> Critic | None:
    """Return the critic of a predictor; None if it has none."""
    critic = getattr(predictor, "critic", None)
    return critic if isinstance(critic, Critic) else None
