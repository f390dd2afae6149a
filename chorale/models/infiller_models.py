"""Trained infillers: a folder with a card, its weights, and an ONNX graph over them.

    card.json      what the model is, how it was made, its figures, its files' SHA-256
    weights.npz    every weight by name, in half precision
    infill.onnx

They are named as other models are (`chorale.models.storage`); opening one in ONNX
Runtime needs no TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from chorale.encoding.cells import CellVocabulary
from chorale.encoding.plan import FEATURES
from chorale.errors import ModelError, UsageError
from chorale.models.infiller import GRAPH_FILE, KerasInfiller, OnnxInfiller
from chorale.models.options import InfillerOptions
from chorale.models.storage import BACKENDS, WEIGHTS_FILE, store_network
from chorale.nn.cards import PRETRAINED, BaseCard, Shelf, save_card
from chorale.utils.extras import require_keras
from chorale.utils.files import check_files, load_arrays

if TYPE_CHECKING:
    from chorale.models.networks.infilling import InfillingNetwork

DEFAULT_INFILLER = "counterpoint"


@dataclass(frozen=True, kw_only=True)
class InfillerCard(BaseCard):
    """What there is to know of a trained infiller.

    Attributes:
        name: of the model.
        network: the options that shape it.
        vocabulary: what its cells mean.
        plan_features: what it is told of a step besides its cells.
        training: the options that it was trained with.
        data: the corpus, the SHA-256 of each file that was read, and which pieces of
            valid are in train too, with the share of each that is.
        command: that makes the model again.
        figures: orderless likelihoods of the stored weights, by split.
        versions: of the libraries that trained it.
        files: SHA-256 of the other files of the folder.
    """

    kind: ClassVar[str] = "model that infills"
    network: InfillerOptions
    vocabulary: CellVocabulary
    plan_features: tuple[str, ...]
    training: Mapping[str, Any]
    data: Mapping[str, Any]
    command: str
    figures: Mapping[str, Any]
    versions: Mapping[str, str]
    files: Mapping[str, str]

    @classmethod
    def rebuilt(cls, values: dict[str, Any]) -> dict[str, Any]:
        if "network" not in values["network"]:
            raise ModelError(
                "expected a model that infills, got one of another kind: "
                "train one with --network counterpoint"
            )
        values["network"] = InfillerOptions(**values["network"])
        values["vocabulary"] = CellVocabulary.from_json(values["vocabulary"])
        values["plan_features"] = tuple(values["plan_features"])
        unknown = [name for name in values["plan_features"] if name not in FEATURES]
        if unknown:
            raise ModelError(f"expected features of a plan, got {unknown[0]!r}")
        return values


_SHELF = Shelf(
    PRETRAINED / "infillers", DEFAULT_INFILLER, InfillerCard, "chorale train"
)
find_infiller = _SHELF.find
list_infillers = _SHELF.cards
load_infiller_card = _SHELF.load_card


def is_infiller(name: Path | str) -> bool:
    """Return whether a model of this name, or in this folder, is an infiller."""
    try:
        folder = find_infiller(name)
    except UsageError:
        return False
    return (folder / GRAPH_FILE).is_file()


def load_infiller(
    name: Path | str | None = None, *, backend: str = "onnx"
) -> OnnxInfiller | KerasInfiller:
    """Open an infiller.

    Args:
        name: of a model that comes with the package, the folder of a model, or that of
            a run; None for the default.
        backend: `onnx` runs it in ONNX Runtime; `keras` needs the extra [train].

    Raises:
        UsageError: no such model or backend.
        ModelError: a file is missing, damaged, or not the one that the card describes.
    """
    if backend not in BACKENDS:
        raise UsageError(
            f"expected a backend out of {', '.join(BACKENDS)}, got {backend!r}"
        )
    folder = find_infiller(name)
    card = load_infiller_card(folder)
    check_files(folder, (WEIGHTS_FILE, GRAPH_FILE), card.files)
    weights = load_arrays(folder / WEIGHTS_FILE)
    if backend == "onnx":
        return OnnxInfiller(folder, weights, card.vocabulary, card.plan_features)
    require_keras("the Keras backend")
    from chorale.models.networks.infilling import build_infiller
    from chorale.nn.weights import assign_weights

    network = build_infiller(card.network, card.vocabulary, card.plan_features)
    assign_weights(network, weights)
    return KerasInfiller(network)


def save_infiller(
    network: InfillingNetwork, card: InfillerCard, folder: Path
) -> InfillerCard:
    """Store a network in half precision, with its graph and its card.

    Args:
        network: its weights are rounded to half precision, so that whoever measures it
            afterwards measures what is stored.
        card: without `files`, which are filled in.
        folder: is made if need be.

    Returns:
        The card as it was written.
    """
    from chorale.models.networks.infilling import export_infiller

    files = store_network(
        network, lambda rounded: {GRAPH_FILE: export_infiller(rounded)}, folder
    )
    card = replace(card, files=files)
    save_card(card, folder)
    return card
