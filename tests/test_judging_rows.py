"""Bach, chance and the floor beside what is judged: the rows behave."""

from __future__ import annotations

import json

import numpy as np
import pytest

from chorale.corpus import Corpus, load_corpus
from chorale.judging import Judgement, judge
from chorale.judging.starts import beside_each, continue_each, draw_chorales
from chorale.ngram import fit_ngram
from chorale.sampling import SamplingOptions
from chorale.score import Chorale
from chorale.style import FEATURES, Window
from chorale.voice_leading import rates


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
    bach = beside_each(floor, corpus.valid)
    return judge(bach, others=bach, floor=floor, train=corpus.train)


def test_bach_is_not_told_from_bach(judged: Judgement) -> None:
    apart = judged.rows["bach"].told_apart
    assert apart is not None and apart.low <= 0.5 <= apart.high


def test_the_ngram_is_told_from_bach(judged: Judgement) -> None:
    apart = judged.rows["n-gram"].told_apart
    assert apart is not None and apart.value >= 0.95
    worse = [name for name in FEATURES if judged.is_worse("n-gram", name)]
    assert {"chord_qualities", "chord_changes", "cadence_chords"} <= set(worse)


def test_the_same_chorales_have_the_same_figures(judged: Judgement) -> None:
    samples, bach = (judged.rows[name].to_json() for name in ("samples", "bach"))
    for name in samples:
        if name != "told_apart":  # of one row from the other, of the other from train
            assert samples[name] == bach[name], name
    assert not any(judged.is_worse("samples", name) for name in FEATURES)


def test_figures_are_those_of_the_functions_below(
    judged: Judgement, corpus: Corpus, floor: list[Window]
) -> None:
    starts = [window.start for window in floor]
    row = judged.rows["bach"]
    assert row.rules == rates(corpus.valid, start=starts)
    assert row.chorales == len(corpus.valid) == 75
    assert row.cadences["complete"] > 0.8 > judged.rows["n-gram"].cadences["complete"]
    assert row.copying is not None and row.copying.longest_run > row.copying.median_run
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
    assert copying.longest_run == max(piece.steps - 32 for piece in corpus.train[:12])
    assert judged.size == 12


def test_few_chorales_are_judged_without_a_classifier(
    corpus: Corpus, floor: list[Window]
) -> None:
    judged = judge(floor[:3], others=floor[3:5], floor=floor[5:8], train=corpus.train)
    assert judged.size == 2
    assert {row.told_apart for row in judged.rows.values()} == {None}


def test_a_chorale_cut_short_has_no_ending(corpus: Corpus, floor: list[Window]) -> None:
    piece = next(one for one in corpus.valid if one.fermatas[-1])
    cut = piece.opening(piece.steps - 20)
    assert not cut.fermatas[-1]

    def complete(*chorales: Chorale) -> float:
        windows = [Window(one, 32, str(place)) for place, one in enumerate(chorales)]
        judged = judge(windows, others=floor, floor=floor, train=corpus.train[:60])
        return judged.rows["samples"].cadences["complete"]

    assert complete(piece, cut) == complete(piece) == 1
    assert complete(cut) == 0  # nothing else to go by


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
    beside = beside_each(windows, corpus.valid)
    assert [one.group for one in beside] == [corpus.valid[i].source for i in (0, 2)]
    for one, whole in zip(beside, (corpus.valid[0], corpus.valid[2]), strict=True):
        (sample, *_) = [window for window in windows if window.group == one.group]
        assert one.start == sample.start
        assert one.steps <= sample.steps
        assert np.array_equal(one.chorale.pitches, whole.pitches[: one.chorale.steps])
