"""Models by name, opened once, and those that are trained meanwhile."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from chorale.errors import UsageError
from chorale.models.storage import find_model, load_card
from chorale.studio.catalogue import catalogue
from chorale.studio.model_cache import judge_of, model_names, open_model


def test_models_that_are_trained_meanwhile_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHORALE_MODELS", str(tmp_path))
    assert "mine" not in model_names()
    shutil.copytree(find_model("bach"), tmp_path / "mine")
    assert "mine" in [each["name"] for each in catalogue()["models"]]
    first = open_model("mine")
    assert open_model("mine") is first
    card = load_card("mine")
    replace(card, figures={}).write(tmp_path / "mine")
    assert open_model("mine") is not first
    shutil.rmtree(tmp_path / "mine")
    assert "mine" not in model_names()


def test_models_are_opened_once_and_by_name_only() -> None:
    assert open_model("bach") is open_model("bach")
    assert judge_of("bach").predictor is open_model("bach")
    assert "counterpoint" not in model_names("next-step")
    for name in ("../bach", "/tmp", ""):
        with pytest.raises(UsageError, match="expected a model out of bach"):
            open_model(name)
    with pytest.raises(UsageError, match="infiller counterpoint"):
        judge_of("counterpoint")
