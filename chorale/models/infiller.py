"""Interface of infilling models: the distribution of hidden cells given visible ones.

Samplers and likelihoods use an Infiller only through this interface:

    logits = infiller.logits(cells, visible, plan)
    cells = where(visible, cells, choose(logits))

Each hidden cell is conditioned on the visible cells alone, so cells that are drawn
together are drawn independently. Implementations: a network in Keras, the same network
in ONNX Runtime, and in the tests a fake with known probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from chorale.encoding.cells import ABSENT, CellVocabulary
from chorale.encoding.inputs import CellInputs, last_axes
from chorale.music.voices import VOICES
from chorale.nn.onnx_sessions import Graph, as_weights
from chorale.utils.arrays import BoolArray, FloatArray, IntArray
from chorale.utils.threads import usable_cores

if TYPE_CHECKING:
    from chorale.models.networks.infilling import InfillingNetwork

GRAPH_FILE = "infill.onnx"
# Keras compiles a network for each length; lengths are rounded up to a multiple.
_COMPILED_STEPS = 128


@runtime_checkable
class Infiller(Protocol):
    """The distribution of hidden cells, given all visible ones, before and after.

    Attributes:
        vocabulary: what the cells mean.
        plan_features: names of the columns of `plan`, out of
            `chorale.encoding.plan.FEATURES`.
        threads: how many threads should call it at once; 1 if it is not thread-safe.
    """

    @property
    def vocabulary(self) -> CellVocabulary: ...

    @property
    def plan_features(self) -> tuple[str, ...]: ...

    @property
    def threads(self) -> int: ...

    def logits(self, cells: IntArray, visible: BoolArray, plan: IntArray) -> FloatArray:
        """Return unnormalized log-probabilities of every cell of whole pieces.

        Args:
            cells: int array (batch, steps, 4); what is not visible is not read. A
                piece that is shorter than others of the batch has ABSENT at all steps
                after its end, which changes nothing before it.
            visible: bool array (batch, steps, 4).
            plan: int array (batch, steps, features).

        Returns:
            float32 array (batch, steps, 4, vocabulary size). A visible cell is certain:
            0 for what it is, -inf for all else. Absent steps mean nothing.
        """
        ...


def certain(logits: FloatArray, cells: IntArray, visible: BoolArray) -> FloatArray:
    """Return logits in which the visible cells have probability 1."""
    size = logits.shape[-1]
    is_cell = cells[..., np.newaxis] == np.arange(size)
    known = np.where(is_cell, np.float32(0), np.float32(-np.inf))
    # Absent steps are no cells: their logits stay.
    visible = visible & (cells != ABSENT)
    return np.where(visible[..., np.newaxis], known, logits)


class KerasInfiller:
    """A network in Keras: the one that was just trained."""

    threads = 1

    def __init__(self, network: InfillingNetwork) -> None:
        self.network = network
        self.vocabulary: CellVocabulary = network.vocabulary
        self.plan_features: tuple[str, ...] = network.plan_features

    def logits(self, cells: IntArray, visible: BoolArray, plan: IntArray) -> FloatArray:
        steps = cells.shape[1]
        padding = [(0, 0), (0, -steps % _COMPILED_STEPS), (0, 0)]
        inputs = CellInputs.of_pieces(
            np.pad(cells, padding, constant_values=ABSENT),
            np.pad(visible, padding),
            np.pad(plan, padding, mode="edge"),
            self.vocabulary,
        )
        logits = self.network.predict_on_batch(inputs)
        return certain(logits[:, :steps], cells, visible)


class OnnxInfiller:
    """A network in ONNX Runtime, as `chorale.models.networks.infilling` writes it.

    Args:
        folder: where `infill.onnx` lies.
        weights: the network's weights by name.
        vocabulary, plan_features: as in Infiller.

    Raises:
        ModelError: a graph that ONNX Runtime does not take, or not that of the card.
    """

    def __init__(
        self,
        folder: Path,
        weights: Mapping[str, npt.NDArray[Any]],
        vocabulary: CellVocabulary,
        plan_features: Sequence[str],
    ) -> None:
        self.vocabulary = vocabulary
        self.plan_features = tuple(plan_features)
        self.threads = usable_cores()
        example = CellInputs.example(vocabulary, len(self.plan_features))
        self._graph = Graph(
            folder / GRAPH_FILE,
            last_axes(example),
            {"logits": (VOICES, vocabulary.size)},
            weights=as_weights(weights),
            threads=1,
            example=example._asdict(),
        )

    def logits(self, cells: IntArray, visible: BoolArray, plan: IntArray) -> FloatArray:
        inputs = CellInputs.of_pieces(cells, visible, plan, self.vocabulary)
        (logits,) = self._graph.run(inputs._asdict())
        return certain(logits, cells, visible)
