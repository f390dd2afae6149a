"""The predictors: Keras, ONNX Runtime and the fake, through the same seam."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakePredictor, scores_by_steps, toy_vocabulary, wide_vocabulary
from tiny import PLAN, save_tiny_model, tiny_chorale, tiny_network, tiny_options

from chorale.encoding.tunes import Tunes
from chorale.evaluation.likelihood import evaluate
from chorale.models.ensemble import AveragedPredictor
from chorale.models.guidance import GuidedPredictor
from chorale.models.next_step import KerasPredictor
from chorale.models.ngram import fit_ngram
from chorale.models.storage import load_model
from chorale.music.voices import SOPRANO, VOICES
from chorale.nn.bodies import BODIES

STEPS = 20


def _pieces(vocabulary, batch=3):
    random = np.random.default_rng(0)
    tokens = random.integers(0, vocabulary.size, (batch, STEPS, VOICES))
    tokens[:, 0] = 1  # nothing to hold yet
    # A soprano such as the tunes of the tiny model have.
    tokens[..., SOPRANO] = random.integers(1, 4, (batch, STEPS))
    return tokens, random.integers(0, (32, 2, 25), (batch, STEPS, len(PLAN)))


@pytest.mark.parametrize("body", BODIES)
def test_keras_onnx_steps_and_sequences_all_agree(body, tmp_path):
    # Half of the bodies in either encoding: an export takes seconds.
    encoding = "hold" if list(BODIES).index(body) % 2 else "pitch"
    vocabulary = wide_vocabulary(encoding)
    save_tiny_model(tmp_path, body=body, vocabulary=vocabulary)
    tokens, plan = _pieces(vocabulary)
    keras = load_model(tmp_path, backend="keras")
    onnx = load_model(tmp_path)
    expected = keras.score(tokens, plan)
    assert isinstance(keras, KerasPredictor)
    assert expected.shape == (3, STEPS, VOICES, vocabulary.size)
    np.testing.assert_allclose(np.exp(expected).sum(axis=-1), 1, atol=1e-5)
    sopranos = vocabulary.pasts(tokens).pitches[..., SOPRANO]
    assert onnx.tunes.recalls(sopranos)[..., 2].max() >= 5  # three notes and more
    np.testing.assert_allclose(onnx.score(tokens, plan), expected, atol=1e-4)
    for predictor in (keras, onnx):
        steps = scores_by_steps(predictor, tokens, plan)
        np.testing.assert_allclose(steps, expected, atol=1e-4)


def test_padding_at_the_end_changes_nothing(tmp_path):
    vocabulary = wide_vocabulary()
    save_tiny_model(tmp_path, body="conv-gru", vocabulary=vocabulary)
    predictor = load_model(tmp_path)
    tokens, plan = _pieces(vocabulary)
    short = predictor.score(tokens[:, :11], plan[:, :11])
    np.testing.assert_allclose(predictor.score(tokens, plan)[:, :11], short, atol=1e-5)


def test_advancing_leaves_the_state_as_it_was(tmp_path):
    vocabulary = wide_vocabulary()
    save_tiny_model(tmp_path, body="attention", vocabulary=vocabulary)
    predictor = load_model(tmp_path)
    tokens, plan = _pieces(vocabulary)
    state = predictor.start(plan[:, 0])
    first = predictor.advance(state, tokens[:, 0], plan[:, 1])
    predictor.advance(state, tokens[:, 5], plan[:, 2])
    again = predictor.advance(state, tokens[:, 0], plan[:, 1])
    np.testing.assert_array_equal(first.hidden, again.hidden)


def test_without_a_piece_all_is_as_if_it_had_not_been_learnt():
    vocabulary = wide_vocabulary()
    network = tiny_network(tiny_options("gru"), vocabulary)
    random = np.random.default_rng(2)
    learnt = [random.integers(1, 4, (STEPS, VOICES)) for _ in range(3)]
    tunes = Tunes.of(learnt, vocabulary)
    predictor = KerasPredictor(network, tunes)
    own, plan = learnt[1][np.newaxis], np.ones((1, STEPS, len(PLAN)), np.int64)
    scores = predictor.without(learnt[1]).score(own, plan)
    others = KerasPredictor(network, Tunes.of(learnt[::2], vocabulary))
    np.testing.assert_array_equal(scores, others.score(own, plan))
    # The predictor itself goes on recalling it.
    assert predictor.tunes is tunes
    assert np.abs(predictor.score(own, plan) - scores).max() > 1e-3


def random_chain(vocabulary):
    shape = (VOICES, vocabulary.pitch_count + 1)
    table = np.random.default_rng(0).dirichlet(np.ones(vocabulary.size), shape)
    return FakePredictor(vocabulary, table)


def test_the_fake_gives_the_probabilities_it_was_given():
    vocabulary = toy_vocabulary("pitch")
    fake, random = random_chain(vocabulary), np.random.default_rng(0)
    tokens = random.integers(0, vocabulary.size, (2, 6, VOICES))
    plan = np.zeros((2, 6, 1), np.int64)
    scores = fake.score(tokens, plan)
    np.testing.assert_allclose(scores_by_steps(fake, tokens, plan), scores, atol=1e-6)
    np.testing.assert_allclose(
        np.exp(scores[1, 3, 2]), fake.table[2, tokens[1, 2, 2]], rtol=1e-5
    )


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_a_network_that_knows_nothing_scores_the_logarithm_of_its_vocabulary(encoding):
    vocabulary = wide_vocabulary(encoding)
    network = tiny_network(tiny_options("gru"), vocabulary)
    for weight in network.weights:
        weight.assign(np.zeros(weight.shape))
    chorales = [tiny_chorale(np.random.default_rng(seed), 5 + seed) for seed in (1, 2)]
    likelihood = evaluate(KerasPredictor(network), chorales)
    assert likelihood.nats_per_note == pytest.approx(np.log(vocabulary.size), rel=1e-6)
    assert likelihood.nats_per_frame == pytest.approx(4 * np.log(vocabulary.size))
    assert likelihood.notes == 4 * sum(map(len, chorales))


def _onnx(folder):
    save_tiny_model(folder, body="wavenet-lstm", vocabulary=wide_vocabulary())
    return load_model(folder)


@pytest.mark.parametrize(
    "open_predictor",
    [
        _onnx,
        lambda folder: GuidedPredictor(_onnx(folder), 1.5),
        lambda folder: AveragedPredictor([_onnx(folder)], (-1, 0, 2)),
        lambda folder: GuidedPredictor(AveragedPredictor([_onnx(folder)], (0, 1)), 1.5),
        lambda folder: fit_ngram([tiny_chorale(np.random.default_rng(0))]),
        lambda folder: random_chain(wide_vocabulary()),
    ],
    ids=["onnx", "guided", "averaged", "guided average", "n-gram", "fake"],
)
def test_selected_rows_go_on_as_they_would_have(open_predictor, tmp_path):
    predictor = open_predictor(tmp_path)
    vocabulary = predictor.vocabulary
    random = np.random.default_rng(1)
    tokens = random.integers(1, vocabulary.pitch_count, (3, 8, VOICES))
    tokens[..., SOPRANO] = random.integers(1, 4, (3, 8))
    plan = random.integers(1, 3, (3, 8, len(predictor.plan_features)))
    rows, begun = np.array([2, 0, 2, 1, 2]), 5

    def state_after(rows, steps, state=None, first=0):
        state = predictor.start(plan[rows, 0]) if state is None else state
        for step in range(first, steps):
            state = predictor.advance(state, tokens[rows, step], plan[rows, step + 1])
        return state

    begun_with = state_after(np.arange(3), begun)
    selected = state_after(rows, 7, predictor.select(begun_with, rows), begun)
    expected = state_after(rows, 7)
    for voice in predictor.voice_order:
        np.testing.assert_allclose(
            predictor.voice_logits(selected, voice, tokens[rows, 7]),
            predictor.voice_logits(expected, voice, tokens[rows, 7]),
            atol=1e-5,
        )
