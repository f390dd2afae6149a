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
