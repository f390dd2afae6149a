"""Stored classifiers: cards, damage, and the bundled one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chorale.errors import ModelError, UsageError
from chorale.nn.cards import PRETRAINED, WEIGHTS_FILE
from chorale.sketches import read_sketches
from chorale.sketches.evaluation import measure
from chorale.sketches.models import (
    DEFAULT_MODEL,
    GRAPH_FILE,
    Card,
    find_model,
    list_models,
    load_card,
    load_classifier,
)
from chorale.sketches.options import NetworkOptions
from chorale.sketches.preprocessing import to_inks
from chorale.utils.files import load_arrays, save_arrays, sha256

FOLDER = PRETRAINED / DEFAULT_MODEL
VALID = Path(__file__).parents[2] / "data" / "sketches" / "valid.npz"
CARD = Card(
    name="tiny",
    network=NetworkOptions(units=8, layers=1, dropout=0.5),
    words=("cat", "The Eiffel Tower", "çà"),
    training={"epochs": 3, "augment": 0.5},
    data={"files": {"cat.ndjson": "0" * 64}},
    command="chorale sketch train --data 'my drawings'",
    figures={"valid": {"top1": 0.75, "nats": 1.25e-3}},
    history=({"epoch": 1, "train_loss": 2.5},),
    versions={"keras": "3.12"},
    files={WEIGHTS_FILE: "1" * 64, GRAPH_FILE: "2" * 64},
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the default model."""
    return Path(shutil.copytree(FOLDER, tmp_path / "copy"))


# === Cards ===


def test_a_card_comes_back_as_it_was(tmp_path: Path) -> None:
    CARD.write(tmp_path / "new")
    again = load_card(tmp_path / "new")
    assert replace(again, history=tuple(again.history)) == CARD
    assert isinstance(again.words, tuple)
    text = (tmp_path / "new" / "card.json").read_text(encoding="utf-8")
    assert text.endswith("}\n") and "çà" in text
    assert json.loads(text)["format"] == 1


def test_the_card_of_the_book_s_network_tells_no_sizes(tmp_path: Path) -> None:
    book = replace(CARD, network=NetworkOptions(network="book"))
    recorded = json.loads(book.to_json())["network"]
    assert recorded == {
        "network": "book",
        "units": None,
        "layers": None,
        "dropout": None,
    }
    # Older cards and runs stored sizes that it does not have.
    before = {"network": "book", "units": 160, "layers": 2, "dropout": 0.2}
    for network in (recorded, before):
        (tmp_path / "card.json").write_text(changed(network=network))
        assert load_card(tmp_path).network == NetworkOptions(network="book")


def changed(**changes: object) -> str:
    return json.dumps({**json.loads(CARD.to_json()), **changes})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the card of a sketch model"),
        ("[]", "the card of a sketch model"),
        ("{}", "the card of a sketch model"),
        (changed(format=2), "a card of format 1"),
        (changed(more=2), "the card of a sketch model: .*more"),
        (changed(network={"cells": 3}), "the card of a sketch model: .*cells"),
        (changed(network={"units": 0}), "units of at least 1, got 0"),
        (changed(network={"network": "cnn"}), "out of conv-lstm, book, got 'cnn'"),
        (changed(words=None), "the card of a sketch model"),
    ],
)
def test_what_is_no_card_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(ModelError, match=rf"card\.json: expected .*{says}") as refused:
        load_classifier(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_card_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(ModelError, match=r"card\.json: cannot read the card"):
        load_card(tmp_path)


# === Finding and opening ===


def test_a_model_is_found_by_name_folder_or_run(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_model() == find_model(DEFAULT_MODEL) == FOLDER
    assert find_model(copy) == find_model(str(copy)) == copy
    run = tmp_path / "run"
    shutil.copytree(copy, run / "model")
    assert find_model(run) == run / "model"
    # A bare word is a model of ours, a path a folder.
    monkeypatch.chdir(tmp_path)
    copy.rename(DEFAULT_MODEL)
    assert find_model(DEFAULT_MODEL) == FOLDER
    assert find_model(f"./{DEFAULT_MODEL}") == Path(DEFAULT_MODEL)
    assert find_model("run") == Path("run") / "model"


@pytest.mark.parametrize("name", ["nowhere", "./nowhere", ""])
def test_an_unknown_model_is_refused_with_those_that_there_are(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=rf"no sketch model .*\(.*{DEFAULT_MODEL}"):
        load_classifier(name)


@pytest.mark.parametrize("name", [WEIGHTS_FILE, GRAPH_FILE])
def test_a_damaged_or_missing_file_is_named(copy: Path, name: str) -> None:
    path = copy / name
    content = path.read_bytes()
    for damaged in (content[:-1], content[:1000] + b"!" + content[1001:], b""):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match=rf"{name}: the file is missing, damaged"):
            load_classifier(copy)
    path.unlink()
    with pytest.raises(ModelError, match=rf"{name}: the file is missing"):
        load_classifier(copy)


def test_what_is_no_graph_is_refused_though_its_hash_is_right(copy: Path) -> None:
    (copy / GRAPH_FILE).write_bytes(b"no graph")
    store_hashes(copy)
    with pytest.raises(ModelError, match=rf"{GRAPH_FILE}: cannot read the graph"):
        load_classifier(copy)


def test_weights_of_another_network_are_refused(copy: Path) -> None:
    arrays = load_arrays(copy / WEIGHTS_FILE)
    name = "lstm_0/back/lstm_cell/kernel"
    for changed in ({name: arrays[name][:-1]}, {name: arrays[name].astype(int)}):
        save_arrays(copy / WEIGHTS_FILE, {**arrays, **changed})
        store_hashes(copy)
        with pytest.raises(ModelError, match=rf"expected .*{name}|got int64 as {name}"):
            load_classifier(copy)
    del arrays[name]
    save_arrays(copy / WEIGHTS_FILE, arrays)
    store_hashes(copy)
    with pytest.raises(ModelError, match=rf"expected {name} of shape .* got none"):
        load_classifier(copy)


def test_a_graph_without_weights_needs_the_file_in_its_card(copy: Path) -> None:
    card = load_card(copy)
    files = {GRAPH_FILE: card.files[GRAPH_FILE]}
    replace(card, files=files).write(copy)
    with pytest.raises(ModelError, match=rf"{GRAPH_FILE}: the weights do not fit"):
        load_classifier(copy)


@pytest.mark.keras  # for onnx, which is installed with it
def test_a_graph_of_version_0_18_which_holds_its_weights_runs(copy: Path) -> None:
    inks = to_inks([[[(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)]], [[(0, 0), (9, 4)]]])
    expected = load_classifier(copy).probabilities(inks)
    put_weights_inside(copy)
    classifier = load_classifier(copy)
    assert not classifier.card.has_weights
    np.testing.assert_allclose(classifier.probabilities(inks), expected, atol=1e-6)


def put_weights_inside(folder: Path) -> None:
    """Make a model one of version 0.18: its graph holds the weights, in one file."""
    import onnx

    arrays = load_arrays(folder / WEIGHTS_FILE)
    model = onnx.load(str(folder / GRAPH_FILE), load_external_data=False)
    names = [each.name for each in model.graph.initializer if each.external_data]
    for constant in model.graph.initializer:
        if constant.name in names:
            array = arrays[constant.name].astype(np.float32)
            constant.CopyFrom(onnx.numpy_helper.from_array(array, constant.name))
    inputs = [each for each in model.graph.input if each.name not in names]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    onnx.save(model, str(folder / GRAPH_FILE))
    (folder / WEIGHTS_FILE).unlink()
    files = {GRAPH_FILE: sha256(folder / GRAPH_FILE)}
    replace(load_card(folder), files=files).write(folder)


def store_hashes(folder: Path) -> None:
    """Write the hashes of the files of a model into its card."""
    card = load_card(folder)
    files = {name: sha256(folder / name) for name in card.files}
    replace(card, files=files).write(folder)


def test_a_card_of_other_words_does_not_fit(copy: Path) -> None:
    card = load_card(copy)
    replace(card, words=card.words[:-1]).write(copy)
    with pytest.raises(ModelError, match=r"logits of last axes \(337,\), got \(338,\)"):
        load_classifier(copy)


# === The bundled model ===


def test_every_bundled_model_is_whole() -> None:
    models = list_models()
    assert DEFAULT_MODEL in [card.name for card in models]
    for card in models:
        folder = find_model(card.name)
        assert set(card.files) == {GRAPH_FILE, WEIGHTS_FILE}
        assert {name: sha256(folder / name) for name in card.files} == card.files
        assert load_classifier(card.name, threads=1).words == card.words


def test_the_default_model_knows_338_words_in_little_space() -> None:
    card = load_card(FOLDER)
    assert len(card.words) == len(set(card.words)) == 338
    assert list(card.words) == sorted(card.words)
    assert {"cat", "The Mona Lisa", "t-shirt", "zigzag"} <= set(card.words)
    names = ["README.md", "card.json", GRAPH_FILE, WEIGHTS_FILE]
    files = sorted(FOLDER.iterdir())
    assert [path.name for path in files] == names
    assert sum(path.stat().st_size for path in files) <= 3 * 2**20


def test_the_default_model_has_not_seen_what_it_is_tested_on() -> None:
    card = load_card(FOLDER)
    files = card.data["files"]
    assert len(files) >= 2
    assert not [name for name in files if "test" in name]
    assert all(len(value) == 64 for value in files.values())
    assert card.command.startswith("chorale sketch train ")
    assert "test" not in card.command


def test_the_stored_weights_have_their_figures() -> None:
    """On every seventh of the bundled drawings, which are some of the card's."""
    drawings = list(read_sketches(VALID))[::7]
    classifier = load_classifier(threads=1)
    labels = np.array([classifier.words.index(each.word) for each in drawings])
    inks = to_inks([each.strokes for each in drawings])
    report = measure(classifier.probabilities(inks), labels, classifier.words)
    assert report.drawings == 483
    assert report.top1 == pytest.approx(0.8095, abs=3e-3)  # a drawing on the edge
    assert report.nats == pytest.approx(0.6156, abs=1e-3)
    figures = classifier.card.figures["valid"]
    assert round(figures["top1"], 3) == 0.784 and round(figures["nats"], 3) == 0.750


def test_the_default_model_began_with_an_earlier_one() -> None:
    card = load_card(FOLDER)
    assert list(card.data["base"]) == [card.training["base"]] == ["quickdraw"]
    assert card.data["base"]["quickdraw"] != card.files[WEIGHTS_FILE]


def test_one_drawing_is_as_probable_as_among_many() -> None:
    classifier = load_classifier(threads=1)
    random = np.random.default_rng(0)
    drawings = [
        [random.uniform(0, 255, (points, 2)) for _ in range(2)]
        for points in (1, 2, 5, 9, 15, 30, 60)
    ]
    together = classifier.probabilities(to_inks([*drawings, []]))
    assert together.shape == (8, 338) and together.dtype == np.float32
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)
    assert np.ptp(together[-1]) == 0
    for place, drawing in enumerate(drawings):
        alone = classifier.probabilities(to_inks([drawing]))[0]
        np.testing.assert_allclose(alone, together[place], atol=1e-6)
