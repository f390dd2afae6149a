"""Metrics of a classifier: by hand, ties, tables, refused input."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.sketches.evaluation import (
    BINS,
    MAX_CONFUSIONS,
    MIN_PROBABILITY,
    Confusion,
    Report,
    WordMetrics,
    measure,
)

CLASSES = ["ant", "bee", "cat", "dog", "elk", "fly", "gnu"]


def probabilities_of(*places: int, label: int = 0) -> np.ndarray:
    """Return probabilities in which the label has these ranks, without ties."""
    rows = []
    for place in places:
        order = [index for index in range(7) if index != label]
        order.insert(place - 1, label)
        row = np.zeros(7)
        row[order] = np.array([7, 6, 5, 4, 3, 2, 1]) / 28
        rows.append(row)
    return np.array(rows)


# === Figures ===


def test_figures_by_hand() -> None:
    report = measure(probabilities_of(1, 2, 3, 4, 5, 6), np.zeros(6, int), CLASSES)
    assert report.drawings == 6
    assert report.top1 == pytest.approx(1 / 6)
    assert report.top3 == pytest.approx(3 / 6)
    assert report.top5 == pytest.approx(5 / 6)
    assert report.map3 == pytest.approx((1 + 1 / 2 + 1 / 3) / 6)
    logarithms = [math.log(number / 28) for number in (7, 6, 5, 4, 3, 2)]
    assert report.nats == pytest.approx(-sum(logarithms) / 6)
    # All confidences are 0.25, the accuracy is 1/6.
    assert report.calibration_error == pytest.approx(0.25 - 1 / 6)


def test_calibration_by_hand() -> None:
    sure = np.array([0.95, 0.99, 0.62, 0.64, 0.66, 0.6])
    right = [True, False, True, True, False, True]
    rows = np.column_stack([sure, 1 - sure])
    labels = np.array([0 if is_right else 1 for is_right in right])
    report = measure(rows, labels, ["ant", "bee"])
    filled = {
        index: (bin_.count, bin_.confidence, bin_.accuracy)
        for index, bin_ in enumerate(report.calibration)
        if bin_.count
    }
    # 0.6 is in the bin below its edge.
    assert filled == {
        8: (1, pytest.approx(0.6), pytest.approx(1)),
        9: (3, pytest.approx(0.64), pytest.approx(2 / 3)),
        14: (2, pytest.approx(0.97), pytest.approx(1 / 2)),
    }
    expected = (1 * 0.4 + 3 * (2 / 3 - 0.64) + 2 * 0.47) / 6
    assert report.calibration_error == pytest.approx(expected)
    assert len(report.calibration) == BINS == 15
    assert (report.calibration[0].low, report.calibration[-1].high) == (0, 1)
    for bin_, following in zip(
        report.calibration, report.calibration[1:], strict=False
    ):
        assert bin_.high == following.low
    empty = report.calibration[0]
    assert (empty.count, empty.confidence, empty.accuracy) == (0, None, None)


def test_a_probability_rounded_above_one_is_in_the_last_bin() -> None:
    rows = np.array([[1.0000001, 0]], np.float32)
    report = measure(rows, np.array([0]), ["ant", "bee"])
    assert report.calibration[-1].count == 1
    assert report.calibration_error == pytest.approx(0, abs=1e-6)


def test_a_probability_of_nothing_is_not_infinite() -> None:
    report = measure(np.array([[0.0, 1.0]]), np.array([0]), ["ant", "bee"])
    assert report.nats == pytest.approx(-math.log(MIN_PROBABILITY))
    assert report.calibration_error == 1


def test_ties_are_not_correct_by_chance() -> None:
    rows = np.array([[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])
    for label in (0, 1):
        report = measure(rows[:2], np.array([label, label]), CLASSES[:3])
        assert (report.top1, report.map3) == (0, 1 / 2)
        # The prediction is the other word, in either order.
        assert report.words[label].taken_for == CLASSES[1 - label]
    report = measure(rows[2:], np.array([0]), CLASSES[:3])
    assert report.words[0].taken_for == "bee"
    even = np.full((7, 7), 1 / 7)
    report = measure(even, np.arange(7), CLASSES)
    assert (report.top1, report.top3, report.top5, report.map3) == (0, 0, 0, 0)
    assert [row.taken_for for row in report.words] == ["bee", *["ant"] * 6]


def test_few_classes_have_all_places() -> None:
    rows = np.array([[0.3, 0.7], [0.3, 0.7], [0.3, 0.7]])
    report = measure(rows, np.array([0, 0, 1]), ["ant", "bee"])
    assert (report.top3, report.top5) == (1, 1)
    assert report.top1 == pytest.approx(1 / 3)
    assert report.map3 == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    alone = measure(np.ones((2, 1)), np.zeros(2, int), ["ant"])
    assert (alone.top1, alone.map3, alone.nats) == (1, 1, 0)
    assert alone.confusions == ()


# === Tables ===


@pytest.fixture
def report() -> Report:
    """Return the report on pairs (word, prediction), with 0.02 for other words."""
    pairs = [(0, 0), (0, 1), (0, 1), (0, 2), (1, 1), (1, 0), (2, 1), (2, 1), (2, 2)]
    rows = np.full((len(pairs), 7), 0.02)
    for row, (_, answer) in zip(rows, pairs, strict=True):
        row[answer] += 1 - row.sum()
    return measure(rows, np.array([label for label, _ in pairs]), CLASSES)


def test_words_have_their_rows(report: Report) -> None:
    assert [row.word for row in report.words] == CLASSES
    # All words but the prediction tie for the last rank.
    assert report.words[:4] == (
        WordMetrics(
            word="ant",
            drawings=4,
            top1=1 / 4,
            top5=1 / 4,
            precision=1 / 2,
            taken_for="bee",
        ),
        WordMetrics(
            word="bee",
            drawings=2,
            top1=1 / 2,
            top5=1 / 2,
            precision=1 / 5,
            taken_for="ant",
        ),
        WordMetrics(
            word="cat",
            drawings=3,
            top1=1 / 3,
            top5=1 / 3,
            precision=1 / 2,
            taken_for="bee",
        ),
        WordMetrics(
            word="dog", drawings=0, top1=None, top5=None, precision=None, taken_for=None
        ),
    )


def test_confusions_are_sorted(report: Report) -> None:
    assert report.confusions == (
        Confusion(word="ant", taken_for="bee", count=2, share=2 / 4),
        Confusion(word="cat", taken_for="bee", count=2, share=2 / 3),
        Confusion(word="ant", taken_for="cat", count=1, share=1 / 4),
        Confusion(word="bee", taken_for="ant", count=1, share=1 / 2),
    )


def test_a_word_has_its_own_first_five() -> None:
    rows = np.concatenate([probabilities_of(5, 6), probabilities_of(1, label=1)])
    report = measure(rows, np.array([0, 0, 1]), CLASSES)
    assert [row.top5 for row in report.words[:2]] == [1 / 2, 1]


def test_only_the_most_frequent_confusions_are_listed() -> None:
    classes = [str(number) for number in range(9)]
    labels = np.repeat(np.arange(9), 8)
    answers = np.array(
        [index for label in range(9) for index in range(9) if index != label]
    )
    rows = np.eye(9)[answers]
    report = measure(rows, labels, classes)
    assert len(report.confusions) == MAX_CONFUSIONS < 72
    assert report.confusions[0] == Confusion(
        word="0", taken_for="1", count=1, share=1 / 8
    )


def test_a_report_is_plain_json(report: Report) -> None:
    plain = json.loads(json.dumps(asdict(report), allow_nan=False))
    assert {"drawings", "top1", "top3", "top5", "map3", "nats"} < set(plain)
    assert plain["words"][0]["word"] == "ant"
    assert plain["confusions"][1] == {
        "word": "cat",
        "taken_for": "bee",
        "count": 2,
        "share": 2 / 3,
    }
    assert plain["calibration"][0]["confidence"] is None
    named = measure(np.eye(2, dtype=np.float32), np.arange(2), np.array(["ant", "bee"]))
    json.dumps(asdict(named))


@st.composite
def drawings(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[str]]:
    count, size = draw(st.integers(1, 30)), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    # Few different numbers, so that there are ties.
    rows = random.integers(1, 6, (count, size)).astype(float)
    rows /= rows.sum(axis=1, keepdims=True)
    return rows, random.integers(0, size, count), [f"word {i}" for i in range(size)]


@given(data=drawings())
def test_figures_agree_with_one_another(
    data: tuple[np.ndarray, np.ndarray, list[str]],
) -> None:
    rows, labels, classes = data
    report = measure(rows, labels, classes)
    assert 0 <= report.top1 <= report.map3 <= report.top3 <= report.top5 <= 1
    assert 0 <= report.calibration_error <= 1
    assert sum(bin_.count for bin_ in report.calibration) == len(labels)
    assert sum(row.drawings for row in report.words) == len(labels)
    mistakes = round((1 - report.top1) * len(labels))
    listed = sum(pair.count for pair in report.confusions)
    assert listed == mistakes or len(report.confusions) == MAX_CONFUSIONS
    right = sum((row.top1 or 0) * row.drawings for row in report.words)
    assert right == pytest.approx(report.top1 * len(labels))
    # The order of the classes does not matter, ties included.
    order = np.random.default_rng(0).permutation(len(classes))
    permuted = measure(
        rows[:, order], np.argsort(order)[labels], [classes[index] for index in order]
    )
    for name in ("top1", "top3", "top5", "map3", "nats", "calibration_error"):
        assert getattr(permuted, name) == pytest.approx(getattr(report, name))


# === Refused input ===

EVEN = np.full((3, 2), 0.5)


@pytest.mark.parametrize(
    ("rows", "labels", "what"),
    [
        (np.zeros((0, 2)), np.zeros(0, int), "there are none"),
        (
            EVEN,
            np.zeros(2, int),
            r"shape \(2, 2\), drawings by classes, got .*\(3, 2\)",
        ),
        (np.full((3, 3), 1 / 3), np.zeros(3, int), r"shape \(3, 2\).*\(3, 3\)"),
        (EVEN[0], np.zeros(2, int), r"got float64 of shape \(2,\)"),
        (EVEN.astype(int), np.zeros(3, int), "got int64 of shape"),
        (EVEN, np.zeros((3, 1), int), r"labels .* got int64 of shape \(3, 1\)"),
        (EVEN, np.zeros(3), "whole numbers .* got float64"),
        (EVEN, np.array([0, 1, 2]), "0 to 1, drawing 3 of 3 has 2"),
        (EVEN, np.array([0, -1, 0]), "0 to 1, drawing 2 of 3 has -1"),
        ([[1, 0.0], [np.nan, 1], [0, 1]], np.zeros(3, int), "drawing 2 of 3 do not"),
        ([[1, 0.0], [0, 1], [np.inf, 1]], np.zeros(3, int), "drawing 3 of 3 do not"),
        ([[np.inf, -np.inf]], np.zeros(1, int), "drawing 1 of 1 do not"),
        ([[-0.5, 1.5]], np.zeros(1, int), "from 0 to 1 that add up to 1"),
        ([[3.2, 1.1]], np.zeros(1, int), "from 0 to 1 that add up to 1"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    rows: object, labels: np.ndarray, what: str
) -> None:
    with pytest.raises(DataError, match=what) as caught:
        measure(np.array(rows), labels, ["ant", "bee"])
    assert "\n" not in str(caught.value)
