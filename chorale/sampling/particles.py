"""Particles: drafts of one piece, written side by side and led by what is given.

A next-step model knows what came before, not what is to come. Where later notes are
given, the rest of a melody say, several drafts are written at once. At every given note
a draft gains or loses weight by how likely it has made that note. Once the weights are
so uneven that fewer than half of the drafts count, the heavy ones are copied and the
light ones dropped, and in the end one is drawn by weight. With many drafts it comes
from all that the sampler may write, given what is given before and after (the particle
filter of Gordon, Salmond and Smith 1993, with the systematic resampling of Kitagawa
1996).

Log-weights are float arrays (pieces, drafts), in nats.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chorale.utils.arrays import IntArray

FloatArray = npt.NDArray[np.float64]

# Drafts are dropped once the effective number of them is below this share.
_FEWEST = 0.5


def shares(log_weights: FloatArray) -> FloatArray:
    """Return the weights, of each piece to the sum of 1; equal if none has any."""
    heaviest = log_weights.max(axis=1, keepdims=True)
    weights = np.where(
        np.isfinite(heaviest), np.exp(log_weights - np.maximum(heaviest, -1e300)), 1.0
    )
    normalised: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return normalised


def effective_number(log_weights: FloatArray) -> FloatArray:
    """Return how many drafts of equal weight tell as much, float array (pieces,)."""
    number: FloatArray = 1 / (shares(log_weights) ** 2).sum(axis=1)
    return number


def ancestors(log_weights: FloatArray, uniforms: FloatArray) -> IntArray:
    """Return which draft each one goes on from, int array (pieces, drafts).

    Of pieces with enough drafts that count every draft goes on from itself; of the
    others each is copied as often as its weight says, rounded up or down.

    Args:
        log_weights: of the drafts.
        uniforms: float array (pieces,), each in [0, 1).
    """
    pieces, drafts = log_weights.shape
    goes_on = np.tile(np.arange(drafts), (pieces, 1))
    few = effective_number(log_weights) < _FEWEST * drafts
    goes_on[few] = systematic(shares(log_weights[few]), uniforms[few], drafts)
    return goes_on


def systematic(shares: FloatArray, uniforms: FloatArray, count: int) -> IntArray:
    """Return drafts drawn by weight, evenly, int array (pieces, count).

    Args:
        shares: float array (pieces, drafts), each row to the sum of 1.
        uniforms: float array (pieces,), each in [0, 1).
        count: how many to draw of each piece.
    """
    ladder = (uniforms[:, np.newaxis] + np.arange(count)) / count
    ends = np.cumsum(shares, axis=1)
    # Rounding must leave no rung beyond the last end.
    ends[:, -1] = np.inf
    drawn: IntArray = (ends[:, np.newaxis] <= ladder[..., np.newaxis]).sum(axis=-1)
    return drawn
