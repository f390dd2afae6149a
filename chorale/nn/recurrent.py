"""Recurrent bodies, stacks of simple, LSTM or GRU layers, and a bidirectional layer.

The cells are those of Keras with optional layer normalization: what the input and the
carried state add to the gates is normalized separately before they are summed (Ba,
Kiros & Hinton, "Layer Normalization", 2016, equations 20 to 29).
"""

from __future__ import annotations

from typing import Any, ClassVar

import keras
from keras import ops

from chorale.nn.bodies import BodyOptions
from chorale.nn.causal import CausalLayer, Chain, EachStep, Recurrent, Tensor
from chorale.nn.recurrence import gru_sequence, lstm_sequence


def rnn(options: BodyOptions) -> CausalLayer:
    """Return a stack of simple recurrent layers: h' = tanh(Wx + Uh + b)."""
    return _stack(SimpleCell, options)


def lstm(options: BodyOptions) -> CausalLayer:
    """Return a stack of LSTM layers (Hochreiter & Schmidhuber, 1997)."""
    return _stack(LSTMCell, options)


def gru(options: BodyOptions) -> CausalLayer:
    """Return a stack of GRU layers (Cho et al., 2014)."""
    return _stack(GRUCell, options)


def peephole_lstm(options: BodyOptions) -> CausalLayer:
    """Return a stack of LSTM layers with peephole connections."""
    return _stack(PeepholeLSTMCell, options)


def _stack(cell_class: type[keras.layers.Layer], options: BodyOptions) -> Chain:
    layers: list[CausalLayer] = []
    for index in range(options.layers):
        if options.dropout:
            dropout = keras.layers.Dropout(options.dropout, name=f"dropout_{index}")
            layers.append(EachStep(dropout))
        cell = cell_class(
            options.units,
            recurrent_dropout=options.recurrent_dropout,
            layer_norm=options.layer_norm,
            name="cell",
        )
        layers.append(Recurrent(cell, name=f"recurrent_{index}"))
    return Chain(layers, name="body")


class Bidirectional(keras.layers.Layer):
    """Run one recurrent layer from the first step on, another from the last one back.

    Steps of padding come last for either, so they change nothing before them.

    Args:
        forwards, backwards: recurrent layers that return sequences.
    """

    def __init__(
        self,
        forwards: keras.layers.Layer,
        backwards: keras.layers.Layer,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.forwards, self.backwards = forwards, backwards

    def build(self, *shapes: Any) -> None:
        """Leave it to the layers within; see `CausalLayer.build`."""

    def call(
        self, inputs: Tensor, present: Tensor, training: bool | None = None
    ) -> Tensor:
        """Return float (batch, steps, 2 * units).

        Args:
            inputs: float (batch, steps, in).
            present: (batch, steps), 1 or True up to the last step, 0 for padding.
            training: passed on.
        """
        # Reversed by a product with (batch, steps, steps): compiled, it is faster than
        # gathering, and every backend and ONNX Runtime have it.
        places = ops.arange(ops.shape(inputs)[1])
        last = ops.sum(ops.cast(present, "int32"), axis=1) - 1  # (batch,)
        is_mirrored = places[:, None] + places == last[:, None, None]
        reverse = ops.cast(is_mirrored, inputs.dtype)
        backwards = self.backwards(ops.matmul(reverse, inputs), training=training)
        forwards = self.forwards(inputs, training=training)
        return ops.concatenate([forwards, ops.matmul(reverse, backwards)], axis=-1)


class _GateNorms(keras.layers.Layer):
    """Layer normalization of what the input and the state add to the gates."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm_x = keras.layers.LayerNormalization(name="norm_x")
        self.norm_h = keras.layers.LayerNormalization(name="norm_h")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.norm_x.build(input_shape)
        self.norm_h.build(input_shape)

    def call(self, from_input: Tensor, from_state: Tensor) -> tuple[Tensor, Tensor]:
        return self.norm_x(from_input), self.norm_h(from_state)


class _Cell(keras.layers.Layer):
    """What the cells share: the gates' sums and recurrent dropout.

    A cell of Keras has the kernels, and calls `build` and `call`.
    """

    gates: ClassVar[int]  # side by side in a kernel

    def __init__(self, units: int, *, layer_norm: bool = False, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.norms = _GateNorms(name="gate_inputs") if layer_norm else None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        if self.norms is not None:
            self.norms.build((None, self.gates * self.units))

    @property
    def has_sequence(self) -> bool:
        """Whether the cell, built, has `sequence`: then training is faster by it."""
        is_plain = self.norms is None and not self.recurrent_dropout
        return is_plain and hasattr(self, "sequence") and self.built

    def over_steps(self, inputs: Tensor) -> Tensor:
        """Return the states (batch, steps, units) for inputs (batch, steps, in)."""
        outputs = self.sequence(ops.transpose(inputs, (1, 0, 2)))
        return ops.transpose(outputs, (1, 0, 2))

    def sums(
        self, inputs: Tensor, hidden: Tensor, training: bool
    ) -> tuple[Tensor, Tensor]:
        """Return Wx and Uh, float (batch, gates * units).

        One mask of recurrent dropout serves all gates and all steps of a sequence (Gal
        & Ghahramani, 2016).
        """
        if training and self.recurrent_dropout:
            masks = self.get_recurrent_dropout_mask(hidden)
            # Keras draws one mask for each gate where a cell has several.
            hidden = hidden * (masks[0] if isinstance(masks, list) else masks)
        from_input = ops.matmul(inputs, self.kernel)
        from_state = ops.matmul(hidden, self.recurrent_kernel)
        if self.norms is None:
            return from_input, from_state
        x, h = self.norms(from_input, from_state)
        return x, h


class SimpleCell(_Cell, keras.layers.SimpleRNNCell):
    """A simple recurrent step: h' = tanh(Wx + Uh + b)."""

    gates = 1

    def call(
        self, inputs: Tensor, states: list[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        x, h = self.sums(inputs, states[0], training)
        hidden = ops.tanh(x + h + self.bias)
        return hidden, [hidden]


class LSTMCell(_Cell, keras.layers.LSTMCell):
    """An LSTM step."""

    gates = 4

    def call(
        self, inputs: Tensor, states: list[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        hidden, carry = states
        x, h = self.sums(inputs, hidden, training)
        # The order of the gates is that of Keras: in, forget, candidate, out. By the
        # form of the sums, too, the ONNX converter recognizes an LSTM.
        i, f, candidate, o = ops.split(ops.add(x + h, self.bias), 4, axis=-1)
        i, f = self.peep(carry, i, 0), self.peep(carry, f, 1)
        carry = ops.sigmoid(f) * carry + ops.sigmoid(i) * ops.tanh(candidate)
        o = self.peep(carry, o, 2)
        hidden = ops.sigmoid(o) * ops.tanh(carry)
        return hidden, [hidden, carry]

    def sequence(self, inputs: Tensor) -> Tensor:
        from_input = ops.matmul(inputs, self.kernel) + self.bias
        return lstm_sequence(from_input, self.recurrent_kernel)

    def peep(self, carry: Tensor, gate: Tensor, index: int) -> Tensor:
        """Return a gate's sums with what the carry adds to them: here nothing."""
        return gate


class PeepholeLSTMCell(LSTMCell):
    """An LSTM step with peephole connections: each gate sees the carry of its unit.

    The gates in and forget see the old carry, the gate out the new one (Gers &
    Schmidhuber, "Recurrent Nets that Time and Count", 2000). The connections start at
    zero, which makes it an LSTM.
    """

    has_sequence = False

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.peepholes = self.add_weight(
            shape=(3, self.units), initializer="zeros", name="peepholes"
        )

    def peep(self, carry: Tensor, gate: Tensor, index: int) -> Tensor:
        return gate + self.peepholes[index] * carry


class GRUCell(_Cell, keras.layers.GRUCell):
    """A GRU step (reset after the product)."""

    gates = 3

    def call(
        self, inputs: Tensor, states: Any, training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        (hidden,) = states
        x, h = self.sums(inputs, hidden, training)
        # The order of the gates is that of Keras: update, reset, candidate.
        update_x, reset_x, candidate_x = ops.split(x + self.bias[0], 3, axis=-1)
        update_h, reset_h, candidate_h = ops.split(h + self.bias[1], 3, axis=-1)
        update = ops.sigmoid(update_x + update_h)
        reset = ops.sigmoid(reset_x + reset_h)
        candidate = ops.tanh(candidate_x + reset * candidate_h)
        hidden = update * hidden + (1 - update) * candidate
        return hidden, [hidden]

    def sequence(self, inputs: Tensor) -> Tensor:
        from_input = ops.matmul(inputs, self.kernel) + self.bias[0]
        return gru_sequence(from_input, self.recurrent_kernel, self.bias[1])
