"""Training: resumed runs, best epochs, fresh series; forecasts fed back; dropout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chorale.forecasting.jobs import Job
from chorale.forecasting.recipes import LAST_STEP, RECIPES, Recipe
from chorale.forecasting.series import TASKS, Data, draw_data, forecasting_task
from chorale.nn.runs import Run

pytestmark = [pytest.mark.keras, pytest.mark.usefixtures("without_xla")]


@pytest.fixture(scope="module")
def training() -> Any:
    """Return the module, which loads Keras."""
    from chorale.forecasting import training

    return training


def small_data(steps: int = 6, ahead: int = 2) -> Data:
    task = forecasting_task(steps, ahead)
    return draw_data(task, train=64, valid=20, test=10, random_state=0)


# === Forecasts ===


@pytest.fixture
def counting_up() -> Any:
    """Return a function that builds a network of two variables and a block of steps.

    It forecasts the last value plus 1, 2 …, or 10, 20 … of the second variable.
    """
    import keras

    class CountingUp(keras.Model):
        def __init__(self, block: int) -> None:
            super().__init__()
            self.block = block

        def call(self, inputs: Any) -> Any:
            ups = np.arange(1, self.block + 1)[:, None] * np.array([1.0, 10.0])
            values = inputs[:, -1:, None, :] + ups.astype("float32")
            return keras.ops.reshape(values, (-1, 1, self.block * 2))

    return CountingUp


@pytest.mark.parametrize("block", [1, 2, 5])
def test_forecasts_are_fed_back_until_there_are_enough(training, counting_up, block):
    inputs = np.zeros((3, 4, 2), "float32")
    inputs[:, -1] = [[1, 5], [2, 6], [3, 7]]
    forecasts = training.forecast(counting_up(block), inputs, ahead=5)
    steps = np.arange(1, 6)
    assert forecasts.shape == (3, 5, 2)
    np.testing.assert_allclose(forecasts[1, :, 0], 2 + steps)
    np.testing.assert_allclose(forecasts[2, :, 1], 7 + 10 * steps)


def test_dropout_left_on_spreads_forecasts_around_their_mean(training):
    import keras

    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((4, 1)),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2, kernel_initializer="ones"),
            keras.layers.Reshape((1, 2)),
        ]
    )
    inputs = np.ones((100, 4, 1), "float32")
    mean, spread = training.forecast_with_dropout(network, inputs, 2, 30, seed=1)
    # Each of four ones is dropped or doubled: mean 4, variance 4.
    assert mean.shape == spread.shape == (100, 2, 1)
    assert mean.mean() == pytest.approx(4, abs=0.15)
    assert (spread**2).mean() == pytest.approx(4, rel=0.1)
    first, again = (
        training.forecast_with_dropout(network, inputs, 2, 3, seed=1)[0]
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(training.forecast(network, inputs, 2), 4, rtol=1e-6)


# === Training ===


class StopsIn:
    """Progress that interrupts the training during an epoch."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def start_epoch(self, epoch: int, epochs: int, batches: int) -> None:
        self.now = epoch

    def finish_batch(self, loss: float) -> None:
        if self.now == self.epoch:
            raise KeyboardInterrupt

    def finish_epoch(self, row: dict[str, float]) -> None: ...


@pytest.mark.slow
def test_a_training_that_was_stopped_ends_where_the_unbroken_one_does(
    training, tmp_path
):
    data, recipe = small_data(), RECIPES["dropout"]
    whole = training.train(recipe, data, Run(tmp_path / "whole"), epochs=2, seed=4)
    broken = Run(tmp_path / "broken")
    with pytest.raises(KeyboardInterrupt):
        training.train(recipe, data, broken, epochs=2, seed=4, progress=StopsIn(2))
    resumed = training.train(recipe, data, broken, epochs=2, seed=4)
    for expected, weight in zip(
        whole.network.weights, resumed.network.weights, strict=True
    ):
        np.testing.assert_allclose(np.asarray(weight), np.asarray(expected), atol=1e-6)
    assert [row["valid_mse"] for row in resumed.history] == pytest.approx(
        [row["valid_mse"] for row in whole.history]
    )


def test_a_training_learns_and_ends_with_its_best_epoch(training, tmp_path):
    task = forecasting_task(8, 1, interval=1 / 50)
    data = draw_data(task, train=640, valid=50, test=5, random_state=0)
    recipe = RECIPES["deep-rnn-dense"]
    network, history = training.train(recipe, data, Run(tmp_path), epochs=3, seed=0)
    valid = [row["valid_mse"] for row in history]
    assert min(valid) < 0.5 * data.valid.var()
    forecasts = training.forecast(network, data.task.inputs(data.valid), 1)
    error = ((forecasts - data.task.targets(data.valid)) ** 2).mean()
    assert error == pytest.approx(min(valid), rel=1e-4)


def test_fresh_series_are_new_in_every_epoch_and_never_those_measured_on(
    training, tmp_path, monkeypatch
):
    frequencies = []
    draw_waves = training.draw_waves

    def remember(*arguments, **options):
        waves = draw_waves(*arguments, **options)
        frequencies.append(waves.frequencies[:, 0])
        return waves

    monkeypatch.setattr(training, "draw_waves", remember)
    data = draw_data(TASKS["one-step"], train=50, valid=50, test=50, random_state=1)
    recipe = Recipe(title="", build="simple_rnn", positions=LAST_STEP, fresh=50)
    # The parts of random state 1 are numbered from 0, the epochs of seed 1 from 1.
    training.train(recipe, data, Run(tmp_path), epochs=3, seed=1)
    assert data.test_waves is not None
    everything = np.concatenate([*frequencies, data.test_waves.frequencies[:, 0]])
    assert len(everything) == 200 == len(np.unique(everything))


@pytest.mark.parametrize(
    ("errors", "converged"),
    [
        ([9, 4, 3, 2.9, 2.8, 2.75], True),
        ([9, 8, 7, 6, 5, 4], False),
        ([9, 3, 2, 2.5, 3, 4], True),  # overfitting is no reason to train longer
        ([2, 2, 2], False),  # too few epochs to tell
        ([0.27, 0.15, 0.13, 0.08, 0.062, 0.053, 0.048, 0.046, 0.0451, 0.0449], False),
    ],
)
def test_a_training_that_still_improves_has_not_converged(
    errors: list[float], converged: bool
) -> None:
    from chorale.forecasting import training

    history = [{training.MONITOR: error} for error in errors]
    assert training.is_converged(history) is converged


def test_the_smallest_network_beats_the_last_value_in_a_quick_run(
    tmp_path: Path,
) -> None:
    from chorale.commands.forecast import run
    from chorale.forecasting import training

    sizes = {part: run._QUICK[part] for part in ("train", "valid", "test")}
    data = draw_data(TASKS["one-step"], **sizes, random_state=0)
    recipe = RECIPES["simple-rnn"]
    job = Job(
        name="simple-rnn",
        data=data,
        folder=tmp_path,
        seed=0,
        recipe=recipe,
        epochs=run._QUICK["epochs"],
        updates=run._UPDATES["quick"],
    )
    epochs = job.total_epochs
    network, history = training.train(
        recipe, data, Run(tmp_path), epochs=epochs, seed=0
    )
    inputs, targets = data.task.inputs(data.test), data.task.targets(data.test)
    error = np.mean((training.forecast(network, inputs, 1) - targets) ** 2)
    assert error < 0.7 * np.mean((inputs[:, -1:] - targets) ** 2)
    assert training.is_converged(history)
