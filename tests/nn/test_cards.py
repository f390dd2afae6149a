"""Model cards, and the registry that finds models by name or folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from chorale.errors import ModelError, UsageError
from chorale.nn.cards import BaseCard, ModelRegistry


@dataclass(frozen=True, kw_only=True)
class Card(BaseCard):
    kinds: ClassVar[tuple[str, ...]] = ("plush", "wood")
    noun: ClassVar[str] = "toy"
    kind: str = "plush"
    figures: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[int, ...] = ()

    @classmethod
    def decoded(cls, values: dict[str, Any]) -> dict[str, Any]:
        if "refused" in values:
            raise UsageError("expected no toy that is refused")
        return {**values, "sizes": tuple(values["sizes"])}


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry[Card]:
    """Return a registry of the bundled models `bear`, the default, and `car`."""
    for name in ("car", "bear"):
        Card(name=name, sizes=(3, 4)).write(tmp_path / "bundled" / name)
    return ModelRegistry(("bear", "car"), Card, "toy train", tmp_path / "bundled")


def test_a_card_comes_back_as_it_was(registry: ModelRegistry[Card]) -> None:
    card = Card(name="bär", sizes=(1, 2))
    assert Card.from_json(card.to_json()) == card
    values = {"format": 1, "kind": "plush", "name": "bär", "figures": {}}
    values["sizes"] = [1, 2]
    assert json.loads(card.to_json()) == values
    assert "bär" in card.to_json()
    assert [card.name for card in registry.cards()] == ["bear", "car"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the card of a toy"),
        ("[1]", "the card of a toy"),
        ('{"format": 2}', "a card of format 1"),
        ('{"format": 1, "name": "x"}', "the card of a toy: .*sizes"),
        ('{"format": 1, "sizes": [1]}', "the card of a toy: .*name"),
        ('{"format": 1, "refused": true}', "no toy that is refused"),
        ('{"format": 1, "kind": "paper"}', "the card of a toy, got kind paper"),
    ],
)
def test_what_is_no_card_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(ModelError, match=rf"card\.json: expected {says}"):
        Card.read(tmp_path)


def test_a_card_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"card\.json: cannot read the card"):
        Card.read(tmp_path)


def test_a_model_is_found_by_name_folder_or_run(
    registry: ModelRegistry[Card], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Card(name="mine").write(Path("car"))
    Card(name="made").write(Path("run") / "model")
    assert registry.find() == registry.find("bear") == registry.folder / "bear"
    assert registry.find("car") == registry.folder / "car"
    assert registry.find("./car") == registry.find("car/") == Path("car")
    assert registry.load_card("./car").name == "mine"
    assert registry.find("run") == Path("run") / "model"


def test_an_unknown_model_is_refused_with_those_that_there_are(
    registry: ModelRegistry[Card],
) -> None:
    with pytest.raises(
        UsageError, match=r"no toy 'doll': .*`toy train`.*\(bear, car\)"
    ):
        registry.find("doll")
