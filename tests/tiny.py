"""Tiny networks and corpora: enough to test with, trained in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from chorale.corpus.loading import load_corpus
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import Tunes
from chorale.formats.classic_csv import write_csv
from chorale.models.options import InfillerOptions, NetworkOptions
from chorale.models.storage import NEXT_STEP, Card, save_model
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_ORDER, VOICES
from chorale.nn.fitting import EpochProgress
from chorale.sketches import Sketch, write_sketches
from chorale.sketches.examples import hold_out, load_examples
from chorale.sketches.options import NetworkOptions as ClassifierOptions
from chorale.sketches.options import TrainingOptions as SketchTrainingOptions
from chorale.sketches.training import train_classifier
from chorale.training.chorale_networks import train_network
from chorale.training.options import TrainingOptions

if TYPE_CHECKING:
    import keras

    from chorale.models.networks.next_step import NextStepNetwork

PLAN = ("position", "fermata", "key")
# Heads without cues: an export then takes a quarter of the time.
PLAIN = dict.fromkeys(("intervals", "motions", "echoes", "tunes"), False)
LINES = ((67, 69, 71, 72), (62, 64, 66, 67), (55, 57, 59, 60), (43, 48, 50, 47))


def tiny_options(body: str = "lstm", **changes: object) -> NetworkOptions:
    """Return options of a network that is quick to build, all of its parts in use."""
    sizes = {"units": 16, "layers": 2, "stacks": 2, "window": 5, "voice_units": 8}
    parts = {"body": body, "tunes": True}
    return NetworkOptions(**{**parts, **sizes, **changes})  # type: ignore[arg-type]


def tiny_infiller_options(network: str, **changes: object) -> InfillerOptions:
    """Return options of an infilling network that is quick to build."""
    sizes = {
        "coconet": {"units": 6, "layers": 4},
        "counterpoint": {"units": 8, "layers": 1, "heads": 2, "voice_units": 6},
    }
    values = {"window": 3, **sizes[network], **changes}
    return InfillerOptions(network=network, **values)  # type: ignore[arg-type]


def tiny_network(
    options: NetworkOptions, vocabulary: Vocabulary, random_state: int = 0
) -> NextStepNetwork:
    """Return a network whose every weight is moved off its initial value."""
    import keras

    from chorale.models.networks.next_step import NextStepNetwork

    keras.utils.set_random_seed(random_state)
    network = NextStepNetwork(options, vocabulary, PLAN)
    move_weights(network, random_state)
    return network


def tiny_tunes(vocabulary: Vocabulary, random_state: int = 0) -> Tunes:
    """Return tunes of three notes that lie side by side, such as random pieces have."""
    random = np.random.default_rng(random_state)
    return Tunes.of([random.integers(1, 4, (40, VOICES)) for _ in range(4)], vocabulary)


def move_weights(network: keras.Model, random_state: int = 0) -> None:
    """Move every weight off its initial value."""
    random = np.random.default_rng(random_state)
    for weight in network.weights:
        noise = random.uniform(-0.3, 0.3, weight.shape)
        if weight.path.endswith("variance"):
            noise = np.abs(noise)
        weight.assign(np.asarray(weight) + noise)


def tiny_chorale(random: np.random.Generator, quarters: int = 12) -> Chorale:
    """Return four random lines of quarters out of a few notes each."""
    chosen = [random.choice(line, quarters) for line in LINES]
    return Chorale(pitches=np.repeat(np.stack(chosen, axis=1), 4, axis=0))


def write_tiny_corpus(
    folder: Path,
    pieces: int = 6,
    valid: int = 2,
    random_state: int = 0,
    semitones: int = 0,
) -> Path:
    """Write a corpus of random chorales with the splits train and valid."""
    random = np.random.default_rng(random_state)
    for index in range(pieces + valid):
        split = "train" if index < pieces else "valid"
        path = folder / split / f"chorale_{index:03}.csv"
        write_csv(tiny_chorale(random).transpose(semitones), path)
    return folder


def write_flat_corpus(folder: Path, pieces: int, random_state: int = 0) -> Path:
    """Write a flat folder of random chorales."""
    random = np.random.default_rng(random_state)
    for index in range(pieces):
        write_csv(tiny_chorale(random), folder / f"hymn_{index:02}.csv")
    return folder


def tiny_training(**changes: object) -> TrainingOptions:
    """Return options of a training that takes seconds."""
    values = {"epochs": 3, "batch_size": 2, "crop": 32, "plan": PLAN}
    return TrainingOptions(**{**values, **changes})  # type: ignore[arg-type]


def train_tiny_network(
    corpus: Path, run: Path, progress: EpochProgress | None = None
) -> Card:
    """Train a next-step network, all kinds of dropout, in a new run, without XLA."""
    options = tiny_options("lstm", recurrent_dropout=0.2, dropout=0.3)
    pieces = load_corpus(corpus)
    with without_xla():
        return train_network(pieces, options, tiny_training(), run, progress=progress)


def save_tiny_model(
    folder: Path, options: NetworkOptions, vocabulary: Vocabulary
) -> Card:
    """Save a random network as a model and return its card."""
    network = tiny_network(options, vocabulary)
    card = Card(
        kind=NEXT_STEP,
        name="tiny",
        network=options,
        vocabulary=vocabulary,
        plan_features=PLAN,
        voice_order=VOICE_ORDER,
        memory=tuple(network.rings()),
        training=asdict(tiny_training()),
        data={"corpus": "none", "files": {}},
        command="chorale train --output tiny",
        figures={},
        versions={},
        files={},
    )
    return save_model(network, card, folder, tiny_tunes(vocabulary))


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of the files of a folder by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# === Drawings ===

SHAPES = ["cross", "square", "zigzag"]
TINY_CLASSIFIER = ClassifierOptions(units=8, layers=1, dropout=0.1)
# Batches of equal size, six an epoch: XLA compiles for each size. Patient: where
# rounding differs, training does not stop before the last epoch either.
TINY_SKETCH_TRAINING = SketchTrainingOptions(
    epochs=10, batch_size=27, learning_rate=0.02, patience=10
)


def write_shapes(path: Path) -> Path:
    """Write zigzags, squares and crosses of random size, of at most 16 points."""
    random = np.random.default_rng(0)
    sketches = []
    for _ in range(60):
        side = random.uniform(40, 90, 2)
        corner = random.uniform(0, 100, 2)
        for word, lines in (
            ("cross", [[(0, 0), (1, 1)], [(0, 1), (1, 0)]]),
            ("square", [[(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]]),
            ("zigzag", [[(0, 0), (0.3, 1), (0.6, 0), (0.9, 1)]]),
        ):
            strokes = tuple(
                np.array(line) * side + corner + random.normal(0, 2, (len(line), 2))
                for line in lines
            )
            sketches.append(Sketch(strokes=strokes, word=word))
    write_sketches(path, sketches, SHAPES)
    return path


def train_tiny_classifier(
    shapes: Path, run: Path, progress: EpochProgress | None = None
) -> None:
    """Train a classifier of shapes in a new run, without XLA."""
    with without_xla():
        train_classifier(
            *hold_out(load_examples([shapes])),
            TINY_CLASSIFIER,
            TINY_SKETCH_TRAINING,
            run,
            command="of a test",
            progress=progress,
        )


@contextmanager
def compiled_with(**changes: bool) -> Iterator[None]:
    """Change how Keras compiles the models of a training."""
    import keras

    compile_model = keras.Model.compile

    def compile_otherwise(model: Any, *args: Any, **options: Any) -> None:
        compile_model(model, *args, **{**options, **changes})

    with mock.patch.object(keras.Model, "compile", compile_otherwise):
        yield


def without_xla() -> AbstractContextManager[None]:
    """Train without XLA, whose compilation takes longer than a tiny training."""
    return compiled_with(jit_compile=False)


def eagerly() -> AbstractContextManager[None]:
    """Train without a graph, whose tracing takes longer than a few batches."""
    return compiled_with(jit_compile=False, run_eagerly=True)
