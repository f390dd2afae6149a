"""Fitting of a calibration."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakePredictor, wide_vocabulary
from tiny import tiny_chorale

from chorale.encoding.tunes import NO_TUNES
from chorale.models.calibration.relations import NAMES, RELATIONS, RETURN, STAY
from chorale.models.calibration.tables import SHAPES
from chorale.training.calibration import Examples, fit_calibration, observe_pieces

_ROWS = 20_000


def _examples(weights: np.ndarray, seed: int = 0) -> Examples:
    """Draw relations from a network's distribution times exp of some weights.

    Args:
        weights: float array (values of `returns`, RELATIONS).
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    expected = np.log(random.dirichlet(np.ones(RELATIONS), _ROWS)).astype(np.float32)
    circumstances = np.zeros((_ROWS, len(SHAPES)), int)
    column = list(SHAPES).index("returns")
    circumstances[:, column] = random.integers(0, 3, _ROWS)
    logits = expected + weights[circumstances[:, column]]
    found = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    return Examples(expected, circumstances, found)


class _WithTunes(FakePredictor):
    tunes = NO_TUNES


def _nats(examples: Examples, tables: dict[str, np.ndarray]) -> float:
    logits = examples.expected.astype(float)
    for name, values in zip(SHAPES, examples.circumstances.T, strict=True):
        logits = logits + tables[name][0, values]
    logits -= np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return -logits[np.arange(len(logits)), examples.found].mean()


def test_weights_of_the_draws_are_found() -> None:
    wanted = np.zeros((3, RELATIONS))
    wanted[1, RETURN], wanted[2, RETURN], wanted[2, STAY] = -1.0, -2.0, 0.7
    voices = [_examples(wanted, seed) for seed in range(4)]
    tables = fit_calibration(voices, penalty=0.5).tables
    # Only differences between relations and sums over circumstances are determined.
    found = sum(tables[name][0, 0] for name in SHAPES if name != "returns")
    found = found + tables["returns"][0]
    found -= found.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(
        found, wanted - wanted.mean(axis=1, keepdims=True), atol=0.25
    )
    fresh = _examples(wanted, seed=9)
    without = {name: np.zeros_like(table) for name, table in tables.items()}
    assert _nats(fresh, tables) < _nats(fresh, without) - 0.01


def test_a_network_that_needs_none_gets_almost_none() -> None:
    voices = [_examples(np.zeros((3, RELATIONS)), seed) for seed in range(4)]
    tables = fit_calibration(voices).tables
    assert max(np.abs(table).max() for table in tables.values()) < 0.15


@pytest.mark.parametrize("encoding", ["hold", "pitch"])
def test_examples_sum_the_probabilities_of_each_relation(encoding: str) -> None:
    vocabulary = wide_vocabulary(encoding)
    random = np.random.default_rng(3)
    chorales = [tiny_chorale(random), tiny_chorale(random)]
    shape = 4, vocabulary.pitch_count + 1
    table = random.dirichlet(np.ones(vocabulary.size), shape)
    voices = observe_pieces(_WithTunes(vocabulary, table), chorales)
    assert [len(voice.found) for voice in voices] == [96] * 4
    for voice in voices:
        totals = np.exp(voice.expected.astype(float)).sum(axis=1)
        np.testing.assert_allclose(totals, 1, rtol=1e-4)
        assert (voice.found < RELATIONS).all()
    # Quarters stay for three sixteenths of four, but where they are struck again.
    stays = np.isin(voices[0].found % len(NAMES), [STAY])
    assert 0.6 < stays.mean() < 0.95
