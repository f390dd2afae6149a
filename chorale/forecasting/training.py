"""Trains a recipe on series, and forecasts with what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from chorale.forecasting import networks
from chorale.forecasting.recipes import Recipe
from chorale.forecasting.series import Array, Data, Floats, draw_waves, sequence_targets
from chorale.nn.fitting import Batch, EpochProgress, FitOptions, fit, seed_dropout
from chorale.nn.runs import Row, Run

MONITOR = "valid_mse"
_AT_ONCE = 500  # series forecast at once
_STREAM = 1  # of randomness: `draw_data` draws valid and test from another


class Trained(NamedTuple):
    """A network that is trained, and how it came about."""

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
    """Train a recipe from its last checkpoint on, if the run has one.

    Args:
        recipe: the network and its training.
        data: the series to learn from and to choose the best epoch by.
        run: where checkpoints and history are kept.
        epochs: passes over the series, unless the recipe says otherwise.
        seed: of weights, dropout and order.

    Raises:
        UsageError: the network needs longer series.
        TrainingError: the loss is not a number.
    """
    epochs = recipe.epochs or epochs
    block = recipe.block_of(data.task)
    fresh_series = recipe.fresh if data.law is not None else 0
    count = fresh_series or len(data.train)
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
    # Compiled by XLA, recurrent layers run several times faster on a processor.
    network.compile(optimizer, loss="mse", jit_compile=True)

    def batches(epoch: int) -> Iterator[Batch]:
        random = np.random.default_rng([seed, epoch, _STREAM])
        if fresh_series:
            fresh = draw_waves(
                count, data.task.length, random, interval=data.task.interval
            )
            inputs, targets = _pairs(recipe, data, fresh.series)
        else:
            inputs, targets = kept
        order = random.permutation(count)
        for number in range(batches_per_epoch):
            chosen = order[number * batch_size : (number + 1) * batch_size]
            weights = np.ones(targets[chosen].shape[:2], np.float32)
            yield Batch(inputs[chosen], targets[chosen], weights)

    kept = _pairs(recipe, data, data.train)
    valid_inputs, valid_targets = _pairs(recipe, data, data.valid)

    def validate() -> Row:
        outputs = network.predict(valid_inputs, batch_size=_AT_ONCE, verbose=0)
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
    """Return what a network makes of series, float32 (count, ahead, variables).

    A network that gives fewer values at once than `ahead` is asked again, with its own
    forecasts as the last values that it sees; one that gives more is cut short.

    Args:
        network: a Keras model, inputs (count, steps, variables) to outputs
            (count, positions, block * variables), of which the last position counts.
        inputs: float32 (count, steps, variables).
    """
    count, steps, variables = inputs.shape
    blocks: list[Array] = []
    while sum(block.shape[1] for block in blocks) < ahead:
        outputs = network.predict(inputs, batch_size=_AT_ONCE, verbose=0)[:, -1]
        blocks.append(outputs.reshape(count, -1, variables))
        inputs = np.concatenate([inputs, blocks[-1]], axis=1)[:, -steps:]
    return np.concatenate(blocks, axis=1)[:, :ahead]


def forecast_with_dropout(
    network: Any, inputs: Array, ahead: int, draws: int, seed: int
) -> tuple[Array, Array]:
    """Return mean and standard deviation of forecasts with dropout left on.

    Monte-Carlo dropout (Gal & Ghahramani, "Dropout as a Bayesian Approximation", 2016).
    The standard deviation is that of the forecasts; the noise of the series is not in
    it.

    Returns:
        Two arrays float32 (count, ahead, variables).
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
    """A network that stays in training, as far as dropout goes, when it forecasts."""

    def __init__(self, network: Any) -> None:
        super().__init__(name="with_dropout")
        self.network = network

    def call(self, inputs: Any) -> Any:
        return self.network(inputs, training=True)


def _pairs(recipe: Recipe, data: Data, series: Array) -> tuple[Array, Array]:
    """Return what a network is shown of series and what it is to answer.

    The answers are (count, positions, block * variables).
    """
    task, count = data.task, len(series)
    inputs = task.inputs(series)
    if task.is_forecast:
        targets = sequence_targets(series, task.first_hidden, recipe.block_of(task))
        targets = targets[:, recipe.positions]
    else:
        targets = task.targets(series)[:, None]
    return inputs, targets.reshape(count, targets.shape[1], -1)
