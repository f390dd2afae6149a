"""Metrics of a classifier: accuracy, cross-entropy, calibration, confusions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.utils.arrays import BoolArray, Float64Array, IntArray

BINS = 15  # of the calibration, as in Guo et al. (2017)
MAX_CONFUSIONS = 50  # listed in a report
# Smaller probabilities are raised to this: a network in single precision can return 0,
# and one such drawing would make the mean infinite.
MIN_PROBABILITY = 1e-12
# Rows whose sum is further from 1 are not probabilities, but logits or the like.
_SUM_TOLERANCE = 1e-2

Probabilities = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """Drawings whose highest probability is above `low` and at most `high`."""

    low: float
    high: float
    count: int  # drawings
    confidence: float | None  # mean highest probability; None without drawings
    accuracy: float | None  # share classified correctly; None without drawings


@dataclass(frozen=True, kw_only=True)
class WordMetrics:
    """Metrics of one class; shares of no drawings are None."""

    word: str
    drawings: int  # of this word
    top1: float | None  # share of them with this word as the most likely
    top5: float | None  # share of them with this word among the 5 most likely
    precision: float | None  # share of drawings classified as this word that are of it
    taken_for: str | None  # the most frequent wrong prediction; None if there is none


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """A frequent error: drawings of one word classified as another."""

    word: str
    taken_for: str
    count: int  # drawings
    share: float  # of all drawings of the word


@dataclass(frozen=True, kw_only=True)
class Report:
    """Classification report.

    The expected calibration error is the mean of |confidence - accuracy| over the bins,
    weighted by their drawings (Guo, Pleiss, Sun & Weinberger, 2017, "On calibration of
    modern neural networks").
    """

    drawings: int
    top1: float  # top-k accuracy: share with the right word among the k most likely
    top3: float
    top5: float
    map3: float  # mean average precision: mean of 1/rank, 0 for ranks above 3
    nats: float  # cross-entropy: mean of -ln(probability of the right word)
    calibration_error: float
    calibration: tuple[CalibrationBin, ...]  # of equal width
    words: tuple[WordMetrics, ...]  # in the order of the classes
    confusions: tuple[Confusion, ...]  # the most frequent first


def measure(
    probabilities: Probabilities, labels: IntArray, classes: Sequence[str]
) -> Report:
    """Compute the classification report of predictions.

    Ties count against the classifier: the right word ranks last among equals. The
    prediction for a wrong drawing is the most probable other word, the first in a tie.

    Args:
        probabilities: float array (drawings, classes); each row sums to 1.
        labels: int array (drawings,), index of the right class.
        classes: the words, in the order of the columns.

    Raises:
        DataError: the arrays have other types or values, do not fit together, or are
            empty.
    """
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    _check(probabilities, labels, len(classes))
    rows = np.arange(len(labels))
    right = probabilities[rows, labels].astype(np.float64)
    rank = ranks(probabilities, labels)
    others = probabilities.copy()
    others[rows, labels] = -1
    predicted = np.where(rank == 1, labels, others.argmax(axis=1))
    table = np.zeros((len(classes), len(classes)), np.int64)  # confusion matrix
    np.add.at(table, (labels, predicted), 1)
    in_five = np.bincount(labels[rank <= 5], minlength=len(classes))
    bins = _calibration(probabilities.max(axis=1).astype(np.float64), rank == 1)
    return Report(
        drawings=len(labels),
        top1=float((rank <= 1).mean()),
        top3=float((rank <= 3).mean()),
        top5=float((rank <= 5).mean()),
        map3=float(np.where(rank <= 3, 1 / rank, 0).mean()),
        nats=float(-np.log(np.maximum(right, MIN_PROBABILITY)).mean()),
        calibration_error=sum(
            bin_.count / len(labels) * abs(bin_.accuracy - bin_.confidence)
            for bin_ in bins
            if bin_.accuracy is not None and bin_.confidence is not None
        ),
        calibration=bins,
        words=_words(table, in_five, classes),
        confusions=_confusions(table, classes),
    )


def ranks(probabilities: Probabilities, labels: IntArray) -> IntArray:
    """Return the rank of the right word of each drawing, 1 = most probable.

    It is the number of words at least as probable, so ties are never correct by chance.
    """
    right = np.take_along_axis(probabilities, labels[:, None], axis=1)
    counts: IntArray = (probabilities >= right).sum(axis=1)
    return counts


def _check(probabilities: Probabilities, labels: IntArray, classes: int) -> None:
    """Refuse arrays that `measure` cannot use."""
    shape = probabilities.shape
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(
            "expected labels as whole numbers of shape (drawings,), "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    if shape != (len(labels), classes) or probabilities.dtype.kind != "f":
        raise DataError(
            f"expected probabilities of shape {(len(labels), classes)}, drawings by "
            f"classes, got {probabilities.dtype} of shape {shape}"
        )
    if not len(labels):
        raise DataError("expected drawings to measure, there are none")
    is_valid: BoolArray = (labels >= 0) & (labels < classes)
    if not is_valid.all():
        first = int(is_valid.argmin())
        raise DataError(
            f"expected labels from 0 to {classes - 1}, drawing {first + 1} of "
            f"{len(labels)} has {labels[first]}"
        )
    with np.errstate(invalid="ignore"):
        sums = probabilities.sum(axis=1, dtype=np.float64)
    # Both comparisons are False for NaN.
    is_valid = (probabilities.min(axis=1) >= 0) & (np.abs(sums - 1) <= _SUM_TOLERANCE)
    if not is_valid.all():
        raise DataError(
            "expected probabilities from 0 to 1 that add up to 1, those of drawing "
            f"{int(is_valid.argmin()) + 1} of {len(labels)} do not"
        )


def _calibration(
    confidence: Float64Array, is_right: BoolArray
) -> tuple[CalibrationBin, ...]:
    """Return the bins of a reliability diagram, from arrays (drawings,)."""
    bins = []
    for number, (low, high) in enumerate(pairwise(np.arange(BINS + 1) / BINS)):
        # Rounding can make a confidence slightly larger than 1.
        inside = (confidence > low) & ((confidence <= high) | (number == BINS - 1))
        is_empty = not inside.any()
        bins.append(
            CalibrationBin(
                low=float(low),
                high=float(high),
                count=int(inside.sum()),
                confidence=None if is_empty else float(confidence[inside].mean()),
                accuracy=None if is_empty else float(is_right[inside].mean()),
            )
        )
    return tuple(bins)


def _words(
    table: IntArray, in_five: IntArray, classes: Sequence[str]
) -> tuple[WordMetrics, ...]:
    """Return metrics of each class.

    `table` is the confusion matrix (right class, predicted class); `in_five` counts the
    drawings (classes,) with the right class among the top 5.
    """
    right = table.diagonal()
    wrong = table - np.diag(right)
    return tuple(
        WordMetrics(
            word=str(word),
            drawings=int(table[label].sum()),
            top1=_share(right[label], table[label].sum()),
            top5=_share(in_five[label], table[label].sum()),
            precision=_share(right[label], table[:, label].sum()),
            taken_for=str(classes[wrong[label].argmax()])
            if wrong[label].any()
            else None,
        )
        for label, word in enumerate(classes)
    )


def _share(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None


def _confusions(table: IntArray, classes: Sequence[str]) -> tuple[Confusion, ...]:
    """Return the most frequent confusions; equally frequent ones in order of class."""
    wrong = table - np.diag(table.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:MAX_CONFUSIONS]
    pairs = np.transpose(np.unravel_index(order, wrong.shape))
    return tuple(
        Confusion(
            word=str(classes[label]),
            taken_for=str(classes[predicted]),
            count=int(wrong[label, predicted]),
            share=float(wrong[label, predicted] / table[label].sum()),
        )
        for label, predicted in pairs
        if wrong[label, predicted]
    )
