"""Every network of the suite, a function each; `recipes.py` says how it is trained.

A network reads float (batch, steps, variables) and gives float (batch, positions,
ahead * variables): after each of its positions the next `ahead` values, those of one
step side by side. Networks *to sequence* have a position for every step, which teaches
them at every step (the strided one for every other step); networks *to vector* have
one, after the last step. Either way the forecast is the last position.

Where chorales have a body of the same kind, it is the body: one code, two heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import layers, ops

from chorale.errors import UsageError
from chorale.nn.bodies import BodyOptions, build_body
from chorale.nn.causal import EachStep, Residual, Tensor

WIDTH = 20  # of every layer, as in the book


class Shape(NamedTuple):
    """What a network reads and gives.

    Attributes:
        steps: values of a series that it sees.
        variables: series that run side by side.
        ahead: steps that it forecasts, or fills in, at once.
    """

    steps: int
    variables: int
    ahead: int

    @property
    def outputs(self) -> int:
        """The values of one forecast."""
        return self.ahead * self.variables


# === Recurrent ===


def simple_rnn(shape: Shape) -> keras.Model:
    """Return one simple recurrent layer whose state is the forecast."""
    return _network(shape, _state_is_forecast(shape), LastStep())


def deep_rnn(shape: Shape) -> keras.Model:
    """Return three simple recurrent layers; the last one's state is the forecast."""
    return _network(shape, _body("rnn"), _state_is_forecast(shape), LastStep())


def recurrent_to_vector(shape: Shape) -> keras.Model:
    """Return two simple recurrent layers and a dense one after the last step."""
    return _network(shape, _body("rnn"), LastStep(), _dense(shape))


def recurrent_to_sequence(shape: Shape) -> keras.Model:
    """Return two simple recurrent layers and a dense one after every step.

    A dense layer is the same for every step: Keras's `TimeDistributed` around it would
    change nothing but the time that it takes to compile.
    """
    return _network(shape, _body("rnn"), _dense(shape))


def batch_norm(shape: Shape) -> keras.Model:
    """Return simple recurrent layers with batch normalization between them."""
    return _network(
        shape,
        _body("rnn", layers=1),
        layers.BatchNormalization(name="norm_0"),
        layers.SimpleRNN(WIDTH, return_sequences=True, name="rnn"),
        layers.BatchNormalization(name="norm_1"),
        _dense(shape),
    )


def layer_norm(shape: Shape) -> keras.Model:
    """Return simple recurrent layers, layer-normalized inside the cell."""
    return _network(shape, _body("rnn", layer_norm=True), _dense(shape))


def batch_norm_cell(shape: Shape) -> keras.Model:
    """Return simple recurrent layers, batch-normalized inside the cell."""
    return _network(
        shape,
        *(
            layers.RNN(
                BatchNormCell(WIDTH, name="cell"),
                return_sequences=True,
                name=f"rnn_{index}",
            )
            for index in range(2)
        ),
        _dense(shape),
    )


def dropout(shape: Shape) -> keras.Model:
    """Return two GRU layers with dropout, of what they carry too.

    Called with `training=True` it forecasts with dropout: draws for Monte-Carlo
    dropout (Gal & Ghahramani, 2016). A dense layer first spreads each value over all
    channels, so that no value is dropped whole.
    """
    body = _body("gru", dropout=0.1, recurrent_dropout=0.1)
    return _network(shape, _widen(), body, _dense(shape))


def relu_rnn(shape: Shape) -> keras.Model:
    """Return rectified recurrent layers: nothing bounds what they carry."""
    return _network(
        shape,
        *(
            layers.SimpleRNN(
                WIDTH, activation="relu", return_sequences=True, name=f"rnn_{index}"
            )
            for index in range(2)
        ),
        _dense(shape),
    )


def lstm(shape: Shape) -> keras.Model:
    """Return two of Keras's LSTM layers."""
    return _network(
        shape,
        *(
            layers.LSTM(WIDTH, return_sequences=True, name=f"lstm_{index}")
            for index in range(2)
        ),
        _dense(shape),
    )


def lstm_cell(shape: Shape) -> keras.Model:
    """Return two LSTM cells in Keras's RNN wrapper."""
    return _network(shape, _body("lstm"), _dense(shape))


def peephole_lstm(shape: Shape) -> keras.Model:
    """Return two LSTM layers whose gates see the carry."""
    return _network(shape, _body("peephole-lstm"), _dense(shape))


def gru(shape: Shape) -> keras.Model:
    """Return two GRU layers."""
    return _network(shape, _body("gru"), _dense(shape))


# === Convolutions and attention ===


def conv_gru(shape: Shape) -> keras.Model:
    """Return a convolution that halves the series, then two GRU layers.

    Its positions are the steps 3, 5, 7 … counted from 0, where the windows of the
    convolution end.

    Raises:
        UsageError: no window ends at the last step.
    """
    kernel_size, stride = 4, 2
    if shape.steps < kernel_size or (shape.steps - kernel_size) % stride:
        raise UsageError(
            f"expected an even number of steps, at least {kernel_size}, for a "
            f"convolution of {kernel_size} steps and stride {stride}, "
            f"got {shape.steps}"
        )
    convolution = layers.Conv1D(WIDTH, kernel_size, strides=stride, name="convolution")
    return _network(shape, convolution, _body("gru"), _dense(shape))


def pooling(shape: Shape) -> keras.Model:
    """Return convolutions, each pooled by twos, and a GRU over what is left."""
    convolutions = [
        layers.Conv1D(WIDTH, 3, padding="same", activation="relu", name=f"conv_{index}")
        for index in range(2)
    ]
    return _network(
        shape,
        convolutions[0],
        layers.MaxPooling1D(2, padding="same", name="max"),
        convolutions[1],
        layers.AveragePooling1D(2, padding="same", name="average"),
        _body("gru", layers=1),
        LastStep(),
        _dense(shape),
    )


def simple_wavenet(shape: Shape) -> keras.Model:
    """Return the book's simplified WaveNet: dilations 1, 2, 4, 8, twice."""
    body = _body("simple-wavenet", layers=4, stacks=2)
    return _network(shape, body, _dense(shape))


def wavenet(shape: Shape) -> keras.Model:
    """Return the full WaveNet: gates and skips, dilations 1 to 512, three times."""
    body = _body("wavenet", layers=10, stacks=3)
    return _network(shape, _widen(), body, _dense(shape))


def wavenet_lstm(shape: Shape) -> keras.Model:
    """Return the book's network for chorales, 8 to 24 filters under an LSTM."""
    return _network(shape, _body("wavenet-lstm", units=64, layers=4), _dense(shape))


def conv(shape: Shape) -> keras.Model:
    """Return residual causal convolutions with dilations 1 to 16."""
    return _network(shape, _widen(), _body("conv", layers=5), _dense(shape))


def attention(shape: Shape) -> keras.Model:
    """Return two blocks of causal attention over all that is seen."""
    body = _body("attention", window=shape.steps)
    return _network(shape, _widen(), body, _dense(shape))


# === From vector to sequence ===


def encoder_decoder(shape: Shape) -> keras.Model:
    """Return GRU layers that put a series into a vector, and one that unfolds it.

    The decoder reads the vector at every step ahead (Cho et al., 2014).
    """
    return _network(shape, _body("gru"), LastStep(), *_unfolded(shape))


def vector_to_sequence(shape: Shape) -> keras.Model:
    """Return a GRU layer that unfolds all values seen, side by side."""
    return _network(shape, *_unfolded(shape))


def dense(shape: Shape) -> keras.Model:
    """Return wide dense layers over all values seen: pre-norm residual blocks."""
    blocks = [
        Residual(
            [
                EachStep(layers.LayerNormalization(name="norm")),
                EachStep(layers.Dense(512, "silu", name="widen")),
                EachStep(layers.Dense(256, name="narrow")),
            ],
            name=f"block_{index}",
        )
        for index in range(4)
    ]
    return _network(
        shape,
        layers.Reshape((1, shape.steps * shape.variables), name="side_by_side"),
        layers.Dense(256, name="embed"),
        *blocks,
        layers.LayerNormalization(name="norm"),
        _dense(shape),
    )


# === Filling in what is missing ===


def imputing_gru(shape: Shape) -> keras.Model:
    """Return GRU layers that read a series from both ends, with a gap in its middle."""
    both_ways = [
        layers.Bidirectional(
            layers.GRU(WIDTH, return_sequences=True, name="gru"),
            name=f"both_ways_{index}",
        )
        for index in range(2)
    ]
    before = (shape.steps - shape.ahead) // 2
    after = shape.steps - shape.ahead - before
    return _network(
        shape,
        MarkMissing(),
        *both_ways,
        layers.Dense(shape.variables, name="value"),
        layers.Cropping1D((before, after), name="gap"),
        layers.Reshape((1, shape.outputs), name="one_position"),
    )


def imputing_conv(shape: Shape) -> keras.Model:
    """Return convolutions that see a gap from both sides, dilations 1 to 8."""
    convolutions = [
        layers.Conv1D(
            WIDTH,
            3,
            padding="same",
            dilation_rate=2**index,
            activation="relu",
            name=f"convolution_{index}",
        )
        for index in range(4)
    ]
    side_by_side = layers.Reshape((1, shape.steps * WIDTH), name="side_by_side")
    return _network(shape, MarkMissing(), *convolutions, side_by_side, _dense(shape))


# === What they are made of ===


class LastStep(layers.Layer):
    """Keep the last step: (batch, steps, units) → (batch, 1, units)."""

    def __init__(self) -> None:
        super().__init__(name="last_step")

    def call(self, inputs: Tensor) -> Tensor:
        return inputs[:, -1:]


class MarkMissing(layers.Layer):
    """Put 0 for NaN, and beside each value whether it was: variables are doubled."""

    def __init__(self) -> None:
        super().__init__(name="mark_missing")

    def call(self, inputs: Tensor) -> Tensor:
        missing = ops.isnan(inputs)
        values = ops.where(missing, 0.0, inputs)
        return ops.concatenate([values, ops.cast(missing, values.dtype)], axis=-1)


class BatchNormCell(layers.SimpleRNNCell):
    """Compute h' = tanh(BN(Wx) + BN(Uh) + b).

    Cooijmans et al., "Recurrent Batch Normalization" (2017), who also say to begin with
    a scale of 0.1, lest tanh saturate; but all steps share their statistics here.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.norms = [
            layers.BatchNormalization(
                center=False,
                gamma_initializer=keras.initializers.Constant(0.1),
                name=f"norm_{part}",
            )
            for part in "xh"
        ]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        for norm in self.norms:
            norm.build((None, self.units))

    def call(
        self, inputs: Tensor, states: Any, training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        (hidden,) = states
        x = self.norms[0](ops.matmul(inputs, self.kernel), training=training)
        h = self.norms[1](ops.matmul(hidden, self.recurrent_kernel), training=training)
        hidden = ops.tanh(x + h + self.bias)
        return hidden, [hidden]


def _network(shape: Shape, *parts: keras.layers.Layer) -> keras.Model:
    series = keras.Input((shape.steps, shape.variables), name="series")
    return keras.Sequential([series, *parts], name="network")


def _body(body: str, *, layers: int = 2, **changes: Any) -> keras.layers.Layer:
    """Return a body of the chorale networks, at the width of the suite."""
    options = {"units": WIDTH, "dropout": 0.0, **changes}
    return build_body(BodyOptions(body=body, layers=layers, **options))


def _widen() -> keras.layers.Layer:
    """Return what goes under a body that gives as many channels as it reads."""
    return layers.Dense(WIDTH, name="widen")


def _dense(shape: Shape) -> keras.layers.Layer:
    """Return what turns each position into a forecast."""
    return layers.Dense(shape.outputs, name="forecast")


def _state_is_forecast(shape: Shape) -> keras.layers.Layer:
    return layers.SimpleRNN(shape.outputs, return_sequences=True, name="forecast")


def _unfolded(shape: Shape) -> Sequence[keras.layers.Layer]:
    """Return layers that turn all they are given into one value for each step ahead."""
    return [
        layers.Flatten(name="vector"),
        layers.RepeatVector(shape.ahead, name="repeat"),
        layers.GRU(WIDTH, return_sequences=True, name="decoder"),
        layers.Dense(shape.variables, name="value"),
        layers.Reshape((1, shape.outputs), name="one_position"),
    ]
