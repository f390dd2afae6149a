"""The networks of the suite, one function each; `recipes.py` says how they are trained.

A network maps float (batch, steps, variables) to float (batch, positions, ahead *
variables): at each position a forecast of the next `ahead` steps, the variables of one
step adjacent. Sequence-to-sequence networks have a position for every step (with stride
2 for every other step) and so a training signal at each; sequence-to-vector networks
have one, after the last step. In both cases the last position is the forecast.

Where the chorale networks have a body of the same kind, that body is used.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import layers

from chorale.errors import UsageError
from chorale.forecasting.layers import BatchNormCell, LastStep, MarkMissing
from chorale.nn.bodies import BodyOptions, build_body
from chorale.nn.causal import EachStep, Residual

WIDTH = 20  # units of every layer, as in the book


class Shape(NamedTuple):
    """Input and output sizes of a network."""

    steps: int  # length of the input
    variables: int  # of the output, and of the input unless `inputs` says otherwise
    ahead: int  # steps forecast, or imputed, at once
    inputs: int = 0  # variables of the input, if there are others

    @property
    def outputs(self) -> int:
        """The values of one forecast."""
        return self.ahead * self.variables

    @property
    def channels(self) -> int:
        """The variables of the input."""
        return self.inputs or self.variables


# === Recurrent networks ===


def simple_rnn(shape: Shape) -> keras.Model:
    """Return one simple recurrent layer whose state is the forecast."""
    return _network(shape, _forecasting_rnn(shape), LastStep())


def deep_rnn(shape: Shape) -> keras.Model:
    """Return three simple recurrent layers; the state of the last is the forecast."""
    return _network(shape, _body("rnn"), _forecasting_rnn(shape), LastStep())


def recurrent_to_vector(shape: Shape) -> keras.Model:
    """Return two simple recurrent layers and a dense layer after the last step."""
    return _network(shape, _body("rnn"), LastStep(), _dense(shape))


def recurrent_to_sequence(shape: Shape) -> keras.Model:
    """Return two simple recurrent layers and a dense layer after every step.

    A dense layer is shared by all steps: Keras's `TimeDistributed` around it would only
    add compilation time.
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
    """Return simple recurrent layers with layer normalization inside the cell."""
    return _network(shape, _body("rnn", layer_norm=True), _dense(shape))


def batch_norm_cell(shape: Shape) -> keras.Model:
    """Return simple recurrent layers with batch normalization inside the cell."""
    rnns = [
        layers.RNN(
            BatchNormCell(WIDTH, name="cell"), return_sequences=True, name=f"rnn_{i}"
        )
        for i in range(2)
    ]
    return _network(shape, *rnns, _dense(shape))


def dropout(shape: Shape) -> keras.Model:
    """Return two GRU layers with dropout and recurrent dropout.

    Called with `training=True` it samples for Monte Carlo dropout (Gal & Ghahramani,
    2016). A dense layer first spreads each value over all channels, so that dropout
    never removes a whole value.
    """
    body = _body("gru", dropout=0.1, recurrent_dropout=0.1)
    return _network(shape, _projection(), body, _dense(shape))


def relu_rnn(shape: Shape) -> keras.Model:
    """Return two simple recurrent layers with ReLU, whose state is unbounded."""
    rnns = _two(layers.SimpleRNN, "rnn", activation="relu")
    return _network(shape, *rnns, _dense(shape))


def lstm(shape: Shape) -> keras.Model:
    """Return two Keras LSTM layers."""
    return _network(shape, *_two(layers.LSTM, "lstm"), _dense(shape))


def lstm_cell(shape: Shape) -> keras.Model:
    """Return two LSTM cells in Keras's RNN wrapper."""
    return _network(shape, _body("lstm"), _dense(shape))


def peephole_lstm(shape: Shape) -> keras.Model:
    """Return two LSTM layers with peephole connections."""
    return _network(shape, _body("peephole-lstm"), _dense(shape))


def gru(shape: Shape) -> keras.Model:
    """Return two GRU layers."""
    return _network(shape, _body("gru"), _dense(shape))


# === Convolutions and attention ===


def conv_gru(shape: Shape) -> keras.Model:
    """Return a convolution of kernel 4 and stride 2, then two GRU layers.

    Its positions are the steps 3, 5, 7 …, counted from 0, on which the windows of the
    convolution end.

    Raises:
        UsageError: no window ends on the last step.
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
    """Return two convolutions with pooling of size 2 after each, then a GRU layer."""
    return _network(
        shape,
        _convolution("conv_0"),
        layers.MaxPooling1D(2, padding="same", name="max"),
        _convolution("conv_1"),
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
    return _network(shape, _projection(), body, _dense(shape))


def wavenet_lstm(shape: Shape) -> keras.Model:
    """Return the book's network for chorales: 8 to 24 filters, then an LSTM."""
    return _network(shape, _body("wavenet-lstm", units=64, layers=4), _dense(shape))


def conv(shape: Shape) -> keras.Model:
    """Return residual causal convolutions with dilations 1 to 16."""
    return _network(shape, _projection(), _body("conv", layers=5), _dense(shape))


def attention(shape: Shape) -> keras.Model:
    """Return two blocks of causal self-attention over the whole input."""
    body = _body("attention", window=shape.steps)
    return _network(shape, _projection(), body, _dense(shape))


# === Decoders and dense layers ===


def encoder_decoder(shape: Shape) -> keras.Model:
    """Return a GRU encoder and a GRU decoder.

    The decoder reads the encoder's last state at every step ahead (Cho et al., 2014).
    """
    return _network(shape, _body("gru"), LastStep(), *_decoder(shape))


def vector_to_sequence(shape: Shape) -> keras.Model:
    """Return a GRU decoder over the flattened input."""
    return _network(shape, *_decoder(shape))


def dense(shape: Shape) -> keras.Model:
    """Return a wide pre-norm residual MLP over the flattened input."""
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
        layers.Reshape((1, shape.steps * shape.channels), name="side_by_side"),
        layers.Dense(256, name="embed"),
        *blocks,
        layers.LayerNormalization(name="norm"),
        _dense(shape),
    )


# === Imputation ===


def imputing_gru(shape: Shape) -> keras.Model:
    """Return two bidirectional GRU layers that impute a gap in the middle."""
    bidirectional = [
        layers.Bidirectional(
            layers.GRU(WIDTH, return_sequences=True, name="gru"), name=f"both_ways_{i}"
        )
        for i in range(2)
    ]
    before = (shape.steps - shape.ahead) // 2
    after = shape.steps - shape.ahead - before
    return _network(
        shape,
        MarkMissing(),
        *bidirectional,
        layers.Dense(shape.variables, name="value"),
        layers.Cropping1D((before, after), name="gap"),
        layers.Reshape((1, shape.outputs), name="one_position"),
    )


def imputing_conv(shape: Shape) -> keras.Model:
    """Return non-causal convolutions, dilations 1 to 8, that impute a gap."""
    convolutions = [_convolution(f"convolution_{i}", dilation=2**i) for i in range(4)]
    flat = layers.Reshape((1, shape.steps * WIDTH), name="side_by_side")
    return _network(shape, MarkMissing(), *convolutions, flat, _dense(shape))


# === Parts ===


def _network(shape: Shape, *parts: keras.layers.Layer) -> keras.Model:
    series = keras.Input((shape.steps, shape.channels), name="series")
    return keras.Sequential([series, *parts], name="network")


def _body(body: str, *, layers: int = 2, **options: Any) -> keras.layers.Layer:
    """Return a body of the chorale networks, at the width of the suite."""
    defaults = {"units": WIDTH, "dropout": 0.0}
    return build_body(BodyOptions(body=body, layers=layers, **{**defaults, **options}))


def _two(layer: Any, name: str, **options: Any) -> list[keras.layers.Layer]:
    """Return two recurrent layers that return sequences."""
    return [
        layer(WIDTH, return_sequences=True, name=f"{name}_{index}", **options)
        for index in range(2)
    ]


def _convolution(name: str, dilation: int = 1) -> keras.layers.Layer:
    """Return a non-causal convolution of three steps with ReLU."""
    options = {"padding": "same", "dilation_rate": dilation, "activation": "relu"}
    return layers.Conv1D(WIDTH, 3, name=name, **options)


def _projection() -> keras.layers.Layer:
    """Return the input projection of a body that has as many channels as its input."""
    return layers.Dense(WIDTH, name="widen")


def _dense(shape: Shape) -> keras.layers.Layer:
    """Return the output layer: a forecast at each position."""
    return layers.Dense(shape.outputs, name="forecast")


def _forecasting_rnn(shape: Shape) -> keras.layers.Layer:
    """Return a simple recurrent layer whose state is the forecast."""
    return layers.SimpleRNN(shape.outputs, return_sequences=True, name="forecast")


def _decoder(shape: Shape) -> list[keras.layers.Layer]:
    """Return layers that decode a vector into one position, step by step ahead."""
    return [
        layers.Flatten(name="vector"),
        layers.RepeatVector(shape.ahead, name="repeat"),
        layers.GRU(WIDTH, return_sequences=True, name="decoder"),
        layers.Dense(shape.variables, name="value"),
        layers.Reshape((1, shape.outputs), name="one_position"),
    ]
