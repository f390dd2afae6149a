"""The calibration of a model: weights of relations by circumstance, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from chorale.encoding.inputs import Inputs
from chorale.encoding.tokens import Vocabulary
from chorale.errors import ModelError
from chorale.models.calibration.circumstances import CIRCUMSTANCES, MOVED, Scene
from chorale.models.calibration.lines import Lines
from chorale.models.calibration.relations import RELATIONS, relations
from chorale.music.voices import VOICES
from chorale.utils.arrays import FloatArray, IntArray
from chorale.utils.files import load_arrays, save_arrays

_SIZES = {name: each.values for name, each in CIRCUMSTANCES.items()} | {"moved": MOVED}
SHAPES = {name: (VOICES, size, RELATIONS) for name, size in _SIZES.items()}


class Observed:
    """What a calibration reads of all voices at some steps.

    Args:
        inputs: of the network, arrays (rows, …).
        lines: arrays (rows, 4) and (rows, 4, 3).
        vocabulary, plan_features: of the network.

    Attributes:
        relations: int array (rows, 4, vocabulary size), of every token.
    """

    def __init__(
        self,
        inputs: Inputs,
        lines: Lines,
        vocabulary: Vocabulary,
        plan_features: Sequence[str],
    ) -> None:
        self._scene = Scene.of(inputs, lines, vocabulary, plan_features)
        self.relations = relations(
            lines, inputs.echo_tokens, inputs.echo_lengths > 0, vocabulary
        )

    @cached_property
    def known(self) -> dict[str, IntArray]:
        """Circumstances by name of CIRCUMSTANCES, int arrays (rows, 4).

        They are (rows, 1) if they are those of all voices.
        """
        return {name: each.of(self._scene) for name, each in CIRCUMSTANCES.items()}

    def moved(self, voice: int, tokens: IntArray) -> IntArray:
        """Return the circumstance `moved` of a voice, see `Scene.moved`."""
        return self._scene.moved(voice, tokens)

    def of_voice(self, voice: int, tokens: IntArray) -> IntArray:
        """Return all circumstances of a voice, int array (rows, names of SHAPES).

        Args:
            voice: its index.
            tokens: int array (rows, 4), of the steps.
        """
        shape = self.relations.shape[:2]
        columns = [np.broadcast_to(a, shape)[:, voice] for a in self.known.values()]
        return np.stack([*columns, self.moved(voice, tokens)], axis=1)


class Weights:
    """What a calibration adds to the logits of all voices at some steps.

    Args:
        calibration: its tables.
        observed: the steps.
    """

    def __init__(self, calibration: Calibration, observed: Observed) -> None:
        self._moved, self._observed = calibration.tables["moved"], observed
        rows = len(observed.relations)
        self._by_relation = np.zeros((rows, VOICES, RELATIONS), np.float32)
        for table, values in zip(
            calibration.known, observed.known.values(), strict=True
        ):
            first = table.shape[0] // VOICES * np.arange(VOICES)
            self._by_relation += table.take(first + values, axis=0)
        # Of each token in a row of relations after another.
        firsts = RELATIONS * np.arange(rows)[:, np.newaxis, np.newaxis]
        self._places = observed.relations + firsts

    def of(self, voice: int, tokens: IntArray) -> FloatArray:
        """Return the weights of one voice, float array (rows, vocabulary size).

        Args:
            voice: its index.
            tokens: int array (rows, 4), those of the voices before it.
        """
        moved = self._observed.moved(voice, tokens)
        by_relation = self._by_relation[:, voice] + self._moved[voice].take(
            moved, axis=0
        )
        weights: FloatArray = by_relation.take(self._places[:, voice])
        return weights


@dataclass(frozen=True, eq=False)
class Calibration:
    """Weights that are added to the logits of a next-step model.

    Attributes:
        tables: by name of SHAPES, float arrays (4, values of the circumstance,
            RELATIONS), in nats.
    """

    tables: Mapping[str, FloatArray]

    @cached_property
    def known(self) -> list[FloatArray]:
        """The tables of CIRCUMSTANCES, voice after voice (4 * values, RELATIONS)."""
        return [self.tables[name].reshape(-1, RELATIONS) for name in CIRCUMSTANCES]

    def save(self, path: Path) -> None:
        """Write the tables to an .npz file, in half precision."""
        arrays = {name: table.astype(np.float16) for name, table in self.tables.items()}
        save_arrays(path, arrays, compress=True)

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read what `save` has written.

        Raises:
            ModelError: the file is missing, damaged, or holds something else.
        """
        arrays = load_arrays(path)
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != SHAPES or not all(
            array.dtype == np.float16 and np.isfinite(array).all()
            for array in arrays.values()
        ):
            raise ModelError(
                f"{path}: expected the tables of a calibration of this version: make "
                "it again with `chorale calibrate`"
            )
        return cls({name: array.astype(np.float32) for name, array in arrays.items()})
