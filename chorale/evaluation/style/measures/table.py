"""All measures, and the vector of a window."""

from __future__ import annotations

import math

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures import (
    chords,
    foreign_notes,
    form,
    lines,
    phrases,
    progressions,
    sonorities,
)
from chorale.evaluation.style.measures.measure import Count, Measure
from chorale.evaluation.style.progressions import Progressions
from chorale.evaluation.style.windows import Window

# By subject.
SUBJECTS: dict[str, dict[str, Measure]] = {
    "lines": lines.MEASURES,
    "chords": {
        **chords.MEASURES,
        **sonorities.MEASURES,
        **progressions.MEASURES,
    },
    "non-chord tones": foreign_notes.MEASURES,
    "phrase ends": phrases.MEASURES,
    "form": form.MEASURES,
}
MEASURES: dict[str, Measure] = {
    name: measure
    for measures in SUBJECTS.values()
    for name, measure in measures.items()
}


def count_measures(analysis: Analysis) -> dict[str, Count]:
    """Return the events and opportunities of each measure, by name of MEASURES."""
    return {name: measure.count(analysis) for name, measure in MEASURES.items()}


def measure_window(
    window: Window, progressions: Progressions | None = None
) -> dict[str, float]:
    """Return the vector of a window: its rates by name of MEASURES.

    All are invariant under transposition and between 0 and 1, except the chromatic
    clashes, which are per quarter. A rate is nan where the window has no opportunity,
    such as a seventh that could resolve. It takes about 8 ms for a chorale.

    Args:
        window: a whole chorale (`Window(chorale, 0, chorale.source)`) or a part.
        progressions: of the corpus to compare with, `Progressions.of(train)`; None:
            `unseen_pairs` and `unseen_triples` are nan.
    """
    counts = count_measures(Analysis.of(window, progressions))
    return {name: rate(count) for name, count in counts.items()}


def rate(count: Count) -> float:
    """Return events by opportunities; nan without opportunities."""
    events, opportunities = count
    return events / opportunities if opportunities else math.nan
