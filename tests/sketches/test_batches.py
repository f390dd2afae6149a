"""Batches: every drawing in one batch, with padding that depends on it alone."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.errors import DataError
from chorale.sketches.batches import (
    EVEN_LENGTHS,
    PADDED_LENGTHS,
    PREDICTION_BATCH,
    Padded,
    draw_batches,
    pad,
    padded_length,
    predict,
)
from chorale.sketches.preprocessing import MAX_POINTS
from chorale.sketches.strokes import Inks


def inks_of(lengths: list[int] | np.ndarray) -> Inks:
    """Return inks of distinct numbers."""
    lengths = np.array(lengths, np.int64)
    points = 1 + np.arange(3 * lengths.sum(), dtype=np.float32).reshape(-1, 3)
    return Inks(points, lengths)


def test_a_drawing_is_padded_to_the_first_length_that_holds_it() -> None:
    assert PADDED_LENGTHS[-1] == MAX_POINTS
    assert all(length % 2 == 0 for length in PADDED_LENGTHS)
    assert [padded_length(n) for n in (1, 16, 17, 24, 65, 97, 128)] == (
        [16, 16, 24, 24, 96, 128, 128]
    )


def test_padding_keeps_the_ink() -> None:
    inks = inks_of([2, 0, 17, 1])
    batch = pad(inks, np.array([3, 0, 2, 0]))
    assert batch.lengths.tolist() == [1, 2, 17, 2]
    assert batch.ink.shape == (4, 24, 3) and batch.ink.dtype == np.float32
    for row, (begin, end) in zip(
        batch.ink, [(19, 20), (0, 2), (2, 19), (0, 2)], strict=True
    ):
        assert np.array_equal(row[: end - begin], inks.points[begin:end])
        assert not row[end - begin :].any()


@pytest.mark.parametrize(("count", "size"), [(1000, 50), (1001, 50), (7, 50), (50, 1)])
def test_every_drawing_is_in_one_batch_among_its_like(count: int, size: int) -> None:
    random = np.random.default_rng(0)
    inks = inks_of(random.integers(1, MAX_POINTS + 1, count))
    batches = draw_batches(inks, size, np.random.default_rng(1))
    assert sorted(np.concatenate(batches)) == list(range(count))
    sizes = sorted((len(batch) for batch in batches), reverse=True)
    assert sizes == [size] * (count // size) + [count % size] * (count % size > 0)
    if count >= 1000:
        spans = [np.ptp(inks.lengths[batch]) for batch in batches]
        assert max(spans) < 20
        # Batches are not sorted by length.
        means = [inks.lengths[batch].mean() for batch in batches]
        assert means != sorted(means)


def test_batches_come_from_the_generator_alone_and_vary() -> None:
    inks = inks_of([5, 6, 7, 8] * 50)
    first, again, another = (
        [batch.tolist() for batch in draw_batches(inks, 20, np.random.default_rng(n))]
        for n in (1, 1, 2)
    )
    assert first == again
    assert {frozenset(batch) for batch in first} != {
        frozenset(batch) for batch in another
    }


def test_what_is_beside_a_drawing_makes_no_difference() -> None:
    random = np.random.default_rng(0)
    inks = inks_of(random.integers(0, MAX_POINTS + 1, 2000))
    shapes: list[tuple[int, ...]] = []
    calls: list[tuple[int, int]] = []

    def function(batch: Padded) -> np.ndarray:
        shapes.append(batch.ink.shape)
        # Logits of the first number of the ink, the length and the padding.
        first = batch.ink[:, 0, 0] / 3000
        wide = np.full(len(first), batch.ink.shape[1] / 10)
        logits = np.column_stack([first, batch.lengths / 10, wide])
        return logits.astype(np.float32)

    probabilities = predict(function, inks, 3, lambda *both: calls.append(both))
    assert probabilities.dtype == np.float32
    begins = np.cumsum(inks.lengths) - inks.lengths
    for row, begin, length in zip(probabilities, begins, inks.lengths, strict=True):
        if length == 0:
            assert row.tolist() == pytest.approx([1 / 3] * 3)
            continue
        logits = [
            inks.points[begin, 0] / 3000,
            length / 10,
            padded_length(int(length)) / 10,
        ]
        odds = np.exp(np.array(logits) - max(logits))
        np.testing.assert_allclose(row, odds / odds.sum(), rtol=1e-4, atol=1e-9)
    assert {shape[1] for shape in shapes} == set(PADDED_LENGTHS)
    assert max(shape[0] for shape in shapes) == PREDICTION_BATCH
    assert calls[-1] == (int((inks.lengths > 0).sum()), 2000)
    assert [done for done, _ in calls] == list(
        np.cumsum([shape[0] for shape in shapes])
    )


def test_drawings_may_be_padded_to_even_lengths_in_smaller_batches() -> None:
    inks = inks_of([1, 2, 3, 5, 5, 6, 6, 6, 0, MAX_POINTS])
    shapes: list[tuple[int, ...]] = []

    def function(batch: Padded) -> np.ndarray:
        shapes.append(batch.ink.shape[:2])
        assert (batch.ink.shape[1] - batch.lengths < 2).all()
        return np.column_stack([batch.lengths, batch.lengths * 0]).astype(np.float32)

    found = predict(function, inks, 2, padded=EVEN_LENGTHS, batch=3)
    assert shapes == [(2, 2), (1, 4), (3, 6), (2, 6), (1, MAX_POINTS)]
    np.testing.assert_allclose(
        found[:, 0], 1 / (1 + np.exp(-inks.lengths.astype(float))), rtol=1e-5
    )


def test_huge_logits_are_still_probabilities() -> None:
    def function(batch: Padded) -> np.ndarray:
        return np.array([[1e4, 1e4, -1e4, 0]] * len(batch.lengths), np.float32)

    assert predict(function, inks_of([3]), 4).tolist() == [[0.5, 0.5, 0, 0]]


def test_nothing_to_predict_asks_nothing() -> None:
    def function(batch: Padded) -> np.ndarray:
        raise AssertionError("there is nothing to ask")

    assert predict(function, inks_of([]), 4).shape == (0, 4)
    assert predict(function, inks_of([0, 0]), 4).tolist() == [[0.25] * 4] * 2


def test_longer_inks_than_to_ink_makes_are_refused() -> None:
    inks = inks_of([3, MAX_POINTS + 1])
    with pytest.raises(DataError, match="to_ink"):
        predict(lambda batch: batch.ink[:, 0], inks, 3)
