"""One command trains and ends with a model, on whatever backend Keras runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from killed import PACKAGE

from chorale.corpus.loading import load_corpus
from chorale.errors import TrainingError
from chorale.models.options import NetworkOptions
from chorale.nn import finishing, trainer
from chorale.training.chorale_networks import resume_training, train_network
from chorale.training.options import TrainingOptions

pytestmark = pytest.mark.keras

NETWORK = NetworkOptions(body="gru", units=8, layers=1, voice_units=8)
OPTIONS = TrainingOptions(epochs=1, crop=16, batch_size=2)


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of the files of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_fresh_process_stores_the_model_that_this_one_would(
    tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = load_corpus(tiny_corpus)
    here, there = tmp_path / "here" / "run", tmp_path / "there" / "run"
    card = train_network(corpus, NETWORK, OPTIONS, here)
    monkeypatch.setattr(trainer, "exports_here", lambda: False)
    assert train_network(corpus, NETWORK, OPTIONS, there).figures == card.figures
    assert files(there / "model") == files(here / "model")


def test_without_tensorflow_a_run_is_kept_and_finished_later(
    tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus, run = load_corpus(tiny_corpus), tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr(trainer, "exports_here", lambda: False)
        patched.setattr(finishing, "find_spec", lambda name: None)
        with pytest.raises(
            TrainingError, match=r"not installed.*--resume --finish.*=tensorflow"
        ):
            train_network(corpus, NETWORK, OPTIONS, run)
    assert not (run / "model").exists()
    card = resume_training(corpus, run, finish=True)
    assert card.figures["valid"]["nats_per_note"] > 0


def test_a_process_that_fails_says_why_and_how_to_go_on(
    tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "exports_here", lambda: False)
    monkeypatch.setattr(finishing, "_PROGRAM", "raise OSError('no space')")
    with pytest.raises(TrainingError, match=r"OSError: no space; .* --resume --finish"):
        train_network(load_corpus(tiny_corpus), NETWORK, OPTIONS, tmp_path / "run")


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
    words = ["train", "--network", "gru", "--epochs", 2, *sizes, "--output", "run"]
    printed = chorale(*words, "--corpus", tiny_corpus, KERAS_BACKEND="jax")
    assert "model   run/model" in printed and "nats per note" in printed
    words = ["generate", "--model", "run", "--seed", "none", "--bars", 2]
    chorale(*words, "--output", "pieces")
    assert list((tmp_path / "pieces").glob("*.mid"))
