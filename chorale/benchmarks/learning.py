"""Notes learned per second: a network of ours, and the book's under `fit`.

Ours learns the bundled train split with the defaults of `chorale train`. The book's
gets random notes in windows and batches of its size, which take it as long as Bach's.
What compiles comes before. A note is one that the loss counts.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from chorale.benchmarks.baselines import BOOK_CLASSES, book_network
from chorale.benchmarks.measures import Figures, Measure, Prepared
from chorale.corpus.loading import load_corpus
from chorale.models.options import NetworkOptions
from chorale.music.voices import VOICES
from chorale.nn.runs import Row
from chorale.training.chorale_networks import train_network
from chorale.training.options import TrainingOptions

_NETWORK = "gru"
_ROUNDS = 3  # each takes long
_WINDOW = 32  # chords of the book's windows
_BOOK_BATCH = 32
_BOOK_BATCHES = 16


class _StoppedError(Exception):
    """The training has been measured."""


class SecondEpoch:
    """Times the batches of the second epoch, then stops the training.

    It is a `chorale.nn.fitting.EpochProgress`.

    Attributes:
        seconds: that the batches took, without validation.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._epoch = self._batches = 0
        self._began = 0.0

    def start_epoch(self, epoch: int, epochs: int, batches: int) -> None:
        self._epoch, self._batches = epoch, batches
        self._began = time.perf_counter()

    def finish_batch(self, loss: float) -> None:
        self._batches -= 1
        if self._epoch > 1 and not self._batches:
            self.seconds = time.perf_counter() - self._began
            raise _StoppedError

    def finish_epoch(self, row: Row) -> None:
        pass


def _prepare_ours(_: Path) -> Prepared:
    """Prepare two epochs of training, of which the second is measured."""
    corpus = load_corpus(splits=("train", "valid"))
    # Validation is not measured: it stays short.
    corpus = replace(corpus, valid=corpus.valid[:1])
    options = TrainingOptions(epochs=2)
    crop = options.crop
    notes = VOICES * sum(min(piece.steps, crop) for piece in corpus.train)

    def trial() -> Figures:
        progress = SecondEpoch()
        with tempfile.TemporaryDirectory() as run:
            network = NetworkOptions(body=_NETWORK)
            with contextlib.suppress(_StoppedError):
                train_network(corpus, network, options, run, progress=progress)
        return {"notes_per_second": notes / progress.seconds}

    return Prepared(trial)


def _prepare_book(_: Path) -> Prepared:
    """Prepare an epoch of `fit` with the book's network, batches and windows."""
    network = book_network()
    notes = VOICES * (_WINDOW + 1)
    random = np.random.default_rng(0)
    shape = (_BOOK_BATCH * _BOOK_BATCHES, notes)
    windows = random.integers(0, BOOK_CLASSES, shape)

    def trial() -> Figures:
        began = time.perf_counter()
        network.fit(windows[:, :-1], windows[:, 1:], batch_size=_BOOK_BATCH, verbose=0)
        seconds = time.perf_counter() - began
        return {"notes_per_second": windows[:, 1:].size / seconds}

    trial()
    return Prepared(trial)


MEASURES = (
    Measure(
        name=f"training/{_NETWORK}",
        title=f"chorale train --network {_NETWORK}",
        prepare=_prepare_ours,
        process="keras",
        rounds=_ROUNDS,
        modules=("tensorflow", "keras"),
    ),
    Measure(
        name="training/book",
        title="network of Géron, chapter 15, under fit",
        prepare=_prepare_book,
        process="keras",
        rounds=_ROUNDS,
        modules=("tensorflow", "keras"),
    ),
)
