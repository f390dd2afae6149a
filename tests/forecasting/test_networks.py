"""Every network of the suite: its shape, its size, and what it may see."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from chorale.errors import UsageError
from chorale.forecasting import networks
from chorale.forecasting.networks import LastStep, MarkMissing, Shape
from chorale.forecasting.recipes import EVERY_OTHER_STEP, LAST_STEP, RECIPES
from chorale.forecasting.series import TASKS

SHAPE = Shape(steps=12, variables=2, ahead=3)
# One recipe for each function: others differ from it in training alone.
NETWORKS = {recipe.build: recipe for recipe in RECIPES.values()}
TO_SEQUENCE = [
    build
    for build, recipe in NETWORKS.items()
    if recipe.positions != LAST_STEP and TASKS[recipe.task].is_forecast
]


@pytest.fixture(scope="module")
def built():
    """Return a function that gives the network of a name, built once."""
    kept = {}

    def build(name):
        if name not in kept:
            keras.utils.set_random_seed(len(kept))
            kept[name] = getattr(networks, name)(SHAPE)
        return kept[name]

    return build


def _series(count: int = 2, shape: Shape = SHAPE) -> np.ndarray:
    random = np.random.default_rng(0)
    size = (count, shape.steps, shape.variables)
    return random.standard_normal(size).astype("float32")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_forecasts_at_its_positions(name, built):
    network = built(name)
    outputs = np.asarray(network(_series()))
    count = len(range(SHAPE.steps)[NETWORKS[name].positions])
    assert outputs.shape == (2, count, SHAPE.ahead * SHAPE.variables)
    assert outputs.shape[1:] == network.output_shape[1:]
    assert np.isfinite(outputs).all() and np.ptp(outputs[:, -1]) > 1e-3


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_are_known_by_names_that_do_not_change(name, built):
    paths = [weight.path for weight in built(name).weights]
    assert len(set(paths)) == len(paths)
    if name in ("wavenet", "conv", "attention", "wavenet_lstm"):
        return  # slow to build, and tested as bodies
    again = getattr(networks, name)(SHAPE)
    assert paths == [weight.path for weight in again.weights]


@pytest.mark.parametrize(
    ("name", "ahead", "parameters"),
    [
        ("simple_rnn", 1, 3),
        ("deep_rnn", 1, 440 + 820 + 22),
        ("recurrent_to_vector", 1, 440 + 820 + 21),
        ("recurrent_to_sequence", 10, 440 + 820 + 210),
        ("batch_norm", 10, 440 + 820 + 210 + 2 * 4 * 20),
        ("lstm", 10, 4 * (440 + 820) + 210),
        ("lstm_cell", 10, 4 * (440 + 820) + 210),
        ("peephole_lstm", 10, 4 * (440 + 820) + 2 * 3 * 20 + 210),
        ("gru", 10, 3 * (440 + 820 + 40) + 210),
        ("conv_gru", 10, 100 + 2 * 3 * 840 + 210),
        ("simple_wavenet", 10, 60 + 7 * 820 + 210),
    ],
)
def test_networks_are_as_large_as_the_book_has_them(name, ahead, parameters):
    network = getattr(networks, name)(Shape(50, 1, ahead))
    assert network.count_params() == parameters


@pytest.mark.parametrize("name", TO_SEQUENCE)
def test_a_network_to_sequence_does_not_look_ahead(name, built):
    network, random = built(name), np.random.default_rng(1)
    before = _series()
    steps = np.arange(SHAPE.steps)[NETWORKS[name].positions]
    for changed in (4, 7, 11):
        after = before.copy()
        after[:, changed:] = random.standard_normal(after[:, changed:].shape)
        moved = np.abs(np.asarray(network(after)) - np.asarray(network(before)))
        past = steps < changed
        assert (moved[:, past] == 0).all()
        assert (moved[:, ~past].max(axis=(0, 2)) > 1e-5).all()


@pytest.mark.parametrize("name", ["recurrent_to_vector", "pooling", "encoder_decoder"])
def test_a_network_to_vector_sees_the_last_step(name, built):
    before = _series()
    after = before.copy()
    after[:, -1] += 1
    moved = np.asarray(built(name)(after)) - np.asarray(built(name)(before))
    assert np.abs(moved).max() > 1e-4


def test_what_a_strided_convolution_has_seen(built):
    # Each position sees its own step and the one before, which it adds.
    network, before = built("conv_gru"), _series()
    steps = range(SHAPE.steps)[EVERY_OTHER_STEP]
    for position, step in enumerate(steps):
        after = before.copy()
        after[:, step] += 1
        moved = np.asarray(network(after)) - np.asarray(network(before))
        heard = np.abs(moved).max(axis=(0, 2)) > 1e-6
        assert heard.tolist() == [other >= position for other in range(len(steps))]


@pytest.mark.parametrize("steps", [3, 11])
def test_steps_that_a_strided_convolution_cannot_end_on_are_refused(steps):
    message = f"even number of steps, at least 4, .* got {steps}"
    with pytest.raises(UsageError, match=message):
        networks.conv_gru(Shape(steps, 1, 1))


@pytest.mark.parametrize("name", ["gru", "pooling", "imputing_conv", "dense"])
def test_one_step_is_enough_without_a_stride(name):
    network = getattr(networks, name)(Shape(1, 1, 1))
    assert np.asarray(network(np.ones((1, 1, 1), "float32"))).shape == (1, 1, 1)


def test_a_dense_layer_is_one_distributed_over_time(built):
    network = built("recurrent_to_sequence")
    *body, dense = network.layers
    hidden = _series()
    for layer in body:
        hidden = layer(hidden)
    distributed = keras.layers.TimeDistributed(dense)(hidden)
    np.testing.assert_allclose(distributed, network(_series()), atol=1e-6)


def test_the_lstm_cell_computes_what_the_layer_does(built):
    layer, cell = built("lstm"), built("lstm_cell")
    cell.set_weights(layer.get_weights())
    np.testing.assert_allclose(cell(_series()), layer(_series()), atol=1e-6)


def test_draws_of_monte_carlo_dropout_differ(built):
    network = built(RECIPES["monte-carlo-dropout"].build)
    still = [np.asarray(network(_series())) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    draws = [np.asarray(network(_series(), training=True)) for _ in range(2)]
    # At the first step nothing is carried yet, and dropout acts all the same.
    assert (np.abs(draws[0] - draws[1]).max(axis=(0, 2)) > 1e-4).all()
    # With statistics of the batch a draw would depend on its neighbours.
    alone = [weight.path for weight in network.non_trainable_weights]
    assert not [path for path in alone if "moving" in path]


@pytest.mark.parametrize("name", ["imputing_gru", "imputing_conv"])
def test_a_gap_is_seen_from_both_sides(name, built):
    network, series = built(name), _series()
    series[:, 5:8] = np.nan
    before = np.asarray(network(series))
    for step in (4, 8):
        after = series.copy()
        after[:, step] += 1
        assert np.abs(np.asarray(network(after)) - before).max() > 1e-5
    # A missing value is not a zero.
    zeros = np.nan_to_num(series)
    assert np.abs(np.asarray(network(zeros)) - before).max() > 1e-5


def test_missing_values_are_marked():
    marked = MarkMissing()(np.array([[[1, np.nan]]], "float32"))
    np.testing.assert_array_equal(marked, [[[1, 0, 0, 1]]])


def test_the_last_step_is_kept():
    np.testing.assert_array_equal(LastStep()(_series())[:, 0], _series()[:, -1])


def test_forecasts_unfold_step_by_step(built):
    # What the decoder gives for one step ahead does not wait for the next.
    network = built("vector_to_sequence")
    two = networks.vector_to_sequence(SHAPE._replace(ahead=2))
    two.set_weights(network.get_weights())
    steps = np.asarray(network(_series())).reshape(2, SHAPE.ahead, SHAPE.variables)
    fewer = np.asarray(two(_series())).reshape(2, 2, SHAPE.variables)
    np.testing.assert_allclose(steps[:, :2], fewer, atol=1e-6)


def test_batches_are_normalized_inside_the_cell():
    keras.utils.set_random_seed(0)
    cell = networks.BatchNormCell(4)
    cell.build((None, 2))
    inputs = 5 + 3 * np.random.default_rng(0).standard_normal((64, 2), "float32")
    hidden = np.zeros((64, 4), "float32")
    outputs, _ = cell(inputs, [hidden], training=True)
    # The scale is 0.1 and tanh hardly bends there.
    np.testing.assert_allclose(np.mean(outputs, axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.std(outputs, axis=0), 0.1, rtol=0.02)
    moved = np.asarray(cell.norms[0].moving_mean)
    assert np.abs(moved).min() > 0
    # Forecasts go by the moving statistics, a series by itself.
    whole, _ = cell(inputs, [hidden])
    alone, _ = cell(inputs[:1], [hidden[:1]])
    np.testing.assert_allclose(alone, whole[:1], atol=1e-6)


def test_training_brings_the_loss_down():
    keras.utils.set_random_seed(0)
    shape = Shape(steps=4, variables=1, ahead=1)
    network = networks.batch_norm_cell(shape)
    network.compile(keras.optimizers.Adam(0.01), loss="mse", jit_compile=True)
    inputs = _series(64, shape)
    losses = [network.train_on_batch(inputs, inputs) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]
    moving = [w for w in network.weights if w.path.endswith("moving_variance")]
    assert len(moving) == 4
    assert all(np.abs(np.asarray(w) - 1).min() > 1e-3 for w in moving)
