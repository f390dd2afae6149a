"""Recurrences over whole sequences, with their gradients written out for training.

Differentiating a loop adds up the gradient of its kernel step by step: for short
batches that costs more than all matrix products. Backpropagation through time needs
only the gradient of the state in the loop (Werbos, 1990); the gradients of kernel and
bias are one product over all steps, afterwards. So is what the input adds to the gates,
before.

Sequences are (steps, batch, …) here, as loops read them.
"""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any  # of the Keras backend


def gru_sequence(inputs: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Return the states of a GRU (reset after the product) that begins at zero.

    Args:
        inputs: float (steps, batch, 3 * units), what the input adds to the gates
            update, reset and candidate, with its bias.
        kernel: float (units, 3 * units), of the state.
        bias: float (3 * units,), of the state.

    Returns:
        float (steps, batch, units).
    """
    # Copies are tensors, of what may be variables.
    return ops.custom_gradient(_gru)(inputs, ops.copy(kernel), ops.copy(bias))


def lstm_sequence(inputs: Tensor, kernel: Tensor) -> Tensor:
    """Return the hidden states of an LSTM that begins at zero.

    Args:
        inputs: float (steps, batch, 4 * units), what the input adds to the gates in,
            forget, candidate and out, with the bias.
        kernel: float (units, 4 * units), of the hidden state.

    Returns:
        float (steps, batch, units).
    """
    return ops.custom_gradient(_lstm)(inputs, ops.copy(kernel))


def _gru(inputs: Tensor, kernel: Tensor, bias: Tensor) -> tuple[Tensor, Any]:
    units = kernel.shape[0]

    def step(carry: Any, from_input: Tensor) -> Any:
        hidden = carry[0]
        from_state = ops.matmul(hidden, kernel) + bias
        x, h = from_input[:, : 2 * units], from_state[:, : 2 * units]
        update, reset = ops.split(ops.sigmoid(x + h), 2, axis=-1)
        h = from_state[:, 2 * units :]
        candidate = ops.tanh(from_input[:, 2 * units :] + reset * h)
        hidden = update * hidden + (1 - update) * candidate
        kept = (hidden, update, reset, candidate, h)
        return kept, kept

    zero = ops.zeros_like(inputs[0, :, :units])
    _, kept = ops.scan(step, (zero,) * 5, inputs)
    hidden, update, reset, candidate, h = kept

    def gradient(*args: Any, upstream: Tensor = None) -> tuple[Tensor, ...]:
        of_output = args[0] if upstream is None else upstream
        before = _before(hidden)
        # The gradient of the sums of each gate is this times that of the state.
        by_candidate = (1 - update) * (1 - candidate**2)
        by_reset = by_candidate * h * reset * (1 - reset)
        by_update = (before - candidate) * update * (1 - update)
        factors = ops.concatenate([by_update, by_reset, by_candidate * reset], axis=-1)
        transposed = ops.transpose(kernel)

        def back(carry: Any, of_step: Any) -> Any:
            of_output, factors, update = of_step
            of_hidden = carry[0] + of_output
            of_sums = ops.tile(of_hidden, (1, 3)) * factors
            earlier = of_hidden * update + ops.matmul(of_sums, transposed)
            return (earlier, of_hidden), (earlier, of_hidden)

        steps = (of_output, factors, update)
        _, (_, of_hidden) = ops.scan(back, (zero, zero), steps, reverse=True)
        of_sums = ops.tile(of_hidden, (1, 1, 3)) * factors
        of_inputs = [of_sums[..., : 2 * units], of_hidden * by_candidate]
        return (
            ops.concatenate(of_inputs, axis=-1),
            _of_kernel(before, of_sums),
            ops.sum(of_sums, axis=(0, 1)),
        )

    return hidden, gradient


def _lstm(inputs: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
    units = kernel.shape[0]

    def step(carry: Any, from_input: Tensor) -> Any:
        sums = from_input + ops.matmul(carry[0], kernel)
        i, f, candidate, o = ops.split(sums, 4, axis=-1)
        cell = ops.sigmoid(f) * carry[1] + ops.sigmoid(i) * ops.tanh(candidate)
        kept = (ops.sigmoid(o) * ops.tanh(cell), cell, sums)
        return kept, kept

    zero = ops.zeros_like(inputs[0, :, :units])
    begin = (zero, zero, ops.zeros_like(inputs[0]))
    _, (hidden, cell, sums) = ops.scan(step, begin, inputs)

    def gradient(*args: Any, upstream: Tensor = None) -> tuple[Tensor, ...]:
        of_output = args[0] if upstream is None else upstream
        i, f, candidate, o = ops.split(sums, 4, axis=-1)
        i, f, o = ops.sigmoid(i), ops.sigmoid(f), ops.sigmoid(o)
        candidate, wave = ops.tanh(candidate), ops.tanh(cell)
        # The gradient of the sums of each gate is this times that of the cell; of the
        # gate out, and of the cell itself, times that of the hidden state.
        by_cell = ops.concatenate(
            [
                candidate * i * (1 - i),
                _before(cell) * f * (1 - f),
                i * (1 - candidate**2),
            ],
            axis=-1,
        )
        by_out, by_hidden = wave * o * (1 - o), o * (1 - wave**2)
        transposed = ops.transpose(kernel)

        def back(carry: Any, of_step: Any) -> Any:
            of_output, by_cell, by_out, by_hidden, forget = of_step
            of_hidden = carry[0] + of_output
            of_cell = carry[1] + of_hidden * by_hidden
            of_gates = [ops.tile(of_cell, (1, 3)) * by_cell, of_hidden * by_out]
            of_sums = ops.concatenate(of_gates, axis=-1)
            kept = (ops.matmul(of_sums, transposed), of_cell * forget, of_sums)
            return kept, kept

        steps = (of_output, by_cell, by_out, by_hidden, f)
        _, (_, _, of_sums) = ops.scan(back, begin, steps, reverse=True)
        return of_sums, _of_kernel(_before(hidden), of_sums)

    return hidden, gradient


def _before(states: Tensor) -> Tensor:
    """Return each step's state before it, (steps, batch, units), zero at first."""
    return ops.concatenate([ops.zeros_like(states[:1]), states[:-1]], axis=0)


def _of_kernel(states: Tensor, of_sums: Tensor) -> Tensor:
    """Return the gradient of a kernel, (units, gates * units)."""
    states = ops.reshape(states, (-1, states.shape[-1]))
    of_sums = ops.reshape(of_sums, (-1, of_sums.shape[-1]))
    return ops.matmul(ops.transpose(states), of_sums)
