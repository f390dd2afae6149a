"""The log ratio of whole drafts, and its fitting."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bach import few_chorales
from fakes import uniform_predictor, wide_vocabulary

from chorale.corpus.loading import load_corpus
from chorale.errors import DataError
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.windows import Window
from chorale.music.score import Chorale
from chorale.music.voices import BASS
from chorale.sampling import draft_ratio_fitting
from chorale.sampling.draft_ratio import DraftRatio, draft_ratio, summary_of
from chorale.sampling.draft_ratio_fitting import fit_draft_ratio
from chorale.sampling.prompts import continue_each, harmonize_each


def with_leaps(chorale: Chorale) -> Chorale:
    """Return a chorale whose bass leaps an octave down and up, beat after beat."""
    pitches = np.array(chorale.pitches)
    is_low = np.arange(len(pitches)) // 4 % 2
    pitches[:, BASS] -= 12 * is_low * (pitches[:, BASS] > 0)
    onsets = np.array(chorale.onsets)
    onsets[1:, BASS] |= pitches[1:, BASS] != pitches[:-1, BASS]
    onsets &= pitches > 0
    return replace(chorale, pitches=pitches, onsets=onsets)


def mean_ratio(ratio: DraftRatio, pieces: list[Chorale]) -> float:
    terms = [ratio.terms(Analysis.of(Window(piece, 0, ""))) for piece in pieces]
    return ratio.constant + sum(sum(each.values()) for each in terms) / len(pieces)


def test_the_shipped_ratio_takes_chorales_of_valid_for_those_of_bach() -> None:
    pieces = list(load_corpus().valid[:24])
    assert mean_ratio(draft_ratio(), pieces) > 0
    assert mean_ratio(draft_ratio(), [*map(with_leaps, pieces[:12])]) < 0


def test_a_ratio_is_written_and_read() -> None:
    ratio = draft_ratio()
    again = DraftRatio.from_json(json.loads(json.dumps(ratio.to_json())))
    assert again.to_json() == ratio.to_json()
    analysis = Analysis.of(Window(load_corpus().train[0], 0, ""))
    assert again.terms(analysis) == ratio.terms(analysis)
    assert summary_of("bass_leaps") != summary_of("tessitura")


def test_a_draft_as_the_mean_of_bach_has_the_constant() -> None:
    train = load_corpus().train[:24]
    drawn = [Window(with_leaps(piece), 0, piece.source) for piece in train]
    ratio = fit_draft_ratio(drawn, train)
    assert mean_ratio(ratio, list(train)) == pytest.approx(ratio.constant, abs=0.01)
    assert mean_ratio(ratio, [*map(with_leaps, train)]) < 0 < ratio.constant
    assert ratio.to_json()["measures"]["bass_leaps"]["weight"] < 0


def test_drafts_of_other_chorales_are_refused() -> None:
    train = load_corpus().train[:2]
    for drawn in ([], [Window(train[0], 0, "elsewhere")]):
        with pytest.raises(DataError, match="drafts of chorales of train"):
            fit_draft_ratio(drawn, train)


def test_the_command_draws_from_train_and_writes_what_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    shipped = draft_ratio()
    request.addfinalizer(draft_ratio.cache_clear)
    path, corpus = tmp_path / "draft_ratio.json", few_chorales()
    predictor = uniform_predictor(wide_vocabulary("hold"))
    monkeypatch.setattr("chorale.sampling.draft_ratio.FILE", path)
    monkeypatch.setattr(draft_ratio_fitting, "FILE", path)
    monkeypatch.setattr(draft_ratio_fitting, "load_corpus", lambda: corpus)
    monkeypatch.setattr(draft_ratio_fitting, "load_model", lambda **_: predictor)
    starts: list[int] = []

    def watched(write: Any) -> Any:
        def watch(*arguments: Any) -> list[Window]:
            drawn = write(*arguments)
            starts.extend(window.start for window in drawn)
            return list(drawn)

        return watch

    monkeypatch.setattr(draft_ratio_fitting, "continue_each", watched(continue_each))
    monkeypatch.setattr(draft_ratio_fitting, "harmonize_each", watched(harmonize_each))
    draft_ratio_fitting.main()
    assert len(starts) == 6 * len(corpus.train) and starts.count(0) == len(starts) / 2
    table = json.loads(path.read_text())
    assert table.pop("made_by") == f"python -m {draft_ratio_fitting.__name__}"
    assert draft_ratio().to_json() == table != shipped.to_json()
