"""Runs of the trainer: what they leave, and that they survive being killed."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import run_command
from killed import run_python, train_until_killed
from tiny import without_xla, write_tiny_corpus

from chorale.corpus.loading import load_corpus
from chorale.encoding.tunes import Tunes
from chorale.errors import ModelError, UsageError
from chorale.models.options import InfillerOptions, NetworkOptions
from chorale.models.storage import GRAPH_FILES, load_card, load_model
from chorale.training.chorale_networks import resume_training, train_network
from chorale.training.options import CommonOptions, TrainingOptions
from chorale.utils.files import load_arrays

pytestmark = pytest.mark.keras


def history(run: Path) -> list[dict[str, float]]:
    """Return the history of a run without the seconds, which differ."""
    with (run / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [{k: float(v) for k, v in row.items() if k != "seconds"} for row in rows]


def test_a_run_leaves_all_that_it_says(next_step_run: Path) -> None:
    names = {path.name for path in next_step_run.iterdir()}
    assert names == {
        "options.json",
        "data.json",
        "history.csv",
        "checkpoint.npz",
        "best.npz",
        "model",
    }
    rows = history(next_step_run)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert rows[-1]["train_loss"] < rows[0]["train_loss"]
    assert rows[-1]["learning_rate"] < max(row["learning_rate"] for row in rows)


def test_the_model_of_a_run_is_its_best_epoch(
    next_step_run: Path, tiny_corpus: Path
) -> None:
    card = load_card(next_step_run)
    best = load_arrays(next_step_run / "best.npz")
    stored = load_arrays(next_step_run / "model" / "weights.npz")
    assert set(stored) == set(best)
    for name, array in stored.items():
        np.testing.assert_array_equal(array, best[name].astype(np.float16))
    lowest = min(row["valid_nats_per_note"] for row in history(next_step_run))
    assert card.figures["valid"]["nats_per_note"] == pytest.approx(lowest, abs=2e-3)
    predictor = load_model(next_step_run, kind="next-step")
    assert predictor.plan_features == card.plan_features
    # It knows the tunes of train, and no others.
    corpus = load_corpus(tiny_corpus)
    train = [predictor.vocabulary.encode(chorale) for chorale in corpus.train]
    known = Tunes.of(train, predictor.vocabulary)
    np.testing.assert_array_equal(predictor.tunes.intervals, known.intervals)
    np.testing.assert_array_equal(predictor.tunes.durations, known.durations)
    hashes = json.loads((next_step_run / "data.json").read_text())["files"]
    assert hashes == dict(corpus.hashes) == card.data["files"]
    assert card.data["valid_in_train"] == {}
    options = json.loads((next_step_run / "options.json").read_text())
    assert card.versions == options["versions"] and "tensorflow" in card.versions


@pytest.mark.slow
def test_a_killed_run_ends_where_the_unbroken_one_does(
    tiny_corpus: Path, next_step_run: Path, tmp_path: Path
) -> None:
    batch = 8  # in the third epoch
    run = tmp_path / "run"
    code = """
import sys
from pathlib import Path
from killed import Killer
from tiny import train_tiny_network
train_tiny_network(*map(Path, sys.argv[1:3]), Killer(int(sys.argv[3])))
"""
    train_until_killed(code, tiny_corpus, run, batch)
    assert not (run / "model").exists()
    # As a kill leaves it that comes while a file is written.
    (run / ".a1b2c3d4.partial.npz").write_bytes(b"half of a checkpoint")
    words = ("train", "--corpus", tiny_corpus, "--output", run, "--resume")
    with without_xla():
        resumed = run_command(*words, "--plot", "--tensorboard")
    assert resumed.returncode == 0, resumed.stderr
    assert "nats per note" in resumed.stdout
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list((run / "tensorboard").glob("events.out.tfevents.*"))
    for row, expected in zip(history(run), history(next_step_run), strict=True):
        assert row == pytest.approx(expected, abs=1e-6)
    for name in ("weights.npz", "tunes.npz", *GRAPH_FILES):
        unbroken = (next_step_run / "model" / name).read_bytes()
        assert (run / "model" / name).read_bytes() == unbroken, name
    assert not list(run.rglob(".*"))


def test_resuming_with_other_options_or_files_is_refused(
    next_step_run: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    words = ("train", "--corpus", tiny_corpus, "--output", next_step_run)
    for options, message in (
        (("--resume", "--units", "17"), "begun with units 16, not 17"),
        (("--resume", "--network", "gru"), "begun with network lstm, not gru"),
        (("--resume", "--teacher", "bach"), "begun with teacher none, not ('bach',)"),
        ((), "already holds a run"),
    ):
        result = run_command(*words, *options)
        assert result.returncode == 2
        assert message in result.stderr and result.stderr.count("\n") == 1
    other = write_tiny_corpus(tmp_path / "other", pieces=7)
    with pytest.raises(ModelError, match="not what the run began with"):
        resume_training(load_corpus(other), next_step_run)
    with pytest.raises(UsageError, match="no run to resume"):
        resume_training(load_corpus(tiny_corpus), tmp_path / "nothing")


def test_each_kind_of_network_needs_options_of_its_own(
    tiny_corpus: Path, tmp_path: Path
) -> None:
    corpus, run = load_corpus(tiny_corpus), tmp_path / "run"
    with pytest.raises(UsageError, match=r"TrainingOptions .*, got CommonOptions"):
        train_network(corpus, NetworkOptions(), CommonOptions(), run)
    with pytest.raises(UsageError, match=r"CommonOptions .*, got TrainingOptions"):
        train_network(corpus, InfillerOptions(), TrainingOptions(), run)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(tiny_corpus: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    code = """
import os, signal, sys, threading, time
from pathlib import Path
# A shell that runs tests in the background may have us ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
run, corpus = sys.argv[1:]
def interrupt():
    while not Path(run, "history.csv").exists():
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
sys.argv = ["chorale", "train", "--corpus", corpus, "--output", run,
            "--network", "gru", "--units", "8",
            "--epochs", "1000", "--patience", "1000"]
from chorale.commands import main
main()
"""
    result = run_python("-c", code, run, tiny_corpus)
    assert result.returncode == 130
    words = f"chorale train --output {run} --resume --corpus {tiny_corpus}\n"
    assert result.stderr.endswith(words)
    assert "Traceback" not in result.stderr
    assert (run / "checkpoint.npz").exists() and not list(run.glob(".*"))
