"""The predictors: Keras, ONNX Runtime and the fake, through one interface."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakePredictor, scores_by_steps, toy_vocabulary, wide_vocabulary
from tiny import PLAIN, PLAN, save_tiny_model, tiny_chorale, tiny_network, tiny_options

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


SLOW = [body for body in BODIES if body not in ("gru", "attention")]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Return a function that stores a random network, each once, and its folder."""
    folders = {}

    def store(body, encoding, cues):
        if (body, encoding, cues) not in folders:
            folder = tmp_path_factory.mktemp(body)
            options = tiny_options(body, **({} if cues else PLAIN))
            save_tiny_model(folder, options, wide_vocabulary(encoding))
            folders[body, encoding, cues] = folder
        return folders[body, encoding, cues]

    return store


@pytest.fixture
def model(stored):
    """Return the model of a GRU with all cues."""
    return load_model(stored("gru", "hold", True))


@pytest.mark.keras
@pytest.mark.parametrize(
    ("body", "encoding", "cues"),
    [
        ("gru", "hold", True),
        ("attention", "pitch", False),
        pytest.param("gru", "pitch", True, marks=pytest.mark.slow),
        *(
            # What differs between the others is tested in `tests/nn/test_bodies.py`.
            pytest.param(
                body, ("hold", "pitch")[index % 2], False, marks=pytest.mark.slow
            )
            for index, body in enumerate(SLOW[::2])
        ),
    ],
)
def test_keras_onnx_steps_and_sequences_all_agree(body, encoding, cues, stored):
    folder = stored(body, encoding, cues)
    keras, onnx = load_model(folder, backend="keras"), load_model(folder)
    assert isinstance(keras, KerasPredictor)
    vocabulary = keras.vocabulary
    tokens, plan = _pieces(vocabulary)
    # Of the networks without cues the layers are called, which need not be compiled.
    expected = (keras if cues else super(KerasPredictor, keras)).score(tokens, plan)
    assert expected.shape == (3, STEPS, VOICES, vocabulary.size)
    np.testing.assert_allclose(np.exp(expected).sum(axis=-1), 1, atol=1e-5)
    if cues:  # tunes of three notes and more
        sopranos = vocabulary.pasts(tokens).pitches[..., SOPRANO]
        assert onnx.tunes.recalls(sopranos)[..., 2].max() >= 5
    np.testing.assert_allclose(onnx.score(tokens, plan), expected, atol=1e-4)
    for predictor in (keras, onnx):
        steps = scores_by_steps(predictor, tokens, plan)
        np.testing.assert_allclose(steps, expected, atol=1e-4)


@pytest.mark.keras
def test_attention_to_a_long_window_is_exported(tmp_path):
    # Graphs hold small constants themselves, and no table of so many lags and heads.
    options = tiny_options("attention", window=300, heads=4, **PLAIN)
    save_tiny_model(tmp_path, options, wide_vocabulary("pitch"))
    onnx = load_model(tmp_path)
    tokens, plan = _pieces(onnx.vocabulary)
    expected = load_model(tmp_path, backend="keras").score(tokens, plan)
    np.testing.assert_allclose(onnx.score(tokens, plan), expected, atol=1e-4)
    steps = scores_by_steps(onnx, tokens, plan)
    np.testing.assert_allclose(steps, expected, atol=1e-4)


@pytest.mark.keras
def test_padding_at_the_end_changes_nothing(model):
    tokens, plan = _pieces(model.vocabulary)
    short = model.score(tokens[:, :11], plan[:, :11])
    np.testing.assert_allclose(model.score(tokens, plan)[:, :11], short, atol=1e-5)


@pytest.mark.keras
@pytest.mark.parametrize("backend", ["onnx", "keras"])
def test_a_selected_copy_goes_on_by_itself(backend, stored):
    model = load_model(stored("gru", "hold", True), backend=backend)
    tokens, plan = _pieces(model.vocabulary)
    rows = np.arange(2)
    state = model.advance(model.start(plan[:, 0]), tokens[:, 0], plan[:, 1])
    copies = [model.select(state, rows) for _ in range(2)]
    first = model.advance(copies[0], tokens[rows, 1], plan[rows, 2])
    logits = model.voice_logits(first, 1, tokens[rows, 2])
    # Neither the state nor another copy has moved.
    for other, kept in ((copies[1], rows), (state, np.arange(3))):
        model.voice_logits(other, 0, tokens[kept, 7])
        after = model.advance(other, tokens[kept, 1], plan[kept, 2])
        np.testing.assert_allclose(
            model.voice_logits(after, 1, tokens[kept, 2])[rows], logits, atol=1e-5
        )
    different = model.advance(first, tokens[rows, 5], plan[rows, 5])
    again = model.voice_logits(different, 1, tokens[rows, 2])
    assert np.abs(again - logits).max() > 1e-3


@pytest.mark.keras
def test_without_a_piece_all_is_as_if_it_had_not_been_learned():
    vocabulary = wide_vocabulary()
    network = tiny_network(tiny_options("gru"), vocabulary)
    random = np.random.default_rng(2)
    learned = [random.integers(1, 4, (STEPS, VOICES)) for _ in range(3)]
    tunes = Tunes.of(learned, vocabulary)
    predictor = KerasPredictor(network, tunes)
    own, plan = learned[1][np.newaxis], np.ones((1, STEPS, len(PLAN)), np.int64)
    scores = predictor.without(learned[1]).score(own, plan)
    others = KerasPredictor(network, Tunes.of(learned[::2], vocabulary))
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


@pytest.mark.keras
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


@pytest.mark.keras
@pytest.mark.parametrize(
    "open_predictor",
    [
        lambda model: model,
        lambda model: GuidedPredictor(model, 1.5),
        lambda model: AveragedPredictor([model], (-1, 0, 2)),
        lambda model: GuidedPredictor(AveragedPredictor([model], (0, 1)), 1.5),
        lambda model: fit_ngram([tiny_chorale(np.random.default_rng(0))]),
        lambda model: random_chain(wide_vocabulary()),
    ],
    ids=["onnx", "guided", "averaged", "guided average", "n-gram", "fake"],
)
@pytest.mark.parametrize("rows", [[2, 0, 2, 1, 2], [2, 0, 2]], ids=["more", "as many"])
def test_selected_rows_go_on_as_they_would_have(open_predictor, rows, model):
    predictor = open_predictor(model)
    vocabulary = predictor.vocabulary
    random = np.random.default_rng(1)
    tokens = random.integers(1, vocabulary.pitch_count, (3, 8, VOICES))
    tokens[..., SOPRANO] = random.integers(1, 4, (3, 8))
    plan = random.integers(1, 3, (3, 8, len(predictor.plan_features)))
    rows, begun = np.array(rows), 5

    def state_after(rows, steps, state=None, first=0):
        state = predictor.start(plan[rows, 0]) if state is None else state
        for step in range(first, steps):
            state = predictor.advance(state, tokens[rows, step], plan[rows, step + 1])
        return state

    begun_with = state_after(np.arange(3), begun)
    selected = state_after(rows, 7, predictor.select(begun_with, rows), begun)
    expected = state_after(rows, 7)
    for voice in predictor.voice_order:
        logits = predictor.voice_logits(expected, voice, tokens[rows, 7])
        np.testing.assert_allclose(
            predictor.voice_logits(selected, voice, tokens[rows, 7]), logits, atol=1e-5
        )
        # The first rows may be asked alone.
        few = predictor.voice_logits(expected, voice, tokens[rows[:2], 7])
        np.testing.assert_allclose(few, logits[:2], atol=1e-5)
