"""The bodies and the network around them."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest
from fakes import toy_vocabulary, wide_vocabulary
from tiny import PLAN, move_weights, tiny_network, tiny_options, tiny_tunes

from chorale.encoding.echoes import LENGTHS
from chorale.encoding.inputs import Inputs
from chorale.encoding.tunes import MAX_WAIT, STRENGTHS
from chorale.errors import ModelError, UsageError
from chorale.models.next_step import KerasPredictor
from chorale.models.options import NetworkOptions
from chorale.music.voices import VOICE_ORDER, VOICES
from chorale.nn.bodies import BODIES, build_body
from chorale.nn.memory import Memory

pytestmark = pytest.mark.keras

# Every body, and the options that only some of them have.
VARIANTS = [
    *(pytest.param(body, {}, id=body) for body in BODIES),
    *(
        pytest.param(
            body, {"layer_norm": True, "recurrent_dropout": 0.1}, id=f"{body}+"
        )
        for body in (
            "rnn",
            "lstm",
            "gru",
            "peephole-lstm",
            "wavenet-lstm",
            "conv-gru",
        )
    ),
    pytest.param("attention", {"recurrent_layers": 1}, id="attention over lstm"),
    pytest.param("wavenet", {"kernel_size": 3}, id="wavenet, kernel 3"),
    pytest.param("attention", {"window": 1}, id="attention to the step alone"),
]
STEPS = 24  # far beyond the window of 5 and every dilation


def _body(body: str, **changes: object):
    """Return a body whose every weight is moved off its initial value."""
    import keras

    keras.utils.set_random_seed(0)
    layer = build_body(tiny_options(body, **changes))
    layer(np.zeros((1, 2, 16), "float32"))
    move_weights(layer)
    return layer


def _inputs(random: np.random.Generator, batch: int = 2) -> np.ndarray:
    return random.standard_normal((batch, STEPS, 16)).astype("float32")


@pytest.mark.parametrize(("body", "changes"), VARIANTS)
def test_both_faces_of_a_body_agree(body, changes):
    layer = _body(body, **changes)
    inputs = _inputs(np.random.default_rng(1))
    whole = np.asarray(layer(inputs))
    memory = Memory(layer.rings(), 2)
    for step in range(STEPS):
        outputs, entries = layer.step(inputs[:, step], memory.reads, memory.position)
        np.testing.assert_allclose(np.asarray(outputs), whole[:, step], atol=1e-4)
        for own, entry in zip(memory.entries, entries, strict=True):
            assert own.shape == entry.shape
            own[...] = np.asarray(entry)
        memory.advance()
    assert np.ptp(whole) > 1e-2


@pytest.mark.parametrize(("body", "changes"), VARIANTS)
def test_a_body_does_not_look_ahead_but_does_look_back(body, changes):
    layer = _body(body, **changes)
    random = np.random.default_rng(2)
    before = _inputs(random, batch=1)
    after = before.copy()
    changed = 10
    after[:, changed:] = random.standard_normal(after[:, changed:].shape)
    outputs = [np.asarray(layer(inputs))[0] for inputs in (before, after)]
    np.testing.assert_array_equal(outputs[0][:changed], outputs[1][:changed])
    if changes.get("window") == 1:
        return
    # A lone change still reaches the step after it.
    after = before.copy()
    after[:, changed] = random.standard_normal(16)
    moved = np.abs(np.asarray(layer(after))[0] - outputs[0]).max(axis=-1)
    assert moved[changed] > 1e-4 and moved[changed + 1] > 1e-6


@pytest.mark.parametrize("body", [name for name in BODIES if name != "wavenet-lstm"])
def test_dropout_acts_on_the_body_in_training_alone(body):
    layer, without = _body(body, dropout=0.5), _body(body, dropout=0.0)
    inputs = _inputs(np.random.default_rng(0))
    still = [np.asarray(layer(inputs)) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    trained = [np.asarray(layer(inputs, training=True)) for _ in range(2)]
    assert np.abs(trained[1] - trained[0]).max() > 1e-4
    same = [np.asarray(without(inputs, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*same)


@pytest.mark.parametrize("body", ["rnn", "lstm", "gru", "peephole-lstm"])
def test_recurrent_dropout_acts_on_the_carried_state(body):
    changes = {"dropout": 0.0, "recurrent_dropout": 0.5}
    layer = _body(body, **changes)
    inputs = _inputs(np.random.default_rng(0))
    trained = [np.asarray(layer(inputs, training=True)) for _ in range(2)]
    # Nothing is carried into the first step.
    np.testing.assert_array_equal(trained[0][:, 0], trained[1][:, 0])
    assert np.abs(trained[1] - trained[0]).max() > 1e-4


@pytest.mark.parametrize("feature", range(len(PLAN)))
def test_the_plan_acts_from_its_step_on(feature):
    network = tiny_network(tiny_options("gru"), toy_vocabulary())
    inputs = _network_inputs(np.random.default_rng(0), 6, network.vocabulary.size)
    inputs.plan[:, 3, feature] = 0
    before = np.asarray(network(inputs))
    plan = inputs.plan.copy()
    plan[:, 3, feature] = 1
    moved = np.abs(np.asarray(network(inputs._replace(plan=plan))) - before)
    assert (moved.max(axis=(0, 2, 3))[:3] == 0).all()
    assert (moved.max(axis=(0, 2, 3))[3:] > 1e-6).all()


def test_attention_forgets_what_left_its_window():
    layer = build_body(tiny_options("attention", layers=1, dropout=0.0))
    inputs = _inputs(np.random.default_rng(3), batch=1)
    before = np.asarray(layer(inputs))[0]
    inputs[:, 0] = -inputs[:, 0]
    moved = np.abs(np.asarray(layer(inputs))[0] - before).max(axis=-1)
    assert (moved[:5] > 1e-6).all()
    assert (moved[5:] == 0).all()


def test_the_full_wavenet_sees_what_the_paper_says():
    options = NetworkOptions(body="wavenet", layers=10, stacks=3, units=8)
    layer = build_body(options)
    layer(np.zeros((1, 2, 8), "float32"))
    # Three stacks of dilations 1 to 512, one step back at each dilation.
    assert sum(ring.length for ring in layer.rings()) == 3 * 1023
    assert len(layer.rings()) == 30


def test_the_simple_wavenet_of_the_book_sees_31_steps():
    layer = build_body(
        NetworkOptions(body="simple-wavenet", units=8, stacks=2, dropout=0.0)
    )
    inputs = _inputs(np.random.default_rng(4), batch=1)
    inputs = np.concatenate([inputs, inputs], axis=1)
    before = np.asarray(layer(inputs))[0]
    inputs[:, 0] = -10 * inputs[:, 0]
    moved = np.abs(np.asarray(layer(inputs))[0] - before).max(axis=-1) > 0
    assert [ring.length for ring in layer.rings()] == [1, 2, 4, 8] * 2
    # Dilations 1, 2, 4, 8 twice: 30 steps back at the most.
    assert moved[:2].all() and not moved[31:].any()


def test_peepholes_let_each_gate_see_the_carry():
    import keras

    from chorale.nn.recurrent import LSTMCell, PeepholeLSTMCell

    keras.utils.set_random_seed(0)
    cell = PeepholeLSTMCell(1)
    plain = LSTMCell(1)
    for each in (cell, plain):
        each.build((None, 1))
    plain.set_weights(cell.get_weights()[:3])
    value, hidden, carry = (np.full((1, 1), x, "float32") for x in (0.3, 0.5, 0.7))
    expected = plain(value, [hidden, carry])[1]
    # Untrained, no gate looks.
    np.testing.assert_array_equal(cell(value, [hidden, carry])[1], expected)
    i, f, candidate, o = np.ravel(
        value @ cell.kernel + hidden @ cell.recurrent_kernel + cell.bias
    )
    cell.peepholes.assign([[0.2], [0.4], [0.6]])
    new = _sigmoid(f + 0.4 * 0.7) * 0.7 + _sigmoid(i + 0.2 * 0.7) * np.tanh(candidate)
    out = _sigmoid(o + 0.6 * new) * np.tanh(new)
    found = np.ravel(cell(value, [hidden, carry])[1])
    np.testing.assert_allclose(found, [out, new], rtol=1e-5)


def _sigmoid(x: float) -> float:
    return 1 / (1 + np.exp(-x))


def test_unusable_options_are_refused_by_name():
    with pytest.raises(UsageError, match="wavenet-lstm, attention, got 'lsmt'"):
        NetworkOptions(body="lsmt")
    with pytest.raises(UsageError, match="units of at least 1, got 0"):
        NetworkOptions(units=0)
    with pytest.raises(UsageError, match="dropout from 0 to below 1, got 1"):
        NetworkOptions(dropout=1.0)
    with pytest.raises(UsageError, match="divide the 10 units"):
        NetworkOptions(body="attention", units=10)
    assert NetworkOptions(body="wavenet").layers == 7


def _network_inputs(random, steps, size):
    shape = (2, steps, VOICES)
    inputs = Inputs(
        past_pitches=random.integers(0, 4, shape),
        past_ages=random.integers(0, 32, shape),
        plan=random.integers(0, (32, 2, 25), (2, steps, len(PLAN))),
        tokens=random.integers(0, size, shape),
        echo_tokens=random.integers(0, size, shape),
        echo_lengths=random.integers(0, LENGTHS, shape[:2]),
        recall=random.integers(0, (3, MAX_WAIT, STRENGTHS), (2, steps, 3)),
    )
    return inputs.map(lambda array: array.astype("int32"))


def test_a_voice_sees_the_voices_written_before_it_and_no_other():
    network = tiny_network(tiny_options("gru"), toy_vocabulary())
    inputs = _network_inputs(np.random.default_rng(0), 3, network.vocabulary.size)
    before = np.asarray(network(inputs))
    for place, voice in enumerate(VOICE_ORDER):
        tokens = inputs.tokens.copy()
        tokens[..., voice] = (tokens[..., voice] + 1) % network.vocabulary.size
        changed = np.asarray(network(inputs._replace(tokens=tokens)))
        moved = np.abs(changed - before).max(axis=(0, 1, 3)) > 1e-5
        assert [bool(moved[v]) for v in VOICE_ORDER] == [
            after > place for after in range(VOICES)
        ]


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_the_chain_sums_to_one(encoding):
    vocabulary = toy_vocabulary(encoding)
    network = tiny_network(tiny_options("lstm"), vocabulary)
    predictor = KerasPredictor(network, tiny_tunes(vocabulary))
    steps = np.array(list(itertools.product(range(vocabulary.size), repeat=VOICES)))
    first = np.full((len(steps), 1, VOICES), 1)
    tokens = np.concatenate([first, steps[:, None]], axis=1)
    scores = predictor.score(tokens, np.zeros((len(steps), 2, len(PLAN)), np.int64))
    chosen = np.take_along_axis(scores, tokens[..., None], axis=-1)[:, 1, :, 0]
    assert np.exp(chosen.sum(axis=-1, dtype=np.float64)).sum() == pytest.approx(
        1, abs=1e-5
    )


@pytest.mark.parametrize("body", BODIES)
def test_the_future_changes_no_past_probability(body):
    vocabulary = toy_vocabulary()
    cues = dict.fromkeys(("intervals", "motions", "echoes"), False)
    network = tiny_network(tiny_options(body, **cues), vocabulary)
    predictor = KerasPredictor(network, tiny_tunes(vocabulary))
    random = np.random.default_rng(0)
    tokens = random.integers(0, vocabulary.pitch_count, (1, 12, VOICES))
    plan = random.integers(0, (32, 2, 25), (1, 12, len(PLAN)))
    after = tokens.copy()
    after[:, 6:] = random.integers(0, vocabulary.pitch_count, (1, 6, VOICES))
    # Not compiled, which takes longer than a call.
    scores = [super(KerasPredictor, predictor).score(x, plan) for x in (tokens, after)]
    np.testing.assert_array_equal(scores[0][:, :6], scores[1][:, :6])
    assert np.abs(scores[0][:, 7:] - scores[1][:, 7:]).max() > 1e-5


def test_a_plan_without_the_key_will_do():
    from chorale.models.networks.next_step import NextStepNetwork

    network = NextStepNetwork(tiny_options("gru"), toy_vocabulary(), ("step",))
    inputs = _network_inputs(np.random.default_rng(0), 3, network.vocabulary.size)
    logits = network(inputs._replace(plan=inputs.plan[..., 1:2]))
    assert np.asarray(logits).shape == (2, 3, VOICES, network.vocabulary.size)


def test_weights_have_the_same_names_in_every_network():
    from chorale.nn.weights import assign_weights

    network = tiny_network(tiny_options("attention"), toy_vocabulary())
    again = tiny_network(tiny_options("attention"), toy_vocabulary(), random_state=1)
    arrays = {weight.path: np.asarray(weight) for weight in network.weights}
    assert list(arrays) == [weight.path for weight in again.weights]
    assert len(arrays) == len(network.weights)
    assign_weights(again, arrays)
    inputs = _network_inputs(np.random.default_rng(0), 3, network.vocabulary.size)
    np.testing.assert_array_equal(network(inputs), again(inputs))


def test_weights_of_another_network_are_refused():
    from chorale.nn.weights import assign_weights

    network = tiny_network(tiny_options("gru"), toy_vocabulary())
    arrays = {weight.path: np.asarray(weight) for weight in network.weights}
    name = next(iter(arrays))
    with pytest.raises(ModelError, match="do not fit"):
        assign_weights(network, {**arrays, name: arrays[name][1:]})
    del arrays[name]
    with pytest.raises(ModelError, match="do not fit"):
        assign_weights(network, arrays)


def test_listing_the_bodies_loads_no_keras():
    code = "import sys, chorale.nn.bodies; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_untrained_network_is_nearly_uniform():
    from chorale.models.networks.next_step import NextStepNetwork

    vocabulary = wide_vocabulary("pitch")
    network = NextStepNetwork(tiny_options("lstm"), vocabulary, PLAN)
    inputs = _network_inputs(np.random.default_rng(0), 8, vocabulary.size)
    logits = np.asarray(network(inputs))
    assert np.abs(logits - logits.mean(axis=-1, keepdims=True)).max() < 2
