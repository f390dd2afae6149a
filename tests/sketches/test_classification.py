"""Classification: order of the words, input forms, the bundled model."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chorale.errors import DataError, UsageError
from chorale.sketches import (
    Guess,
    classify,
    classify_many,
    load_classifier,
    read_sketches,
)
from chorale.sketches.models import Classifier
from chorale.sketches.strokes import Inks

VALID = Path(__file__).parents[2] / "data" / "sketches" / "valid.npz"
SQUARE = [[[10, 10], [90, 10], [90, 90], [10, 90], [10, 10]]]


class FakeClassifier(Classifier):
    """Prefers the word whose number of letters is nearest to the number of points."""

    def __init__(self) -> None:
        self.words = ("a", "bb", "cc", "dddd")
        self.asked: list[int] = []

    def probabilities(self, inks: Inks, progress: object = None) -> np.ndarray:
        self.asked.append(len(inks.lengths))
        letters = np.array([len(word) for word in self.words])
        odds = 0.5 ** np.abs(inks.lengths[:, None] - letters)
        return (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def test_the_likeliest_words_come_first_and_the_earliest_of_equals() -> None:
    fake = FakeClassifier()
    line = [[[0, 0], [9, 0]]]
    guesses = classify(line, top=9, model=fake)
    assert [guess.word for guess in guesses] == ["bb", "cc", "a", "dddd"]
    assert guesses[0] == Guess("bb", pytest.approx(4 / 11))
    assert type(guesses[0].probability) is float
    assert classify(line, top=2, model=fake) == guesses[:2]
    assert classify([[[0, 0]]], top=1, model=fake)[0].word == "a"


def test_many_are_asked_at_once_and_nothing_drawn_is_no_guess() -> None:
    fake = FakeClassifier()
    point, line = [[[3, 3]]], [[[0, 0], [9, 0]]]
    answers = classify_many([line, [], point, [[]], line], top=1, model=fake)
    assert [[guess.word for guess in guesses] for guesses in answers] == (
        [["bb"], [], ["a"], [], ["bb"]]
    )
    assert fake.asked == [5]
    assert classify_many([], model=fake) == []


@pytest.mark.parametrize("top", [0, -1])
def test_at_least_one_word_is_wanted(top: int) -> None:
    with pytest.raises(UsageError, match=f"at least 1 word to give, got {top}"):
        classify(SQUARE, top=top, model=FakeClassifier())


@pytest.mark.parametrize("strokes", [None, "cat", [[[0, math.nan]]], [[1, 2]], 7])
def test_what_is_no_drawing_is_refused(strokes: object) -> None:
    with pytest.raises(DataError):
        classify(strokes, model=FakeClassifier())  # type: ignore[arg-type]


# === The bundled model ===


def test_plain_lists_are_taken_and_nothing_drawn_is_no_guess() -> None:
    guesses = classify(SQUARE)
    assert guesses[0].word == "square" and len(guesses) == 5
    assert classify([np.array(SQUARE[0], float)]) == guesses
    assert classify([]) == classify([[], []]) == []
    every = classify(SQUARE, top=338)
    assert sum(guess.probability for guess in every) == pytest.approx(1, abs=1e-5)
    assert every[:5] == guesses
    probabilities = [guess.probability for guess in every]
    assert probabilities == sorted(probabilities, reverse=True)


def test_place_and_size_do_not_matter() -> None:
    drawings = [sketch.strokes for sketch in list(read_sketches(VALID))[::50]]
    classifier = load_classifier(threads=1)
    moved = [
        [stroke * 0.5 + np.array([-300, 70]) for stroke in drawing]
        for drawing in drawings
    ]
    expected = classify_many(drawings, model=classifier)
    assert classify_many(moved, model=classifier) == expected
    for drawing, words in list(zip(drawings, expected, strict=True))[:5]:
        (alone,) = classify_many([drawing], model=classifier)
        assert [guess.word for guess in alone] == [guess.word for guess in words]


def test_most_drawings_are_known() -> None:
    sketches = list(read_sketches(VALID))[::7]
    answers = classify_many([sketch.strokes for sketch in sketches], top=3)
    found = [
        sketch.word in [guess.word for guess in answer]
        for sketch, answer in zip(sketches, answers, strict=True)
    ]
    assert np.mean(found) > 0.7


def test_classifying_loads_no_tensorflow() -> None:
    code = """
import sys
import chorale.sketches
heavy = {"tensorflow", "keras", "pandas", "matplotlib", "music21"}
assert not {*heavy, "onnxruntime"} & {*sys.modules}
square = [[[10, 10], [90, 10], [90, 90], [10, 90], [10, 10]]]
print(chorale.sketches.classify(square)[0].word)
assert "onnxruntime" in sys.modules
assert not heavy & {*sys.modules}, heavy & {*sys.modules}
"""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("square\n", "")
