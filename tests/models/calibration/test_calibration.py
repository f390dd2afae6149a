"""A calibration of a network: what it adds, and how it is stored."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import scores_by_steps, wide_vocabulary
from tiny import PLAN, save_tiny_model, tiny_options

from chorale.encoding.inputs import Inputs
from chorale.encoding.tunes import NO_TUNES
from chorale.errors import ModelError
from chorale.models.calibration.lines import Lines
from chorale.models.calibration.relations import RELATIONS, STAY
from chorale.models.calibration.tables import SHAPES, Calibration, Observed
from chorale.models.predictor import log_softmax
from chorale.models.storage import load_card, load_model, save_calibration
from chorale.utils.files import save_arrays

VOCABULARY = wide_vocabulary()


def _random_calibration() -> Calibration:
    random = np.random.default_rng(1)
    return Calibration(
        {
            name: random.normal(size=shape).astype(np.float16).astype(np.float32)
            for name, shape in SHAPES.items()
        }
    )


def _only(name: str, relation: int, weight: float) -> Calibration:
    """Return a calibration of one relation under any circumstance of one kind."""
    tables = {each: np.zeros(shape, np.float32) for each, shape in SHAPES.items()}
    tables[name][..., relation :: RELATIONS // 2] = weight
    return Calibration(tables)


def _pieces(steps: int = 24) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    tokens = random.integers(0, VOCABULARY.size, (3, steps, 4))
    tokens[:, 0] = 1
    tokens[:, 1::2] = VOCABULARY.hold
    return tokens, random.integers(0, (32, 2, 25), (3, steps, len(PLAN)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("calibrated")
    save_tiny_model(path, tiny_options("gru"), VOCABULARY)
    return path


def test_steps_and_whole_pieces_agree(folder) -> None:
    predictor = load_model(folder, kind="next-step")
    tokens, plan = _pieces()
    plain = predictor.score(tokens, plan)
    predictor.calibration = _random_calibration()
    scores = predictor.score(tokens, plan)
    assert np.abs(scores - plain).max() > 0.5
    steps = scores_by_steps(predictor, tokens, plan)
    np.testing.assert_allclose(steps, scores, atol=1e-4)


def test_selected_rows_are_calibrated_alike(folder) -> None:
    predictor = load_model(folder, kind="next-step")
    predictor.calibration = _random_calibration()
    tokens, plan = _pieces(6)
    state = predictor.start(plan[:, 0])
    for step in range(5):
        state = predictor.advance(state, tokens[:, step], plan[:, step + 1])
    chosen = predictor.select(state, np.array([2, 0]))
    for voice in range(4):
        whole = predictor.voice_logits(state, voice, tokens[:, 5])
        some = predictor.voice_logits(chosen, voice, tokens[[2, 0], 5])
        np.testing.assert_allclose(some, whole[[2, 0]], atol=1e-5)


def test_a_weight_multiplies_the_odds_of_its_relation(folder) -> None:
    predictor = load_model(folder, kind="next-step")
    tokens, plan = _pieces()
    plain = predictor.score(tokens, plan)
    predictor.calibration = _only("moved", STAY, 1.5)
    scores = predictor.score(tokens, plan)
    hold = VOCABULARY.hold
    expected = plain.copy()
    expected[:, 1:, :, hold] += 1.5  # after the first step a voice stays by HOLD …
    is_silent = VOCABULARY.is_silent(VOCABULARY.pasts(tokens).pitches)[:, 1:]
    expected[:, 1:, :, 0] += np.where(is_silent, 1.5, 0)  # … or by silence
    np.testing.assert_allclose(scores[:, 1:], log_softmax(expected)[:, 1:], atol=1e-4)


@pytest.mark.parametrize("encoding", ["hold", "pitch"])
@pytest.mark.parametrize("features", [("position", "key"), ("step",), ("key",)])
def test_circumstances_are_within_their_tables(encoding, features) -> None:
    vocabulary = wide_vocabulary(encoding)
    random = np.random.default_rng(2)
    tokens = random.integers(0, vocabulary.size, (1, 200, 4))
    plan = random.integers(0, 16, (1, 200, len(features)))
    inputs = Inputs.of_pieces(tokens, plan, vocabulary, NO_TUNES)
    lines = Lines.of_pieces(inputs.past_pitches, vocabulary).at(0)
    observed = Observed(inputs.at(0), lines, vocabulary, features)
    sizes = [size for _, size, _ in SHAPES.values()]
    for voice in range(4):
        found = observed.of_voice(voice, tokens[0])
        assert found.min() >= 0 and (found.max(axis=0) < sizes).all()


def test_circumstances_of_a_line_that_goes_to_and_fro() -> None:
    """The soprano has C D C D, a quarter each; the bass moves before the alto."""
    notes = np.repeat([60, 62, 60, 62], 4)
    vocabulary = wide_vocabulary("pitch")
    tokens = np.zeros((1, 17, 4), int)
    tokens[0, :16, 0] = [vocabulary.token(note) for note in notes]
    tokens[0, 16, [0, 3]] = vocabulary.token(60)
    plan = np.arange(17)[np.newaxis, :, np.newaxis] % 16
    inputs = Inputs.of_pieces(tokens, plan, vocabulary, NO_TUNES)
    lines = Lines.of_pieces(inputs.past_pitches, vocabulary)
    observed = Observed(inputs.at(0), lines.at(0), vocabulary, ("step",))
    soprano, tenor = (
        dict(zip(SHAPES, observed.of_voice(voice, tokens[0])[16], strict=True))
        for voice in (0, 2)
    )
    assert soprano["returns"] == 2 and tenor["returns"] == 0
    assert soprano["age"] == 3 * 4  # three steps ago, at the beginning of a beat
    assert soprano["lengths"] == 4 * 9 + 3
    assert soprano["interval"] == 6 + 2
    assert tenor["interval"] == 13
    # Soprano and bass move, the alto does not; for the tenor they come before.
    assert (soprano["moved"], tenor["moved"]) == (0, 2 * 4)


def test_it_is_stored_with_its_model(folder) -> None:
    before = load_card(folder)
    calibration = _random_calibration()
    record, figures = {"pieces": 3}, {"valid": {"nats_per_note": 0.5}}
    save_calibration(calibration, record, figures, folder)
    card = load_card(folder)
    assert (card.calibration, card.figures) == (record, figures)
    assert card.files.items() > before.files.items()
    loaded = load_model(folder, kind="next-step").calibration
    assert loaded is not None
    for name, table in calibration.tables.items():
        np.testing.assert_array_equal(loaded.tables[name], table)


@pytest.mark.parametrize("fault", ["missing table", "shape", "nan", "double"])
def test_a_damaged_file_is_refused(fault, tmp_path) -> None:
    arrays = {name: np.zeros(shape, np.float16) for name, shape in SHAPES.items()}
    if fault == "missing table":
        del arrays["echo"]
    elif fault == "shape":
        arrays["echo"] = arrays["echo"][:, 1:]
    elif fault == "nan":
        arrays["echo"][0, 0, 0] = np.nan
    else:
        arrays["echo"] = arrays["echo"].astype(np.float64)
    save_arrays(tmp_path / "calibration.npz", arrays, compress=True)
    with pytest.raises(ModelError, match=r"calibration\.npz.*chorale calibrate"):
        Calibration.load(tmp_path / "calibration.npz")
