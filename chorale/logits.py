"""From logits to a token: the named steps of sampling, each a pure function."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError
from chorale.score import BoolArray, IntArray

Logits = npt.NDArray[np.float64]


def with_temperature(logits: Logits, temperature: float) -> Logits:
    """Return logits, float array (batch, tokens), divided by the temperature."""
    return logits / temperature


def keep_only(logits: Logits, allowed: BoolArray) -> Logits:
    """Return logits with every token ruled out that is not `allowed`, of their shape.

    Raises:
        ModelError: no allowed token has a probability, or the logits are not numbers.
    """
    kept = np.where(allowed, logits, -np.inf)
    if not np.isfinite(kept.max(axis=-1)).all():
        raise ModelError("the model gives no probability to any note that may follow")
    return kept


def penalize(logits: Logits, costs: Logits) -> Logits:
    """Return logits less what each token costs, in nats; both (batch, tokens)."""
    return logits - costs


def keep_cheapest(logits: Logits, costs: Logits) -> Logits:
    """Return logits with every token ruled out that costs more than it has to.

    Those are kept that cost as little as any does that is not ruled out already:
    nothing, as a rule.

    Args:
        logits, costs: float arrays (batch, tokens).
    """
    possible = np.where(np.isfinite(logits), costs, np.inf)
    cheapest = possible.min(axis=-1, keepdims=True)
    return np.where(possible <= cheapest, logits, -np.inf)


def keep_top_k(logits: Logits, count: int) -> Logits:
    """Return logits with all but the `count` most likely tokens ruled out.

    Of equally likely tokens the lower ones are kept.
    """
    order = np.argsort(-logits, axis=-1, kind="stable")
    kept = np.full_like(logits, -np.inf)
    best = order[:, :count]
    np.put_along_axis(kept, best, np.take_along_axis(logits, best, axis=-1), axis=-1)
    return kept


def keep_top_p(logits: Logits, probability: float) -> Logits:
    """Return logits with all tokens ruled out but the nucleus.

    The nucleus is the smallest set of most likely tokens whose probability is at least
    `probability`; it holds one token or more. Of equally likely tokens the lower ones
    come first.
    """
    if probability >= 1:
        return logits
    order = np.argsort(-logits, axis=-1, kind="stable")
    sorted_probabilities = np.take_along_axis(_softmax(logits), order, axis=-1)
    before = np.cumsum(sorted_probabilities, axis=-1) - sorted_probabilities
    # Rounding must not let one more token in where the nucleus is just full.
    outside = before >= probability - 1e-12
    dropped = np.empty_like(outside)
    np.put_along_axis(dropped, order, outside, axis=-1)
    return np.where(dropped, -np.inf, logits)


def draw(logits: Logits, uniforms: npt.NDArray[np.float64]) -> IntArray:
    """Pick one token a row, int array (batch,), by inverting the cumulative sum.

    Args:
        logits: float array (batch, tokens).
        uniforms: float array (batch,), each in [0, 1).
    """
    cumulative = np.cumsum(_softmax(logits), axis=-1)
    targets = uniforms[:, np.newaxis] * cumulative[:, -1:]
    picked: IntArray = (cumulative <= targets).sum(axis=-1)
    return picked


def _softmax(logits: Logits) -> Logits:
    weights: Logits = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Logits = weights / weights.sum(axis=-1, keepdims=True)
    return probabilities
