"""From logits to a token or a cell: how notes are drawn, step by named step.

Each step is a pure function. Samplers of all kinds share them, and their options.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError, UsageError
from chorale.music.voices import HIGHEST_PITCH, LOWEST_PITCH, VOICES
from chorale.utils.arrays import BoolArray, IntArray

Logits = npt.NDArray[np.float64]

# What notes that break rules of part-writing are to a sampler.
RULES_MODES = ("off", "lenient", "strict")


@dataclass(frozen=True, kw_only=True)
class DrawingOptions:
    """How notes are drawn.

    Attributes:
        temperature: divides the logits; below 1 the likely becomes likelier.
        top_p: draw from the most likely notes that together reach this probability
            (nucleus sampling, Holtzman et al. 2020); 1 draws from all. One number, or
            one for each voice, soprano first. Where a model writes step after step in
            the `hold` encoding, these are the notes that may be struck, and holding on
            stays as likely as it is; elsewhere, all that a voice may do.
        top_k: draw from this many most likely tokens, holding on being one; None draws
            from all.
        ranges: lowest and highest MIDI note of each voice, soprano first; None for
            the ranges that the model saw in train.
        rules: `off` draws as the model would; `lenient` makes notes that break rules of
            part-writing less likely, the more so the rarer Bach breaks them; `strict`
            rules them out, unless there are no others.
        rests: whether a voice may fall silent.
        random_state: seed of all randomness.

    Raises:
        UsageError: a value out of bounds.
    """

    temperature: float = 1.0
    top_p: float | tuple[float, ...] = 0.96
    top_k: int | None = None
    ranges: tuple[tuple[int, int], ...] | None = None
    rules: str = "lenient"
    rests: bool = False
    random_state: int = 0

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and math.isfinite(self.temperature)):
            raise UsageError(f"expected a temperature above 0, got {self.temperature}")
        if np.shape(self.top_p) not in ((), (VOICES,)):
            raise UsageError(
                f"expected one top-p, or one for each of {VOICES} voices, "
                f"got {self.top_p}"
            )
        if wrong := [one for one in self.top_p_of_voices if not 0 < one <= 1]:
            raise UsageError(f"expected a top-p above 0, at most 1, got {wrong[0]}")
        if self.top_k is not None and self.top_k < 1:
            raise UsageError(f"expected a top-k of at least 1, got {self.top_k}")
        if self.rules not in RULES_MODES:
            raise UsageError(
                f"expected rules out of {', '.join(RULES_MODES)}, got {self.rules!r}"
            )
        if self.random_state < 0:
            raise UsageError(
                f"expected a random state of at least 0, got {self.random_state}"
            )
        if self.ranges is not None and not (
            len(self.ranges) == VOICES
            and all(LOWEST_PITCH <= a <= b <= HIGHEST_PITCH for a, b in self.ranges)
        ):
            raise UsageError(
                f"expected a lowest and a highest note, {LOWEST_PITCH} to "
                f"{HIGHEST_PITCH}, for each of {VOICES} voices, got {self.ranges}"
            )

    @property
    def top_p_of_voices(self) -> npt.NDArray[np.float64]:
        """The top-p of each voice, float array (4,)."""
        return np.broadcast_to(np.asarray(self.top_p, np.float64), (VOICES,))


def pick(
    logits: npt.NDArray[Any],
    voices: int | IntArray,
    possible: BoolArray,
    costs: Logits | None,
    uniforms: npt.NDArray[np.float64],
    options: DrawingOptions,
    *,
    held: IntArray | None = None,
) -> IntArray:
    """Draw one token or cell a row, int array (batch,), by all the steps below.

    Args:
        logits: float array (batch, tokens).
        voices: whose notes are drawn, one voice or int array (batch,).
        possible: bool array (batch, tokens), what may be drawn at all.
        costs: float array (batch, tokens), nats of the rules that each would break;
            None if there are no rules.
        uniforms: float array (batch,), each in [0, 1).
        options: of temperature, rules, top-k and top-p.
        held: int array (batch,), the token by which each voice goes on as it is; None
            if there is no such token.

    Raises:
        ModelError: as `keep_only`.
    """
    # Double precision, so that where a cumulative sum ends is not left to rounding.
    kept = with_temperature(logits.astype(np.float64), options.temperature)
    kept = keep_only(kept, possible)
    if costs is not None:
        # After the temperature, which is how far to trust the model: bolder notes are
        # to break no more rules. Before top-k and top-p, which would else keep likely
        # faults alone and leave nothing better to choose.
        with_rules = penalize if options.rules == "lenient" else keep_cheapest
        kept = with_rules(kept, costs)
    if options.top_k is not None:
        kept = keep_top_k(kept, options.top_k)
    top_p = options.top_p_of_voices[voices]
    if held is None:
        kept = keep_top_p(kept, top_p)
    else:
        kept = keep_top_p_of_struck(kept, top_p, held)
    return draw(kept, uniforms)


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


def keep_top_p(logits: Logits, probability: float | npt.NDArray[np.float64]) -> Logits:
    """Return logits with all tokens ruled out but the nucleus.

    The nucleus is the smallest set of most likely tokens whose probability is at least
    `probability`; it holds one token or more, and all at 1. Of equally likely tokens
    the lower ones come first.

    Args:
        logits: float array (batch, tokens).
        probability: one, or float array (batch,).
    """
    enough = np.asarray(probability)[..., np.newaxis]
    if (enough >= 1).all():
        return logits
    order = np.argsort(-logits, axis=-1, kind="stable")
    sorted_probabilities = np.take_along_axis(_softmax(logits), order, axis=-1)
    before = np.cumsum(sorted_probabilities, axis=-1) - sorted_probabilities
    # Rounding must not let one more token in where the nucleus is just full.
    outside = (before >= enough - 1e-12) & (enough < 1)
    dropped = np.empty_like(outside)
    np.put_along_axis(dropped, order, outside, axis=-1)
    return np.where(dropped, -np.inf, logits)


def keep_top_p_of_struck(
    logits: Logits, probability: float | npt.NDArray[np.float64], held: IntArray
) -> Logits:
    """Return logits with every note ruled out that would be struck, but their nucleus.

    Most notes are held at most steps. In a nucleus of all tokens none would ever be
    struck where a model seldom expects one, and notes would get too long. So holding on
    stays as likely as it is, and the nucleus has what all that may be struck had.

    Args:
        logits: float array (batch, tokens).
        probability: see `keep_top_p`; of what is struck.
        held: int array (batch,), the token by which each voice goes on as it is.
    """
    rows = np.arange(len(logits))
    struck = logits.copy()
    struck[rows, held] = -np.inf
    alone = ~np.isfinite(struck).any(axis=-1)  # nothing else may follow
    struck[alone] = 0
    nucleus = keep_top_p(struck, probability)
    share = np.where(np.isfinite(nucleus), _softmax(struck), 0).sum(axis=-1)
    kept: Logits = nucleus - np.log(share)[:, np.newaxis]
    kept[alone] = -np.inf
    kept[rows, held] = logits[rows, held]
    return kept


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
