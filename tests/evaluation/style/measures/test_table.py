"""The vector of a window."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bach import few_chorales
from hypothesis import given
from hypothesis import strategies as st
from strategies import chorales

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.table import (
    MEASURES,
    SUBJECTS,
    count_measures,
    measure_window,
)
from chorale.evaluation.style.progressions import Progressions
from chorale.evaluation.style.windows import Window, windows_of
from chorale.music.score import Chorale


def test_names_are_those_of_one_subject() -> None:
    assert len(MEASURES) == sum(map(len, SUBJECTS.values()))
    summaries = [measure.summary for measure in MEASURES.values()]
    assert len(set(summaries)) == len(summaries)


@given(chorales())
def test_any_piece_has_a_vector(chorale: Chorale) -> None:
    counts = count_measures(Analysis.of(Window(chorale, 0, "")))
    assert list(counts) == list(MEASURES)
    for name, (events, opportunities) in counts.items():
        assert events >= 0 and opportunities >= 0, name
        if name not in ("clashes", "chords_on_beats", "chords_off_beats"):
            assert events <= opportunities, name


@given(chorales(), st.integers(-6, 6))
def test_lines_are_the_same_in_any_key(chorale: Chorale, semitones: int) -> None:
    here = Analysis.of(Window(chorale, 0, ""))
    there = Analysis.of(Window(chorale.transpose(semitones), 0, ""))
    for name, measure in SUBJECTS["lines"].items():
        assert measure.count(here) == measure.count(there), name


@pytest.mark.parametrize("semitones", [-4, 1, 3])
def test_bach_has_the_same_vector_in_any_key(semitones: int) -> None:
    corpus = few_chorales()
    progressions = Progressions.of(corpus.train)
    for piece in corpus.valid:
        windows = Window(piece, 8, ""), Window(piece.transpose(semitones), 8, "")
        here, there = (measure_window(window, progressions) for window in windows)
        assert here == pytest.approx(there, nan_ok=True)


@pytest.mark.parametrize("name", ["bass_scales", "resolved_sevenths"])
def test_a_window_counts_what_begins_in_it(name: str) -> None:
    (piece,) = few_chorales().valid[:1]
    whole = MEASURES[name].count(Analysis.of(Window(piece, 0, "")))
    half = MEASURES[name].count(Analysis.of(Window(piece, piece.steps // 2, "")))
    assert 0 < half[1] < whole[1]


def test_the_vector_of_bach() -> None:
    corpus = few_chorales()
    progressions = Progressions.of(corpus.train)
    vectors = [
        measure_window(window, progressions) for window in windows_of(corpus.valid)
    ]
    means = {name: np.nanmean([v[name] for v in vectors]) for name in MEASURES}
    assert means["phrase_ends_on_root"] > 0.9
    assert means["resolved_sevenths"] > 0.7
    assert 0 < means["unseen_pairs"] < means["unseen_triples"] < 1
    assert math.isnan(measure_window(windows_of(corpus.valid)[0])["unseen_pairs"])
