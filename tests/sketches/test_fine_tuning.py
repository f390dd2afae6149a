"""Training that begins with a trained classifier: words by name, cards, refusals."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_line import outcome
from tiny import TINY_CLASSIFIER

from chorale.errors import ModelError, UsageError
from chorale.nn.cards import WEIGHTS_FILE
from chorale.sketches import Sketch, read_sketches, write_sketches
from chorale.sketches.examples import hold_out, load_examples
from chorale.sketches.fine_tuning import base_card, base_options, map_words
from chorale.sketches.models import load_card
from chorale.sketches.options import NetworkOptions, TrainingOptions
from chorale.sketches.training import ClassifierTask
from chorale.utils.files import load_arrays, save_arrays, sha256


@pytest.fixture
def base(classifier_run: Path, tmp_path: Path) -> Path:
    """Return a copy of the tiny classifier of shapes."""
    return Path(shutil.copytree(classifier_run / "model", tmp_path / "base"))


@pytest.fixture(scope="module")
def renamed(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the drawings of shapes, with the crosses called stars, as a file."""
    path = tmp_path_factory.mktemp("renamed") / "stars.npz"
    sketches = [
        Sketch(strokes=each.strokes, word=each.word.replace("cross", "star"))
        for each in read_sketches(shapes)
    ]
    return write(path, sketches, ["square", "star", "zigzag"])


def write(path: Path, sketches: list[Sketch], words: list[str]) -> Path:
    write_sketches(path, sketches, words)
    return path


def task(drawings: Path, base: Path) -> ClassifierTask:
    """Return the task that begins with a base."""
    options = TrainingOptions(base=str(base), batch_size=27)
    return ClassifierTask(
        *hold_out(load_examples([drawings])), TINY_CLASSIFIER, options
    )


def without_weights(folder: Path) -> None:
    """Make the card of a model one of version 0.18, which had no file of weights."""
    card = load_card(folder)
    files = {name: each for name, each in card.files.items() if name != WEIGHTS_FILE}
    replace(card, files=files).write(folder)


# === Words and weights ===


def test_words_that_both_have_keep_their_rows() -> None:
    known = ("ant", "bee", "cat")
    weights = {
        "embed/kernel": np.ones((2, 2), np.float16),
        "words/kernel": np.array([[1, 2, 3], [4, 5, 6]], np.float16),
        "words/bias": np.array([7, 8, 9], np.float16),
    }
    new = {
        "embed/kernel": np.zeros((2, 2), np.float32),
        "words/kernel": np.full((2, 4), 0.5, np.float32),
        "words/bias": np.zeros(4, np.float32),
    }
    mapped = map_words(weights, known, new, ("cat", "Ant", "ant", "dog"))
    assert mapped["embed/kernel"].tolist() == [[1, 1], [1, 1]]
    assert mapped["words/kernel"].tolist() == [[3, 0.5, 1, 0.5], [6, 0.5, 4, 0.5]]
    assert mapped["words/bias"].tolist() == [9, 0, 7, 0]
    assert not new["words/bias"].any()


@pytest.mark.keras
@pytest.mark.usefixtures("without_xla")
def test_before_training_it_predicts_what_the_base_predicts(
    shapes: Path, base: Path
) -> None:
    begun = task(shapes, base)
    begun.build()
    figures = load_card(base).figures["valid"]
    row = begun.validate()
    assert row["valid_nats"] == pytest.approx(figures["nats"], abs=1e-4)
    assert row["valid_top1"] == figures["top1"]


@pytest.mark.keras
@pytest.mark.usefixtures("without_xla")
def test_a_new_word_changes_no_row_of_the_others(renamed: Path, base: Path) -> None:
    network = task(renamed, base).build()
    weights = {weight.path: np.asarray(weight) for weight in network.weights}
    stored = load_arrays(base / WEIGHTS_FILE)
    for name, array in stored.items():
        found, kept = weights[name], array
        if name.startswith("words/"):  # cross, square, zigzag → square, star, zigzag
            assert np.abs(found[..., 1] - array[..., 0]).max() > 1e-3
            found, kept = found[..., [0, 2]], array[..., [1, 2]]
        np.testing.assert_array_equal(found, kept, err_msg=name)


# === A run ===


@pytest.mark.keras
@pytest.mark.usefixtures("without_xla")
def test_a_run_that_begins_with_a_classifier(
    renamed: Path, base: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["sketch", "train", "--data", renamed, "--output", run]
    words += ["--from", base, "--epochs", "1", "--batch-size", "27"]
    code, out, errors = outcome(*words)
    assert code == 0 and "top-1" in out, errors
    card, began = load_card(run), load_card(base)
    assert card.words == ("square", "star", "zigzag")
    assert card.network == TINY_CLASSIFIER
    assert card.data["base"] == {"base": began.files[WEIGHTS_FILE]}
    assert card.data["files"] == {
        "stars.npz": sha256(renamed),
        "base/shapes.npz": began.data["files"]["shapes.npz"],
    }
    assert card.training["base"] == "base" and "--from base" in card.command
    for folder in (tmp_path, renamed.parent):
        assert str(folder) not in (run / "model" / "card.json").read_text()

    # It goes on, but with no other base.
    stored = load_arrays(run / "model" / WEIGHTS_FILE)
    plain = ["sketch", "train", "--data", renamed, "--output", run, "--resume"]
    code, _, errors = outcome(*plain, "--from", base)
    assert code == 0, errors
    again = load_arrays(run / "model" / WEIGHTS_FILE)
    assert all(np.array_equal(again[name], stored[name]) for name in stored)
    code, _, errors = outcome(*plain, "--from", "quickdraw")
    assert code == 2 and "begun with base" in errors
    card = replace(began, files={**began.files, WEIGHTS_FILE: "0" * 64})
    card.write(base)
    code, _, errors = outcome(*plain)
    assert code == 1 and "base differs" in errors


def test_a_run_of_an_earlier_version_began_with_nothing(
    shapes: Path, tmp_path: Path
) -> None:
    (tmp_path / "options.json").write_text('{"network": {}, "training": {}}')
    words = ["sketch", "train", "--data", shapes, "--output", tmp_path, "--resume"]
    code, _, errors = outcome(*words, "--from", "quickdraw")
    assert code == 2 and "begun with base none, not quickdraw" in errors


# === Refusals ===


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--units", "16"], 2, "base has units 8, not 16: leave the option out"),
        (["--layers", "2"], 2, "base has layers 1, not 2: leave the option out"),
        (["--network", "book"], 2, "base has network conv-lstm, not book"),
        (["--from", "nowhere"], 2, "no sketch model 'nowhere'"),
        (["--from", "bach"], 2, "no sketch model 'bach'"),
    ],
)
def test_what_does_not_fit_the_base_is_one_line(
    shapes: Path, base: Path, tmp_path: Path, options: list[str], code: int, says: str
) -> None:
    words = ["sketch", "train", "--data", shapes, "--output", tmp_path / "run"]
    got, out, errors = outcome(*words, "--from", base, *options)
    assert (got, out, errors.count("\n")) == (code, "", 1)
    assert says in errors
    assert not (tmp_path / "run").exists()


def test_dropout_may_differ_from_that_of_the_base(base: Path) -> None:
    options = base_options(str(base), {"dropout": 0.4, "epochs": 2})
    assert options == {
        "network": "conv-lstm",
        "units": 8,
        "layers": 1,
        "dropout": 0.4,
        "epochs": 2,
        "base": str(base),
    }
    network = NetworkOptions(units=8, layers=1, dropout=0.4)
    assert base_card(str(base), network) == load_card(base)


def test_a_base_whose_graph_holds_its_weights_is_refused(base: Path) -> None:
    without_weights(base)
    with pytest.raises(UsageError, match=r"with a file of weights, got .*base, stored"):
        base_card(str(base), TINY_CLASSIFIER)


@pytest.mark.keras
@pytest.mark.usefixtures("without_xla")
def test_a_damaged_base_is_named(shapes: Path, base: Path) -> None:
    path = base / WEIGHTS_FILE
    arrays = load_arrays(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"weights\.npz: the file is missing, damaged"):
        task(shapes, base).build()
    arrays.pop("embed/bias")
    save_arrays(path, arrays)
    card = load_card(base)
    replace(card, files={**card.files, WEIGHTS_FILE: sha256(path)}).write(base)
    with pytest.raises(ModelError, match=r"do not fit the network: embed/bias"):
        task(shapes, base).build()
