"""Cards and shelves of models, whatever the models are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from chorale.errors import ModelError, UsageError
from chorale.nn.cards import BaseCard, Shelf, save_card


@dataclass(frozen=True, kw_only=True)
class Card(BaseCard):
    kind: ClassVar[str] = "toy"
    sizes: tuple[int, ...] = ()

    @classmethod
    def rebuilt(cls, values: dict[str, Any]) -> dict[str, Any]:
        if "refused" in values:
            raise UsageError("expected no toy that is refused")
        return {**values, "sizes": tuple(values["sizes"])}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf[Card]:
    """Return a shelf with the models `bear`, taken if none is named, and `car`."""
    for name in ("car", "bear"):
        save_card(Card(name=name, sizes=(3, 4)), tmp_path / "shelf" / name)
    return Shelf(tmp_path / "shelf", "bear", Card, "toy train")


def test_a_card_comes_back_as_it_was(shelf: Shelf[Card]) -> None:
    card = Card(name="bär", sizes=(1, 2))
    assert Card.from_json(card.to_json()) == card
    assert json.loads(card.to_json()) == {"format": 1, "name": "bär", "sizes": [1, 2]}
    assert "bär" in card.to_json()
    assert [card.name for card in shelf.cards()] == ["bear", "car"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the card of a toy"),
        ("[1]", "the card of a toy"),
        ('{"format": 2}', "a card of format 1"),
        ('{"format": 1, "name": "x"}', "the card of a toy: .*sizes"),
        ('{"format": 1, "sizes": [1]}', "the card of a toy: .*name"),
        ('{"format": 1, "refused": true}', "no toy that is refused"),
    ],
)
def test_what_is_no_card_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "card.json").write_text(text)
    shelf = Shelf(tmp_path, "bear", Card, "toy train")
    with pytest.raises(ModelError, match=rf"card\.json: expected {says}"):
        shelf.load_card(tmp_path)


def test_a_card_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "bear", Card, "toy train")
    with pytest.raises(ModelError, match=r"card\.json: cannot read the card"):
        shelf.load_card(tmp_path)


def test_a_model_is_found_by_name_folder_or_run(
    shelf: Shelf[Card], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_card(Card(name="mine"), Path("car"))
    save_card(Card(name="made"), Path("run") / "model")
    assert shelf.find() == shelf.find("bear") == shelf.folder / "bear"
    assert shelf.find("car") == shelf.folder / "car"
    assert shelf.find("./car") == shelf.find("car/") == Path("car")
    assert shelf.load_card(shelf.find("./car")).name == "mine"
    assert shelf.find("run") == Path("run") / "model"


def test_an_unknown_model_is_refused_with_those_that_there_are(
    shelf: Shelf[Card],
) -> None:
    with pytest.raises(
        UsageError, match=r"no toy 'doll': .*`toy train`.*\(bear, car\)"
    ):
        shelf.find("doll")
    empty = Shelf(shelf.folder / "nowhere", "bear", Card, "toy train")
    with pytest.raises(UsageError, match=r"\(none\)"):
        empty.find()
