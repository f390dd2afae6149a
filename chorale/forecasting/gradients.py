"""Gradient experiment: where do gradients vanish and explode?

One recurrent layer reads a series of the suite and forecasts the next value:

    h(t) = activation(norm(W x(t) + U h(t - 1)) + b)          loss = (v · h(T) + c - y)²

By backpropagation through time, the gradient of the loss with respect to h(t) is a
product of T - t Jacobians. It shrinks or grows exponentially with the number of steps
(Bengio, Simard & Frasconi, 1994; Pascanu, Mikolov & Bengio, "On the difficulty of
training recurrent neural networks", 2013). The experiment measures its norm at every
step, before and during training by plain gradient descent. (Adam normalizes gradients,
which would hide the effect of clipping.)

Gradient clipping scales the gradient of the weights down to a maximum norm. That bounds
the update and nothing else: vanished gradients stay vanished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from chorale.forecasting.series import Array, draw_waves
from chorale.utils.checks import check_above_zero, check_at_least
from chorale.utils.extras import require
from chorale.utils.progress import Progress

_EPSILON = 0.001  # of layer normalization, as in Keras


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """A recurrent layer: activation, initialization, and remedies for its gradients."""

    activation: str  # `tanh`, `relu` or `linear`
    # Initialization of the recurrent weights U: `orthogonal`, as in Keras, or
    # `identity`. W and v are Glorot uniform, as in Keras, b and c zero.
    initial: str = "orthogonal"
    scale: float = 1.0  # factor of the initial U
    # Maximum norm of the gradient of the weights, 0 for no clipping.
    clip_norm: float = 0.0
    # Layer normalization of the pre-activation, with a learned gain (Ba, Kiros &
    # Hinton, 2016).
    layer_norm: bool = False

    @property
    def initial_weights(self) -> str:
        """The initialization of U for tables."""
        return self.initial if self.scale == 1 else f"{self.scale:g} {self.initial}"


CLIP_NORM = 1.0

_BASES = {
    "tanh": Recurrence(activation="tanh"),
    "relu": Recurrence(activation="relu"),
    # Le, Jaitly & Hinton, "A Simple Way to Initialize Recurrent Networks of Rectified
    # Linear Units", 2015.
    "relu-identity": Recurrence(activation="relu", initial="identity"),
    "relu-large": Recurrence(activation="relu", scale=2.0),
}

RECURRENCES = {
    f"{name}{suffix}": replace(base, clip_norm=clip_norm, layer_norm=layer_norm)
    for name, base in _BASES.items()
    for suffix, clip_norm, layer_norm in (
        ("", 0.0, False),
        ("-clip", CLIP_NORM, False),
        ("-norm", 0.0, True),
        ("-norm-clip", CLIP_NORM, True),
    )
}


@dataclass(frozen=True, kw_only=True)
class GradientOptions:
    """Series and training of the experiment."""

    steps: int = 100  # input length of a series
    units: int = 20  # width of the recurrent layer
    updates: int = 300  # number of weight updates, each on new series
    batch_size: int = 32  # series per update
    learning_rate: float = 0.03  # of gradient descent without momentum
    seed: int = 0  # of weights and series; all recurrences train on the same series

    def __post_init__(self) -> None:
        check_at_least(self, steps=2, units=1, updates=1, batch_size=1, seed=0)
        check_above_zero(self, "learning_rate")


class Update(NamedTuple):
    """Measurements at one weight update."""

    loss: float  # mean squared error before the update
    gradient: float  # norm of the gradient of all weights, before clipping
    step: float  # norm of the change of the weights
    # float (steps,), norm of the gradient of a series' loss with respect to the state
    # at each step, the mean over the series; 0 if all ReLU units on the path are
    # inactive, or on underflow of float32.
    by_step: Array


class Training(NamedTuple):
    """The training of one recurrence."""

    name: str  # of the recurrence
    recurrence: Recurrence  # that was trained
    # All of them, or up to the divergence: the first update with a loss or gradient
    # that is not finite.
    updates: Sequence[Update]

    @property
    def finite(self) -> Sequence[Update]:
        """The updates before the divergence."""
        return [
            update
            for update in self.updates
            if np.isfinite((update.loss, update.gradient)).all()
        ]


def measure_gradients(
    options: GradientOptions,
    recurrences: Mapping[str, Recurrence] = RECURRENCES,
    *,
    progress: Progress = lambda done, total: None,
) -> list[Training]:
    """Train each recurrence and measure its gradients at every update.

    `progress` is called with the updates done and the total.

    Raises:
        MissingExtraError: TensorFlow is not installed.
    """
    require("train", "the experiment on gradients")
    trainings: list[Training] = []
    total = len(recurrences) * options.updates

    def advance(update: int) -> None:
        progress(len(trainings) * options.updates + update, total)

    for name, recurrence in recurrences.items():
        updates = _train(recurrence, options, advance)
        trainings.append(Training(name, recurrence, updates))
    return trainings


def initial_weights(recurrence: Recurrence, units: int, seed: int) -> dict[str, Array]:
    """Return the initial weights of a recurrence, by their symbol above."""
    import keras

    glorot = keras.initializers.GlorotUniform
    if recurrence.initial == "identity":
        recurrent = np.eye(units)
    else:
        recurrent = np.asarray(keras.initializers.Orthogonal(seed=seed)((units, units)))
    weights = {
        "W": np.asarray(glorot(seed=seed + 1)((1, units))),
        "U": recurrence.scale * recurrent,
        "b": np.zeros(units),
        "v": np.asarray(glorot(seed=seed + 2)((units, 1))),
        "c": np.zeros(1),
    }
    if recurrence.layer_norm:
        weights["gain"] = np.ones(units)
    return {name: weight.astype(np.float32) for name, weight in weights.items()}


def gradients(
    recurrence: Recurrence, weights: dict[str, Any], inputs: Any, targets: Any
) -> tuple[Any, Any, dict[str, Any]]:
    """Return the loss and its gradients with respect to states and weights.

    A zero is added to every state: the gradient with respect to that zero is the total
    derivative with respect to the state, through all later states.

    Inputs are float (batch, steps, 1), targets (batch, 1), and weights those of
    `initial_weights`, as arrays or TensorFlow variables.

    Returns:
        The mean loss; norms (steps,) of the gradient of a series' loss with respect to
        its states, the mean over the series; the gradient of the mean loss by weight.
    """
    import tensorflow as tf

    activation = getattr(tf.keras.activations, recurrence.activation)
    batch, steps, _ = inputs.shape
    zeros = tf.zeros((steps, batch, weights["U"].shape[0]))

    def advance(state: Any, step: tuple[Any, Any]) -> Any:
        values, zero = step
        total = values @ weights["W"] + state @ weights["U"]
        if recurrence.layer_norm:
            mean, variance = tf.nn.moments(total, -1, keepdims=True)
            total = (total - mean) * tf.math.rsqrt(variance + _EPSILON)
            total *= weights["gain"]
        return activation(total + weights["b"]) + zero

    with tf.GradientTape() as tape:
        tape.watch([zeros, weights])
        by_step = tf.transpose(inputs, (1, 0, 2))
        start = tf.zeros_like(zeros[0])
        states = tf.scan(advance, (by_step, zeros), initializer=start)
        outputs = states[-1] @ weights["v"] + weights["c"]
        loss = tf.reduce_mean((outputs - targets) ** 2)
    by_state, by_weight = tape.gradient(loss, [zeros, weights])
    # Times the batch size, since the loss is the mean over the batch.
    norms = tf.reduce_mean(tf.norm(batch * by_state, axis=-1), axis=1)
    return loss, norms, by_weight


def _train(
    recurrence: Recurrence, options: GradientOptions, progress: Callable[[int], None]
) -> list[Update]:
    """Train by gradient descent until the last update or divergence."""
    import tensorflow as tf

    initial = initial_weights(recurrence, options.units, options.seed)
    weights = {name: tf.Variable(weight) for name, weight in initial.items()}

    # With XLA, the steps run several times faster on a CPU.
    @tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
    def descend(inputs: Any, targets: Any) -> tuple[Any, ...]:
        loss, by_step, by_weight = gradients(recurrence, weights, inputs, targets)
        norm = tf.linalg.global_norm(list(by_weight.values()))
        rate = options.learning_rate
        if recurrence.clip_norm:
            rate *= tf.minimum(1.0, recurrence.clip_norm / norm)
        for name, weight in weights.items():
            weight.assign_sub(rate * by_weight[name])
        return loss, norm, rate * norm, by_step

    random = np.random.default_rng(options.seed)
    updates: list[Update] = []
    while len(updates) < options.updates:
        series = draw_waves(options.batch_size, options.steps + 1, random).series
        loss, norm, step, by_step = descend(series[:, :-1], series[:, -1])
        updates.append(
            Update(float(loss), float(norm), float(step), np.asarray(by_step))
        )
        progress(len(updates))
        if not np.isfinite(updates[-1][:2]).all():
            break
    return updates
