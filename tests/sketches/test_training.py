"""Training a classifier of drawings, and runs that survive being killed."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from killed import train_until_killed
from tiny import SHAPES, TINY_CLASSIFIER, TINY_SKETCH_TRAINING

from chorale.errors import DataError, ModelError, UsageError
from chorale.nn.runs import Run
from chorale.sketches import Sketch, load_classifier, write_sketches
from chorale.sketches.examples import Examples, hold_out, load_examples
from chorale.sketches.training import resume_training, train_classifier
from chorale.utils.files import load_arrays

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def examples(shapes: Path) -> tuple[Examples, Examples]:
    return hold_out(load_examples([shapes]))


def test_shapes_are_distinguished(
    classifier_run: Path, examples: tuple[Examples, Examples]
) -> None:
    valid = examples[1]
    probabilities = load_classifier(classifier_run).probabilities(valid.inks)
    assert (probabilities.argmax(axis=1) == valid.labels).mean() > 0.9


def test_the_card_tells_how_the_model_came_about(
    classifier_run: Path, examples: tuple[Examples, Examples]
) -> None:
    card = load_classifier(classifier_run).card
    assert card.name == "shapes"
    assert card.words == tuple(SHAPES)
    assert card.network == TINY_CLASSIFIER
    assert card.training["epochs"] == 10
    assert card.command == "of a test"
    assert dict(card.data["files"]) == dict(examples[0].hashes)
    assert [row["epoch"] for row in card.history] == [*range(1, 11)]
    figures = card.figures["valid"]
    assert figures["drawings"] == len(examples[1].labels)
    assert 0.9 < figures["top1"] <= figures["top3"] == 1
    assert {"keras", "numpy", "chorale"} <= set(card.versions)


def test_other_drawings_cannot_go_on_with_a_run(
    classifier_run: Path, examples: tuple[Examples, Examples], tmp_path: Path
) -> None:
    path = tmp_path / "shapes.npz"
    write_sketches(path, [Sketch(strokes=(np.eye(2),), word="cross")], ["cross"])
    other = load_examples([path], words=examples[0].words)
    with pytest.raises(ModelError, match=r"shapes\.npz differs"):
        resume_training(other, examples[1], classifier_run)


def test_one_class_alone_is_refused(
    examples: tuple[Examples, Examples], tmp_path: Path
) -> None:
    train, valid = examples
    only = Examples(inks=train.inks, labels=0 * train.labels, words=("cross",))
    options = TINY_CLASSIFIER, TINY_SKETCH_TRAINING
    with pytest.raises(DataError, match="only 'cross'"):
        train_classifier(only, valid, *options, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("without_xla")
def test_a_killed_run_ends_where_the_unbroken_one_does(
    classifier_run: Path,
    shapes: Path,
    examples: tuple[Examples, Examples],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    code = """
import sys
from pathlib import Path
from killed import Killer
from tiny import train_tiny_classifier
train_tiny_classifier(*map(Path, sys.argv[1:]), Killer(9))
"""
    train_until_killed(code, shapes, folder)
    assert len(rows(folder)) == 1  # the second epoch was under way
    resume_training(*examples, folder)
    np.testing.assert_allclose(rows(folder), rows(classifier_run), atol=1e-6)
    again, unbroken = (
        load_arrays(run / "best.npz") for run in (folder, classifier_run)
    )
    for name, array in unbroken.items():
        np.testing.assert_allclose(again[name], array, atol=1e-6)


def test_a_run_may_be_finished_early(
    classifier_run: Path, examples: tuple[Examples, Examples], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    Run(folder).create(Run(classifier_run).options(), provenance(classifier_run))
    with pytest.raises(UsageError, match="no whole epoch"):
        resume_training(*examples, folder, finish=True)
    shutil.copy(classifier_run / "checkpoint.npz", folder)
    shutil.copy(classifier_run / "best.npz", folder)
    card = resume_training(*examples, folder, finish=True)
    assert card.figures == load_classifier(classifier_run).card.figures


def provenance(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "data.json").read_text())
    return content


def rows(folder: Path) -> list[list[float]]:
    """Return the history of a run without the seconds, which differ."""
    with (Run(folder).folder / "history.csv").open() as file:
        return [[*map(float, row[:-1])] for row in list(csv.reader(file))[1:]]
