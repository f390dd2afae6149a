"""Logits processing: temperature, rules, top-k, top-p and the draw of a token.

Each step is a pure function. The samplers of both kinds of model share them and their
options; a cell of an infiller is a token here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError, UsageError
from chorale.music.voices import HIGHEST_PITCH, LOWEST_PITCH, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.utils.checks import check_above_zero, check_at_least, check_choice

Logits = npt.NDArray[np.float64]

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
    costs: Logits | None,
    uniforms: npt.NDArray[np.float64],
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
        ModelError: see `keep_only`.
    """
    # Double precision, so that rounding does not decide where a cumulative sum ends.
    kept = with_temperature(logits.astype(np.float64), options.temperature)
    kept = keep_only(kept, possible)
    if costs is not None:
        # After the temperature, so that a high one does not weaken the rules. Before
        # top-k and top-p, which could otherwise keep nothing but likely faults.
        with_rules = penalize if options.rules == "lenient" else keep_cheapest
        kept = with_rules(kept, costs)
    if options.top_k is not None:
        kept = keep_top_k(kept, options.top_k)
    if held is None:
        kept = keep_top_p(kept, options.top_p)
    else:
        kept = keep_top_p_of_attacks(kept, options.top_p, held)
    return draw(kept, uniforms)


def with_temperature(logits: Logits, temperature: float) -> Logits:
    """Return logits, float array (batch, tokens), divided by the temperature."""
    return logits / temperature


def keep_only(logits: Logits, allowed: BoolArray) -> Logits:
    """Return logits with all tokens ruled out that are not `allowed`, of their shape.

    Raises:
        ModelError: no allowed token has a probability, or the logits are not numbers.
    """
    kept = np.where(allowed, logits, -np.inf)
    if not np.isfinite(kept.max(axis=-1)).all():
        raise ModelError(
            "expected a probability above 0 for at least one note that may follow, got "
            "none: the model's logits are -inf or not numbers"
        )
    return kept


def penalize(logits: Logits, costs: Logits) -> Logits:
    """Return logits minus costs in nats; both (batch, tokens)."""
    return logits - costs


def keep_cheapest(logits: Logits, costs: Logits) -> Logits:
    """Return logits with all tokens ruled out but the cheapest possible ones.

    Those usually cost nothing.

    Args:
        logits, costs: float arrays (batch, tokens).
    """
    possible = np.where(np.isfinite(logits), costs, np.inf)
    cheapest = possible.min(axis=-1, keepdims=True)
    return np.where(possible <= cheapest, logits, -np.inf)


def keep_top_k(logits: Logits, count: int) -> Logits:
    """Return logits with all but the `count` most likely tokens ruled out.

    Of equally likely tokens the lower ones come first.
    """
    order = np.argsort(-logits, axis=-1, kind="stable")
    kept = np.full_like(logits, -np.inf)
    best = order[:, :count]
    np.put_along_axis(kept, best, np.take_along_axis(logits, best, axis=-1), axis=-1)
    return kept


def keep_top_p(logits: Logits, probability: float) -> Logits:
    """Return logits with all tokens ruled out but the nucleus.

    The nucleus is the smallest set of most likely tokens whose probability is at least
    `probability`. Of equally likely tokens the lower ones come first.

    Args:
        logits: float array (batch, tokens).
        probability: above 0; 1 or more keeps all tokens.
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


def keep_top_p_of_attacks(logits: Logits, probability: float, held: IntArray) -> Logits:
    """Return logits with all attacks ruled out but their nucleus.

    At most steps a voice holds its note. A nucleus of all tokens would leave out every
    attack where the model expects one seldom, and notes would get too long. So the
    probability of holding is kept, and the nucleus has the probability of all attacks.

    Args:
        logits: float array (batch, tokens).
        probability: see `keep_top_p`, of the attacks.
        held: int array (batch,), the token that continues the note or rest of each row.
    """
    rows = np.arange(len(logits))
    attacks = logits.copy()
    attacks[rows, held] = -np.inf
    only_held = ~np.isfinite(attacks).any(axis=-1)
    attacks[only_held] = 0
    nucleus = keep_top_p(attacks, probability)
    share = np.where(np.isfinite(nucleus), _softmax(attacks), 0).sum(axis=-1)
    kept: Logits = nucleus - np.log(share)[:, np.newaxis]
    kept[only_held] = -np.inf
    kept[rows, held] = logits[rows, held]
    return kept


def draw(logits: Logits, uniforms: npt.NDArray[np.float64]) -> IntArray:
    """Draw a token in each row, int array (batch,), by inverse transform sampling.

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
