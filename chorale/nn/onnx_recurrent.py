"""Weights of LSTM operators in ONNX graphs, made of those of Keras.

The converter writes an LSTM of Keras as the LSTM operator of ONNX, whose weights are in
another layout: transposed, the gates in another order, and with two biases. To leave
them out of a graph (`chorale.nn.onnx_export`), they have to be those of the network.
So each is replaced by a constant in the layout of Keras and the nodes that arrange it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chorale.utils.arrays import FloatArray, IntArray

Graph = Any  # onnx.GraphProto
Node = Any  # onnx.NodeProto

# The gates of Keras (in, forget, candidate, out) in the order of ONNX (in, out, forget,
# candidate); and the other way round.
_TO_ONNX, _TO_KERAS = (0, 3, 1, 2), (0, 2, 3, 1)
_GATES = 4


def arrange_lstm_weights(graph: Graph) -> None:
    """Make the weights of every LSTM of constants in the layout of Keras.

    The kernels become constants (in, 4 * units) and (units, 4 * units), the bias one of
    (4 * units,). LSTMs in the graphs of loops stay as they are.
    """
    import onnx

    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes: list[Node] = []
    for node in graph.node:
        names = list(node.input[1:4])
        if node.op_type == "LSTM" and all(name in constants for name in names):
            arrays = [onnx.numpy_helper.to_array(constants[name]) for name in names]
            assert len(arrays[0]) == 1, "an LSTM of two directions"
            stored, made = _arranged(node.name, *arrays)
            graph.initializer.extend(stored)
            nodes += made
            for index, last in enumerate(made[2::3], start=1):
                node.input[index] = last.output[0]
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def _arranged(
    name: str, kernel: FloatArray, recurrent: FloatArray, biases: FloatArray
) -> tuple[list[Any], list[Node]]:
    """Return the constants and the nodes of one LSTM, three nodes for each weight.

    Args:
        name: of the LSTM, the beginning of all new names.
        kernel: float array (1, 4 * units, in), recurrent the same (1, 4 * units,
            units).
        biases: float array (1, 8 * units), of the input and of the state.
    """
    from onnx import helper, numpy_helper

    bias, other = np.split(biases[0], 2)
    columns = _columns(len(bias) // _GATES, _TO_KERAS)
    weights = {
        "kernel": kernel[0].T[:, columns],
        "recurrent": recurrent[0].T[:, columns],
        "bias": (bias + other)[columns],
    }
    integers = {
        "order": _columns(len(bias) // _GATES, _TO_ONNX),
        "axis": np.zeros(1, np.int64),
        "padding": np.array([0, len(bias)]),  # the second bias is none
    }
    constants = [
        numpy_helper.from_array(np.ascontiguousarray(array), f"{name}/{key}")
        for key, array in {**weights, **integers}.items()
    ]
    nodes = []
    for key in weights:
        is_bias = key == "bias"
        source, ordered, turned, stacked = (
            f"{name}/{key}{suffix}" for suffix in ("", "/order", "/turn", "/stack")
        )
        nodes += [
            helper.make_node(
                "Gather",
                [source, f"{name}/order"],
                [ordered],
                axis=0 if is_bias else 1,
            ),
            helper.make_node("Pad", [ordered, f"{name}/padding"], [turned])
            if is_bias
            else helper.make_node("Transpose", [ordered], [turned], perm=[1, 0]),
            helper.make_node("Unsqueeze", [turned, f"{name}/axis"], [stacked]),
        ]
    return constants, nodes


def _columns(units: int, gates: tuple[int, ...]) -> IntArray:
    """Return the columns of some gates in a row, int64 array (4 * units,)."""
    starts = units * np.array(gates)
    columns: IntArray = (starts[:, np.newaxis] + np.arange(units)).ravel()
    return columns
