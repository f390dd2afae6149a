"""Counts of what phrases of a corpus repeat."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from chorale.encoding.plan import Plan
from chorale.models.form import (
    MELODY,
    NEW,
    RETURNS_SHAPE,
    STOLLEN_SHAPE,
    VARIED,
    FormCounts,
    Phrases,
    repeated_kind,
    return_cell,
    stollen_cell,
)
from chorale.music.score import Chorale


def count_forms(chorales: Iterable[Chorale]) -> FormCounts:
    """Count which phrases of pieces repeat earlier ones, of those that might."""
    stollen = np.zeros(STOLLEN_SHAPE, np.int64)
    returns = np.zeros(RETURNS_SHAPE, np.int64)
    for chorale in chorales:
        phrases = Phrases(Plan.of(chorale))
        repeated = 0
        for length in phrases.stollens():
            kinds = [
                repeated_kind(chorale, start + phrases.starts[length], start, end)
                for start, end in zip(
                    phrases.starts[:length], phrases.ends[:length], strict=True
                )
            ]
            kind = NEW if NEW in kinds else max(kinds)
            stollen[*stollen_cell(length, len(phrases)), kind] += 1
            if kind != NEW:
                repeated = length
                if kind == MELODY:
                    np.add.at(returns[VARIED], kinds, 1)
                break
        for phrase in range(2 * repeated, len(phrases)):
            start = phrases.starts[phrase]
            for other, same in phrases.earlier(phrase, repeated):
                source = phrases.starts[other]
                kind = repeated_kind(chorale, start, source, source + same)
                cell = return_cell(repeated, phrase, other, len(phrases))
                returns[*cell, kind] += 1
                if kind != NEW:
                    break
    return FormCounts(stollen, returns)
