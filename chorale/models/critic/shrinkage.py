"""Probabilities of few counts, shrunk to those in more general circumstances."""

from __future__ import annotations

import numpy as np

from chorale.utils.arrays import Float64Array

# Counts that the probabilities given more general circumstances are worth.
_PRIOR = 40.0
# Count of each event that is added where nothing is given.
_EVEN = 0.02


def probabilities(counts: Float64Array, general: Float64Array) -> Float64Array:
    """Return the probability of each event given its circumstances.

    It is shrunk to that given all but the first of them, that to the next, and the last
    to a general one: interpolation with a Dirichlet prior (MacKay & Peto 1995).

    Args:
        counts: float array, shaped as in TABLES.
        general: float array (events,), probabilities given nothing.
    """
    lower = general if counts.ndim == 1 else probabilities(counts.sum(axis=0), general)
    totals = counts.sum(axis=-1, keepdims=True)
    shrunk: Float64Array = (counts + _PRIOR * lower) / (totals + _PRIOR)
    return shrunk


def log_ratios(wanted: Float64Array, others: Float64Array) -> Float64Array:
    """Return ln of the ratio of the probabilities of two sets of counts.

    Both are shrunk to what they have in common, so that it is 0 where nothing is known.
    """
    both = (wanted + others).sum(axis=tuple(range(wanted.ndim - 1))) + _EVEN
    general = both / both.sum()
    ratios: Float64Array = np.log(probabilities(wanted, general))
    ratios -= np.log(probabilities(others, general))
    return ratios
