"""The judge: metrics of samples, Bach, train and the n-gram."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bach import few_chorales
from fakes import UniformInfiller, wide_cells

from chorale.corpus.loading import Corpus
from chorale.errors import DataError, UsageError
from chorale.evaluation.judgement import JudgedSets, Judgement, judge, note_accuracy
from chorale.evaluation.style.cadences import final_cadence, share_of_cadences
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.measures.table import MEASURES
from chorale.evaluation.style.windows import Window
from chorale.formats.classic_csv import read_csv, write_csv
from chorale.models.ngram import NgramPredictor, fit_ngram
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.prompts import (
    as_classic,
    continue_each,
    draw_chorales,
    harmonize_each,
    reference_windows,
)
from chorale.voice_leading.checking import rates


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return few_chorales()


@pytest.fixture(scope="module")
def ngram(corpus: Corpus) -> NgramPredictor:
    return fit_ngram(corpus.train)


@pytest.fixture(scope="module")
def baseline(corpus: Corpus, ngram: NgramPredictor) -> list[Window]:
    """Return continuations of the openings of valid by the n-gram."""
    return continue_each(ngram, corpus.valid)


@pytest.fixture(scope="module")
def bach(corpus: Corpus, baseline: list[Window]) -> list[Window]:
    return reference_windows(baseline, corpus.valid)


@pytest.fixture(scope="module")
def judged(corpus: Corpus, baseline: list[Window], bach: list[Window]) -> Judgement:
    """Return Bach's own chorales of valid, judged as if they were samples."""
    return judge(
        JudgedSets(samples=bach, bach=bach, ngram=baseline, train=corpus.train)
    )


def test_bach_is_indistinguishable_from_bach(judged: Judgement) -> None:
    auc = judged.metrics["bach"].two_sample_auc
    assert auc is not None and auc.low <= 0.5 <= auc.high


def test_the_ngram_is_distinguishable_from_bach(judged: Judgement) -> None:
    auc = judged.metrics["n-gram"].two_sample_auc
    assert auc is not None and auc.value >= 0.95
    further = [name for name in FEATURES if judged.is_further("n-gram", name)]
    assert {"chord_qualities", "chord_changes", "cadence_chords"} <= set(further)


def test_the_same_chorales_have_the_same_figures(judged: Judgement) -> None:
    samples, bach = (judged.metrics[name].to_json() for name in ("samples", "bach"))
    for name in samples:
        # Of samples against bach, and of bach against train; of samples alone.
        if name not in ("two_sample_auc", "differences", "summary"):
            assert samples[name] == bach[name], name
    assert not any(judged.is_further("samples", name) for name in FEATURES)


def test_variants_are_of_the_same_prompts(
    corpus: Corpus, baseline: list[Window], bach: list[Window]
) -> None:
    few, bach = baseline[:8], bach[:8]  # too few for a classifier, which takes long
    sets = JudgedSets(samples=few, bach=bach, ngram=few, train=corpus.train)
    equal = judge(replace(sets, variants={"again": few}))
    assert list(equal.metrics) == ["samples", "again", "bach", "train", "n-gram"]
    excess = equal.excess("samples", "chord_changes", over="again")
    # Paired replicates of equal sets are equal: no difference, and no interval.
    assert (excess.value, excess.low, excess.high) == (0, 0, 0)
    judged = judge(replace(sets, variants={"bach's": bach}))
    further = judged.to_json()["bach's"]["samples_further"]
    assert list(further) == list(FEATURES)
    assert further["chord_changes"]["low"] > 0.1
    samples, variant = (
        judged.metrics[name].distances["chord_changes"].value
        for name in ("samples", "bach's")
    )
    assert further["chord_changes"]["value"] == samples - variant
    assert "samples_further" not in judged.to_json()["bach"]
    with pytest.raises(DataError, match="8 chorales of 'turned' to have the same"):
        judge(replace(sets, variants={"turned": bach[::-1]}))
    with pytest.raises(UsageError, match="variant with another name, got 'bach'"):
        judge(replace(sets, variants={"bach": bach}))


def test_figures_are_those_of_the_functions_below(
    judged: Judgement, corpus: Corpus, baseline: list[Window]
) -> None:
    starts = [window.start for window in baseline]
    metrics = judged.metrics["bach"]
    assert metrics.rules == rates(corpus.valid, start=starts)
    assert metrics.chorales == len(corpus.valid) == 12
    endings = [judged.metrics[name].cadences for name in ("bach", "n-gram")]
    assert endings[0] == share_of_cadences(
        [final_cadence(piece) for piece in corpus.valid]
    )
    assert endings[1] is not None and endings[1]["complete"] < 0.2
    copying = metrics.copying
    assert copying is not None and copying.longest_steps > copying.median_steps
    assert judged.metrics["train"].copying is None
    assert judged.size == 12
    answer = json.loads(json.dumps(judged.to_json()))
    rates_of_bach = answer["bach"]["measures"]
    assert list(rates_of_bach) == list(MEASURES)
    assert rates_of_bach["phrase_ends_on_root"] > 0.9
    difference = answer["samples"]["differences"]["resolved_sevenths"]
    assert difference["low"] <= difference["value"] <= difference["high"]
    assert answer["train"]["differences"] == {}
    assert answer["samples"]["summary"]["phrase_ends"]["total"] > 0
    assert "summary" not in answer["bach"]


def test_verbatim_copies_of_train_are_noticed(
    corpus: Corpus, baseline: list[Window]
) -> None:
    copies = [
        Window(piece.transpose(1), 32, f"copy {index}")
        for index, piece in enumerate(corpus.train[:5])
    ]
    few = baseline[:8]
    judged = judge(JudgedSets(samples=copies, bach=few, ngram=few, train=corpus.train))
    copying = judged.metrics["samples"].copying
    assert copying is not None
    assert set(copying.shares.values()) == {1.0}
    assert copying.longest_steps == max(piece.steps - 32 for piece in corpus.train[:5])
    assert judged.size == 5


def test_few_chorales_are_judged_without_a_classifier(
    corpus: Corpus, baseline: list[Window]
) -> None:
    samples, bach, ngram = baseline[:3], baseline[3:5], baseline[5:8]
    judged = judge(
        JudgedSets(samples=samples, bach=bach, ngram=ngram, train=corpus.train)
    )
    assert judged.size == 2
    assert {metrics.two_sample_auc for metrics in judged.metrics.values()} == {None}


def test_a_chorale_cut_short_has_no_ending(
    corpus: Corpus, baseline: list[Window]
) -> None:
    piece = next(piece for piece in corpus.valid if final_cadence(piece).complete)
    whole = Window(piece, 32, "whole")
    cut = Window(piece.opening(64), 32, "cut", is_cut=True)

    def cadences(*windows: Window) -> Mapping[str, float] | None:
        few = baseline[:5]
        sets = JudgedSets(samples=windows, bach=few, ngram=few, train=corpus.train)
        return judge(sets).metrics["samples"].cadences

    assert cadences(whole, cut) == dict.fromkeys(
        share_of_cadences([final_cadence(piece)]), 1.0
    )
    assert cadences(cut) is None


# === Prompts ===


def test_each_chorale_is_drawn_once_before_any_is_repeated(corpus: Corpus) -> None:
    drawn = draw_chorales(corpus.valid, 30, random_state=3)
    names = [chorale.source for chorale in drawn]
    assert len(set(names[:12])) == 12 and names[12:24] == names[:12]
    assert names != [chorale.source for chorale in draw_chorales(corpus.valid, 30)]
    again = draw_chorales(corpus.valid, 10, 3)
    assert [chorale.source for chorale in again] == names[:10]


def test_what_is_judged_begins_after_the_opening(
    corpus: Corpus, ngram: NgramPredictor
) -> None:
    pieces = corpus.valid[:4]
    windows = continue_each(ngram, pieces, SamplingOptions(random_state=5))
    for window, piece in zip(windows, pieces, strict=True):
        assert window.group == piece.source
        assert window.chorale.steps == piece.steps
        assert piece.bars[window.start] == 3 and piece.bars[window.start - 1] == 2
        same = window.chorale.pitches == piece.pitches
        assert same[: window.start].all() and not same[window.start :].all()


def test_references_continue_the_same_openings(
    corpus: Corpus, ngram: NgramPredictor
) -> None:
    pieces = [corpus.valid[2], corpus.valid[0], corpus.valid[2]]
    windows = continue_each(ngram, pieces, bars=6)
    references = reference_windows(windows, corpus.valid)
    chosen = (corpus.valid[0], corpus.valid[2])
    assert [window.group for window in references] == [x.source for x in chosen]
    for window, whole in zip(references, chosen, strict=True):
        sample = next(sample for sample in windows if sample.group == window.group)
        assert window.start == sample.start
        assert window.steps <= sample.steps
        steps = window.chorale.steps
        assert window.is_cut == (steps < whole.steps)
        assert np.array_equal(window.chorale.pitches, whole.pitches[:steps])


def test_without_an_opening_everything_is_written(
    corpus: Corpus, ngram: NgramPredictor
) -> None:
    (window,) = continue_each(ngram, corpus.valid[:1], opening_bars=0)
    assert window.start == 0 and window.steps == corpus.valid[0].steps


def test_melodies_are_harmonized_by_models_of_both_kinds(
    corpus: Corpus, ngram: NgramPredictor
) -> None:
    pieces = [corpus.valid[3], corpus.valid[0]]
    for windows in (
        harmonize_each(ngram, pieces),
        harmonize_each(UniformInfiller(wide_cells()), pieces),
    ):
        for window, piece in zip(windows, pieces, strict=True):
            assert (window.start, window.group) == (0, piece.source)
            same = (window.chorale.pitches == piece.pitches).all(axis=0)
            assert same.tolist() == [True, False, False, False]
            assert np.array_equal(window.chorale.onsets[:, 0], piece.onsets[:, 0])


def test_note_accuracy_is_that_of_the_lower_voices(corpus: Corpus) -> None:
    first, second = corpus.valid[:2]
    pitches = np.array(second.pitches)
    pitches[:, 3] += 1
    windows = [
        Window(first, 0, first.source),
        Window(replace(second, pitches=pitches), 0, second.source),
    ]
    shares = note_accuracy(windows, [second, first])
    bass = first.steps / (first.steps + second.steps)
    assert shares == pytest.approx(
        {"alto": 1, "tenor": 1, "bass": bass, "all": (2 + bass) / 3}
    )


def test_as_classic_keeps_what_four_columns_hold(
    corpus: Corpus, tmp_path: Path
) -> None:
    piece = corpus.valid[0]
    write_csv(piece, tmp_path / "piece.csv")
    read = read_csv(tmp_path / "piece.csv")
    assert as_classic(piece) == replace(read, key=piece.key) != piece
