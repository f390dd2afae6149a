"""Model cards: the `card.json` in a model's folder, and the lookup of models by name.

Shared by models of chorales and by classifiers of sketches. Each defines the fields of
its own card and the files beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from chorale.errors import DataError, ModelError, UsageError
from chorale.utils.checks import check_types
from chorale.utils.files import parse_object, write_text

PRETRAINED = Path(__file__).parents[1] / "pretrained"
CARD_FILE = "card.json"
WEIGHTS_FILE = "weights.npz"
CARD_FORMAT = 1
FOLDERS = "CHORALE_MODELS"  # environment variable: folders of models


@dataclass(frozen=True, kw_only=True)
class BaseCard:
    """Metadata of a trained model, stored as JSON.

    Attributes:
        kinds: the kinds of model that the class describes.
        noun: name of such a model in messages.
        kind: one of `kinds`.
        name: of the model.
        figures: metrics of the stored weights, by split.
    """

    kinds: ClassVar[tuple[str, ...]]
    noun: ClassVar[str]
    kind: str
    name: str
    figures: Mapping[str, Any]

    def to_json(self) -> str:
        values = {"format": CARD_FORMAT, **asdict(self)}
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a card as `to_json` writes it.

        Raises:
            ModelError: not a card, or one of another format or kind of model.
        """
        try:
            values = parse_object(text)
            if values.pop("format") != CARD_FORMAT:
                raise ModelError(f"expected a card of format {CARD_FORMAT}")
            kind = values.get("kind", cls.kinds[0])  # version 0.10.1 wrote no kind
            if kind not in cls.kinds:
                raise ModelError(f"expected the card of a {cls.noun}, got kind {kind}")
            card = cls(**cls.decoded(values))
            check_types(card)
            return card
        except (UsageError, DataError) as error:
            raise ModelError(str(error)) from None
        except json.JSONDecodeError as error:
            raise ModelError(
                f"expected the card of a {cls.noun}, in JSON: {error}"
            ) from None
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            raise ModelError(f"expected the card of a {cls.noun}: {error!r}") from None

    @classmethod
    def decoded(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a card, decoded from the values in its JSON."""
        raise NotImplementedError

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the card in a model's folder.

        Raises:
            ModelError: it cannot be read.
        """
        path = folder / CARD_FILE
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{path}: cannot read the card: {error}") from None
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from None

    def write(self, folder: Path) -> None:
        """Write the card into a model's folder."""
        write_text(folder / CARD_FILE, self.to_json())


CardT = TypeVar("CardT", bound=BaseCard)


@dataclass(frozen=True)
class ModelRegistry(Generic[CardT]):
    """The models of a family: the bundled ones, and those in folders of models.

    Attributes:
        names: of the bundled models, the default first.
        card: class of their cards.
        command: the command that trains other models.
        folder: where the bundled models are, each in a folder of its name.
    """

    names: tuple[str, ...]
    card: type[CardT]
    command: str
    folder: Path = PRETRAINED

    def find(self, name: Path | str | None = None) -> Path:
        """Return the folder of a model.

        Args:
            name: of a bundled model; or else the folder of a model or of a run; or else
                the name of such a folder in one of `model_folders`. None for the
                default model. Write `./bach` for a folder of that name.

        Raises:
            UsageError: there is no such model.
        """
        name = self.names[0] if name is None else name
        if str(name) in self.names:
            return self.folder / name
        folders = [] if _is_place(str(name)) else model_folders()
        places = [Path(name), *(folder / name for folder in folders)]
        for place in places:
            if found := _model_in(place):
                return found
        for place in places:
            if (place / "options.json").is_file():
                raise UsageError(
                    f"{place} is a run without a model so far: continue its training "
                    "with --resume, or make a model of its best epoch with --resume "
                    "--finish"
                )
        searched = " or ".join(str(folder) for folder in folders)
        inside = f", a model in {searched} (set {FOLDERS} to search elsewhere)"
        raise UsageError(
            f"there is no {self.card.noun} {str(name)!r}: expected a folder that "
            f"`{self.command}` left{inside if searched else ''}, or one of the bundled "
            f"models ({', '.join(self.names)})"
        )

    def cards(self) -> list[CardT]:
        """Return the cards of the bundled models."""
        return [self.load_card(name) for name in self.names]

    def listed(self) -> dict[Path, CardT | ModelError]:
        """Return the cards of all models by their folders, the bundled ones first.

        Those in `model_folders` of other families are left out. For a card or a folder
        there that cannot be read there is the error that says so.
        """
        found: dict[Path, CardT | ModelError] = {
            self.folder / name: self.load_card(name) for name in self.names
        }
        for folder in model_folders():
            try:
                places = sorted(folder.iterdir()) if folder.is_dir() else []
                models = [model for place in places if (model := _model_in(place))]
            except OSError as error:
                found[folder] = ModelError(f"{folder}: {error.strerror or error}")
                continue
            for model in models:
                if not self._is_ours(model):
                    continue
                try:
                    found[model] = self.card.read(model)
                except ModelError as error:
                    found[model] = error
        return found

    def load_card(self, name: Path | str | None = None) -> CardT:
        """Read the card of a model, named as in `find`.

        Raises:
            UsageError: there is no such model.
            ModelError: the card cannot be read.
        """
        return self.card.read(self.find(name))

    def _is_ours(self, model: Path) -> bool:
        """Return whether the card of a model can be one of this family."""
        try:
            text = (model / CARD_FILE).read_text(encoding="utf-8")
            kind = parse_object(text).get("kind", self.card.kinds[0])
        except (OSError, ValueError):
            return True  # its reader says what is wrong
        return kind in self.card.kinds


def model_folders() -> list[Path]:
    """Return the folders in which models are found by name, the first first.

    They are those of the environment variable CHORALE_MODELS, separated as in PATH, or
    else `models` in the platform's data folder of this program.
    """
    named = os.environ.get(FOLDERS, "")
    if folders := [Path(each).expanduser() for each in named.split(os.pathsep) if each]:
        return folders
    from platformdirs import user_data_dir

    return [Path(user_data_dir("chorale", appauthor=False)) / "models"]


def _is_place(name: str) -> bool:
    """Return whether a name says where a folder is: `./bach`, `../bach`, `/bach`."""
    path = Path(name)
    return path.is_absolute() or name.startswith(".") or ".." in path.parts


def _model_in(folder: Path) -> Path | None:
    """Return the folder of the model that a folder is, or has as a run."""
    for place in (folder, folder / "model"):
        if (place / CARD_FILE).is_file():
            return place
    return None
