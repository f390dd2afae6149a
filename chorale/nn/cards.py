"""Cards: the `card.json` in a model's folder, and how a model is found by its name.

What the models of chorales and the classifiers of sketches have in common; what a card
tells, and what lies beside it, is theirs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from chorale.errors import DataError, ModelError, UsageError
from chorale.utils.files import write_text

PRETRAINED = Path(__file__).parents[1] / "pretrained"
CARD_FILE = "card.json"
CARD_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class BaseCard:
    """What there is to know of a model, as JSON.

    Attributes:
        kind: what the model is, for errors.
        name: of the model.
    """

    kind: ClassVar[str]
    name: str

    def to_json(self) -> str:
        values = {"format": CARD_FORMAT, **asdict(self)}
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a card as `to_json` writes it.

        Raises:
            ModelError: it is no card of this kind of model, or of another format.
        """
        try:
            values = json.loads(text)
            if values.pop("format") != CARD_FORMAT:
                raise ModelError(f"expected a card of format {CARD_FORMAT}")
            return cls(**cls.rebuilt(values))
        except (UsageError, DataError) as error:
            raise ModelError(str(error)) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"expected the card of a {cls.kind}: {error!r}") from None

    @classmethod
    def rebuilt(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of a card from what JSON kept of them."""
        raise NotImplementedError


CardT = TypeVar("CardT", bound=BaseCard)


@dataclass(frozen=True)
class Shelf(Generic[CardT]):
    """The models of a kind: those that come with the package, and any others.

    Attributes:
        folder: where those that come with the package lie, each in a folder.
        default: name of the one that is taken if none is named.
        card: the class of their cards.
        command: that makes others.
    """

    folder: Path
    default: str
    card: type[CardT]
    command: str

    def find(self, name: Path | str | None = None) -> Path:
        """Return the folder of a model.

        Args:
            name: of a model that comes with the package, the folder of a model, or that
                of a run; None for the default model.

        Raises:
            UsageError: there is no such model.
        """
        name = self.default if name is None else name
        folders = [Path(name), Path(name) / "model"]
        # A path such as `./bach` names a folder, a bare word first of all one of ours.
        if str(name) == Path(name).name:
            folders.insert(0, self.folder / name)
        for folder in folders:
            if (folder / CARD_FILE).is_file():
                return folder
        if (Path(name) / "options.json").is_file():
            raise UsageError(
                f"{name} is a run without a model as yet: let it train on with "
                "--resume, or make a model of it with --resume --finish"
            )
        known = ", ".join(card.name for card in self.cards()) or "none"
        raise UsageError(
            f"there is no {self.card.kind} {str(name)!r}: expected a folder that "
            f"`{self.command}` left, or one of those that come with the package "
            f"({known})"
        )

    def cards(self) -> list[CardT]:
        """Return the cards of the models that come with the package."""
        paths = sorted(self.folder.glob(f"*/{CARD_FILE}"))
        return [self.load_card(path.parent) for path in paths]

    def load_card(self, folder: Path) -> CardT:
        """Read the card in a model's folder.

        Raises:
            ModelError: it cannot be read.
        """
        path = folder / CARD_FILE
        try:
            return self.card.from_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{path}: cannot read the card: {error}") from None
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from None


def save_card(card: BaseCard, folder: Path) -> None:
    """Write the card of the model in a folder."""
    write_text(folder / CARD_FILE, card.to_json())
