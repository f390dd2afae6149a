"""Model cards, and the registry that finds models by name or folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from chorale.errors import ModelError, UsageError
from chorale.nn.cards import BaseCard, ModelRegistry, model_folders


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


def test_models_are_found_by_name_in_folders_of_models(
    registry: ModelRegistry[Card], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    folders = os.pathsep.join([str(tmp_path / "nowhere"), str(first), str(second)])
    monkeypatch.setenv("CHORALE_MODELS", folders)
    Card(name="a").write(second / "boat")
    Card(name="b").write(second / "kite" / "model")
    Card(name="c").write(first / "bear")
    assert registry.find("boat") == second / "boat"
    assert registry.find("kite") == second / "kite" / "model"
    Card(name="d").write(first / "boat" / "model")
    assert registry.load_card("boat").name == "d"  # the first folder comes first
    Card(name="e").write(here / "boat")
    assert registry.load_card("boat").name == "e"  # the path itself before them
    assert registry.find("bear") == registry.folder / "bear"  # bundled before all
    for place in ("./kite", str(tmp_path / "kite"), "../kite"):
        with pytest.raises(UsageError, match="no toy"):
            registry.find(place)
    with pytest.raises(
        UsageError, match=rf"a model in .*{first} or {second} \(set CHO"
    ):
        registry.find("doll")
    (second / "doll").mkdir()
    (second / "doll" / "options.json").write_text("{}")
    with pytest.raises(UsageError, match=r"second/doll is a run without a model"):
        registry.find("doll")


def test_all_models_are_listed_and_those_of_other_families_are_not(
    registry: ModelRegistry[Card], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    monkeypatch.setenv("CHORALE_MODELS", str(mine))
    assert list(registry.listed()) == [registry.folder / n for n in ("bear", "car")]
    Card(name="kite").write(mine / "kite" / "model")
    for name, text in (
        ("paper", '{"format": 1, "kind": "paper", "name": "x"}'),
        ("torn", "{"),
    ):
        (mine / name).mkdir()
        (mine / name / "card.json").write_text(text)
    (mine / "notes.txt").write_text("no model")
    listed = registry.listed()
    kite, torn = (mine / "kite" / "model", mine / "torn")
    assert list(listed)[2:] == [kite, torn]
    assert listed[kite] == Card(name="kite")
    assert isinstance(listed[torn], ModelError) and "torn" in str(listed[torn])


def test_a_folder_of_models_that_cannot_be_read_is_named(
    registry: ModelRegistry[Card], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed, open_ = tmp_path / "closed", tmp_path / "open"
    Card(name="kite").write(open_ / "kite")
    closed.mkdir()
    monkeypatch.setenv("CHORALE_MODELS", os.pathsep.join(map(str, (closed, open_))))
    iterdir = Path.iterdir

    def refuse(path: Path) -> Iterator[Path]:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    listed = registry.listed()
    assert str(listed[closed]) == f"{closed}: Permission denied"
    assert listed[open_ / "kite"] == Card(name="kite")


def test_models_are_in_the_data_folder_unless_it_is_said_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CHORALE_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (folder,) = model_folders()
    assert folder.is_absolute() and folder.name == "models"
    assert folder.parent.name == "chorale"
    monkeypatch.setenv("CHORALE_MODELS", "~/a" + os.pathsep + "b")
    assert model_folders() == [Path.home() / "a", Path("b")]


def test_an_unknown_model_is_refused_with_those_that_there_are(
    registry: ModelRegistry[Card],
) -> None:
    with pytest.raises(
        UsageError, match=r"no toy 'doll': .*`toy train`.*\(bear, car\)"
    ):
        registry.find("doll")
