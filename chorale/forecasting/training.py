"""Training of one network; autoregressive forecasts; Monte Carlo dropout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from chorale.forecasting import networks
from chorale.forecasting.recipes import Recipe
from chorale.forecasting.series import (
    Array,
    Data,
    Floats,
    Task,
    draw_waves,
    sequence_targets,
)
from chorale.nn.fitting import Batch, EpochProgress, FitOptions, fit, seed_dropout
from chorale.nn.runs import Row, Run

MONITOR = "valid_mse"
_BATCH_SIZE = 500  # of forecasts
_STREAM = 1  # of random numbers; `draw_data` uses others for valid and test


class Trained(NamedTuple):
    """A trained Keras model and the epochs of its training."""

    network: Any
    history: list[Row]


def train(
    recipe: Recipe,
    data: Data,
    run: Run,
    *,
    epochs: int,
    seed: int,
    progress: EpochProgress | None = None,
) -> Trained:
    """Train a network, from the last checkpoint of its run if there is one.

    Args:
        recipe: the network and its training.
        data: train series to fit, valid series to select the best epoch.
        run: folder of checkpoints and history.
        epochs: passes over the series, unless the recipe has its own number.
        seed: of initial weights, dropout and the order of batches.
        progress: called at every batch and epoch.

    Raises:
        UsageError: the network needs longer series.
        TrainingError: the loss is not finite.
    """
    epochs = recipe.epochs or epochs
    block = recipe.block_of(data.task)
    fresh = recipe.fresh if data.test_waves is not None else 0
    count = fresh or len(data.train)
    batch_size = min(recipe.batch_size, count)
    batches_per_epoch = count // batch_size
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    example = data.task.inputs(data.valid[:1])
    network = getattr(networks, recipe.build)(
        networks.Shape(example.shape[1], example.shape[2], block)
    )
    rate = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate, decay_steps=epochs * batches_per_epoch
    )
    optimizer = keras.optimizers.Adam(rate, clipnorm=recipe.clip_norm or None)
    # With XLA, recurrent layers run several times faster on a CPU.
    network.compile(optimizer, loss="mse", jit_compile=True)

    train_pairs = _pairs(recipe, data.task, data.train)
    valid_inputs, valid_targets = _pairs(recipe, data.task, data.valid)

    def batches(epoch: int) -> Iterator[Batch]:
        random = np.random.default_rng([seed, epoch, _STREAM])
        inputs, targets = train_pairs
        if fresh:
            waves = draw_waves(
                count, data.task.length, random, interval=data.task.interval
            )
            inputs, targets = _pairs(recipe, data.task, waves.series)
        order = random.permutation(count)
        for number in range(batches_per_epoch):
            chosen = order[number * batch_size : (number + 1) * batch_size]
            weights = np.ones(targets[chosen].shape[:2], np.float32)
            yield Batch(inputs[chosen], targets[chosen], weights)

    def validate() -> Row:
        outputs = network.predict(valid_inputs, batch_size=_BATCH_SIZE, verbose=0)
        errors = (outputs[:, -1] - valid_targets[:, -1]) ** 2
        return {MONITOR: float(np.mean(errors, dtype=np.float64))}

    history = fit(
        network,
        run,
        FitOptions(epochs=epochs, patience=epochs, seed=seed),
        batches=batches,
        batches_per_epoch=batches_per_epoch,
        validate=validate,
        monitor=MONITOR,
        progress=progress,
    )
    return Trained(network, history)


def forecast(network: Any, inputs: Array, ahead: int) -> Array:
    """Return the forecasts of a network, float32 (count, ahead, variables).

    A network that forecasts fewer steps at once than `ahead` continues
    autoregressively, from its own forecasts; surplus steps are cut off.

    The Keras model maps inputs, float32 (count, steps, variables), to (count,
    positions, block * variables); the last position is the forecast.
    """
    count, steps, variables = inputs.shape
    blocks: list[Array] = []
    while sum(block.shape[1] for block in blocks) < ahead:
        outputs = network.predict(inputs, batch_size=_BATCH_SIZE, verbose=0)[:, -1]
        blocks.append(outputs.reshape(count, -1, variables))
        inputs = np.concatenate([inputs, blocks[-1]], axis=1)[:, -steps:]
    return np.concatenate(blocks, axis=1)[:, :ahead]


def forecast_with_dropout(
    network: Any, inputs: Array, ahead: int, draws: int, seed: int
) -> tuple[Array, Array]:
    """Return mean and standard deviation of Monte Carlo dropout forecasts.

    Gal & Ghahramani, "Dropout as a Bayesian Approximation" (2016). The standard
    deviation is epistemic: it does not include the noise of the series.

    The parameters are as of `forecast`; each of the draws has new dropout masks, of the
    seed. The result is two arrays, float32 (count, ahead, variables).
    """
    seed_dropout(network, seed, epoch=0)
    stochastic = _WithDropout(network)
    stochastic.compile(jit_compile=True)
    total: Floats = np.zeros((len(inputs), ahead, inputs.shape[2]))
    squares = total.copy()
    for _ in range(draws):
        drawn = forecast(stochastic, inputs, ahead)
        total += drawn
        squares += drawn.astype(np.float64) ** 2
    mean = total / draws
    spread = np.sqrt(np.maximum(squares / draws - mean**2, 0))
    return mean.astype("float32"), spread.astype("float32")


class _WithDropout(keras.Model):
    """A network whose dropout stays active in `predict`."""

    def __init__(self, network: Any) -> None:
        super().__init__(name="with_dropout")
        self.network = network

    def call(self, inputs: Any) -> Any:
        return self.network(inputs, training=True)


def _pairs(recipe: Recipe, task: Task, series: Array) -> tuple[Array, Array]:
    """Return `Task.inputs` and targets (count, positions, block * variables)."""
    if task.is_forecast:
        targets = sequence_targets(series, task.first_hidden, recipe.block_of(task))
        targets = targets[:, recipe.positions]
    else:
        targets = task.targets(series)[:, None]
    return task.inputs(series), targets.reshape(*targets.shape[:2], -1)
