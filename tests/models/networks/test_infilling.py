"""Infilling networks: what hidden cells depend on, and dropout that acts."""

from __future__ import annotations

import numpy as np
import pytest
from tiny import PLAN, move_weights, tiny_infiller_options

from chorale.encoding.cells import ABSENT, CellVocabulary
from chorale.encoding.inputs import CellInputs
from chorale.errors import UsageError
from chorale.models.infiller import certain
from chorale.models.options import INFILLERS, InfillerOptions
from chorale.music.voices import VOICES

pytestmark = pytest.mark.keras

RANGES = ((60, 64),) * VOICES
VOCABULARIES = {
    encoding: CellVocabulary(encoding=encoding, lowest=60, highest=64, ranges=RANGES)
    for encoding in ("hold", "pitch")
}
STEPS = 12


class Eager:
    """A network that is not compiled: for a few calls that takes too long."""

    def __init__(self, network):
        self.network, self.vocabulary = network, network.vocabulary

    def logits(self, cells, visible, plan):
        inputs = CellInputs.of_pieces(cells, visible, plan, self.vocabulary)
        logits = self.network(inputs)
        return certain(np.asarray(logits), cells, visible)


def network_of(name, encoding="hold", **changes):
    import keras

    from chorale.models.networks.infilling import build_infiller

    keras.utils.set_random_seed(0)
    options = tiny_infiller_options(name, **changes)
    network = build_infiller(options, VOCABULARIES[encoding], PLAN)
    move_weights(network)
    return network


@pytest.fixture(scope="module", params=INFILLERS)
def infiller(request):
    return Eager(network_of(request.param))


def a_piece(random_state=0, size=11):
    random = np.random.default_rng(random_state)
    cells = random.integers(0, size, (1, STEPS, VOICES))
    visible = random.random(cells.shape) < 0.5
    visible[0, 4:7, 1] = False
    return cells, visible, random.integers(0, 2, (1, STEPS, len(PLAN)))


def test_a_hidden_cell_depends_on_all_visible_ones_and_no_hidden_one(infiller):
    cells, visible, plan = a_piece()
    places = [(3, 1), (7, 1), (4, 0), (5, 0), (5, 2), (6, 3)]
    rows = 2 + 2 * len(places)  # two alike but for what is hidden, then pairs
    cells, visible, plan = (np.repeat(each, rows, 0) for each in (cells, visible, plan))
    cells[1] = np.where(visible[1], cells[1], (cells[1] + 1) % 11)
    for row, (step, voice) in enumerate(places, start=1):
        visible[2 * row : 2 * row + 2, step, voice] = True
        cells[2 * row, step, voice] = (cells[2 * row, step, voice] + 3) % 11
    logits = infiller.logits(cells, visible, plan)
    assert logits.shape == (rows, STEPS, VOICES, 11) and logits.dtype == np.float32
    hidden = ~visible[0]
    np.testing.assert_allclose(logits[0][hidden], logits[1][hidden], atol=1e-5)
    moved = np.abs(logits[2::2, 5, 1] - logits[3::2, 5, 1]).max(axis=-1)
    assert (moved > 1e-6).all(), dict(zip(places, moved, strict=True))


def test_a_hidden_cell_depends_on_the_plan(infiller):
    cells, visible, plan = (np.repeat(each, 2, axis=0) for each in a_piece())
    plan[1, 5, 0] += 1
    logits = infiller.logits(cells, visible, plan)
    assert np.abs(logits[0, 5, 1] - logits[1, 5, 1]).max() > 1e-6


def test_absent_steps_change_nothing_before_them(infiller):
    cells, visible, plan = a_piece()
    alone = infiller.logits(cells[:, :7], visible[:, :7], plan[:, :7])
    rows = [np.concatenate([table, table]) for table in (cells, visible, plan)]
    rows[0][1, 7:] = ABSENT
    beside = infiller.logits(*rows)
    np.testing.assert_allclose(beside[1, :7], alone[0], atol=1e-5)
    hidden = ~visible[0, :7]
    assert np.abs(beside[0, :7][hidden] - alone[0][hidden]).max() > 1e-4


def test_without_onsets_a_network_writes_pitches(infiller):
    network = network_of(infiller.network.options.network, "pitch")
    cells, visible, plan = a_piece(size=6)
    logits = Eager(network).logits(cells, visible, plan)
    assert logits.shape == (1, STEPS, VOICES, 6)
    assert np.isfinite(logits[~visible]).all()
    assert np.ptp(logits[~visible], axis=-1).min() > 1e-3


def test_noise_acts_where_keras_hands_nothing_on():
    # As it is trained on JAX: without `__call__`, which tells all layers at once.
    cells, visible, plan = a_piece()
    inputs = CellInputs.of_pieces(cells, visible, plan, VOCABULARIES["hold"])

    def outputs(*trainings, **changes):
        network = network_of("counterpoint", **{"dropout": 0.0, **changes})
        state = network.trainable_variables, network.non_trainable_variables
        return [
            np.asarray(network.stateless_call(*state, inputs, training=training)[0])
            for training in trainings
        ]

    quiet, trained = outputs(False, True)
    # Embeddings are looked up, or a product in training: equal up to rounding.
    np.testing.assert_allclose(trained, quiet, atol=1e-5)
    for noise in ("dropout", "input_dropout"):
        (noisy,) = outputs(True, **{noise: 0.5})
        assert np.abs(noisy - quiet).max() > 1e-3


@pytest.mark.parametrize("name", INFILLERS)
def test_all_of_a_network_learns(name):
    import keras

    network = network_of(name)
    cells, visible, plan = a_piece()
    inputs = CellInputs.of_pieces(cells, visible, plan, VOCABULARIES["hold"])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(0.05), loss, run_eagerly=True)
    before = [np.asarray(weight) for weight in network.trainable_variables]
    losses = []
    for _ in range(2):
        losses.append(network.train_on_batch(inputs, cells, (~visible).astype("f4")))
        network.reset_metrics()
    assert losses[1] < losses[0] - 0.05
    # What comes before a normalization is moved by it: its biases learn nothing.
    for weight, old in zip(network.trainable_variables, before, strict=True):
        if not weight.path.endswith("convolution/bias"):
            assert np.abs(np.asarray(weight) - old).max() > 0.01, weight.path


def test_normalization_counts_the_batch_and_no_absent_steps():
    network = network_of("coconet")
    cells, visible, plan = a_piece()
    longer = [np.tile(table, (1, 2, 1)) for table in (cells, visible, plan)]
    longer[0][:, STEPS:] = ABSENT
    averages = []
    for each in ((cells, visible, plan), longer):
        inputs = CellInputs.of_pieces(*each, VOCABULARIES["hold"])
        state = network.trainable_variables, network.non_trainable_variables
        averages.append(network.stateless_call(*state, inputs, training=True)[1])
    moved = 0.0
    for one, other, weight in zip(
        *averages, network.non_trainable_variables, strict=True
    ):
        if "moving" in weight.path:
            np.testing.assert_allclose(one, other, atol=1e-5)
            moved += float(np.abs(np.asarray(one) - np.asarray(weight)).max())
    assert moved > 1e-3


def test_defaults_fit_what_is_shipped_and_sizes_are_checked():
    assert InfillerOptions(network="coconet").layers == 16
    assert InfillerOptions(network="coconet", units=128, layers=64).units == 128
    assert InfillerOptions().network == "counterpoint"
    for changes, message in (
        ({"network": "lstm"}, "network out of coconet, counterpoint, got 'lstm'"),
        ({"units": 12, "heads": 4}, "a multiple of twice the 4 heads, got 12"),
        ({"network": "coconet", "layers": 5}, "even number of layers .*, got 5"),
        ({"dropout": 1.0}, "dropout from 0 to below 1"),
        ({"window": 0}, "window of at least 1"),
    ):
        with pytest.raises(UsageError, match=message):
            InfillerOptions(**changes)
