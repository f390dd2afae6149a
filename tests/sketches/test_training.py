"""Training a classifier of drawings, and runs that survive being killed."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chorale.errors import DataError, ModelError, UsageError
from chorale.nn.runs import Run
from chorale.sketches import Sketch, load_classifier, write_sketches
from chorale.sketches.examples import Examples, hold_out, load_examples
from chorale.sketches.options import NetworkOptions, TrainingOptions
from chorale.sketches.training import resume_training, train_classifier
from chorale.utils.files import load_arrays

TESTS = Path(__file__).parents[1]
NETWORK = NetworkOptions(units=8, layers=1, dropout=0.1)
# Patient: where rounding differs, it is not stopped before the last epoch either.
TRAINING = TrainingOptions(epochs=10, batch_size=16, learning_rate=0.02, patience=10)


def write_drawings(path: Path) -> None:
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
    write_sketches(path, sketches, ["cross", "square", "zigzag"])


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> tuple[Examples, Examples]:
    path = tmp_path_factory.mktemp("drawings") / "shapes.npz"
    write_drawings(path)
    return hold_out(load_examples([path]))


@pytest.fixture(scope="module")
def trained(
    examples: tuple[Examples, Examples], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a run of ten epochs."""
    folder = tmp_path_factory.mktemp("runs") / "shapes"
    train_classifier(*examples, NETWORK, TRAINING, folder, command="of a test")
    return folder


def test_shapes_are_told_apart(
    trained: Path, examples: tuple[Examples, Examples]
) -> None:
    valid = examples[1]
    probabilities = load_classifier(trained).probabilities(valid.inks)
    assert (probabilities.argmax(axis=1) == valid.labels).mean() > 0.9


def test_the_card_tells_how_the_model_came_about(
    trained: Path, examples: tuple[Examples, Examples]
) -> None:
    card = load_classifier(trained).card
    assert card.name == "shapes"
    assert card.words == ("cross", "square", "zigzag")
    assert card.network == NETWORK
    assert card.training["epochs"] == 10
    assert card.command == "of a test"
    assert dict(card.data["files"]) == dict(examples[0].hashes)
    assert [row["epoch"] for row in card.history] == [*range(1, 11)]
    figures = card.figures["valid"]
    assert figures["drawings"] == len(examples[1].labels)
    assert 0.9 < figures["top1"] <= figures["top3"] == 1
    assert {"keras", "numpy", "chorale"} <= set(card.versions)


def test_other_drawings_cannot_go_on_with_a_run(
    trained: Path, examples: tuple[Examples, Examples], tmp_path: Path
) -> None:
    path = tmp_path / "shapes.npz"
    write_sketches(path, [Sketch(strokes=(np.eye(2),), word="cross")], ["cross"])
    other = load_examples([path], words=examples[0].words)
    with pytest.raises(ModelError, match=r"shapes\.npz differs"):
        resume_training(other, examples[1], trained)


def test_one_word_cannot_be_told_apart(
    examples: tuple[Examples, Examples], tmp_path: Path
) -> None:
    train, valid = examples
    one = Examples(inks=train.inks, labels=0 * train.labels, words=("cross",))
    with pytest.raises(DataError, match="only 'cross'"):
        train_classifier(one, valid, NETWORK, TRAINING, tmp_path / "run")
    assert not (tmp_path / "run").exists()


# Trains in a process of its own; dies by SIGKILL in the middle of an epoch if told to.
SCRIPT = """
import os, signal, sys
from pathlib import Path
from chorale.sketches.examples import hold_out, load_examples
from chorale.sketches.training import train_classifier
from test_training import NETWORK, TRAINING

class Progress:
    def __init__(self):
        self.batches = 0
    def start_epoch(self, epoch, epochs, batches):
        pass
    def finish_batch(self, loss):
        self.batches += 1
        if self.batches == 15:
            os.kill(os.getpid(), signal.SIGKILL)
    def finish_epoch(self, row):
        pass

examples = hold_out(load_examples([Path(sys.argv[1])]))
train_classifier(*examples, NETWORK, TRAINING, sys.argv[2], command="of a test",
                 progress=Progress())
"""


def test_a_killed_run_ends_where_the_unbroken_one_does(
    trained: Path, examples: tuple[Examples, Examples], tmp_path: Path
) -> None:
    write_drawings(tmp_path / "shapes.npz")
    folder = tmp_path / "run"
    killed = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "shapes.npz", folder],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(rows(folder)) == 1  # the second epoch was under way
    resume_training(*examples, folder)
    np.testing.assert_allclose(rows(folder), rows(trained), atol=1e-6)
    again, unbroken = (load_arrays(run / "best.npz") for run in (folder, trained))
    for name, array in unbroken.items():
        np.testing.assert_allclose(again[name], array, atol=1e-6)


def test_a_run_may_be_finished_early(
    trained: Path, examples: tuple[Examples, Examples], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    Run(folder).create(Run(trained).options(), provenance(trained))
    with pytest.raises(UsageError, match="no whole epoch"):
        resume_training(*examples, folder, finish=True)
    shutil.copy(trained / "checkpoint.npz", folder)
    shutil.copy(trained / "best.npz", folder)
    card = resume_training(*examples, folder, finish=True)
    assert card.figures == load_classifier(trained).card.figures


def provenance(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "data.json").read_text())
    return content


def rows(folder: Path) -> list[list[float]]:
    """Return the history of a run without the seconds, which differ."""
    with (Run(folder).folder / "history.csv").open() as file:
        return [[*map(float, row[:-1])] for row in list(csv.reader(file))[1:]]
