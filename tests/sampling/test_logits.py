"""Drawing tokens: temperature, rules, top-k, top-p, and the same draws as ever."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chorale.errors import ModelError
from chorale.sampling.logits import (
    DrawingOptions,
    draw,
    draw_or_hold,
    keep_cheapest,
    keep_top_k,
    keep_top_p,
    pick,
    weigh,
)

PLAIN = DrawingOptions(top_p=1.0, rules="off")


def logarithms(*rows: list[float]) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.array(rows))


def normalized(weights: np.ndarray) -> list[list[float]]:
    return (weights / weights.sum(axis=-1, keepdims=True)).round(9).tolist()


def probabilities(
    logits: np.ndarray, options: DrawingOptions, costs: np.ndarray | None = None
) -> list[list[float]]:
    """Return the shares of tokens that a single row draws from it, to a hundredth."""
    count, (tokens,) = 4000, logits.shape
    rows = np.repeat(logits[np.newaxis], count, axis=0)
    uniforms = (np.arange(count) + 0.5) / count
    if costs is not None:
        costs = np.repeat(costs[np.newaxis], count, axis=0)
    drawn = pick(rows, np.ones(rows.shape, bool), costs, uniforms, options)
    return (np.bincount(drawn, minlength=tokens) / count).tolist()


def test_temperature_sharpens_and_flattens() -> None:
    (logits,) = logarithms([0.2, 0.8])
    for temperature, expected in (
        (1.0, [0.2, 0.8]),
        # 0.2² : 0.8² = 1 : 16, and √0.2 : √0.8 = 1 : 2.
        (0.5, [1 / 17, 16 / 17]),
        (2.0, [1 / 3, 2 / 3]),
    ):
        options = replace(PLAIN, temperature=temperature)
        assert probabilities(logits, options) == pytest.approx(expected, abs=1e-3)


def test_top_k_keeps_the_most_likely() -> None:
    weights = np.array([[0.1, 0.4, 0.2, 0.3], [0.25] * 4])
    assert normalized(keep_top_k(weights, 1)) == [[0, 1, 0, 0], [1, 0, 0, 0]]
    assert normalized(keep_top_k(weights, 2)) == [
        [0, round(4 / 7, 9), 0, round(3 / 7, 9)],
        [0.5, 0.5, 0, 0],
    ]
    assert normalized(keep_top_k(weights, 9)) == normalized(weights)


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [
        (1e-13, [1]),
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
    weights = np.array([[0.1, 0.4, 0.2, 0.3]])
    assert np.flatnonzero(keep_top_p(weights, top_p)[0]).tolist() == kept


def test_top_p_drops_rarer_tokens() -> None:
    weights = np.array([[0.004, 0.996]])
    assert (keep_top_p(weights, 0.995) > 0).tolist() == [[False, True]]
    assert (keep_top_p(weights, 0.997) > 0).all()


def test_top_p_treats_rows_alone_and_needs_no_normalized_weights() -> None:
    weights = np.array([[0.9, 0.1, 0], [0.4, 0.3, 0.3]]) * [[20], [0.01]]
    kept = keep_top_p(weights, 0.8) > 0
    assert kept.tolist() == [[True, False, False], [True, True, True]]


def test_of_equally_likely_tokens_the_lower_ones_are_kept() -> None:
    weights = np.array([[1, 2, 2, 2, 2, 1.0], [3, 0, 1, 1, 1, 0]])
    kept = keep_top_p(weights, 0.5) > 0
    assert kept.tolist() == [
        [False, True, True, True, False, False],
        [True, False, False, False, False, False],
    ]
    kept = keep_top_p(weights, 0.6) > 0
    assert kept[1].tolist() == [True, False, True, False, False, False]


def held_shares(weights: list[float], top_p: float, held: int) -> list[float]:
    """Return the shares of tokens that are drawn if one of them holds the note."""
    uniforms = (np.arange(1000) + 0.5) / 1000
    rows = np.tile(weights, (1000, 1))
    drawn = draw_or_hold(rows, top_p, np.full(1000, held), uniforms)
    return (np.bincount(drawn, minlength=len(weights)) / 1000).tolist()


@pytest.mark.parametrize(
    ("weights", "top_p", "shares"),
    [
        # Attacks are a half, three and two tenths.
        ([0.9, 0.05, 0.03, 0.02], 0.5, [0.9, 0.1, 0, 0]),
        ([0.9, 0.05, 0.03, 0.02], 0.8, [0.9, 0.062, 0.038, 0]),
        ([0.9, 0.05, 0.03, 0.02], 1.0, [0.9, 0.05, 0.03, 0.02]),
        ([0, 0.5, 0.3, 0.2], 0.5, [0, 1, 0, 0]),  # no note may be held
        ([1, 0, 0, 0], 0.5, [1, 0, 0, 0]),  # no attack is possible
        ([1, 0, 0, 0], 1.0, [1, 0, 0, 0]),
    ],
)
def test_holding_is_no_part_of_the_nucleus(
    weights: list[float], top_p: float, shares: list[float]
) -> None:
    assert held_shares(weights, top_p, 0) == pytest.approx(shares, abs=0.002)
    # The token for holding may be the last, too.
    backwards = held_shares([*weights[1:], weights[0]], top_p, 3)
    assert backwards == pytest.approx([*shares[1:], shares[0]], abs=0.002)


def test_tokens_that_are_not_possible_are_ruled_out() -> None:
    logits, possible = logarithms([0.1, 0.4, 0.5]), np.array([[True, True, False]])
    for uniform, token in ((0.19, 0), (0.21, 1), (0.999, 1)):
        drawn = pick(logits, possible, None, np.array([uniform]), PLAIN)
        assert drawn.tolist() == [token]
    for wrong in (logarithms([0, 0, 1.0]), np.full((1, 3), np.nan)):
        with pytest.raises(ModelError, match="a probability above 0"):
            pick(wrong, possible, None, np.array([0.5]), PLAIN)


def test_weights_are_probabilities_but_for_a_factor() -> None:
    weights = weigh(logarithms([0.2, 0.8], [0, 0.1]) + np.array([[900], [-900]]))
    assert weights == pytest.approx(np.array([[0.25, 1], [0, 1]]))


def test_costs_reduce_log_probabilities() -> None:
    (logits,), costs = logarithms([0.2, 0.4, 0.4]), np.log([1, 1, 4.0])
    lenient = replace(PLAIN, rules="lenient")
    expected = [2 / 7, 4 / 7, 1 / 7]
    assert probabilities(logits, lenient, costs) == pytest.approx(expected, abs=1e-3)


def test_the_cheapest_are_kept() -> None:
    logits = logarithms([0.1, 0.4, 0.5], [0, 0.4, 0.6], [0, 0.4, 0.6])
    costs = np.array([[0, 0, 1], [0, 2, 1], [0, 2, 2]], float)
    # Free ones where there are any; else, as the first is impossible, what costs least.
    assert normalized(weigh(keep_cheapest(logits, costs))) == [
        [0.2, 0.8, 0],
        [0, 0, 1],
        [0, 0.4, 0.6],
    ]


def test_drawing_inverts_the_cumulative_sum() -> None:
    weights = np.tile([0, 0.5, 1, 0, 0.5, 0], (7, 1))
    last = np.nextafter(1, 0)
    uniforms = np.array([0, 0.249, 0.25, 0.5, 0.749, 0.75, last])
    assert draw(weights, uniforms).tolist() == [1, 1, 2, 2, 2, 4, 4]


# === The same draws as the steps written one by one ===


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def nucleus(logits: np.ndarray, top_p: float) -> np.ndarray:
    """Return logits (tokens,) of the nucleus, token after token."""
    kept, reached = np.full_like(logits, -np.inf), 0.0
    likelihoods = softmax(logits)
    for token in np.argsort(-logits, kind="stable"):
        if reached < top_p - 1e-12 or top_p >= 1:
            kept[token] = logits[token]
        reached += likelihoods[token]
    return kept


def drawn_plainly(
    logits: np.ndarray,
    costs: np.ndarray,
    uniform: float,
    options: DrawingOptions,
    held: int | None,
) -> int:
    """Draw a token as the options say, one step after another, from one row."""
    logits = logits / options.temperature
    if options.rules == "lenient":
        logits = logits - costs
    elif options.rules == "strict":
        possible = np.isfinite(logits)
        logits = np.where(costs <= costs[possible].min(), logits, -np.inf)
    if options.top_k is not None:
        dropped = np.argsort(-logits, kind="stable")[options.top_k :]
        logits[dropped] = -np.inf
    if held is None:
        kept = nucleus(logits, options.top_p)
    else:
        attacks = logits.copy()
        attacks[held] = -np.inf
        kept = attacks
        if np.isfinite(attacks).any():
            kept = nucleus(attacks, options.top_p)
            kept = kept - np.log(softmax(attacks)[np.isfinite(kept)].sum())
        kept[held] = logits[held]
    sums = np.cumsum(softmax(kept))
    return int((sums <= uniform * sums[-1]).sum())


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    """Draw logits and costs of some rows, with ties and impossible tokens."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows, tokens = draw(st.integers(1, 6)), draw(st.integers(2, 12))
    logits = random.normal(0, draw(st.sampled_from([0.1, 1, 5, 200])), (rows, tokens))
    if draw(st.booleans()):
        logits = logits.round()
    logits = np.where(random.random(logits.shape) < 0.2, -np.inf, logits)
    logits[np.arange(rows), random.integers(tokens, size=rows)] = 1.0
    costs = random.choice([0, 0, 0, 5.25, 7.5, 12.75], logits.shape)
    held = np.where(random.random(rows) < 0.3, 0, tokens - 1)
    return logits.astype(np.float32), costs, held, random.random(rows)


@given(
    tables(),
    st.sampled_from(["off", "lenient", "strict"]),
    st.sampled_from([0.01, 0.5, 0.9, 0.96, 1.0]),
    st.sampled_from([None, None, 1, 3]),
    st.sampled_from([0.5, 1.0, 1.3]),
    st.booleans(),
)
@settings(max_examples=300)
def test_the_draws_are_those_of_one_step_after_another(
    drawn: tuple[np.ndarray, ...],
    rules: str,
    top_p: float,
    top_k: int | None,
    temperature: float,
    has_hold: bool,
) -> None:
    logits, costs, held, uniforms = drawn
    options = DrawingOptions(
        rules=rules, top_p=top_p, top_k=top_k, temperature=temperature
    )
    picked = pick(
        logits,
        np.isfinite(logits),
        None if rules == "off" else costs,
        uniforms,
        options,
        held=held if has_hold else None,
    )
    expected = [
        drawn_plainly(
            row.astype(np.float64), cost, uniform, options, token if has_hold else None
        )
        for row, cost, uniform, token in zip(logits, costs, uniforms, held, strict=True)
    ]
    assert picked.tolist() == expected
