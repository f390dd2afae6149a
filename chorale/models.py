"""Trained models: a folder with a card, one set of weights, and ONNX graphs over it.

    card.json      what the model is, how it was made, its figures, its files' SHA-256
    weights.npz    every weight by name, in half precision
    step.onnx  voices.onnx  sequence.onnx

A model is named by its folder, by the run that left it, or, for those that come with
the package, by a word. Opening one in ONNX Runtime needs no TensorFlow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chorale.errors import DataError, ModelError, UsageError
from chorale.extras import require
from chorale.files import (
    check_files,
    load_arrays,
    replacing,
    save_arrays,
    sha256,
    write_text,
)
from chorale.networks import NetworkOptions
from chorale.plan import FEATURES
from chorale.predictors import (
    KerasPredictor,
    NetworkPredictor,
    OnnxPredictor,
)
from chorale.tokens import Vocabulary
from chorale.voices import VOICE_ORDER

if TYPE_CHECKING:
    from chorale.networks.next_step import NextStepNetwork

PRETRAINED = Path(__file__).parent / "pretrained"
DEFAULT_MODEL = "bach"
BACKENDS = ("onnx", "keras")
CARD_FORMAT = 1
WEIGHTS_FILE = "weights.npz"
GRAPH_FILES = ("step.onnx", "voices.onnx", "sequence.onnx")


@dataclass(frozen=True, kw_only=True)
class Card:
    """What there is to know of a trained model.

    Attributes:
        name: of the model.
        network: the options that shape it.
        vocabulary: what its tokens mean.
        plan_features: what it is told of a step before its notes are.
        voice_order: the order in which it writes the voices of a step.
        memory_shapes: what its body carries from step to step, for one sequence.
        training: the options that it was trained with.
        data: the corpus and the SHA-256 of each file that was read.
        command: that makes the model again.
        figures: likelihoods of the stored weights, by split.
        versions: of the libraries that trained it.
        files: SHA-256 of the other files of the folder.
    """

    name: str
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

    def to_json(self) -> str:
        values = {"format": CARD_FORMAT, **asdict(self)}
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read a card as `to_json` writes it.

        Raises:
            ModelError: it is no card, or of another format.
        """
        try:
            values = json.loads(text)
            if values.pop("format") != CARD_FORMAT:
                raise ModelError(f"expected a card of format {CARD_FORMAT}")
            values["network"] = NetworkOptions(**values["network"])
            values["vocabulary"] = Vocabulary.from_json(values["vocabulary"])
            for name in ("plan_features", "voice_order"):
                values[name] = tuple(values[name])
            values["memory_shapes"] = tuple(map(tuple, values["memory_shapes"]))
            card = cls(**values)
        except (UsageError, DataError) as error:
            raise ModelError(str(error)) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"expected the card of a model: {error!r}") from None
        if card.voice_order != VOICE_ORDER:
            raise ModelError(f"expected the voice order {VOICE_ORDER} in the card")
        unknown = [name for name in card.plan_features if name not in FEATURES]
        if unknown:
            raise ModelError(f"expected features of a plan, got {unknown[0]!r}")
        return card


def find_model(name: Path | str | None = None) -> Path:
    """Return the folder of a model.

    Args:
        name: of a model that comes with the package, the folder of a model, or that of
            a run; None for the default model.

    Raises:
        UsageError: there is no such model.
    """
    name = DEFAULT_MODEL if name is None else name
    folders = [Path(name), Path(name) / "model"]
    # A path such as `./bach` names a folder, a bare word first of all a model of ours.
    if str(name) == Path(name).name:
        folders.insert(0, PRETRAINED / name)
    for folder in folders:
        if (folder / "card.json").is_file():
            return folder
    known = ", ".join(card.name for card in list_models()) or "none"
    raise UsageError(
        f"there is no model {str(name)!r}: expected a folder that `chorale train` "
        f"left, or one of those that come with the package ({known})"
    )


def list_models() -> list[Card]:
    """Return the cards of the models that come with the package."""
    return [load_card(path.parent) for path in sorted(PRETRAINED.glob("*/card.json"))]


def load_card(folder: Path) -> Card:
    """Read the card in a model's folder.

    Raises:
        ModelError: it cannot be read.
    """
    path = folder / "card.json"
    try:
        return Card.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot read the card: {error}") from None
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


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
    check_files(folder, (WEIGHTS_FILE, *GRAPH_FILES), card.files)
    weights = load_arrays(folder / WEIGHTS_FILE)
    if backend == "onnx":
        return OnnxPredictor(
            folder,
            weights,
            card.vocabulary,
            card.plan_features,
            card.memory_shapes,
            card.network.units,
        )
    require("train", "the Keras backend")
    from chorale.networks.next_step import NextStepNetwork
    from chorale.networks.weights import assign_weights

    network = NextStepNetwork(card.network, card.vocabulary, card.plan_features)
    assign_weights(network, weights)
    return KerasPredictor(network)


def save_model(network: NextStepNetwork, card: Card, folder: Path) -> Card:
    """Store a network in half precision, with its graphs and its card.

    Args:
        network: its weights are rounded to half precision, so that whoever measures it
            afterwards measures what is stored.
        card: without `files`, which are filled in.
        folder: is made if need be.

    Returns:
        The card as it was written.
    """
    from chorale.networks.exporting import export_graphs
    from chorale.networks.weights import round_weights

    save_arrays(folder / WEIGHTS_FILE, round_weights(network))
    for name, graph in export_graphs(network).items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(graph)
    hashes = {name: sha256(folder / name) for name in (WEIGHTS_FILE, *GRAPH_FILES)}
    card = replace(card, files=hashes)
    save_card(card, folder)
    return card


def save_card(card: Card, folder: Path) -> None:
    """Write `card.json`."""
    write_text(folder / "card.json", card.to_json())
