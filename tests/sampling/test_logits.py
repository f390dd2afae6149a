from __future__ import annotations

import numpy as np
import pytest

from chorale.errors import ModelError
from chorale.sampling.logits import (
    draw,
    keep_cheapest,
    keep_only,
    keep_top_k,
    keep_top_p,
    keep_top_p_of_attacks,
    penalize,
    with_temperature,
)


def logarithms(*rows: list[float]) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.array(rows))


def probabilities(logits: np.ndarray) -> list[list[float]]:
    weights = np.exp(logits)
    return (weights / weights.sum(axis=-1, keepdims=True)).round(9).tolist()


def test_temperature_sharpens_and_flattens() -> None:
    logits = logarithms([0.2, 0.8])
    assert probabilities(with_temperature(logits, 1.0)) == [[0.2, 0.8]]
    # 0.2² : 0.8² = 1 : 16, and √0.2 : √0.8 = 1 : 2.
    assert probabilities(with_temperature(logits, 0.5)) == [
        [round(1 / 17, 9), round(16 / 17, 9)]
    ]
    assert probabilities(with_temperature(logits, 2.0)) == [
        [round(1 / 3, 9), round(2 / 3, 9)]
    ]


def test_top_k_keeps_the_most_likely() -> None:
    logits = logarithms([0.1, 0.4, 0.2, 0.3], [0.25] * 4)
    assert probabilities(keep_top_k(logits, 1)) == [[0, 1, 0, 0], [1, 0, 0, 0]]
    assert probabilities(keep_top_k(logits, 2)) == [
        [0, round(4 / 7, 9), 0, round(3 / 7, 9)],
        [0.5, 0.5, 0, 0],
    ]
    assert probabilities(keep_top_k(logits, 9)) == probabilities(logits)


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [
        (1e-9, [1]),
        (0.4, [1]),  # the nucleus is just full
        (0.41, [1, 3]),
        (0.7, [1, 3]),
        (0.71, [1, 2, 3]),
        (0.9, [1, 2, 3]),
        (0.91, [0, 1, 2, 3]),
        (1.0, [0, 1, 2, 3]),
    ],
)
def test_top_p_keeps_the_nucleus(top_p: float, kept: list[int]) -> None:
    logits = logarithms([0.1, 0.4, 0.2, 0.3])
    assert np.flatnonzero(np.isfinite(keep_top_p(logits, top_p)[0])).tolist() == kept


def test_top_p_drops_rarer_tokens() -> None:
    logits = logarithms([0.004, 0.996])
    assert np.isfinite(keep_top_p(logits, 0.995)).tolist() == [[False, True]]
    assert np.isfinite(keep_top_p(logits, 0.997)).all()


def test_top_p_treats_rows_alone_and_needs_no_normalized_logits() -> None:
    logits = logarithms([0.9, 0.1, 0], [0.4, 0.3, 0.3]) + np.array([[5], [-5]])
    kept = np.isfinite(keep_top_p(logits, 0.8))
    assert kept.tolist() == [[True, False, False], [True, True, True]]


def test_holding_is_no_part_of_the_nucleus() -> None:
    logits = logarithms(
        [0.9, 0.05, 0.03, 0.02],  # attacks are a half, three and two tenths
        [0.9, 0.05, 0.03, 0.02],
        [0, 0.5, 0.3, 0.2],  # no note may be held
        [1, 0, 0, 0],  # no attack is possible
    )
    held = np.zeros(4, int)
    kept = keep_top_p_of_attacks(logits, 0.5, held)
    assert probabilities(kept) == [
        [0.9, 0.1, 0, 0],
        [0.9, 0.1, 0, 0],
        [0, 1, 0, 0],
        [1, 0, 0, 0],
    ]
    kept = keep_top_p_of_attacks(logits[:1], 0.8, held[:1])
    assert probabilities(kept) == [[0.9, 0.0625, 0.0375, 0]]
    everything = keep_top_p_of_attacks(logits, 1.0, held)
    assert probabilities(everything) == probabilities(logits)
    # Each row has its own token for holding.
    kept = keep_top_p_of_attacks(logits[:2], 0.5, np.array([0, 1]))
    assert probabilities(kept) == [[0.9, 0.1, 0, 0], [0.95, 0.05, 0, 0]]


def test_tokens_that_are_not_allowed_are_ruled_out() -> None:
    logits = logarithms([0.1, 0.4, 0.5])
    allowed = np.array([[True, True, False]])
    assert probabilities(keep_only(logits, allowed)) == [[0.2, 0.8, 0]]
    with pytest.raises(ModelError, match="a probability above 0"):
        keep_only(logarithms([0, 0, 1.0]), allowed)
    with pytest.raises(ModelError, match="a probability above 0"):
        keep_only(np.full((1, 3), np.nan), allowed)


def test_costs_reduce_log_probabilities() -> None:
    logits = logarithms([0.2, 0.4, 0.4], [0, 0.5, 0.5])
    costs = np.log([[1, 1, 4], [1, 2, 2]])
    assert probabilities(penalize(logits, costs)) == [
        [round(2 / 7, 9), round(4 / 7, 9), round(1 / 7, 9)],
        [0, 0.5, 0.5],
    ]


def test_the_cheapest_are_kept() -> None:
    logits = logarithms([0.1, 0.4, 0.5], [0, 0.4, 0.6], [0, 0.4, 0.6])
    costs = np.array([[0, 0, 1], [0, 2, 1], [0, 2, 2]], float)
    # Free ones where there are any; else, as the first is impossible, what costs least.
    assert probabilities(keep_cheapest(logits, costs)) == [
        [0.2, 0.8, 0],
        [0, 0, 1],
        [0, 0.4, 0.6],
    ]


def test_drawing_inverts_the_cumulative_sum() -> None:
    logits = np.repeat(logarithms([0, 0.25, 0.5, 0, 0.25, 0]), 7, axis=0)
    last = np.nextafter(1, 0)
    uniforms = np.array([0, 0.249, 0.25, 0.5, 0.749, 0.75, last])
    assert draw(logits, uniforms).tolist() == [1, 1, 2, 2, 2, 4, 4]
