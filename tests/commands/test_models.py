"""`chorale models`: bundled models, yours, and those that are hidden by others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from command_line import outcome

from chorale.nn.cards import PRETRAINED


def lines() -> list[str]:
    code, said, errors = outcome("models")
    assert (code, errors) == (0, "")
    return said.splitlines()


def test_a_name_that_finds_another_model_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHORALE_MODELS", str(tmp_path))
    bundled = lines()
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, name in ((first, "bach"), (first, "own"), (second, "own/model")):
        (folder / name).mkdir(parents=True)
        shutil.copy(PRETRAINED / "bach" / "card.json", folder / name)
    monkeypatch.setenv("CHORALE_MODELS", os.pathsep.join(map(str, (first, second))))
    listed = lines()
    assert listed[: len(bundled)] == bundled
    bach, own, other = listed[len(bundled) :]
    path_alone = "found by its path alone: the name is that of"
    assert bach.endswith(f"  in {first}/bach, {path_alone} a bundled one")
    assert own.endswith(f"  in {first}/own")
    assert other.endswith(
        f"  in {second}/own/model, {path_alone} the model in {first}/own"
    )


def test_what_is_no_card_and_no_folder_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "card.json").write_text("{\n")
    nowhere = tmp_path / "nowhere"
    monkeypatch.setenv("CHORALE_MODELS", os.pathsep.join([str(tmp_path), str(nowhere)]))
    code, _, errors = outcome("models")
    assert code == 0
    assert errors.splitlines() == [
        f"note: CHORALE_MODELS: there is no folder {nowhere}",
        f"note: left out, as it cannot be read: {tmp_path}/torn/card.json: expected "
        "the card of a model, in JSON: Expecting property name enclosed in double "
        "quotes: line 2 column 1 (char 2)",
    ]
