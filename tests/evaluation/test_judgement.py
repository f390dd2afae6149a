"""Bach, chance and the floor beside what is judged: the rows behave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import UniformInfiller, wide_cells

from chorale.corpus.loading import Corpus, load_corpus
from chorale.errors import DataError, UsageError
from chorale.evaluation.judgement import Judgement, judge, share_of_own_notes
from chorale.evaluation.style import FEATURES, Window, final_cadence, share_of_cadences
from chorale.formats.classic_csv import read_csv, write_csv
from chorale.models.ngram import fit_ngram
from chorale.sampling.next_step import SamplingOptions
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
    return load_corpus(splits=("train", "valid"))


@pytest.fixture(scope="module")
def floor(corpus: Corpus) -> list[Window]:
    """Return what the n-gram makes of the openings of valid."""
    return continue_each(fit_ngram(corpus.train), corpus.valid)


@pytest.fixture(scope="module")
def judged(corpus: Corpus, floor: list[Window]) -> Judgement:
    """Return Bach's own chorales of valid, judged as if they were samples."""
    bach = reference_windows(floor, corpus.valid)
    return judge(bach, others=bach, floor=floor, train=corpus.train)


def test_bach_is_not_told_from_bach(judged: Judgement) -> None:
    apart = judged.rows["bach"].two_sample_auc
    assert apart is not None and apart.low <= 0.5 <= apart.high


def test_the_ngram_is_told_from_bach(judged: Judgement) -> None:
    apart = judged.rows["n-gram"].two_sample_auc
    assert apart is not None and apart.value >= 0.95
    worse = [name for name in FEATURES if judged.is_worse("n-gram", name)]
    assert {"chord_qualities", "chord_changes", "cadence_chords"} <= set(worse)


def test_the_same_chorales_have_the_same_figures(judged: Judgement) -> None:
    samples, bach = (judged.rows[name].to_json() for name in ("samples", "bach"))
    for name in samples:
        if name != "told_apart":  # of one row from the other, of the other from train
            assert samples[name] == bach[name], name
    assert not any(judged.is_worse("samples", name) for name in FEATURES)


def test_samples_may_stand_against_others_of_the_same_beginnings(
    corpus: Corpus, floor: list[Window]
) -> None:
    bach = reference_windows(floor, corpus.valid)
    rest = {"others": bach, "floor": floor, "train": corpus.train}
    alike = judge(floor, against={"again": floor}, **rest)
    assert list(alike.rows) == ["samples", "again", "bach", "train", "n-gram"]
    gap = alike.gap("samples", "chord_changes", other="again")
    # Drawn again together, equal sets differ by nothing, and by no interval either.
    assert (gap.value, gap.low, gap.high) == (0, 0, 0)
    worse = judge(floor, against={"bach's": bach}, **rest)
    further = worse.to_json()["bach's"]["samples_further"]
    assert list(further) == list(FEATURES)
    assert further["chord_changes"]["low"] > 0.3
    samples, others = (
        worse.rows[name].distances["chord_changes"].value
        for name in ("samples", "bach's")
    )
    assert further["chord_changes"]["value"] == samples - others
    assert "samples_further" not in worse.to_json()["bach"]
    with pytest.raises(DataError, match="75 chorales of 'turned' to be of the same"):
        judge(floor, against={"turned": bach[::-1]}, **rest)
    with pytest.raises(UsageError, match="name than that of a row, got 'bach'"):
        judge(floor, against={"bach": bach}, **rest)


def test_figures_are_those_of_the_functions_below(
    judged: Judgement, corpus: Corpus, floor: list[Window]
) -> None:
    starts = [window.start for window in floor]
    row = judged.rows["bach"]
    assert row.rules == rates(corpus.valid, start=starts)
    assert row.chorales == len(corpus.valid) == 75
    endings = [judged.rows[name].cadences for name in ("bach", "n-gram")]
    assert endings[0] == share_of_cadences(corpus.valid)
    assert endings[1] is not None and endings[1]["complete"] < 0.2
    assert (
        row.copying is not None and row.copying.longest_steps > row.copying.median_steps
    )
    assert judged.rows["train"].copying is None
    assert judged.size == 75
    json.dumps(judged.to_json())


def test_verbatim_copies_of_train_are_noticed(
    corpus: Corpus, floor: list[Window]
) -> None:
    copies = [
        Window(piece.transpose(1), 32, f"copy {index}")
        for index, piece in enumerate(corpus.train[:12])
    ]
    judged = judge(copies, others=floor[:20], floor=floor[:20], train=corpus.train)
    copying = judged.rows["samples"].copying
    assert copying is not None
    assert set(copying.shares.values()) == {1.0}
    assert copying.longest_steps == max(piece.steps - 32 for piece in corpus.train[:12])
    assert judged.size == 12


def test_few_chorales_are_judged_without_a_classifier(
    corpus: Corpus, floor: list[Window]
) -> None:
    judged = judge(floor[:3], others=floor[3:5], floor=floor[5:8], train=corpus.train)
    assert judged.size == 2
    assert {row.two_sample_auc for row in judged.rows.values()} == {None}


def test_a_chorale_cut_short_has_no_ending(corpus: Corpus, floor: list[Window]) -> None:
    piece = next(one for one in corpus.valid if final_cadence(one).complete)
    whole = Window(piece, 32, "whole")
    cut = Window(piece.opening(64), 32, "cut", is_cut=True)

    def cadences(*windows: Window) -> Mapping[str, float] | None:
        few = floor[:5]
        judged = judge(windows, others=few, floor=few, train=corpus.train[:60])
        return judged.rows["samples"].cadences

    assert cadences(whole, cut) == dict.fromkeys(share_of_cadences([piece]), 1.0)
    assert cadences(cut) is None


# === Starts ===


def test_each_chorale_comes_once_before_any_comes_again(corpus: Corpus) -> None:
    drawn = draw_chorales(corpus.valid, 160, random_state=3)
    names = [one.source for one in drawn]
    assert len(set(names[:75])) == 75 and names[75:150] == names[:75]
    assert names != [one.source for one in draw_chorales(corpus.valid, 160)]
    assert [one.source for one in draw_chorales(corpus.valid, 10, 3)] == names[:10]


def test_what_is_judged_begins_after_the_opening(corpus: Corpus) -> None:
    pieces = corpus.valid[:4]
    options = SamplingOptions(random_state=5)
    windows = continue_each(fit_ngram(corpus.train), pieces, options)
    for window, piece in zip(windows, pieces, strict=True):
        assert window.group == piece.source
        assert window.chorale.steps == piece.steps
        assert piece.bars[window.start] == 3 and piece.bars[window.start - 1] == 2
        same = window.chorale.pitches == piece.pitches
        assert same[: window.start].all() and not same[window.start :].all()


def test_bach_beside_them_goes_on_from_the_same_openings(corpus: Corpus) -> None:
    pieces = [corpus.valid[2], corpus.valid[0], corpus.valid[2]]
    windows = continue_each(fit_ngram(corpus.train), pieces, bars=6)
    beside = reference_windows(windows, corpus.valid)
    assert [one.group for one in beside] == [corpus.valid[i].source for i in (0, 2)]
    for one, whole in zip(beside, (corpus.valid[0], corpus.valid[2]), strict=True):
        (sample, *_) = [window for window in windows if window.group == one.group]
        assert one.start == sample.start
        assert one.steps <= sample.steps
        assert one.is_cut == (one.chorale.steps < whole.steps)
        assert np.array_equal(one.chorale.pitches, whole.pitches[: one.chorale.steps])


def test_without_an_opening_everything_is_written(corpus: Corpus) -> None:
    (window,) = continue_each(fit_ngram(corpus.train), corpus.valid[:1], opening_bars=0)
    assert window.start == 0 and window.steps == corpus.valid[0].steps


def test_melodies_are_harmonized_by_models_of_both_kinds(corpus: Corpus) -> None:
    pieces = [corpus.valid[3], corpus.valid[0]]
    for windows in (
        harmonize_each(fit_ngram(corpus.train), pieces),
        harmonize_each(UniformInfiller(wide_cells()), pieces),
    ):
        for window, piece in zip(windows, pieces, strict=True):
            assert (window.start, window.group) == (0, piece.source)
            same = (window.chorale.pitches == piece.pitches).all(axis=0)
            assert same.tolist() == [True, False, False, False]
            assert np.array_equal(window.chorale.onsets[:, 0], piece.onsets[:, 0])


def test_own_notes_are_counted_in_the_lower_voices(corpus: Corpus) -> None:
    first, second = corpus.valid[:2]
    pitches = np.array(second.pitches)
    pitches[:, 3] += 1
    windows = [
        Window(first, 0, first.source),
        Window(replace(second, pitches=pitches), 0, second.source),
    ]
    shares = share_of_own_notes(windows, [second, first])
    bass = first.steps / (first.steps + second.steps)
    assert shares == pytest.approx(
        {"alto": 1, "tenor": 1, "bass": bass, "all": (2 + bass) / 3}
    )


def test_as_classic_is_what_four_columns_tell(corpus: Corpus, tmp_path: Path) -> None:
    piece = corpus.valid[0]
    write_csv(piece, tmp_path / "piece.csv")
    read = read_csv(tmp_path / "piece.csv")
    assert as_classic(piece) == replace(read, key=piece.key) != piece
