"""The networks of the suite on a table: with a moving level and covariates.

Two things are added around a network of `networks.py`, the same for all:

- **Level.** A series with a trend leaves the range of its train rows. The network reads
  each value relative to the mean of the season before, and its forecast is relative to
  the mean of the last season. Both are causal, so every step can have a target.
- **Covariates.** Those of a step are inputs of that step. Those known in the future
  enter where they apply: one small dense network, shared by all steps ahead, adds to
  the forecast of step t + h what the covariates of t + h change, given the state at t.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from chorale.forecasting import networks
from chorale.forecasting.recipes import Recipe
from chorale.forecasting.series import Task
from chorale.forecasting.windows import Table
from chorale.nn.causal import Tensor

STATE = 4  # numbers for each step ahead that meet the covariates of that step
HEAD_UNITS = 16
LEVEL_STEPS = 8  # of the level without a season
_HUBER = 1.0  # standard deviations, beyond which errors count linearly


def build_network(recipe: Recipe, task: Task, table: Table) -> keras.Model:
    """Return a network that forecasts a table.

    Its inputs are `series` (batch, steps, targets), `past` (batch, steps, …) and
    `known` (batch, steps + block, …), the latter two if the table has such. Its output
    is (batch, positions, block * targets), as of `networks.py`.
    """
    steps, block = task.first_hidden, recipe.block_of(task)
    targets, known_size = table.targets, table.known.shape[1]
    series = keras.Input((steps, targets), name="series")
    inputs = [series]
    level = Level(table.season if table.season > 1 else LEVEL_STEPS, name="level")
    levels = level(series)
    read = [
        layers.Subtract(name="deviation")([series, LevelBefore()([series, levels])])
    ]
    if table.past.shape[1]:
        past = keras.Input((steps, table.past.shape[1]), name="past")
        inputs.append(past)
        read.append(past)
    if known_size:
        known = keras.Input((steps + block, known_size), name="known")
        inputs.append(known)
        read.append(known[:, :steps])
    channels = layers.Concatenate(name="inputs")(read) if len(read) > 1 else read[0]
    state = STATE if known_size else 0
    shape = networks.Shape(steps, targets + state, block, inputs=channels.shape[-1])
    outputs = getattr(networks, recipe.build)(shape)(channels)
    count = outputs.shape[1]
    by_step = layers.Reshape((count, block, targets + state), name="by_step")(outputs)
    forecast = by_step[..., :targets]
    positions = range(steps)[recipe.positions]
    if known_size:
        ahead = KnownAhead(positions, block, name="known_ahead")(known)
        hidden = layers.Concatenate(name="state_and_known")([by_step, ahead])
        hidden = layers.Dense(HEAD_UNITS, "silu", name="effects")(hidden)
        effect = layers.Dense(targets, name="effect")(hidden)
        forecast = layers.Add(name="with_effects")([forecast, effect])
    forecast = AddLevel(positions, name="with_level")([forecast, levels])
    flat = layers.Reshape((count, block * targets), name="forecasts")(forecast)
    return keras.Model(inputs, flat, name="table_network")


def masked_huber(truth: Tensor, forecast: Tensor) -> Tensor:
    """Return the Huber loss of each position, missing targets (NaN) left out.

    Huber, "Robust Estimation of a Location Parameter" (1964): a holiday without traffic
    does not outweigh all other days.
    """
    present = ops.logical_not(ops.isnan(truth))
    error = ops.where(present, truth, 0.0) - ops.where(present, forecast, 0.0)
    size = ops.abs(error)
    loss = ops.where(size <= _HUBER, 0.5 * error**2, _HUBER * (size - 0.5 * _HUBER))
    return ops.mean(loss, axis=-1)


class Level(layers.Layer):
    """Moving average of the last values: (batch, steps, …) → (batch, steps, …).

    At the beginning it is the mean of the fewer values that there are.
    """

    def __init__(self, window: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.window = window

    def call(self, series: Tensor) -> Tensor:
        steps = series.shape[1]
        window = min(self.window, steps)
        sums = ops.cumsum(series, axis=1)
        before = ops.pad(sums, [[0, 0], [window, 0], [0, 0]])[:, :steps]
        counts = ops.minimum(ops.arange(1, steps + 1), window)
        return (sums - before) / ops.cast(counts, series.dtype)[None, :, None]


class LevelBefore(layers.Layer):
    """Shift a level by one step; before the first step it is the first value."""

    def call(self, inputs: list[Tensor]) -> Tensor:
        series, levels = inputs
        return ops.concatenate([series[:, :1], levels[:, :-1]], axis=1)


class AddLevel(layers.Layer):
    """Add the level at each position to its forecasts, (batch, positions, block, …)."""

    def __init__(self, positions: range, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positions = positions

    def call(self, inputs: list[Tensor]) -> Tensor:
        forecast, levels = inputs
        return forecast + _at(levels, self.positions)[:, :, None]


class KnownAhead(layers.Layer):
    """Return known covariates ahead of positions, (batch, positions, block, …)."""

    def __init__(self, positions: range, block: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positions, self.block = positions, block

    def call(self, known: Tensor) -> Tensor:
        rows = [
            _at(known[:, ahead:], self.positions) for ahead in range(1, self.block + 1)
        ]
        return ops.stack(rows, axis=2)


def _at(sequence: Tensor, positions: range) -> Tensor:
    """Return the steps of a sequence at positions."""
    return sequence[:, positions.start : positions.stop : positions.step]
