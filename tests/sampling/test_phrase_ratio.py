"""The log ratio of phrases, and its fitting."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bach import few_chorales, with_leaps
from fakes import uniform_predictor, wide_vocabulary

from chorale.corpus.loading import load_corpus
from chorale.errors import DataError
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.table import MEASURES
from chorale.evaluation.style.windows import Window
from chorale.music.phrases import fermatas_of
from chorale.sampling import phrase_ratio_fitting
from chorale.sampling.phrase_ratio import NAMES, PhraseRatio, Term, phrase_ratio
from chorale.sampling.phrase_ratio_fitting import fit_phrase_ratio, phrases_of
from chorale.sampling.prompts import continue_each


def test_events_beyond_the_rate_and_missing_ones_count_for_themselves() -> None:
    piece = load_corpus().train[0]
    analysis = Analysis.of(Window(piece, 0, ""))
    leaps, notes = MEASURES["bass_leaps"].count(analysis)
    assert leaps > 0
    ratio = PhraseRatio({"bass_leaps": Term(leaps / notes / 2, 3.0, 100.0)})
    assert ratio.of(analysis) == pytest.approx(3.0 * leaps / 2)
    ratio = PhraseRatio({"bass_leaps": Term(2 * leaps / notes, 100.0, -3.0)})
    assert ratio.of(analysis) == pytest.approx(-3.0 * leaps)
    assert PhraseRatio({}).of(analysis) == 0


def test_the_shipped_ratio_prefers_chorales_of_valid_to_leaping_basses() -> None:
    assert tuple(phrase_ratio().terms) == NAMES
    pieces = load_corpus().valid[:12]
    bach, spoiled = (
        np.mean(
            [
                phrase_ratio().of(Analysis.of(phrase))
                for piece in set_of
                for phrase in phrases_of(Window(piece, 0, ""))
            ]
        )
        for set_of in (pieces, [with_leaps(piece) for piece in pieces])
    )
    assert bach > spoiled + 1


def test_a_window_consists_of_its_phrases() -> None:
    piece = load_corpus().train[0]
    start = 20
    phrases = list(phrases_of(Window(piece, start, piece.source)))
    assert sum(phrase.steps for phrase in phrases) == piece.steps - start
    assert [phrase.is_cut for phrase in phrases] == [True] * (len(phrases) - 1) + [
        False
    ]
    assert phrases[-1].chorale.pitches[-1].tolist() == piece.pitches[-1].tolist()


def test_chorales_without_fermatas_have_the_phrases_of_their_drafts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (piece,) = (p for p in load_corpus().train if p.source == "bwv161.6")
    assert len(list(phrases_of(Window(piece, 32, piece.source)))) == 1
    draft = replace(piece, fermatas=fermatas_of(piece)[0])
    found: list[int] = []

    def watched(window: Window) -> list[Window]:
        phrases = list(phrases_of(window))
        found.append(len(phrases))
        return phrases

    monkeypatch.setattr(phrase_ratio_fitting, "phrases_of", watched)
    fit_phrase_ratio([Window(draft, 32, piece.source)], [piece])
    assert found[0] == found[1] > 4


def test_what_drafts_have_too_often_speaks_against_them() -> None:
    train = load_corpus().train[:24]
    drawn = [Window(with_leaps(piece), 0, piece.source) for piece in train]
    ratio = fit_phrase_ratio(drawn, train)
    assert tuple(ratio.terms) == NAMES
    assert ratio.terms["bass_leaps"].more < 0
    # The same in both.
    assert ratio.terms["soprano_leaps"].more == pytest.approx(0, abs=0.05)
    with pytest.raises(DataError, match="drafts of chorales of train"):
        fit_phrase_ratio([replace(drawn[0], group="elsewhere")], train)
    with pytest.raises(DataError, match="drafts of chorales of train"):
        fit_phrase_ratio([], train)


def test_the_command_draws_from_train_and_writes_what_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    shipped = phrase_ratio()
    request.addfinalizer(phrase_ratio.cache_clear)
    path, corpus = tmp_path / "phrase_ratio.json", few_chorales()
    predictor = uniform_predictor(wide_vocabulary("hold"))
    monkeypatch.setattr("chorale.sampling.phrase_ratio.FILE", path)
    monkeypatch.setattr(phrase_ratio_fitting, "FILE", path)
    monkeypatch.setattr(phrase_ratio_fitting, "load_corpus", lambda: corpus)
    monkeypatch.setattr(phrase_ratio_fitting, "load_model", lambda **_: predictor)
    used: list[PhraseRatio] = []

    def watched(*arguments: Any) -> list[Window]:
        used.append(phrase_ratio())
        if len(used) == 1:
            raise KeyboardInterrupt
        return continue_each(*arguments)

    monkeypatch.setattr(phrase_ratio_fitting, "continue_each", watched)
    phrase_ratio_fitting.write(shipped)
    with pytest.raises(KeyboardInterrupt):
        phrase_ratio_fitting.main()
    assert phrase_ratio() == shipped
    phrase_ratio_fitting.main()
    assert used and {len(ratio.terms) for ratio in used} == {0}
    table = json.loads(path.read_text())
    assert table["made_by"] == f"python -m {phrase_ratio_fitting.__name__}"
    assert tuple(phrase_ratio().terms) == NAMES and phrase_ratio() != shipped
