"""Training of one network; autoregressive forecasts; Monte Carlo dropout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from chorale.forecasting import networks, table_networks
from chorale.forecasting.recipes import Recipe
from chorale.forecasting.series import (
    Array,
    Data,
    Floats,
    Task,
    draw_waves,
    sequence_targets,
)
from chorale.forecasting.windows import Table
from chorale.nn.fitting import Batch, EpochProgress, FitOptions, fit, seed_dropout
from chorale.nn.runs import Row, Run
from chorale.utils.arrays import IntArray

Inputs = Array | dict[str, Array]
"""Of a network: the visible values, or the inputs of a table by name."""

MONITOR = "valid_mse"
MIN_EPOCHS = 4  # from which a plateau can be seen
PLATEAU = 0.2  # relative decrease of the error in the second half of the epochs
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
    fresh = recipe.fresh if data.test_waves is not None else 0
    count = fresh or len(data.train)
    batch_size = min(recipe.batch_size, count)
    batches_per_epoch = count // batch_size
    network = _build(recipe, data, seed)
    rate = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate, decay_steps=epochs * batches_per_epoch
    )
    optimizer = keras.optimizers.Adam(rate, clipnorm=recipe.clip_norm or None)
    loss = "mse" if data.table is None else table_networks.masked_huber
    # With XLA, recurrent layers run several times faster on a CPU.
    network.compile(optimizer, loss=loss, jit_compile=True)

    train_pairs = _part(recipe, data, "train")
    valid_inputs, valid_targets = _part(recipe, data, "valid")

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
            yield Batch(_take(inputs, chosen), targets[chosen], weights)

    def validate() -> Row:
        outputs = network.predict(valid_inputs, batch_size=_BATCH_SIZE, verbose=0)
        errors = (outputs[:, -1] - valid_targets[:, -1]) ** 2
        return {MONITOR: float(np.nanmean(errors, dtype=np.float64))}

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


def forecast(
    network: Any, inputs: Inputs, ahead: int, block: int | None = None
) -> Array:
    """Return the forecasts of a network, float32 (count, ahead, variables).

    A network that forecasts fewer steps at once than `ahead`, its block, continues
    autoregressively, from its own forecasts; surplus steps are cut off.

    The Keras model maps inputs, float32 (count, steps, variables), to (count,
    positions, block * variables); the last position is the forecast. The inputs of a
    table (see `table_networks`) need the block, by default all steps ahead. Its `known`
    covariates reach `ahead` steps beyond the series; beyond it, the past ones are as in
    the last step.
    """
    given = inputs if isinstance(inputs, dict) else {"series": inputs}
    series = given["series"]
    count, steps, variables = series.shape
    block, done = block or ahead, 0
    blocks: list[Array] = []
    while done < ahead:
        fed = {**given, "series": series}
        if "past" in given:
            last = np.repeat(given["past"][:, -1:], done, axis=1)
            fed["past"] = np.concatenate([given["past"], last], axis=1)[:, -steps:]
        if "known" in given:
            known = given["known"][:, done : done + steps + block]
            short = steps + block - known.shape[1]
            fed["known"] = np.pad(known, ((0, 0), (0, short), (0, 0)), "edge")
        read: Inputs = fed if isinstance(inputs, dict) else series
        outputs = network.predict(read, batch_size=_BATCH_SIZE, verbose=0)[:, -1]
        blocks.append(outputs.reshape(count, -1, variables))
        series = np.concatenate([series, blocks[-1]], axis=1)[:, -steps:]
        done += blocks[-1].shape[1]
    return np.concatenate(blocks, axis=1)[:, :ahead]


def forecast_with_dropout(
    network: Any,
    inputs: Inputs,
    ahead: int,
    draws: int,
    seed: int,
    block: int | None = None,
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
    total: Floats = np.zeros(1)
    squares: Floats = np.zeros(1)
    for _ in range(draws):
        drawn = forecast(stochastic, inputs, ahead, block).astype(np.float64)
        total = total + drawn
        squares = squares + drawn**2
    mean = total / draws
    spread = np.sqrt(np.maximum(squares / draws - mean**2, 0))
    return mean.astype("float32"), spread.astype("float32")


def is_converged(history: Sequence[Row]) -> bool:
    """Return whether the validation error came to a plateau.

    It did if the second half of the epochs lowered it by at most PLATEAU, with at least
    MIN_EPOCHS epochs. The end alone shows nothing: the learning rate decays to 0.
    """
    errors = [row[MONITOR] for row in history]
    half = len(errors) // 2
    if len(errors) < MIN_EPOCHS:
        return False
    return min(errors[half:]) >= (1 - PLATEAU) * min(errors[:half])


def table_inputs(table: Table, origins: IntArray, task: Task) -> dict[str, Array]:
    """Return the inputs of a network at forecast origins, see `table_networks`."""
    steps = task.first_hidden
    past, known = table.covariates(origins, steps, task.ahead)
    inputs = {"series": table.seen(origins, steps), "past": past, "known": known}
    return {name: array for name, array in inputs.items() if array.shape[2]}


class _WithDropout(keras.Model):
    """A network whose dropout stays active in `predict`."""

    def __init__(self, network: Any) -> None:
        super().__init__(name="with_dropout")
        self.network = network

    def call(self, inputs: Any) -> Any:
        return self.network(inputs, training=True)


def _build(recipe: Recipe, data: Data, seed: int) -> Any:
    """Return a network with new weights."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    if data.table is not None:
        return table_networks.build_network(recipe, data.task, data.table)
    example = data.task.inputs(data.valid[:1])
    shape = networks.Shape(
        example.shape[1], example.shape[2], recipe.block_of(data.task)
    )
    return getattr(networks, recipe.build)(shape)


def _part(recipe: Recipe, data: Data, part: str) -> tuple[Inputs, Array]:
    """Return inputs and targets of a part, `train` or `valid`."""
    table, task, block = data.table, data.task, recipe.block_of(data.task)
    if table is None:
        return _pairs(recipe, task, getattr(data, part))
    origins = table.origins[part]
    inputs = table_inputs(table, origins, task)
    if "known" in inputs:
        inputs["known"] = inputs["known"][:, : task.first_hidden + block]
    targets = table.sequence_truth(origins, task.first_hidden, block)
    targets = targets[:, recipe.positions]
    return inputs, targets.reshape(*targets.shape[:2], -1)


def _take(inputs: Inputs, chosen: IntArray) -> Inputs:
    """Return the inputs of some series."""
    if isinstance(inputs, dict):
        return {name: array[chosen] for name, array in inputs.items()}
    return inputs[chosen]


def _pairs(recipe: Recipe, task: Task, series: Array) -> tuple[Array, Array]:
    """Return `Task.inputs` and targets (count, positions, block * variables)."""
    if task.is_forecast:
        targets = sequence_targets(series, task.first_hidden, recipe.block_of(task))
        targets = targets[:, recipe.positions]
    else:
        targets = task.targets(series)[:, None]
    return task.inputs(series), targets.reshape(*targets.shape[:2], -1)
