"""`chorale calibrate`: weights that correct a model, from models of folds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import outcome, run_command
from tiny import PLAIN, eagerly, tiny_options, tiny_training, write_tiny_corpus

from chorale.corpus.held_out import learned_pieces
from chorale.corpus.loading import load_corpus
from chorale.evaluation.likelihood import evaluate
from chorale.models.storage import load_card, load_model
from chorale.training.chorale_networks import train_network

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_corpus(tmp_path_factory.mktemp("hymns"), pieces=8, valid=3)


@pytest.fixture(scope="module")
def runs(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of a run on all of train, `whole`, and of runs on two folds."""
    folder = tmp_path_factory.mktemp("runs")
    pieces, options = load_corpus(corpus), tiny_options("gru", layers=1, **PLAIN)
    with eagerly():
        for name, fold in (("whole", ""), ("first", "1/2"), ("second", "2/2")):
            training = tiny_training(epochs=1, crop=16, fold=fold)
            train_network(pieces, options, training, folder / name)
    return folder


def test_a_calibration_is_stored_with_its_model(corpus: Path, runs: Path) -> None:
    folds = runs / "first", runs / "second"
    words = "--model", runs / "whole", "--corpus", corpus, *folds
    code, printed, _ = outcome("calibrate", *words)
    assert code == 0
    card = load_card(runs / "whole")
    assert card.calibration["pieces"] == 8
    assert [each["fold"] for each in card.calibration["folds"].values()] == [
        "1/2",
        "2/2",
    ]
    assert str(runs.parent) not in json.dumps(dict(card.calibration))
    model = load_model(runs / "whole", kind="next-step")
    assert model.calibration is not None
    valid = load_corpus(corpus).valid
    after = evaluate(model, valid).nats_per_note
    model.calibration = None
    before = evaluate(model, valid).nats_per_note
    assert f"{before:.4f} nats per note, calibrated {after:.4f}" in printed
    assert card.figures["valid"]["nats_per_note"] == pytest.approx(after)
    assert after < before  # a network of one epoch does not know how long notes are


def test_a_card_says_what_a_fold_held_out(corpus: Path, runs: Path) -> None:
    loaded, card = load_corpus(corpus), load_card(runs / "first")
    held_out = [*loaded.files["train"][::2]]
    assert card.data["held_out"] == held_out
    learned = learned_pieces(loaded, "train", {"first": card.data})["first"]
    assert sorted([*learned, *held_out]) == sorted(loaded.files["train"])
    assert learned_pieces(loaded, "valid", {"first": card.data}) == {}


def test_wrong_usage(corpus: Path, runs: Path, tmp_path: Path) -> None:
    def refused(*folds: Path | str, corpus: Path = corpus) -> str:
        words = "--model", runs / "whole", "--corpus", corpus, *folds
        done = run_command("calibrate", *words)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        return done.stderr

    first = runs / "first"
    assert "train it with --fold" in refused(runs / "whole")
    assert "train it with --fold" in refused("counterpoint")
    assert "different folds of one number" in refused(first, f"{first}/model")
    other = write_tiny_corpus(tmp_path, pieces=8, valid=3, random_state=0)
    files = sorted((other / "train").glob("*.csv"))
    files[0].rename(files[-1].with_name("last.csv"))  # all folds move by one piece
    assert "name its own --corpus" in refused(first, corpus=other)
