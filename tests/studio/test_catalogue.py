"""The catalogue, and guesses of drawings by the model that travels with the package."""

from __future__ import annotations

import json
import math
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from chorale.errors import DataError, UsageError
from chorale.models.storage import find_model, load_card
from chorale.music.keys import Key
from chorale.studio.catalogue import catalogue
from chorale.studio.model_cache import judge_of, model_names, open_model
from chorale.studio.sketch_guesses import MOST_POINTS, guess

CORNERS = [math.tau * 2 * corner / 5 - math.pi / 2 for corner in range(6)]
STAR = [[[100 + 80 * math.cos(a), 100 + 80 * math.sin(a)] for a in CORNERS]]


def test_everything_to_choose_from_is_there() -> None:
    found = json.loads(json.dumps(catalogue(), allow_nan=False))
    assert [each["name"] for each in found["models"]] == ["bach", "jsb", "counterpoint"]
    assert all(each["summary"] for each in found["models"])
    seeds = found["seeds"]
    assert [each["number"] for each in seeds] == list(range(1, len(seeds) + 1))
    assert seeds[2]["source"] == "bwv393" and seeds[2]["key"] == "A major"
    assert seeds[2]["bars"] == 12 and seeds[2]["metre"] == "4/4" and seeds[2]["form"]
    assert len({Key.parse(name) for name in found["keys"]}) == 30
    assert len(found["words"]) == 338 and "star" in found["words"]
    assert found["limits"] == {"bytes": 10_000_000, "bars": 128, "variations": 8}


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


def test_a_star_is_recognized() -> None:
    found = guess({"strokes": STAR})
    assert found["guesses"][0]["word"] == "star"
    assert len(found["guesses"]) == 5
    assert sum(each["probability"] for each in found["guesses"]) <= 1.001
    (stroke,) = found["strokes"]
    assert len(stroke) == 6 and all(
        0 <= each <= 255 for point in stroke for each in point
    )
    json.dumps(found, allow_nan=False)


def test_guesses_are_quick() -> None:
    guess({"strokes": STAR})
    begin = time.perf_counter()
    for _ in range(5):
        guess({"strokes": STAR})
    assert (
        time.perf_counter() - begin < 5 * 0.5
    )  # 100 ms on a machine that does nothing


def test_nothing_drawn_is_nothing_guessed() -> None:
    for strokes in ([], [[]]):
        assert guess({"strokes": strokes})["guesses"] == []
    assert guess({"strokes": [[[5, 5]]]})["strokes"] == [[[0, 0]]]


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"strokes": 3}, {"strokes": [3]}, {"strokes": [[3]]}]
    + [{"strokes": [[value]]} for value in ([1], [1, 2, 3], ["1", "2"], [True, 1])]
    + [{"strokes": [[[1, 1e300]]]}, {"strokes": [[[1, float("nan")]]]}]
    + [{"strokes": [[[1, 2]] * (MOST_POINTS + 1)]}],
)
def test_other_bodies_are_refused(body: object) -> None:
    with pytest.raises(DataError, match="stroke"):
        guess(body)
