"""Measures of progressions: how many successions of chords a corpus does not have."""

from __future__ import annotations

from collections.abc import Callable

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count, Measure


def _unseen(length: int) -> Callable[[Analysis], Count]:
    """Return a count of the successions that half of the corpus does not have.

    There are none to count without a corpus.
    """

    def count(analysis: Analysis) -> Count:
        if analysis.progressions is None:
            return 0, 0
        return analysis.progressions.unseen(analysis.harmonies, length, analysis.group)

    return count


MEASURES: dict[str, Measure] = {
    "unseen_pairs": Measure(
        summary="successions of two chords that half of train does not have",
        count=_unseen(2),
    ),
    "unseen_triples": Measure(
        summary="successions of three chords that half of train does not have",
        count=_unseen(3),
    ),
}
