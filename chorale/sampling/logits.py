"""Logits processing: temperature, rules, top-k, top-p and the draw of a token.

Each step is a pure function. The samplers of both kinds of model share them and their
options; a cell of an infiller is a token here. Most functions take weights, which are
probabilities but for a factor in each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError, UsageError
from chorale.music.voices import HIGHEST_PITCH, LOWEST_PITCH, VOICES
from chorale.utils.arrays import BoolArray, Float64Array, IntArray
from chorale.utils.checks import check_above_zero, check_at_least, check_choice

_IMPOSSIBLE = np.float64(-np.inf)

# Treatment of notes that break rules of part-writing, see `DrawingOptions`.
RULES_MODES = ("off", "lenient", "strict")


@dataclass(frozen=True, kw_only=True)
class DrawingOptions:
    """Options that samplers of both kinds of model share.

    Attributes:
        temperature: divides the logits; below 1 likely notes become more likely.
        top_p: draw from the most likely notes that together reach this probability
            (nucleus sampling, Holtzman et al. 2020); 1 draws from all. For a next-step
            model in the `hold` encoding the nucleus is that of the attacked notes, and
            the probability of holding is left as it is; otherwise it is that of all
            tokens.
        top_k: draw from this many most likely tokens, HOLD included; None draws from
            all.
        ranges: lowest and highest MIDI note of each voice, soprano first; None for
            the ranges of the training split.
        rules: `off` ignores rules of part-writing; `lenient` makes notes that break
            rules less likely, the more so the rarer Bach breaks them; `strict` rules
            them out wherever there are others.
        rests: whether a voice may fall silent.
        random_state: seed of all randomness.

    Raises:
        UsageError: a value out of bounds.
    """

    temperature: float = 1.0
    top_p: float = 0.96
    top_k: int | None = None
    ranges: tuple[tuple[int, int], ...] | None = None
    rules: str = "lenient"
    rests: bool = False
    random_state: int = 0

    def __post_init__(self) -> None:
        check_above_zero(self, "temperature")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"expected a top-p above 0, at most 1, got {self.top_p}")
        if self.top_k is not None:
            check_at_least(self, top_k=1)
        check_choice("rules", self.rules, RULES_MODES)
        check_at_least(self, random_state=0)
        if self.ranges is not None and not (
            len(self.ranges) == VOICES
            and all(LOWEST_PITCH <= a <= b <= HIGHEST_PITCH for a, b in self.ranges)
        ):
            raise UsageError(
                f"expected a lowest and a highest note, {LOWEST_PITCH} to "
                f"{HIGHEST_PITCH}, for each of {VOICES} voices, got {self.ranges}"
            )


def pick(
    logits: npt.NDArray[Any],
    possible: BoolArray,
    costs: Float64Array | None,
    uniforms: Float64Array,
    options: DrawingOptions,
    *,
    held: IntArray | None = None,
) -> IntArray:
    """Draw a token in each row, int array (batch,), by all the steps below.

    Args:
        logits: float array (batch, tokens).
        possible: bool array (batch, tokens), the tokens that may be drawn at all.
        costs: float array (batch, tokens), nats of the rules that each would break;
            None if there are no rules.
        uniforms: float array (batch,), each in [0, 1).
        options: temperature, rules, top-k and top-p.
        held: int array (batch,), the token that continues the note or the rest of each
            row; None if there is no such token.

    Raises:
        ModelError: see `weigh`.
    """
    # Double precision, so that rounding does not decide where a cumulative sum ends.
    kept = np.where(possible, logits, _IMPOSSIBLE)
    if options.temperature != 1:
        kept /= options.temperature
    if costs is not None:
        # After the temperature, so that a high one does not weaken the rules. Before
        # top-k and top-p, which could otherwise keep nothing but likely faults.
        if options.rules == "lenient":
            kept -= costs
        else:
            kept = keep_cheapest(kept, costs)
    weights = weigh(kept)
    if options.top_k is not None:
        weights = keep_top_k(weights, options.top_k)
    if held is not None:
        return draw_or_hold(weights, options.top_p, held, uniforms)
    return draw(keep_top_p(weights, options.top_p), uniforms)


def keep_cheapest(logits: Float64Array, costs: Float64Array) -> Float64Array:
    """Return logits with all tokens ruled out but the cheapest possible ones.

    Those usually cost nothing.

    Args:
        logits, costs: float arrays (batch, tokens).
    """
    possible = np.where(np.isfinite(logits), costs, np.inf)
    cheapest = possible.min(axis=-1, keepdims=True)
    return np.where(possible <= cheapest, logits, _IMPOSSIBLE)


def weigh(logits: Float64Array) -> Float64Array:
    """Return weights of tokens, float array (batch, tokens); the largest is 1.

    Raises:
        ModelError: no token has a probability, or the logits are not numbers.
    """
    largest = np.maximum.reduce(logits, axis=-1, keepdims=True)
    if not np.isfinite(largest).all():
        raise ModelError(
            "expected a probability above 0 for at least one note that may follow, got "
            "none: the model's logits are -inf or not numbers"
        )
    weights: Float64Array = np.exp(logits - largest)
    return weights


def keep_top_k(weights: Float64Array, count: int) -> Float64Array:
    """Return weights with all but the `count` most likely tokens ruled out.

    Of equally likely tokens the lower ones come first.
    """
    return np.where(_ranks(weights) < count, weights, 0.0)


def keep_top_p(weights: Float64Array, probability: float) -> Float64Array:
    """Return weights with all tokens ruled out but the nucleus.

    The nucleus is the smallest set of most likely tokens whose probability is at least
    `probability`. Of equally likely tokens the lower ones come first.

    Args:
        weights: float array (batch, tokens).
        probability: above 0; 1 or more keeps all tokens.
    """
    if probability >= 1:
        return weights
    ascending = np.sort(weights, axis=-1)
    sums = np.add.accumulate(ascending, axis=-1)
    # Rounding must not let one more token in where the nucleus is just full.
    most = (1 - max(probability - 1e-12, 1e-15)) * sums[:, -1:]
    dropped = (sums > most).argmax(axis=-1)
    rows = np.arange(len(weights))
    least = ascending[rows, dropped]
    if (least == ascending[rows, dropped - 1]).any():
        # Some of several equally likely tokens may have to be dropped.
        kept = weights.shape[-1] - dropped
        return np.where(_ranks(weights) < kept[:, np.newaxis], weights, 0.0)
    nucleus: Float64Array = weights * (weights >= least[:, np.newaxis])
    return nucleus


def draw(weights: Float64Array, uniforms: Float64Array) -> IntArray:
    """Draw a token in each row, int array (batch,), by inverse transform sampling.

    Args:
        weights: float array (batch, tokens).
        uniforms: float array (batch,), each in [0, 1).
    """
    sums = np.add.accumulate(weights, axis=-1)
    targets = uniforms[:, np.newaxis] * sums[:, -1:]
    picked: IntArray = (sums > targets).argmax(axis=-1)
    return picked


def draw_or_hold(
    weights: Float64Array,
    probability: float,
    held: IntArray,
    uniforms: Float64Array,
) -> IntArray:
    """Draw a token in each row, with all attacks ruled out but their nucleus.

    At most steps a voice holds its note. A nucleus of all tokens would leave out every
    attack where the model expects one seldom, and notes would get too long. So the
    probability of holding is kept, and the nucleus has the probability of all attacks.

    Args:
        weights: float array (batch, tokens); is changed.
        probability: see `keep_top_p`, of the attacks.
        held: int array (batch,), the token that continues the note or rest of each row:
            the first or the last one.
        uniforms: float array (batch,), each in [0, 1).

    Returns:
        int array (batch,).
    """
    rows = np.arange(len(weights))
    holding = weights[rows, held]
    weights[rows, held] = 0
    attacks = np.add.reduce(weights, axis=-1)
    # Inverse transform sampling, in which the attacks come before or after holding.
    targets = uniforms * (attacks + holding) - holding * (held == 0)
    drawn = held.copy()
    rows = ((targets >= 0) & (targets < attacks)).nonzero()[0]
    if len(rows):
        sums = np.add.accumulate(keep_top_p(weights[rows], probability), axis=-1)
        shares = sums[:, -1] / attacks[rows]
        drawn[rows] = (sums > (targets[rows] * shares)[:, np.newaxis]).argmax(axis=-1)
    return drawn


def _ranks(weights: Float64Array) -> IntArray:
    """Return the place of each token in the order of their weights, largest first."""
    order = np.argsort(-weights, axis=-1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(weights.shape[-1])[np.newaxis], axis=-1)
    return ranks
