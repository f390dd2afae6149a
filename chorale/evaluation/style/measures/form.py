"""Measures of form: what is repeated, and how literally."""

from __future__ import annotations

import numpy as np

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count, Measure
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import SOPRANO

_WINDOW = 8 * STEPS_PER_QUARTER  # steps: eight quarters


def _repeats_literally(analysis: Analysis, voices: slice) -> Count:
    """Count stretches of eight quarters, from each quarter, that occurred before.

    All notes and attacks of the voices are the same; stretches may overlap the one
    they repeat by nothing: it has ended before.
    """
    chorale = analysis.chorale
    music = np.stack([chorale.pitches[:, voices], chorale.onsets[:, voices]], axis=1)
    starts = np.flatnonzero(chorale.positions % STEPS_PER_QUARTER == 0)
    starts = starts[starts + _WINDOW <= chorale.steps]
    first: dict[bytes, int] = {}
    found = total = 0
    for start in starts.tolist():
        notes = music[start : start + _WINDOW].tobytes()
        earlier = first.setdefault(notes, start)
        if start >= analysis.start:
            total += 1
            found += start - earlier >= _WINDOW
    return found, total


def _soprano_repeats(analysis: Analysis) -> Count:
    return _repeats_literally(analysis, slice(SOPRANO, SOPRANO + 1))


def _all_repeat(analysis: Analysis) -> Count:
    return _repeats_literally(analysis, slice(None))


def _phrases_repeat(analysis: Analysis) -> Count:
    """Count phrases that end in the window and repeat the melody of an earlier one."""
    phrases = [p for p in analysis.harmony.phrases if p.end > analysis.start]
    repeated = [p for p in phrases if p.repeats is not None]
    return len(repeated), len(phrases)


def _literal_stollen(analysis: Analysis) -> Count:
    """Return whether a piece in bar form, AAB, repeats its Stollen literally."""
    length = analysis.harmony.stollen
    phrases = analysis.harmony.phrases[length : 2 * length]
    literal = length > 0 and all(
        phrase.repeats is not None and phrase.repeats.kind == "literal"
        for phrase in phrases
    )
    return int(literal), 1


MEASURES: dict[str, Measure] = {
    "soprano_eight_beats_again": Measure(
        summary="stretches of eight beats that the soprano repeats literally",
        count=_soprano_repeats,
    ),
    "eight_beats_again": Measure(
        summary="stretches of eight beats that all voices repeat literally",
        count=_all_repeat,
    ),
    "phrases_again": Measure(
        summary="phrases that repeat an earlier melody, literally or varied",
        count=_phrases_repeat,
    ),
    "literal_stollen": Measure(
        summary="pieces that repeat their Stollen literally (AAB)",
        count=_literal_stollen,
    ),
}
