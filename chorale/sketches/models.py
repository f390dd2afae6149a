"""Trained classifiers: a folder with a card and an ONNX graph.

    card.json      what the model is, how it was made, its figures, its file's SHA-256
    network.onnx   ink (batch, points, 3), lengths (batch,)  →  logits (batch, words),
                   with its weights, in half precision

Opening one in ONNX Runtime needs no TensorFlow.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import ModelError, UsageError
from chorale.files import (
    check_files,
    replacing,
    sha256,
    write_text,
)
from chorale.graphs import open_graph
from chorale.sketches.batches import Padded, predict
from chorale.sketches.options import NetworkOptions
from chorale.sketches.strokes import Floats32, Inks

PRETRAINED = Path(__file__).parents[1] / "pretrained" / "sketches"
DEFAULT_MODEL = "quickdraw"
CARD_FORMAT = 1
GRAPH_FILE = "network.onnx"


@dataclass(frozen=True, kw_only=True)
class Card:
    """What there is to know of a trained classifier.

    Attributes:
        name: of the model.
        network: the options that shape it.
        words: the classes, in the order of the logits.
        training: the options that it was trained with.
        data: the SHA-256 of each file that was read.
        command: that makes the model again.
        figures: of the stored weights, by split.
        history: a row an epoch of training.
        versions: of the libraries that trained it.
        files: SHA-256 of the other file of the folder.
    """

    name: str
    network: NetworkOptions
    words: tuple[str, ...]
    training: Mapping[str, Any]
    data: Mapping[str, Any]
    command: str
    figures: Mapping[str, Any]
    history: Sequence[Mapping[str, float]]
    versions: Mapping[str, str]
    files: Mapping[str, str]

    def to_json(self) -> str:
        values = {"format": CARD_FORMAT, **asdict(self)}
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read a card as `to_json` writes it.

        Raises:
            ModelError: it is no card of a classifier, or of another format.
        """
        try:
            values = json.loads(text)
            if values.pop("format") != CARD_FORMAT:
                raise ModelError(f"expected a card of format {CARD_FORMAT}")
            values["network"] = NetworkOptions(**values["network"])
            values["words"] = tuple(values["words"])
            return cls(**values)
        except UsageError as error:
            raise ModelError(str(error)) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"expected the card of a sketch classifier: {error!r}"
            ) from None


class Classifier:
    """A trained network in ONNX Runtime.

    Attributes:
        card: of the model.
        words: its classes, in the order of probabilities.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        """Open the model in a folder; see `load_classifier`."""
        self.card = load_card(folder)
        self.words = self.card.words
        check_files(folder, [GRAPH_FILE], self.card.files)
        path = folder / GRAPH_FILE
        self._session = open_graph(path, threads=threads)
        # A graph has no input for what its network has no use for.
        self._wanted = {value.name for value in self._session.get_inputs()}
        (logits,) = self._session.get_outputs()
        if logits.shape[-1] != len(self.words):
            raise ModelError(
                f"{path}: the model does not fit its card: expected logits of "
                f"{len(self.words)} words, got {logits.shape[-1]}"
            )

    def probabilities(
        self, inks: Inks, progress: Callable[[int, int], None] | None = None
    ) -> Floats32:
        """Return the probability of each word for each drawing.

        Returns:
            float32 array (drawings, words); all alike where nothing is drawn.
        """
        return predict(self._logits, inks, len(self.words), progress)

    def _logits(self, batch: Padded) -> Floats32:
        given = {"ink": batch.ink, "lengths": batch.lengths.astype(np.int32)}
        feeds = {name: given[name] for name in self._wanted}
        logits: Floats32 = self._session.run(None, feeds)[0]
        return logits


def find_model(name: Path | str | None = None) -> Path:
    """Return the folder of a classifier.

    Args:
        name: of one that comes with the package, its folder, or that of a run; None
            for the default model.

    Raises:
        UsageError: there is no such model.
    """
    name = DEFAULT_MODEL if name is None else name
    folders = [Path(name), Path(name) / "model"]
    # A path such as `./quickdraw` names a folder, a bare word a model of ours.
    if str(name) == Path(name).name:
        folders.insert(0, PRETRAINED / name)
    for folder in folders:
        if (folder / "card.json").is_file():
            return folder
    known = ", ".join(card.name for card in list_models()) or "none"
    raise UsageError(
        f"there is no sketch model {str(name)!r}: expected a folder that `chorale "
        f"sketch train` left, or one of those that come with the package ({known})"
    )


def list_models() -> list[Card]:
    """Return the cards of the classifiers that come with the package."""
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


def load_classifier(name: Path | str | None = None, *, threads: int = 0) -> Classifier:
    """Open a classifier in ONNX Runtime.

    Args:
        name: as in `find_model`.
        threads: to compute with; 0 = one a core.

    Raises:
        UsageError: no such model.
        ModelError: a file is missing, damaged, or not the one that the card describes.
    """
    return Classifier(find_model(name), threads=threads)


def save_model(network: Any, card: Card, folder: Path) -> Card:
    """Store a network as a graph in half precision, with its card.

    Args:
        network: a Keras model of `chorale.sketches.network`.
        card: without `files`, which are filled in.
        folder: is made if need be.

    Returns:
        The card as it was written.
    """
    from chorale.networks.onnx_graph import Value, export_graph

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
    save_card(card, folder)
    return card


def save_card(card: Card, folder: Path) -> None:
    """Write `card.json`."""
    write_text(folder / "card.json", card.to_json())
