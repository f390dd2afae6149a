"""Fitting of the costs of style."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bach import few_chorales
from fakes import uniform_predictor, wide_vocabulary

from chorale.corpus.loading import load_corpus
from chorale.errors import DataError
from chorale.evaluation.style.windows import Window
from chorale.music.score import Chorale
from chorale.music.voices import BASS
from chorale.sampling import style_fitting
from chorale.sampling.style_costs import DIRECTIONS, StyleCosts, style_costs
from chorale.sampling.style_fitting import fit_style_costs, regress


def test_a_term_that_speaks_for_bach_has_weight_and_no_term_less_than_none() -> None:
    random = np.random.default_rng(0)
    differences = random.normal([1.0, 0.0, -1.0], 1.0, (400, 3))
    right, none, wrong = regress(differences, ridge=1.0)
    assert right > 0.5 and none < 0.3 and wrong == 0


def test_weights_follow_the_units_of_the_terms() -> None:
    differences = np.random.default_rng(0).normal([1.0, 0.5], 1.0, (400, 2))
    first = regress(differences, ridge=1.0)
    scaled = regress(differences * [10, 1], ridge=1.0)
    assert scaled == pytest.approx(first / [10, 1], rel=1e-3)
    constant = regress(np.hstack([differences, np.zeros((400, 1))]), ridge=1.0)
    assert constant == pytest.approx([*first, 0], rel=1e-3)


def spoiled(chorale: Chorale) -> Chorale:
    """Return a chorale whose bass goes to and fro a third below its first note."""
    pitches = np.array(chorale.pitches)
    first = int(pitches[0, BASS])
    beats = np.arange(len(pitches)) // 4
    pitches[:, BASS] = np.where(beats % 2, first - 3, first)
    onsets = np.array(chorale.onsets)
    onsets[:, BASS] = np.arange(len(pitches)) % 4 == 0
    return replace(chorale, pitches=pitches, onsets=onsets)


def test_the_costs_prefer_the_chorales_to_what_spoils_them() -> None:
    train = load_corpus().train[:24]
    drawn = [Window(spoiled(piece), 0, piece.source) for piece in train]
    costs = fit_style_costs(drawn, train)
    assert [*costs.weights] == [*DIRECTIONS]
    assert costs.weights["bass_oscillates"] > 0
    assert costs.weights["soprano_oscillates"] == 0  # the same in both
    with pytest.raises(DataError, match="drafts of chorales of train"):
        fit_style_costs([replace(drawn[0], group="elsewhere")], train)
    with pytest.raises(DataError, match="drafts of chorales of train"):
        fit_style_costs([], train)


def test_the_rates_of_the_file_are_those_of_train() -> None:
    train = load_corpus().train
    drawn = [Window(spoiled(piece), 0, piece.source) for piece in train[:2]]
    fitted = fit_style_costs(drawn, train)
    assert fitted.rates == style_costs().rates
    assert fitted.common == style_costs().common


def test_what_is_fitted_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "style_costs.json"
    monkeypatch.setattr(style_fitting, "FILE", path)
    style_fitting.write(style_costs())
    assert StyleCosts.from_json(json.loads(path.read_text())) == style_costs()


def test_the_command_draws_from_train_and_writes_what_it_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, corpus = tmp_path / "style_costs.json", few_chorales()
    predictor = uniform_predictor(wide_vocabulary("hold"))
    monkeypatch.setattr(style_fitting, "FILE", path)
    monkeypatch.setattr(style_fitting, "load_corpus", lambda: corpus)
    monkeypatch.setattr(style_fitting, "load_model", lambda **_: predictor)
    style_fitting.main()
    table = json.loads(path.read_text())
    assert table["made_by"] == f"python -m {style_fitting.__name__}"
    costs = StyleCosts.from_json(table)
    assert max(costs.weights.values()) > 0 and costs != style_costs()
