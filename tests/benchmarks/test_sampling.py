"""Times per note of predictors of known probabilities."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import uniform_predictor, wide_vocabulary

from chorale.benchmarks import lengths, sampling
from chorale.benchmarks.measures import LENGTHS
from chorale.sampling.generate import Start
from chorale.sampling.openings import find_start


@pytest.fixture
def predictor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all models be a fast one, without weights."""
    fake = uniform_predictor(wide_vocabulary())
    for module in (sampling, lengths):
        monkeypatch.setattr(module, "open_model", lambda model: fake)
    monkeypatch.setattr(sampling, "weights_of", lambda folder: 12)


def test_notes_are_those_after_the_opening() -> None:
    start = Start(*find_start("3", bars=3))
    assert start.opening is not None
    steps = start.plan.steps - start.opening.steps
    assert sampling.notes_of(start) == 4 * steps
    assert sampling.notes_of(Start(start.plan, None)) == 4 * start.plan.steps


@pytest.mark.parametrize("setting", ["defaults", "plain"])
def test_a_batch_has_a_time_per_note(predictor: None, setting: str) -> None:
    trial, weights = sampling.prepare_batch("bach", setting, pieces=2, bars=4)
    assert weights == 12
    for _ in range(2):
        figures = trial()
        assert {*figures} == {"ms_per_note", "processor_ms_per_note"}
        assert min(figures.values()) > 0


def test_choosing_the_best_comes_on_top(predictor: None) -> None:
    measure = next(row for row in sampling.MEASURES if row.of_one)
    figures = measure.prepare(Path()).trial()
    assert 0 < figures["ms_per_note"] < figures["ms_per_note_chosen"]


def test_the_bundled_models_have_millions_of_weights_in_matrices() -> None:
    assert 3e6 < sampling.weights_of(sampling.find_model("bach")) < 4e6


def test_lengths_are_those_of_their_own_states(
    predictor: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[lengths.Reader] = []

    class Recorded(lengths.Reader):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)  # type: ignore[arg-type]
            readers.append(self)

    monkeypatch.setattr(lengths, "Reader", Recorded)
    trial = lengths.prepare_lengths("bach").trial
    before = [reader._step for reader in readers]
    for _ in range(2):  # each round measures the same steps
        figures = trial()
        assert [*figures] == [f"ms_per_note_at_{length}" for length in LENGTHS]
        assert min(figures.values()) > 0
        assert [reader._step for reader in readers] == before
    assert all(step < length for step, length in zip(before, LENGTHS, strict=True))
