"""Recurrent bodies: stacks of simple, LSTM or GRU layers.

Keras's cells, with layer normalization where it is asked for: what the input and the
carried state add to a cell's gates is normalized, each apart, before they are summed
(Ba, Kiros & Hinton, "Layer Normalization", 2016, equations 20 to 29).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from chorale.nn.bodies import BodyOptions
from chorale.nn.causal import CausalLayer, Chain, EachStep, Recurrent, Tensor


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
    """Return a stack of LSTM layers whose gates see the carry."""
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
        """Leave it to the layers within."""

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


class _GateInputs(keras.layers.Layer):
    """Compute Wx + Uh + b of a cell's gates, layer-normalized or not.

    A cell of Keras has the kernels; this adds the normalization and dropout of the
    carried state that all three cells share.
    """

    def __init__(self, layer_norm: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norms = (
            [keras.layers.LayerNormalization(name=f"norm_{part}") for part in "xh"]
            if layer_norm
            else []
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        for norm in self.norms:
            norm.build(input_shape)

    def call(self, from_input: Tensor, from_state: Tensor) -> tuple[Tensor, Tensor]:
        if self.norms:
            return self.norms[0](from_input), self.norms[1](from_state)
        return from_input, from_state


class SimpleCell(keras.layers.SimpleRNNCell):
    """Compute h' = tanh(Wx + Uh + b), the sums normalized on request."""

    def __init__(self, units: int, *, layer_norm: bool = False, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.gate_inputs = _GateInputs(layer_norm, name="gate_inputs")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.gate_inputs.build((None, self.units))

    def call(
        self, inputs: Tensor, states: list[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        (hidden,) = states
        x, h = self.gate_inputs(
            ops.matmul(inputs, self.kernel),
            ops.matmul(_dropped(self, hidden, training), self.recurrent_kernel),
        )
        hidden = ops.tanh(x + h + self.bias)
        return hidden, [hidden]


class LSTMCell(keras.layers.LSTMCell):
    """Compute an LSTM step; the gates' sums normalized on request."""

    def __init__(self, units: int, *, layer_norm: bool = False, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.gate_inputs = _GateInputs(layer_norm, name="gate_inputs")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.gate_inputs.build((None, 4 * self.units))

    def call(
        self, inputs: Tensor, states: list[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        hidden, carry = states
        x, h = self.gate_inputs(
            ops.matmul(inputs, self.kernel),
            ops.matmul(_dropped(self, hidden, training), self.recurrent_kernel),
        )
        # The gates lie side by side as Keras has them: in, forget, candidate, out.
        i, f, candidate, o = ops.split(x + (h + self.bias), 4, axis=-1)
        i, f = self.look_at(carry, i, 0), self.look_at(carry, f, 1)
        carry = ops.sigmoid(f) * carry + ops.sigmoid(i) * ops.tanh(candidate)
        o = self.look_at(carry, o, 2)
        hidden = ops.sigmoid(o) * ops.tanh(carry)
        return hidden, [hidden, carry]

    def look_at(self, carry: Tensor, gate: Tensor, place: int) -> Tensor:
        """Return a gate's sums with what it makes of the carry: here nothing."""
        return gate


class PeepholeLSTMCell(LSTMCell):
    """Compute an LSTM step whose gates see the carry, each unit its own.

    The gates in and forget see the carry as it was, the gate out the new one (Gers &
    Schmidhuber, "Recurrent Nets that Time and Count", 2000). Before training no gate
    looks, which makes it an LSTM.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.peepholes = self.add_weight(
            shape=(3, self.units), initializer="zeros", name="peepholes"
        )

    def look_at(self, carry: Tensor, gate: Tensor, place: int) -> Tensor:
        """Add the carry to a gate's sums, times the peepholes of that gate."""
        return gate + self.peepholes[place] * carry


class GRUCell(keras.layers.GRUCell):
    """Compute a GRU step (reset after the product); sums normalized on request."""

    def __init__(self, units: int, *, layer_norm: bool = False, **kwargs: Any) -> None:
        super().__init__(units, reset_after=True, **kwargs)
        self.gate_inputs = _GateInputs(layer_norm, name="gate_inputs")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        self.gate_inputs.build((None, 3 * self.units))

    def call(
        self, inputs: Tensor, states: Any, training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        (hidden,) = states
        x, h = self.gate_inputs(
            ops.matmul(inputs, self.kernel),
            ops.matmul(_dropped(self, hidden, training), self.recurrent_kernel),
        )
        # The gates lie side by side as Keras has them: update, reset, candidate.
        update_x, reset_x, candidate_x = ops.split(x + self.bias[0], 3, axis=-1)
        update_h, reset_h, candidate_h = ops.split(h + self.bias[1], 3, axis=-1)
        update = ops.sigmoid(update_x + update_h)
        reset = ops.sigmoid(reset_x + reset_h)
        candidate = ops.tanh(candidate_x + reset * candidate_h)
        hidden = update * hidden + (1 - update) * candidate
        return hidden, [hidden]


def _dropped(cell: Any, hidden: Tensor, training: bool) -> Tensor:
    """Return the carried state with the cell's recurrent dropout applied.

    One mask serves all gates and all steps of a sequence (Gal & Ghahramani, 2016).
    """
    if not (training and cell.recurrent_dropout):
        return hidden
    masks = cell.get_recurrent_dropout_mask(hidden)
    # Keras draws one mask for each gate where a cell has several.
    return hidden * (masks[0] if isinstance(masks, list) else masks)
