"""Trained models: a folder with a card, one set of weights, and ONNX graphs over it.

    card.json      what the model is, how it was made, its figures, its files' SHA-256
    weights.npz    every weight by name, in half precision
    tunes.npz      the tunes that the model knows, if it was trained with them
    step.onnx  sequence.onnx       what carries time
    soprano.onnx …                 the head of each voice

A model is named by its folder, by the run that left it, or, for those that come with
the package, by a word. Opening one in ONNX Runtime needs no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from chorale.encoding.plan import FEATURES
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import NO_TUNES, Tunes
from chorale.errors import ModelError, UsageError
from chorale.models.next_step import KerasPredictor, NetworkPredictor, OnnxPredictor
from chorale.models.options import NetworkOptions
from chorale.music.voices import VOICE_NAMES, VOICE_ORDER
from chorale.nn.cards import PRETRAINED, BaseCard, Shelf, save_card
from chorale.utils.extras import require_keras
from chorale.utils.files import check_files, load_arrays, replacing, save_arrays, sha256

if TYPE_CHECKING:
    from chorale.models.networks.next_step import NextStepNetwork

NetworkT = TypeVar("NetworkT")

DEFAULT_MODEL = "bach"
BACKENDS = ("onnx", "keras")
WEIGHTS_FILE = "weights.npz"
TUNES_FILE = "tunes.npz"
GRAPH_FILES = ("step.onnx", "sequence.onnx", *(f"{one}.onnx" for one in VOICE_NAMES))


@dataclass(frozen=True, kw_only=True)
class Card(BaseCard):
    """What there is to know of a trained model.

    Attributes:
        name: of the model.
        network: the options that shape it.
        vocabulary: what its tokens mean.
        plan_features: what it is told of a step before its notes are.
        voice_order: the order in which it writes the voices of a step.
        memory_shapes: what its body carries from step to step, for one sequence.
        training: the options that it was trained with.
        data: the corpus, the SHA-256 of each file that was read by it or its teachers,
            which pieces of valid are in train too, with the share of each that is, and
            the SHA-256 of its teachers' weights.
        command: that makes the model again.
        figures: likelihoods of the stored weights, by split.
        versions: of the libraries that trained it.
        files: SHA-256 of the other files of the folder.
    """

    kind: ClassVar[str] = "model"
    network: NetworkOptions
    vocabulary: Vocabulary
    plan_features: tuple[str, ...]
    voice_order: tuple[int, ...]
    memory_shapes: tuple[tuple[int, ...], ...]
    training: Mapping[str, Any]
    data: Mapping[str, Any]
    command: str
    figures: Mapping[str, Any]
    versions: Mapping[str, str]
    files: Mapping[str, str]

    @classmethod
    def rebuilt(cls, values: dict[str, Any]) -> dict[str, Any]:
        if "body" not in values["network"]:
            raise ModelError(
                "expected a model that writes step after step, got one of another "
                "kind: one that infills is for harmonize, rewrite, evaluate and "
                "judge --given soprano"
            )
        values["network"] = NetworkOptions(**values["network"])
        values["vocabulary"] = Vocabulary.from_json(values["vocabulary"])
        for name in ("plan_features", "voice_order"):
            values[name] = tuple(values[name])
        values["memory_shapes"] = tuple(map(tuple, values["memory_shapes"]))
        if values["voice_order"] != VOICE_ORDER:
            raise ModelError(f"expected the voice order {VOICE_ORDER} in the card")
        unknown = [name for name in values["plan_features"] if name not in FEATURES]
        if unknown:
            raise ModelError(f"expected features of a plan, got {unknown[0]!r}")
        return values


_SHELF = Shelf(PRETRAINED, DEFAULT_MODEL, Card, "chorale train")
find_model = _SHELF.find
list_models = _SHELF.cards
load_card = _SHELF.load_card


def load_predictor(
    name: Path | str | None = None, *, backend: str = "onnx"
) -> NetworkPredictor:
    """Open a model.

    Args:
        name: as in `find_model`.
        backend: `onnx` runs it in ONNX Runtime; `keras` needs the extra [train].

    Raises:
        UsageError: no such model or backend.
        ModelError: a file is missing, damaged, or not the one that the card describes.
    """
    if backend not in BACKENDS:
        raise UsageError(
            f"expected a backend out of {', '.join(BACKENDS)}, got {backend!r}"
        )
    folder = find_model(name)
    card = load_card(folder)
    tunes_files = (TUNES_FILE,) if card.network.tunes else ()
    check_files(folder, (WEIGHTS_FILE, *GRAPH_FILES, *tunes_files), card.files)
    weights = load_arrays(folder / WEIGHTS_FILE)
    tunes = Tunes.load(folder / TUNES_FILE) if card.network.tunes else NO_TUNES
    if backend == "onnx":
        return OnnxPredictor(
            folder,
            weights,
            card.vocabulary,
            card.plan_features,
            card.memory_shapes,
            card.network.units,
            tunes,
        )
    require_keras("the Keras backend")
    from chorale.models.networks.next_step import NextStepNetwork
    from chorale.nn.weights import assign_weights

    network = NextStepNetwork(card.network, card.vocabulary, card.plan_features)
    assign_weights(network, weights)
    return KerasPredictor(network, tunes)


def save_model(
    network: NextStepNetwork, card: Card, folder: Path, tunes: Tunes = NO_TUNES
) -> Card:
    """Store a network in half precision, with its graphs and its card.

    Args:
        network: its weights are rounded to half precision, so that whoever measures it
            afterwards measures what is stored.
        card: without `files`, which are filled in.
        folder: is made if need be.
        tunes: what the network is told of, if it knows any.

    Returns:
        The card as it was written.
    """
    from chorale.models.networks.exporting import export_graphs

    files = store_network(network, export_graphs, folder)
    if card.network.tunes:
        tunes.save(folder / TUNES_FILE)
        files[TUNES_FILE] = sha256(folder / TUNES_FILE)
    card = replace(card, files=files)
    save_card(card, folder)
    return card


def store_network(
    network: NetworkT, export: Callable[[NetworkT], Mapping[str, bytes]], folder: Path
) -> dict[str, str]:
    """Write the weights of a network, in half precision, and its graphs.

    Args:
        network: a Keras model; its weights are rounded to half precision.
        export: gives the graphs of the rounded network, by the names of their files.
        folder: is made if need be.

    Returns:
        The SHA-256 of each file.
    """
    from chorale.nn.weights import round_weights

    save_arrays(folder / WEIGHTS_FILE, round_weights(network), compress=True)
    graphs = export(network)
    for name, graph in graphs.items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(graph)
    return {name: sha256(folder / name) for name in (WEIGHTS_FILE, *graphs)}
