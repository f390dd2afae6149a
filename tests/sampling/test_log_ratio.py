"""Log ratios of phrases to a melody and of whole drafts, and their fitting."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bach import few_chorales, with_leaps
from fakes import uniform_predictor, wide_vocabulary

from chorale.corpus.loading import load_corpus
from chorale.errors import DataError
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.windows import Window
from chorale.music.score import Chorale
from chorale.sampling import log_ratio_fitting
from chorale.sampling.log_ratio import (
    DRAFTS,
    MELODY_PHRASES,
    RATIOS,
    LogRatio,
    log_ratio,
    summary_of,
)
from chorale.sampling.log_ratio_fitting import fit_drafts, fit_phrases
from chorale.sampling.phrase_ratio_fitting import phrases_of
from chorale.sampling.prompts import continue_each, harmonize_each


def mean_ratio(ratio: LogRatio, windows: Iterable[Window]) -> float:
    return float(np.mean([ratio.of(Analysis.of(window)) for window in windows]))


def whole(pieces: Iterable[Chorale]) -> list[Window]:
    return [Window(piece, 0, piece.source) for piece in pieces]


def phrases(pieces: Iterable[Chorale]) -> list[Window]:
    return [phrase for window in whole(pieces) for phrase in phrases_of(window)]


@pytest.mark.parametrize(
    ("name", "parts"), [(DRAFTS, whole), (MELODY_PHRASES, phrases)]
)
def test_the_shipped_ratios_take_chorales_of_valid_for_those_of_bach(
    name: str, parts: Callable[[Iterable[Chorale]], list[Window]]
) -> None:
    pieces = load_corpus().valid[:24]
    assert mean_ratio(log_ratio(name), parts(pieces)) > 0
    assert mean_ratio(log_ratio(name), parts(map(with_leaps, pieces[:12]))) < 0


def test_a_ratio_is_written_and_read() -> None:
    ratio = log_ratio(DRAFTS)
    again = LogRatio.from_json(json.loads(json.dumps(ratio.to_json())))
    assert again.to_json() == ratio.to_json()
    (window,) = whole(load_corpus().train[:1])
    analysis = Analysis.of(window)
    assert again.terms(analysis) == ratio.terms(analysis)
    total = ratio.constant + sum(ratio.terms(analysis).values())
    assert ratio.of(analysis) == pytest.approx(total)
    assert summary_of("tessitura") == "pitches weighted by duration, by voice"
    assert "bass" in summary_of("bass_leaps")


def test_what_drafts_have_too_often_speaks_against_them() -> None:
    train = load_corpus().train[:24]
    drawn = whole(map(with_leaps, train))
    ratio = fit_drafts(drawn, train)
    # A draft that has all of Bach's means has the constant.
    assert mean_ratio(ratio, whole(train)) == pytest.approx(ratio.constant, abs=0.01)
    assert mean_ratio(ratio, drawn) < 0 < ratio.constant
    assert ratio.to_json()["measures"]["bass_leaps"]["weight"] < 0


def test_a_ratio_of_phrases_is_fitted_to_phrases() -> None:
    train = load_corpus().train[:8]
    ratio = fit_phrases(whole(map(with_leaps, train)), train)
    own = mean_ratio(ratio, phrases(train))
    assert own == pytest.approx(ratio.constant, abs=0.01)
    assert mean_ratio(ratio, phrases(map(with_leaps, train))) < 0 < own


def test_drafts_of_other_chorales_are_refused() -> None:
    train = load_corpus().train[:2]
    for fit in (fit_drafts, fit_phrases):
        for drawn in ([], [Window(train[0], 0, "elsewhere")]):
            with pytest.raises(DataError, match="drafts of chorales of train"):
                fit(drawn, train)


def test_the_command_draws_from_train_and_writes_what_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    shipped = {name: log_ratio(name) for name in RATIOS}
    request.addfinalizer(log_ratio.cache_clear)
    path, corpus = tmp_path / "log_ratios.json", few_chorales()
    predictor = uniform_predictor(wide_vocabulary("hold"))
    monkeypatch.setattr("chorale.sampling.log_ratio.FILE", path)
    monkeypatch.setattr(log_ratio_fitting, "FILE", path)
    monkeypatch.setattr(log_ratio_fitting, "load_corpus", lambda: corpus)
    monkeypatch.setattr(log_ratio_fitting, "load_model", lambda **_: predictor)
    analysis = Analysis.of(whole(corpus.train[:1])[0])
    weighed: list[float] = []

    def watched(write: Any) -> Any:
        def watch(*arguments: Any) -> list[Window]:
            weighed.append(log_ratio(MELODY_PHRASES).of(analysis))
            if len(weighed) == 1:
                raise KeyboardInterrupt
            drawn: list[Window] = write(*arguments)
            return drawn

        return watch

    monkeypatch.setattr(log_ratio_fitting, "continue_each", watched(continue_each))
    monkeypatch.setattr(log_ratio_fitting, "harmonize_each", watched(harmonize_each))
    log_ratio_fitting.write_file(shipped)
    with pytest.raises(KeyboardInterrupt):
        log_ratio_fitting.main()
    assert log_ratio(DRAFTS).to_json() == shipped[DRAFTS].to_json()
    log_ratio_fitting.main()
    assert weighed == [0] * (1 + 2 * 3)  # drawn without a ratio
    table = json.loads(path.read_text())
    assert table["made_by"] == f"python -m {log_ratio_fitting.__name__}"
    for name, ratio in shipped.items():
        assert log_ratio(name).to_json() == table["ratios"][name] != ratio.to_json()
