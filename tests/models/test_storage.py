"""Models on disk: cards, weights and graphs that belong together."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import PLAN, tiny_options

from chorale.errors import ModelError, UsageError
from chorale.models.storage import (
    GRAPH_FILES,
    Card,
    export_again,
    find_model,
    load_card,
    load_model,
)
from chorale.nn.cards import PRETRAINED
from chorale.nn.memory import Ring
from chorale.utils.files import load_arrays, save_arrays

FILES = ("weights.npz", *GRAPH_FILES, "tunes.npz")


pytestmark = pytest.mark.keras


@pytest.fixture
def model(next_step_run):
    return next_step_run / "model"


@pytest.fixture
def copy(model, tmp_path):
    for path in model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_card_survives_its_file(model):
    card = load_card(model)
    assert Card.from_json(card.to_json()) == card
    assert card.network.body == "lstm"
    assert set(card.files) == set(FILES)


def test_weights_are_stored_once_and_in_half_precision(model):
    arrays = load_arrays(model / "weights.npz")
    assert {array.dtype for array in arrays.values()} == {np.dtype("float16")}
    largest = max(array.size for array in arrays.values())
    # The graphs hold the structure alone: not even the largest weight is in them.
    kernel = next(array for array in arrays.values() if array.size == largest)
    for name in FILES[1:]:
        assert kernel.astype("float32").tobytes() not in (model / name).read_bytes()


def test_equal_weights_give_equal_bytes(model, tmp_path):
    name = "weights.npz"
    save_arrays(tmp_path / name, load_arrays(model / name), compress=True)
    assert (tmp_path / name).read_bytes() == (model / name).read_bytes()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["truncated", "changed", "missing"])
def test_a_damaged_file_is_named(copy, name, damage):
    path = copy / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[:-20] if damage == "truncated" else content + b"\0")
    with pytest.raises(ModelError, match=f"{name}.*missing, damaged, or not the one"):
        load_model(copy)


def test_a_card_that_does_not_match_its_weights_is_refused(copy):
    card = load_card(copy)
    more = replace(card.vocabulary, highest=card.vocabulary.highest + 1)
    for other in (
        replace(card, vocabulary=more),
        replace(card, plan_features=(*PLAN, "to_end")),
        replace(card, memory=(Ring(1, (32,)), Ring(1, (32,)))),
        replace(card, network=tiny_options("lstm", units=32)),
    ):
        (copy / "card.json").write_text(other.to_json())
        with pytest.raises(ModelError, match=r"does not fit its card"):
            predictor = load_model(copy)
            plan = np.zeros((1, len(other.plan_features)), np.int64)
            predictor.voice_logits(predictor.start(plan), 0, np.ones((1, 4), np.int64))
    other = replace(card, network=tiny_options("lstm", units=32))
    (copy / "card.json").write_text(other.to_json())
    with pytest.raises(ModelError, match="do not fit the network"):
        load_model(copy, backend="keras")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", '{"format": 9}', '{"format": 1}', "\x00"],
)
def test_what_is_no_card_is_refused(copy, text):
    (copy / "card.json").write_text(text)
    with pytest.raises(ModelError, match=r"card\.json: expected"):
        load_card(copy)


def test_a_card_of_version_0_10_1_has_no_kind(copy):
    values = json.loads((copy / "card.json").read_text())
    assert values.pop("kind") == "next-step"
    (copy / "card.json").write_text(json.dumps(values))
    assert load_card(copy).kind == "next-step"
    folder = PRETRAINED / "counterpoint"
    values = json.loads((folder / "card.json").read_text())
    assert values.pop("kind") == "infiller"
    (copy / "card.json").write_text(json.dumps(values))
    assert load_card(copy) == load_card("counterpoint")


def test_a_model_of_version_0_13_returns_its_whole_memory_from_each_step(copy):
    expected = load_model(copy)
    plan, tokens = np.zeros((2, len(PLAN)), np.int64), np.ones((2, 4), np.int64)

    def logits(model):
        state = model.advance(model.start(plan), tokens, plan)
        return model.voice_logits(state, 1, tokens)

    values = json.loads((copy / "card.json").read_text())
    values["memory_shapes"] = [ring["shape"] for ring in values.pop("memory")]
    (copy / "card.json").write_text(json.dumps(values))
    np.testing.assert_array_equal(logits(load_model(copy)), logits(expected))


def test_graphs_that_are_written_again_have_the_same_bytes(copy):
    files = {path.name: path.read_bytes() for path in copy.iterdir()}
    assert export_again(copy) == load_card(copy)
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == files


def test_a_card_with_an_unknown_network_is_refused(copy):
    values = json.loads((copy / "card.json").read_text())
    values["network"]["body"] = "abacus"
    (copy / "card.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match=r"card\.json: .*abacus"):
        load_card(copy)


def test_a_run_without_a_model_says_how_to_make_one(tmp_path):
    (tmp_path / "options.json").write_text("{}")
    with pytest.raises(UsageError, match=r"without a model so far: .* --finish"):
        load_model(tmp_path)


def test_an_unknown_model_names_what_there_is(tmp_path):
    with pytest.raises(UsageError, match=r"no model 'nobody': .* \(bach, jsb, count"):
        load_model("nobody")
    with pytest.raises(UsageError, match="onnx, keras, got 'torch'"):
        load_model(tmp_path, backend="torch")


def test_a_path_is_never_taken_for_a_word(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "bach" / "model"
    run.mkdir(parents=True)
    (run / "card.json").write_bytes((model / "card.json").read_bytes())
    assert find_model("./bach") == Path("bach/model")
    assert find_model("bach/") == Path("bach/model")
    assert find_model("bach") == PRETRAINED / "bach"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("plan_features",), ["tempo"]),
        (("vocabulary", "lowest"), 99),
        (("files",), {}),
    ],
)
def test_a_card_that_makes_no_sense_is_refused(copy, place, value):
    values = json.loads((copy / "card.json").read_text())
    *above, last = place
    inner = values
    for name in above:
        inner = inner[name]
    inner[last] = value
    (copy / "card.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match=str(copy)):
        load_model(copy)


def test_a_run_names_the_model_in_it(model, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "card.json").write_bytes((model / "card.json").read_bytes())
    assert find_model(tmp_path) == tmp_path / "model"


def test_a_model_runs_without_keras(model):
    code = f"""
import sys
import numpy as np
from chorale.models.storage import load_model
predictor = load_model({str(model)!r})
predictor.start(np.zeros((1, 3), int))
predictor.score(np.ones((1, 3, 4), int), np.zeros((1, 3, 3), int))
sys.exit(any(name in sys.modules for name in ("keras", "tensorflow", "pandas")))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
