"""How well a network names drawings: the figures, the tables, and fair comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.sketches.strokes import Bools, Floats, Ints

BINS = 15  # of the calibration, as in Guo et al. (2017)
MOST_CONFUSIONS = 50  # that a report lists
# A probability below this counts as this: a network of 32-bit numbers may say 0, and
# one such drawing would make the mean infinite.
SMALLEST = 1e-12
# How far the probabilities of a drawing may be from adding up to 1: beyond it they are
# something else, such as logits.
_TOLERANCE = 1e-2
_DEVIATIONS = NormalDist().inv_cdf(0.975)  # of a 95 % interval, 1.96

Probabilities = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """Drawings of which a network is about equally sure.

    Attributes:
        low, high: the highest probability is above `low` and at most `high`.
        count: drawings.
        confidence: mean of their highest probabilities; None without drawings.
        accuracy: share of them that is right; None without drawings.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, kw_only=True)
class WordRow:
    """How well the drawings of one word are named.

    Attributes:
        word: what was to be drawn.
        drawings: of it.
        top1, top5: share of them with the word so far in front; None without any.
        precision: share of the drawings taken for this word that are of it; None if
            none is.
        taken_for: the word that its drawings are wrongly taken for most often; None if
            all are right.
    """

    word: str
    drawings: int
    top1: float | None
    top5: float | None
    precision: float | None
    taken_for: str | None


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """A mistake that is made again and again."""

    word: str
    taken_for: str
    count: int  # drawings
    share: float  # of all drawings of the word


@dataclass(frozen=True, kw_only=True)
class Report:
    """How well a network names drawings.

    Attributes:
        drawings: how many.
        top1, top3, top5: share with the right word in so many first places.
        map3: mean average precision at 3: the mean of 1/place of the right word, or 0
            beyond the third place.
        nats: mean negative natural logarithm of the right word's probability.
        calibration_error: mean distance, over the bins, weighted by their drawings,
            between how sure the network is and how often it is right (expected
            calibration error; Guo, Pleiss, Sun & Weinberger, 2017, "On calibration of
            modern neural networks").
        calibration: the bins, of equal width.
        words: a row for each class, in their order.
        confusions: the most frequent, the commonest first.
    """

    drawings: int
    top1: float
    top3: float
    top5: float
    map3: float
    nats: float
    calibration_error: float
    calibration: tuple[CalibrationBin, ...]
    words: tuple[WordRow, ...]
    confusions: tuple[Confusion, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain dictionaries, lists, numbers, text and None."""
        plain = asdict(self)
        for name in ("calibration", "words", "confusions"):
            plain[name] = list(plain[name])
        return plain


def measure(
    probabilities: Probabilities, labels: Ints, classes: Sequence[str]
) -> Report:
    """Measure how well drawings are named.

    The place of the right word is the number of words at least as probable as it, so
    that in a tie it comes last: nothing is right by the luck of the order. A drawing
    that is wrong is taken for the most probable of the other words, the earliest in a
    tie.

    Args:
        probabilities: float array (drawings, classes); each row adds up to 1.
        labels: int array (drawings,): the index of the right class.
        classes: the words, in the order of the columns.

    Raises:
        DataError: the arrays do not fit one another, or there are no drawings.
    """
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    _check(probabilities, labels, len(classes))
    rows = np.arange(len(labels))
    right = probabilities[rows, labels]
    place = places(probabilities, labels)
    others = probabilities.copy()
    others[rows, labels] = -1
    answers = np.where(place == 1, labels, others.argmax(axis=1))
    table = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(table, (labels, answers), 1)
    in_five = np.bincount(labels[place <= 5], minlength=len(classes))
    bins = _calibration(probabilities.max(axis=1).astype(np.float64), place == 1)
    return Report(
        drawings=len(labels),
        top1=float((place <= 1).mean()),
        top3=float((place <= 3).mean()),
        top5=float((place <= 5).mean()),
        map3=float(np.where(place <= 3, 1 / place, 0).mean()),
        nats=float(-np.log(np.maximum(right.astype(np.float64), SMALLEST)).mean()),
        calibration_error=sum(
            one.count / len(labels) * abs(one.accuracy - one.confidence)
            for one in bins
            if one.accuracy is not None and one.confidence is not None
        ),
        calibration=bins,
        words=_words(table, in_five, classes),
        confusions=_confusions(table, classes),
    )


def places(probabilities: Probabilities, labels: Ints) -> Ints:
    """Return the place of each drawing's right word, 1 = the likeliest of all.

    It is the number of words at least as probable, so a tie is never luck.
    """
    right = np.take_along_axis(probabilities, labels[:, None], axis=1)
    counts: Ints = (probabilities >= right).sum(axis=1)
    return counts


def _check(probabilities: Probabilities, labels: Ints, classes: int) -> None:
    """Refuse arrays that `measure` cannot work on."""
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
    good: Bools = (labels >= 0) & (labels < classes)
    if not good.all():
        first = int(good.argmin())
        raise DataError(
            f"expected labels from 0 to {classes - 1}, drawing {first + 1} of "
            f"{len(labels)} has {labels[first]}"
        )
    with np.errstate(invalid="ignore"):
        sums = probabilities.sum(axis=1, dtype=np.float64)
    # Of what is not a number, neither is true.
    good = (probabilities.min(axis=1) >= 0) & (np.abs(sums - 1) <= _TOLERANCE)
    if not good.all():
        raise DataError(
            "expected probabilities from 0 to 1 that add up to 1, those of drawing "
            f"{int(good.argmin()) + 1} of {len(labels)} do not"
        )


def _calibration(confidence: Floats, is_right: Bools) -> tuple[CalibrationBin, ...]:
    """Return the bins, for the highest probability of each drawing."""
    edges = np.arange(BINS + 1) / BINS
    bins = []
    for number, (low, high) in enumerate(pairwise(edges)):
        # A highest probability may be a little above 1, by rounding.
        inside = (confidence > low) & ((confidence <= high) | (number == BINS - 1))
        count = int(inside.sum())
        bins.append(
            CalibrationBin(
                low=float(low),
                high=float(high),
                count=count,
                confidence=float(confidence[inside].mean()) if count else None,
                accuracy=float(is_right[inside].mean()) if count else None,
            )
        )
    return tuple(bins)


def _words(table: Ints, in_five: Ints, classes: Sequence[str]) -> tuple[WordRow, ...]:
    """Return a row a class, from counts (right class, class it was taken for)."""
    right = table.diagonal()
    wrong = table - np.diag(right)
    rows = []
    for index, word in enumerate(classes):
        taken_for = int(wrong[index].argmax())
        rows.append(
            WordRow(
                word=str(word),
                drawings=int(table[index].sum()),
                top1=_share(right[index], table[index].sum()),
                top5=_share(in_five[index], table[index].sum()),
                precision=_share(right[index], table[:, index].sum()),
                taken_for=str(classes[taken_for]) if wrong[index, taken_for] else None,
            )
        )
    return tuple(rows)


def _share(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None


def _confusions(table: Ints, classes: Sequence[str]) -> tuple[Confusion, ...]:
    """Return the most frequent confusions; equally frequent ones by class."""
    wrong = table - np.diag(table.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    return tuple(
        Confusion(
            word=str(classes[word]),
            taken_for=str(classes[taken_for]),
            count=int(wrong[word, taken_for]),
            share=float(wrong[word, taken_for] / table[word].sum()),
        )
        for word, taken_for in zip(*np.unravel_index(order, wrong.shape), strict=True)
        if wrong[word, taken_for]
    )


# === Comparisons ===


@dataclass(frozen=True, kw_only=True)
class Paired:
    """How the same drawings do in two forms, or with two networks, a and b.

    Attributes:
        difference: share right in form a minus share right in form b.
        low, high: the ends of its 95 % interval.
        drawings: how many.
        only_a, only_b: drawings that are right in one form alone.
    """

    difference: float
    low: float
    high: float
    drawings: int
    only_a: int
    only_b: int


def paired_difference(right_a: Bools, right_b: Bools) -> Paired:
    """Compare the shares of drawings that are right in two forms of the same drawings.

    The interval is method 10 of Newcombe (1998), "Improved confidence intervals for
    the difference between binomial proportions based on paired data", Statistics in
    Medicine 17: Wilson's score intervals of both shares, joined with the correlation
    of the pairs, corrected for continuity. It holds for few drawings, too.

    Args:
        right_a: bool array (drawings,): whether each is right in form a.
        right_b: bool array (drawings,): the same in form b.

    Raises:
        DataError: the arrays do not fit one another, or there are no drawings.
    """
    right_a, right_b = np.asarray(right_a), np.asarray(right_b)
    if right_a.dtype != bool or right_b.dtype != bool:
        raise DataError(
            "expected true or false for each drawing, "
            f"got {right_a.dtype} and {right_b.dtype}"
        )
    if right_a.ndim != 1 or right_a.shape != right_b.shape:
        raise DataError(
            "expected the same drawings in both forms, "
            f"got shapes {right_a.shape} and {right_b.shape}"
        )
    drawings = len(right_a)
    if not drawings:
        raise DataError("expected drawings to compare, there are none")
    both = int((right_a & right_b).sum())
    only_a = int((right_a & ~right_b).sum())
    only_b = int((~right_a & right_b).sum())
    below_a, above_a = _margins((both + only_a) / drawings, drawings)
    below_b, above_b = _margins((both + only_b) / drawings, drawings)
    correlation = _correlation(both, only_a, only_b, drawings - both - only_a - only_b)

    def joined(one: float, other: float) -> float:
        return math.sqrt(one**2 - 2 * correlation * one * other + other**2)

    difference = (only_a - only_b) / drawings
    return Paired(
        difference=difference,
        low=difference - joined(below_a, above_b),
        high=difference + joined(above_a, below_b),
        drawings=drawings,
        only_a=only_a,
        only_b=only_b,
    )


def _margins(share: float, drawings: int) -> tuple[float, float]:
    """Return how far Wilson's (1927) interval goes below and above a share."""
    square = _DEVIATIONS**2 / drawings
    shift = square * (0.5 - share)
    half = math.sqrt(square * share * (1 - share) + square**2 / 4)
    return (half - shift) / (1 + square), (half + shift) / (1 + square)


def _correlation(both: int, only_a: int, only_b: int, neither: int) -> float:
    """Return the corrected phi coefficient of two outcomes, 0 where it has no value."""
    drawings = both + only_a + only_b + neither
    product = (both + only_a) * (only_b + neither)
    product *= (both + only_b) * (only_a + neither)
    if not product:
        return 0.0
    excess: float = both * neither - only_a * only_b
    if excess > 0:
        excess = max(excess - drawings / 2, 0)
    return excess / math.sqrt(product)
