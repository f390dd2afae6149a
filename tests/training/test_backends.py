"""One command trains and ends with a model, on whatever backend Keras runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from killed import PACKAGE
from tiny import PLAIN, eagerly, files_of, tiny_options

from chorale.corpus.loading import Corpus, load_corpus
from chorale.errors import TrainingError
from chorale.nn import finishing, trainer
from chorale.training.chorale_networks import resume_training, train_network
from chorale.training.options import TrainingOptions

pytestmark = pytest.mark.keras

NETWORK = tiny_options("gru", layers=1, **PLAIN)
OPTIONS = TrainingOptions(epochs=1, crop=16, batch_size=3)


@pytest.fixture(scope="module")
def corpus(tiny_corpus: Path) -> Corpus:
    return load_corpus(tiny_corpus)


@pytest.fixture(scope="module")
def trained(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run trained where nothing exports graphs: it has no model."""
    run = tmp_path_factory.mktemp("trained") / "run"
    with (
        eagerly(),
        mock.patch.object(trainer, "exports_here", lambda: False),
        mock.patch.object(finishing, "find_spec", lambda name: None),
        pytest.raises(
            TrainingError, match=r"not installed.*--resume --finish.*=tensorflow"
        ),
    ):
        train_network(corpus, NETWORK, OPTIONS, run)
    assert not (run / "model").exists()
    return run


def test_a_run_without_a_model_is_finished_here_or_by_a_fresh_process(
    corpus: Corpus, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = shutil.copytree(trained, tmp_path / "here" / "run")
    there = shutil.copytree(trained, tmp_path / "there" / "run")
    card = resume_training(corpus, here, finish=True)
    assert card.figures["valid"]["nats_per_note"] > 0
    monkeypatch.setattr(trainer, "exports_here", lambda: False)
    assert resume_training(corpus, there, finish=True).figures == card.figures
    assert files_of(there / "model") == files_of(here / "model")


def test_a_process_that_fails_says_why_and_how_to_go_on(
    corpus: Corpus, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "exports_here", lambda: False)
    monkeypatch.setattr(finishing, "_PROGRAM", "raise OSError('no space')")
    with pytest.raises(TrainingError, match=r"OSError: no space; .* --resume --finish"):
        resume_training(corpus, trained, finish=True)


@pytest.mark.slow
def test_jax_trains_and_ends_with_a_model_that_generates(
    tiny_corpus: Path, tmp_path: Path
) -> None:
    def chorale(*words: object, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "chorale", *map(str, words)],
            env={**os.environ, "PYTHONPATH": str(PACKAGE), **environment},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    sizes = ["--units", 8, "--layers", 1, "--voice-units", 8, "--crop", 16]
    words = ["train", "--network", "gru", "--epochs", 1, *sizes, "--output", "run"]
    printed = chorale(*words, "--corpus", tiny_corpus, KERAS_BACKEND="jax")
    assert "model   run/model" in printed and "nats per note" in printed
    words = ["generate", "--model", "run", "--seed", "none", "--bars", 2]
    chorale(*words, "--output", "pieces")
    assert list((tmp_path / "pieces").glob("*.mid"))
