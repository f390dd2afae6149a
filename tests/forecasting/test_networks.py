"""Every network of the suite: its shape, its size, and its receptive field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chorale.errors import UsageError
from chorale.forecasting.recipes import EVERY_OTHER_STEP, LAST_STEP, RECIPES
from chorale.forecasting.series import TASKS

pytestmark = pytest.mark.keras

STEPS, VARIABLES, AHEAD = 8, 2, 3
# One recipe per function: others differ in training only.
NETWORKS = {recipe.build: recipe for recipe in RECIPES.values()}
TO_SEQUENCE = [
    build
    for build, recipe in NETWORKS.items()
    if recipe.positions != LAST_STEP and TASKS[recipe.task].is_forecast
]
# Slow to build, and tested as bodies.
DEEP = {"wavenet", "conv", "attention", "wavenet_lstm", "peephole_lstm", "dense"}


def _except(slow, names=NETWORKS):
    """Return names as parameters, some of them only for the slow tests."""
    marks = {True: [pytest.mark.slow], False: []}
    return [pytest.param(name, marks=marks[name in slow]) for name in names]


@pytest.fixture(scope="module")
def networks() -> Any:
    """Return the module, which loads Keras."""
    from chorale.forecasting import networks

    return networks


@pytest.fixture(scope="module")
def built(networks):
    """Return a function that builds the network of a name once."""
    import keras

    cache = {}

    def build(name):
        if name not in cache:
            keras.utils.set_random_seed(len(cache))
            shape = networks.Shape(STEPS, VARIABLES, AHEAD)
            cache[name] = getattr(networks, name)(shape)
        return cache[name]

    return build


def _series(count: int = 2, steps: int = STEPS, variables: int = VARIABLES):
    random = np.random.default_rng(0)
    return random.standard_normal((count, steps, variables)).astype("float32")


@pytest.mark.parametrize("name", _except(DEEP))
def test_a_network_forecasts_at_its_positions(name, built):
    network = built(name)
    outputs = np.asarray(network(_series()))
    count = len(range(STEPS)[NETWORKS[name].positions])
    assert outputs.shape == (2, count, AHEAD * VARIABLES)
    assert outputs.shape[1:] == network.output_shape[1:]
    assert np.isfinite(outputs).all() and np.ptp(outputs[:, -1]) > 1e-3


@pytest.mark.parametrize(
    "name", _except(set(NETWORKS) - {"deep_rnn", "lstm", "batch_norm_cell"})
)
def test_weights_are_known_by_names_that_do_not_change(name, built, networks):
    paths = [weight.path for weight in built(name).weights]
    assert len(set(paths)) == len(paths)
    if name in ("wavenet", "conv", "attention", "wavenet_lstm"):
        return  # tested as bodies
    again = getattr(networks, name)(networks.Shape(STEPS, VARIABLES, AHEAD))
    assert paths == [weight.path for weight in again.weights]


SIZES = {
    "simple_rnn": (1, 3),
    "deep_rnn": (1, 440 + 820 + 22),
    "recurrent_to_vector": (1, 440 + 820 + 21),
    "recurrent_to_sequence": (10, 440 + 820 + 210),
    "batch_norm": (10, 440 + 820 + 210 + 2 * 4 * 20),
    "lstm": (10, 4 * (440 + 820) + 210),
    "lstm_cell": (10, 4 * (440 + 820) + 210),
    "peephole_lstm": (10, 4 * (440 + 820) + 2 * 3 * 20 + 210),
    "gru": (10, 3 * (440 + 820 + 40) + 210),
    "conv_gru": (10, 100 + 2 * 3 * 840 + 210),
    "simple_wavenet": (10, 60 + 7 * 820 + 210),
}


@pytest.mark.parametrize(
    "name", _except(set(SIZES) - {"simple_rnn", "conv_gru"}, SIZES)
)
def test_networks_are_as_large_as_the_book_has_them(name, networks):
    ahead, parameters = SIZES[name]
    network = getattr(networks, name)(networks.Shape(50, 1, ahead))
    assert network.count_params() == parameters


@pytest.mark.parametrize(
    "name",
    _except(
        set(TO_SEQUENCE) - {"recurrent_to_sequence", "conv_gru", "simple_wavenet"},
        TO_SEQUENCE,
    ),
)
def test_a_network_to_sequence_does_not_look_ahead(name, built):
    network, random = built(name), np.random.default_rng(1)
    before = _series()
    steps = np.arange(STEPS)[NETWORKS[name].positions]
    for changed in (3, 5, 7):
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
    # The window of each position adds its own step and the step before.
    network, before = built("conv_gru"), _series()
    steps = range(STEPS)[EVERY_OTHER_STEP]
    for position, step in enumerate(steps):
        after = before.copy()
        after[:, step] += 1
        moved = np.asarray(network(after)) - np.asarray(network(before))
        changed = np.abs(moved).max(axis=(0, 2)) > 1e-6
        assert changed.tolist() == [i >= position for i in range(len(steps))]


@pytest.mark.parametrize("steps", [3, 11])
def test_steps_that_a_strided_convolution_cannot_end_on_are_refused(steps, networks):
    message = f"even number of steps, at least 4, .* got {steps}"
    with pytest.raises(UsageError, match=message):
        networks.conv_gru(networks.Shape(steps, 1, 1))


@pytest.mark.parametrize(
    "name", _except(DEEP, ["gru", "pooling", "imputing_conv", "dense"])
)
def test_one_step_is_enough_without_a_stride(name, networks):
    network = getattr(networks, name)(networks.Shape(1, 1, 1))
    assert np.asarray(network(np.ones((1, 1, 1), "float32"))).shape == (1, 1, 1)


def test_a_dense_layer_is_one_distributed_over_time(built):
    import keras

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
    # Dropout acts at the first step too, where the state is still zero.
    assert (np.abs(draws[0] - draws[1]).max(axis=(0, 2)) > 1e-4).all()
    # With batch statistics a sample would depend on the rest of the batch.
    fixed = [weight.path for weight in network.non_trainable_weights]
    assert not [path for path in fixed if "moving" in path]


@pytest.mark.parametrize("name", ["imputing_gru", "imputing_conv"])
def test_a_gap_is_seen_from_both_sides(name, built):
    network, series = built(name), _series()
    series[:, 3:6] = np.nan
    before = np.asarray(network(series))
    for step in (2, 6):
        after = series.copy()
        after[:, step] += 1
        assert np.abs(np.asarray(network(after)) - before).max() > 1e-5
    # A missing value differs from zero.
    zeros = np.nan_to_num(series)
    assert np.abs(np.asarray(network(zeros)) - before).max() > 1e-5


def test_forecasts_unfold_step_by_step(built, networks):
    # The decoder is causal: one step ahead does not depend on the next.
    network = built("vector_to_sequence")
    two = networks.vector_to_sequence(networks.Shape(STEPS, VARIABLES, ahead=2))
    two.set_weights(network.get_weights())
    steps = np.asarray(network(_series())).reshape(2, AHEAD, VARIABLES)
    fewer = np.asarray(two(_series())).reshape(2, 2, VARIABLES)
    np.testing.assert_allclose(steps[:, :2], fewer, atol=1e-6)


@pytest.mark.slow
def test_training_brings_the_loss_down(networks, without_xla):
    import keras

    keras.utils.set_random_seed(0)
    network = networks.batch_norm_cell(networks.Shape(steps=4, variables=1, ahead=1))
    network.compile(keras.optimizers.Adam(0.01), loss="mse", jit_compile=True)
    inputs = _series(64, steps=4, variables=1)
    losses = [network.train_on_batch(inputs, inputs) for _ in range(40)]
    assert losses[-1] < 0.5 * losses[0]
    moving = [w for w in network.weights if w.path.endswith("moving_variance")]
    assert len(moving) == 4
    assert all(np.abs(np.asarray(w) - 1).min() > 1e-3 for w in moving)
