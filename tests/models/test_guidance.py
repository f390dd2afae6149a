"""Guidance amplifies the effect of the key, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import FakePredictor, toy_vocabulary

from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.models.guidance import GuidedPredictor
from chorale.models.predictor import log_softmax
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_ORDER, VOICES
from chorale.sampling.generate import sample
from chorale.sampling.next_step_options import SamplingOptions

# Probabilities of silence and three notes, without the key and with it.
UNCONDITIONAL = np.array([0.1, 0.3, 0.3, 0.3])
CONDITIONAL = np.array([0.1, 0.6, 0.2, 0.1])


ASKED: list[int] = []  # rows at each call


class KeyedPredictor(FakePredictor):
    """Four voices that prefer the first note if the plan has a key."""

    def start(self, plan):
        return plan[:, 1]

    def advance(self, state, tokens, plan):
        return plan[:, 1]

    def voice_logits(self, state, voice, chosen):
        keys = state[: len(chosen), None]
        ASKED.append(len(chosen))
        return np.log(np.where(keys > 0, CONDITIONAL, UNCONDITIONAL)).astype(np.float32)

    def score(self, tokens, plan):
        known = np.repeat(plan[..., 1, None] > 0, VOICES, axis=-1)[..., None]
        return np.log(np.where(known, CONDITIONAL, UNCONDITIONAL)).astype(np.float32)


def keyed_predictor():
    vocabulary = toy_vocabulary("pitch")
    table = np.full((VOICES, vocabulary.pitch_count + 1, vocabulary.size), 0.25)
    return KeyedPredictor(vocabulary, table, plan_features=("step", "key"))


@pytest.mark.parametrize("weight", [0.0, 1.0, 2.5])
def test_the_formula(weight):
    guided = GuidedPredictor(keyed_predictor(), weight)
    expected = CONDITIONAL ** (1 + weight) / UNCONDITIONAL**weight
    expected /= expected.sum()
    plan = np.array([[[0, 1], [1, 5]]])
    tokens = np.zeros((1, 2, VOICES), np.int64)
    scores = np.exp(guided.score(tokens, plan))
    np.testing.assert_allclose(scores[0, 1, 2], expected, rtol=1e-5)
    state = guided.start(plan[:, 0])
    for _ in range(2):
        logits = guided.voice_logits(state, 0, tokens[:, 0])
        np.testing.assert_allclose(np.exp(log_softmax(logits))[0], expected, rtol=1e-5)
        state = guided.advance(state, tokens[:, 0], plan[:, 1])
    assert guided.voice_order == VOICE_ORDER
    assert plan[0, 1, 1] == 5  # the caller's plan is unchanged


def test_without_a_key_there_is_nothing_to_follow():
    guided = GuidedPredictor(keyed_predictor(), 3.0)
    logits = guided.voice_logits(guided.start(np.array([[0, 0]])), 0, np.zeros((1, 4)))
    np.testing.assert_allclose(np.exp(log_softmax(logits))[0], UNCONDITIONAL, rtol=1e-5)


def test_where_the_end_is_known_the_last_four_bars_are_guided():
    features = ("step", "key", "to_end")
    guided = GuidedPredictor(replace(keyed_predictor(), plan_features=features), 1.0)
    chorale = Chorale(pitches=np.full((100, VOICES), 60), key=Key("C", "major"))
    plan = Plan.of(chorale).features(features)[np.newaxis]
    expected = np.tile(CONDITIONAL, (100, 1))
    expected[-64:] = (
        CONDITIONAL**2 / UNCONDITIONAL / (CONDITIONAL**2 / UNCONDITIONAL).sum()
    )
    scores = guided.score(np.zeros((1, 100, VOICES), np.int64), plan)
    np.testing.assert_allclose(np.exp(scores[0, :, 0]), expected, rtol=1e-5)
    state = guided.start(plan[:, 0])
    ASKED.clear()
    for step in range(100):
        logits = guided.voice_logits(state, 0, np.zeros((1, VOICES)))
        drawn = np.exp(log_softmax(logits))[0]
        np.testing.assert_allclose(drawn, expected[step], rtol=1e-5)
        state = guided.advance(state, np.zeros((1, VOICES)), plan[:, min(step + 1, 99)])
    # The network is asked without the key where that counts, and only there.
    assert ASKED == [1] * 36 + [2] * 64


def test_two_beats_before_a_fermata_are_guided_with_less_weight():
    features = ("step", "key", "to_fermata", "to_end")
    guided = GuidedPredictor(replace(keyed_predictor(), plan_features=features), 1.0)
    fermatas = np.zeros(120, bool)
    fermatas[20:24] = fermatas[110:112] = True
    chorale = Chorale(
        pitches=np.full((120, VOICES), 60), key=Key("C", "major"), fermatas=fermatas
    )
    plan = Plan.of(chorale).features(features)[np.newaxis]
    first = np.exp(guided.score(np.zeros((1, 120, VOICES), int), plan)[0, :, 0, 1])
    plain, near, end = (
        CONDITIONAL[1] ** (1 + weight)
        / UNCONDITIONAL[1] ** weight
        / (CONDITIONAL ** (1 + weight) / UNCONDITIONAL**weight).sum()
        for weight in (0, 0.4, 1)
    )
    expected = np.full(120, plain)
    expected[12:24], expected[56:] = near, end
    np.testing.assert_allclose(first, expected, rtol=1e-5)


def test_the_first_rows_are_guided_as_among_all():
    guided = GuidedPredictor(keyed_predictor(), 1.0)
    plan, tokens = np.array([[0, 1], [0, 0], [0, 3]]), np.zeros((3, VOICES), int)
    state = guided.start(plan)
    logits = guided.voice_logits(state, 0, tokens)
    np.testing.assert_array_equal(guided.voice_logits(state, 0, tokens[:2]), logits[:2])


def test_samples_keep_nearer_to_the_key():
    plan = Plan.of(Chorale(pitches=np.full((400, VOICES), 60), key=Key("C", "major")))
    shares = []
    for guidance in (0.0, 1.0):
        options = SamplingOptions(
            temperature=1.0,
            top_p=1.0,
            rules="off",
            guidance=guidance,
            random_state=1,
        )
        (piece,) = sample(keyed_predictor(), plan, None, options)
        shares.append((piece.pitches == 60).mean())
    # Silence is ruled out, so the rest is 0.6 : 0.2 : 0.1, squared over equal parts.
    assert shares[0] == pytest.approx(0.6 / 0.9, abs=0.04)
    assert shares[1] == pytest.approx(0.36 / 0.41, abs=0.04)
    with pytest.raises(UsageError, match="guidance of at least 0, got -1"):
        SamplingOptions(guidance=-1.0)
