"""Avoidance: what a note costs that agrees with a line, and that nothing else does."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import (
    LOWEST,
    UniformInfiller,
    memoryless_predictor,
    toy_vocabulary,
    uniform_predictor,
    wide_cells,
)

from chorale.models.guidance import GuidedPredictor
from chorale.models.predictor import log_softmax
from chorale.music.score import Chorale, Note
from chorale.music.voices import ALTO, VOICES
from chorale.sampling.avoidance import Avoided, AvoidingInfiller, AvoidingPredictor

# The alto: D flat for a quarter, D for an eighth, a rest; then a note no model knows.
LINE = Chorale.from_notes(
    [[], [Note(61, 2, 4), Note(62, 6, 2), Note(90, 10, 2)], [], []], 12
)
PASSAGE = np.tile(np.arange(VOICES) == ALTO, (12, 1))
STRENGTH = 2.0


@pytest.fixture(params=["hold", "pitch"])
def avoiding(request: pytest.FixtureRequest) -> AvoidingPredictor:
    predictor = uniform_predictor(toy_vocabulary(request.param))
    return AvoidingPredictor(predictor, [Avoided(LINE, PASSAGE, STRENGTH)])


def lowered(
    model: AvoidingPredictor, tokens: list[int], voice: int = ALTO
) -> np.ndarray:
    """Return the nats by which tokens of the next step are lowered.

    Args:
        model: avoids.
        tokens: of the alto at the steps before; the other voices write silence.
        voice: that writes next.
    """
    state = model.start(np.zeros((2, 1), int))
    for token in tokens:
        step = np.zeros((2, VOICES), int)
        step[:, ALTO] = token
        state = model.advance(state, step, np.zeros((2, 1), int))
    chosen = np.zeros((2, VOICES), int)
    before = model.predictor.voice_logits(state.inner, voice, chosen)
    after = model.voice_logits(state, voice, chosen)
    np.testing.assert_allclose(after[0], after[1])
    return np.asarray(before - after)[0]


def token(pitch: int) -> int:
    return pitch - LOWEST + 1


def test_a_note_costs_what_remains_of_the_line(avoiding: AvoidingPredictor) -> None:
    for beginning, cost in (([1] * 2, 2.0), ([1] * 3, 1.5), ([1] * 5, 0.5)):
        expected = np.zeros(avoiding.vocabulary.size)
        expected[token(61)] = cost
        np.testing.assert_allclose(lowered(avoiding, beginning), expected, rtol=1e-5)


def test_an_agreement_that_goes_on_is_paid(avoiding: AvoidingPredictor) -> None:
    assert not lowered(avoiding, [1, 1, token(61)]).any()
    # The line goes on to D, at which this voice would begin to agree.
    found = lowered(avoiding, [1, 1, *[token(61)] * 4])
    assert found.argmax() == token(62) and found.sum() == pytest.approx(1.0)


def test_holding_a_note_into_an_agreement_costs_as_much() -> None:
    vocabulary = toy_vocabulary("hold")
    avoiding = AvoidingPredictor(
        uniform_predictor(vocabulary), [Avoided(LINE, PASSAGE, STRENGTH)]
    )
    found = lowered(avoiding, [token(61), vocabulary.hold])
    assert found[[token(61), vocabulary.hold]].tolist() == pytest.approx([2, 2])
    assert not lowered(avoiding, [token(61), *[vocabulary.hold] * 2]).any()


def test_rests_kept_cells_and_unknown_notes_cost_nothing(
    avoiding: AvoidingPredictor,
) -> None:
    for steps in (0, 1, 8, 9, 10, 11):
        assert not lowered(avoiding, [1] * steps).any()
    assert not lowered(avoiding, [1] * 3, voice=0).any()
    kept = Avoided(LINE, np.zeros_like(PASSAGE), STRENGTH)
    assert not lowered(AvoidingPredictor(avoiding.predictor, [kept]), [1] * 3).any()


def test_lines_add_up_and_rows_differ_by_what_sounds() -> None:
    vocabulary = toy_vocabulary("hold")
    line = Avoided(LINE, PASSAGE, STRENGTH)
    model = AvoidingPredictor(uniform_predictor(vocabulary), [line, line])
    assert lowered(model, [1] * 2)[token(61)] == pytest.approx(4)
    state = model.start(np.zeros((2, 1), int))
    for step in range(3):
        written = np.zeros((2, VOICES), int)
        written[:, ALTO] = [token(61), token(60)] if step == 2 else token(60)
        state = model.advance(state, written, np.zeros((2, 1), int))
    state = model.select(state, np.array([1, 0, 1]))
    logits = model.voice_logits(state, ALTO, np.zeros((3, VOICES), int))
    relative = logits[:, token(61)] - logits[:, token(62)]
    assert relative.tolist() == pytest.approx([-3, 0, -3])


def test_a_guided_model_avoids_as_much() -> None:
    predictor = memoryless_predictor(toy_vocabulary("pitch"), [0.1, 0.2, 0.3, 0.4])
    object.__setattr__(predictor, "plan_features", ("key",))
    avoiding = AvoidingPredictor(predictor, [Avoided(LINE, PASSAGE, STRENGTH)])
    plan, chosen = np.ones((1, 1), int), np.zeros((1, VOICES), int)
    found = []
    for model in (GuidedPredictor(avoiding, 2.0), avoiding):
        state = model.start(plan)
        for _ in range(2):
            state = model.advance(state, np.full((1, VOICES), token(60)), plan)
        found.append(log_softmax(model.voice_logits(state, ALTO, chosen)))
    np.testing.assert_allclose(*found, rtol=1e-5)


@pytest.mark.parametrize("encoding", ["hold", "pitch"])
def test_an_infiller_pays_for_each_hidden_cell(encoding: str) -> None:
    infiller = UniformInfiller(wide_cells(encoding))
    model = AvoidingInfiller(infiller, [Avoided(LINE, PASSAGE, STRENGTH)])
    cells, plan = np.zeros((2, 12, VOICES), int), np.zeros((2, 12, 1), int)
    visible = np.zeros(cells.shape, bool)
    visible[1, 3] = True
    before = infiller.logits(cells, visible, plan)
    after = model.logits(cells, visible, plan)
    assert np.array_equal(after[visible], before[visible])
    costs = np.where(visible[..., np.newaxis], 0, before) - np.where(
        visible[..., np.newaxis], 0, after
    )
    agrees = LINE.pitches[:, ALTO, np.newaxis] == infiller.vocabulary.pitches
    agrees[LINE.pitches[:, ALTO] == 0] = False
    assert agrees[2:8].any(axis=1).all()
    np.testing.assert_allclose(costs[0, :, ALTO], agrees * STRENGTH / 4)
    agrees[3] = False
    np.testing.assert_allclose(costs[1, :, ALTO], agrees * STRENGTH / 4)
    assert not costs[:, :, [0, 2, 3]].any()
