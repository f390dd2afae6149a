"""What others do for a note: a recurrent network in PyTorch, and the book's loop."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from chorale.benchmarks.measures import Figures, Measure, Prepared
from chorale.benchmarks.sampling import BARS
from chorale.benchmarks.stopwatch import Stopwatch
from chorale.music.voices import VOICES

_STEPS = 16 * BARS
# TonicNet (Peracha, 2019): three GRU layers of 256 units; for each step a chord and
# four voices, one token after another.
_TORCH_TOKENS, _TORCH_UNITS, _TORCH_LAYERS, _TOKENS_PER_STEP = 98, 256, 3, 5
# Géron, *Hands-On Machine Learning*, chapter 15: 46 notes and silence.
BOOK_CLASSES = 47
_BOOK_LENGTHS = 8  # at which one note each is measured, spread over a piece
_OPENING_STEPS = 32


def _prepare_torch(_: Path) -> Prepared:
    """Prepare a plain loop over tokens: batch 1, one thread, softmax and multinomial.

    It knows no rules, plan or opening; all of a piece's notes are drawn.
    """
    torch: Any = import_module("torch")
    torch.set_num_threads(1)
    embed = torch.nn.Embedding(_TORCH_TOKENS, _TORCH_UNITS)
    body = torch.nn.GRU(_TORCH_UNITS, _TORCH_UNITS, _TORCH_LAYERS, batch_first=True)
    head = torch.nn.Linear(_TORCH_UNITS, _TORCH_TOKENS)

    def write(steps: int) -> None:
        token, memory = torch.zeros(1, 1, dtype=torch.int64), None
        with torch.no_grad():
            for _ in range(steps * _TOKENS_PER_STEP):
                hidden, memory = body(embed(token), memory)
                probabilities = torch.softmax(head(hidden[:, -1]), -1)
                token = torch.multinomial(probabilities, 1)

    def trial() -> Figures:
        with Stopwatch() as stopwatch:
            write(_STEPS)
        return stopwatch.per_note(VOICES * _STEPS)

    write(8)
    return Prepared(trial)


def book_network() -> Any:
    """Return the chorale network of the book in Keras, compiled as it is there."""
    import keras

    layers = keras.layers
    network = keras.Sequential([layers.Embedding(BOOK_CLASSES, 5)])
    for filters, dilation in ((32, 1), (48, 2), (64, 4), (96, 8)):
        network.add(
            layers.Conv1D(
                filters, 2, padding="causal", activation="relu", dilation_rate=dilation
            )
        )
        network.add(layers.BatchNormalization())
    network.add(layers.LSTM(256, return_sequences=True))
    network.add(layers.Dense(BOOK_CLASSES, activation="softmax"))
    network.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.Nadam(1e-3),
        metrics=["accuracy"],
    )
    return network


def _prepare_book(_: Path) -> Prepared:
    """Prepare the book's loop: `predict` on the whole sequence for every note.

    The cost of a note grows with the length, so single notes are measured at lengths
    spread evenly over the piece.
    """
    network = book_network()
    random = np.random.default_rng(0)
    sequence = random.integers(0, BOOK_CLASSES, (1, VOICES * _STEPS))
    ends = np.linspace(VOICES * _OPENING_STEPS, VOICES * _STEPS, _BOOK_LENGTHS)

    def write() -> None:
        for end in ends.astype(int):
            probabilities = network.predict(sequence[:, :end], verbose=0)[0, -1]
            random.choice(BOOK_CLASSES, p=probabilities / probabilities.sum())

    def trial() -> Figures:
        with Stopwatch() as stopwatch:
            write()
        return stopwatch.per_note(len(ends))

    write()
    return Prepared(trial)


MEASURES = (
    Measure(
        name="notes/torch-loop",
        title="PyTorch loop, GRU 3 x 256, five tokens a step, one thread",
        prepare=_prepare_torch,
        process="torch",
        quick=True,
        modules=("torch",),
    ),
    Measure(
        name="notes/book-loop",
        title="Keras model.predict for each note (Géron, chapter 15)",
        prepare=_prepare_book,
        process="keras",
        quick=True,
        modules=("tensorflow", "keras"),
    ),
)
