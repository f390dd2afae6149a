"""Trained classifiers: a folder with a card, weights, and an ONNX graph.

    card.json      network, training data, metrics, SHA-256 of the other files
    weights.npz    every weight by name, in half precision
    network.onnx   ink (batch, points, 3), lengths (batch,)  →  logits (batch, words),
                   without weights

Running one in ONNX Runtime needs no TensorFlow. Classifiers of version 0.18 and before
have no `weights.npz`, as their graphs hold the weights: they classify, but no training
begins with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chorale.nn.cards import WEIGHTS_FILE, BaseCard, ModelRegistry
from chorale.nn.onnx_sessions import Graph, as_weights
from chorale.sketches.batches import EVEN_LENGTHS, PADDED_LENGTHS, Padded, predict
from chorale.sketches.options import NetworkOptions
from chorale.sketches.strokes import Inks
from chorale.utils.arrays import Arrays, FloatArray
from chorale.utils.files import check_files, load_arrays, replacing, save_arrays, sha256
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
    files: Mapping[str, str]  # SHA-256 of the other files of the folder

    @property
    def has_weights(self) -> bool:
        """Whether the weights are in a file of their own, with which training begins.

        The graphs of version 0.18 and before hold them.
        """
        return WEIGHTS_FILE in self.files

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
        weights = load_weights(folder, self.card) if self.card.has_weights else {}
        check_files(folder, [GRAPH_FILE], self.card.files)
        self._graph = Graph(
            folder / GRAPH_FILE,
            {"ink": (3,), "lengths": ()},
            {"logits": (len(self.words),)},
            weights=as_weights(weights),
            shared=False,
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


def load_weights(folder: Path, card: Card) -> Arrays:
    """Return the weights of a stored classifier, float16, by their paths.

    Raises:
        ModelError: the file is missing, damaged, or not that of the card.
    """
    check_files(folder, [WEIGHTS_FILE], card.files)
    return load_arrays(folder / WEIGHTS_FILE)


def save_model(network: Any, card: Card, folder: Path) -> Card:
    """Store a Keras model in half precision, with its graph and its card.

    Args:
        network: its weights are rounded to half precision.
        card: without `files`, which are filled in.
        folder: created if missing.

    Returns:
        The card as it was written.
    """
    from chorale.nn.onnx_export import Value, export_graph
    from chorale.nn.weights import round_weights

    save_arrays(folder / WEIGHTS_FILE, round_weights(network), compress=True)
    graph = export_graph(
        network,
        lambda ink, lengths: network([ink, lengths], training=False),
        [
            Value("ink", "float32", (None, None, 3)),
            Value("lengths", "int32", (None,)),
        ],
        ["logits"],
        shared=False,
    )
    with replacing(folder / GRAPH_FILE) as temporary:
        temporary.write_bytes(graph)
    files = {name: sha256(folder / name) for name in (WEIGHTS_FILE, GRAPH_FILE)}
    card = replace(card, files=files)
    card.write(folder)
    return card
