"""An experiment: where do gradients vanish and explode?

One recurrent layer reads a series of the suite and forecasts the value after its last:

    h(t) = activation(norm(W x(t) + U h(t - 1)) + b)          loss = (v · h(T) + c - y)²

What an early step has to say reaches the loss through all the states after it, so the
gradient of the loss by h(t) is a product of T - t matrices. It shrinks or grows by a
power of the steps (Bengio, Simard & Frasconi, 1994; Pascanu, Mikolov & Bengio, "On the
difficulty of training recurrent neural networks", 2013). Its norm at every step is
measured, before training and while plain gradient descent goes on: Adam, which divides
a gradient by its size, would hide what clipping does.

Clipping scales the gradient of the weights down where its norm is above a limit. That
bounds the step that is taken and no more: what has vanished stays vanished.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import UsageError
from chorale.forecasting.series import Array, draw_waves
from chorale.utils.extras import require
from chorale.utils.progress import Progress

_EPSILON = 0.001  # of layer normalization, as in Keras


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """A recurrent layer, how its weights begin, and what is done for its gradients.

    Attributes:
        activation: `tanh`, `relu` or `linear`.
        initial: what the recurrent weights U begin as: `orthogonal`, as Keras has it,
            or `identity`. W and v begin as in Keras (Glorot, uniform), b and c at 0.
        scale: by which those recurrent weights are multiplied.
        clip_norm: largest norm of the gradient of the weights, 0 for no limit.
        layer_norm: whether what goes into the activation is normalized over the units,
            with a gain that is learned (Ba, Kiros & Hinton, 2016).
    """

    activation: str
    initial: str = "orthogonal"
    scale: float = 1.0
    clip_norm: float = 0.0
    layer_norm: bool = False

    @property
    def initial_weights(self) -> str:
        """What the recurrent weights begin as, in words."""
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
    """What the recurrences are trained on, and how long.

    Attributes:
        steps: values of a series that are read.
        units: width of the recurrent layer.
        updates: of the weights, each from new series.
        batch_size: series in an update.
        learning_rate: of gradient descent, without momentum.
        seed: of weights and series; all recurrences see the same series.
    """

    steps: int = 100
    units: int = 20
    updates: int = 300
    batch_size: int = 32
    learning_rate: float = 0.03
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (
            ("steps", 2),
            ("units", 1),
            ("updates", 1),
            ("batch_size", 1),
            ("seed", 0),
        ):
            if getattr(self, name) < least:
                raise UsageError(
                    f"expected {name} of at least {least}, got {getattr(self, name)}"
                )
        if not self.learning_rate > 0:
            raise UsageError(
                f"expected a learning rate above 0, got {self.learning_rate}"
            )


class Update(NamedTuple):
    """What one update saw and did.

    Attributes:
        loss: mean squared error of its series, before it.
        gradient: norm of the gradient of all weights together, before it is clipped.
        step: norm of what was added to the weights.
        by_step: float (steps,), norm of the gradient of a series' loss by the state at
            each step, the mean over the series; 0 where every rectified unit on the
            way is shut, or the norm is smaller than float32 can hold.
    """

    loss: float
    gradient: float
    step: float
    by_step: Array


class Training(NamedTuple):
    """The training of one recurrence.

    Attributes:
        name: of the recurrence.
        recurrence: what was trained.
        updates: up to the last, or the one at which it blew up: whose loss or gradient
            was not finite.
    """

    name: str
    recurrence: Recurrence
    updates: Sequence[Update]

    @property
    def finite(self) -> Sequence[Update]:
        """The updates before it blew up, if it did."""
        return [it for it in self.updates if np.isfinite((it.loss, it.gradient)).all()]


def measure_gradients(
    options: GradientOptions,
    recurrences: dict[str, Recurrence] = RECURRENCES,
    *,
    progress: Progress = lambda done, total: None,
) -> list[Training]:
    """Train each recurrence and note its gradients at every update.

    Args:
        options: what they are trained on.
        recurrences: by name.
        progress: is called with the updates that are behind and those in all.

    Raises:
        MissingExtraError: TensorFlow is not installed.
    """
    require("train", "the experiment on gradients")
    trainings: list[Training] = []
    total = len(recurrences) * options.updates
    for name, recurrence in recurrences.items():
        behind = len(trainings) * options.updates

        def advance(update: int, behind: int = behind) -> None:
            progress(behind + update, total)

        updates = _train(recurrence, options, advance)
        trainings.append(Training(name, recurrence, updates))
    return trainings


def initial_weights(recurrence: Recurrence, units: int, seed: int) -> dict[str, Array]:
    """Return the weights that a recurrence begins with, by their letters."""
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
    """Return the loss, and its gradients by the states and by the weights.

    A zero is added to every state: the gradient by that zero is the gradient by the
    state, with all that the state does to those after it.

    Args:
        recurrence: of which activation and normalization count.
        weights: as of `initial_weights`, arrays or variables of TensorFlow.
        inputs: float (batch, steps, 1).
        targets: float (batch, 1).

    Returns:
        The mean loss; norms (steps,) of the gradient of a series' loss by its states,
        the mean over the series; the gradient of the mean loss by each weight.
    """
    import tensorflow as tf

    activation = getattr(tf.keras.activations, recurrence.activation)
    batch, steps, _ = inputs.shape
    nothing = tf.zeros((steps, batch, weights["U"].shape[0]))

    def advance(state: Any, now: tuple[Any, Any]) -> Any:
        values, zero = now
        total = values @ weights["W"] + state @ weights["U"]
        if recurrence.layer_norm:
            mean, variance = tf.nn.moments(total, -1, keepdims=True)
            total = (total - mean) * tf.math.rsqrt(variance + _EPSILON)
            total *= weights["gain"]
        return activation(total + weights["b"]) + zero

    with tf.GradientTape() as tape:
        tape.watch([nothing, weights])
        by_step = tf.transpose(inputs, (1, 0, 2))
        start = tf.zeros_like(nothing[0])
        states = tf.scan(advance, (by_step, nothing), initializer=start)
        outputs = states[-1] @ weights["v"] + weights["c"]
        loss = tf.reduce_mean((outputs - targets) ** 2)
    by_state, by_weight = tape.gradient(loss, [nothing, weights])
    # The mean over the batch has divided each series' own gradient by their number.
    norms = tf.reduce_mean(tf.norm(batch * by_state, axis=-1), axis=1)
    return loss, norms, by_weight


def _train(
    recurrence: Recurrence, options: GradientOptions, progress: Callable[[int], None]
) -> list[Update]:
    """Descend along the gradient until the updates are used up or it blows up."""
    import tensorflow as tf

    weights = {
        name: tf.Variable(weight)
        for name, weight in initial_weights(
            recurrence, options.units, options.seed
        ).items()
    }

    # Compiled by XLA, the steps run several times faster on a processor.
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
