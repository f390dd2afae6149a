"""Trained classifiers: a folder with a card and an ONNX graph.

    card.json      network, training data, metrics, SHA-256 of the graph
    network.onnx   ink (batch, points, 3), lengths (batch,)  →  logits (batch, words),
                   with its weights, in half precision

Running one in ONNX Runtime needs no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chorale.nn.cards import BaseCard, ModelRegistry
from chorale.nn.onnx_sessions import Graph
from chorale.sketches.batches import EVEN_LENGTHS, PADDED_LENGTHS, Padded, predict
from chorale.sketches.options import NetworkOptions
from chorale.sketches.strokes import Inks
from chorale.utils.arrays import FloatArray
from chorale.utils.files import check_files, replacing, sha256
from chorale.utils.progress import Progress

DEFAULT_MODEL = "quickdraw"
GRAPH_FILE = "network.onnx"
_BATCH = 64  # drawings per call of the graph: what they need fits into a cache


@dataclass(frozen=True, kw_only=True)
class Card(BaseCard):
    """Metadata of a trained classifier; `figures` are metrics by split."""

    kinds: ClassVar[tuple[str, ...]] = ("sketch",)
    noun: ClassVar[str] = "sketch model"
    kind: str = "sketch"
    network: NetworkOptions
    words: tuple[str, ...]  # the classes, in the order of the logits
    training: Mapping[str, Any]  # options of the training
    data: Mapping[str, Any]  # the SHA-256 of each file that was read
    command: str  # command line that makes the model again
    history: Sequence[Mapping[str, float]]  # one row per epoch of training
    versions: Mapping[str, str]  # of the libraries that trained it
    files: Mapping[str, str]  # SHA-256 of the graph

    @classmethod
    def decoded(cls, values: dict[str, Any]) -> dict[str, Any]:
        values["network"] = NetworkOptions(**values["network"])
        values["words"] = tuple(values["words"])
        return values


_REGISTRY = ModelRegistry((DEFAULT_MODEL,), Card, "chorale sketch train")
find_model = _REGISTRY.find
list_models = _REGISTRY.cards
listed_models = _REGISTRY.listed
load_card = _REGISTRY.load_card


class Classifier:
    """A trained classifier in ONNX Runtime, with its `card` and its `words`."""

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Open the model in a folder, see `load_classifier`."""
        self.card = Card.read(folder)
        self.words = self.card.words
        check_files(folder, [GRAPH_FILE], self.card.files)
        self._graph = Graph(
            folder / GRAPH_FILE,
            {"ink": (3,), "lengths": ()},
            {"logits": (len(self.words),)},
            threads=threads,
            example={
                "ink": np.ones((1, PADDED_LENGTHS[0], 3), np.float32),
                "lengths": np.array([PADDED_LENGTHS[0]], np.int32),
            },
        )

    def probabilities(self, inks: Inks, progress: Progress | None = None) -> FloatArray:
        """Return the probability of each word for each drawing.

        It is a float32 array (drawings, words), uniform for an empty drawing.
        """
        masks = self.card.network.masks_padding
        return predict(
            self._logits,
            inks,
            len(self.words),
            progress,
            padded=EVEN_LENGTHS if masks else PADDED_LENGTHS,
            batch=_BATCH,
        )

    def _logits(self, batch: Padded) -> FloatArray:
        inputs = {"ink": batch.ink, "lengths": batch.lengths.astype(np.int32)}
        return self._graph.run(inputs)[0]


def load_classifier(name: Path | str | None = None, *, threads: int = 0) -> Classifier:
    """Open a classifier, named as in `find_model`; 0 threads are one per core.

    Raises:
        UsageError: no such model.
        ModelError: a file is missing, damaged, or not the one that the card describes.
    """
    return Classifier(find_model(name), threads=threads)


def save_model(network: Any, card: Card, folder: Path) -> Card:
    """Store a Keras model as a graph in half precision, with its card.

    Return the card as it was written, with `files` filled in.
    """
    from chorale.nn.onnx_export import Value, export_graph

    graph = export_graph(
        network,
        lambda ink, lengths: network([ink, lengths], training=False),
        [
            Value("ink", "float32", (None, None, 3)),
            Value("lengths", "int32", (None,)),
        ],
        ["logits"],
        with_weights=True,
    )
    with replacing(folder / GRAPH_FILE) as temporary:
        temporary.write_bytes(graph)
    card = replace(card, files={GRAPH_FILE: sha256(folder / GRAPH_FILE)})
    card.write(folder)
    return card
