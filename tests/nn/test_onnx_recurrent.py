"""LSTM layers as LSTM operators of ONNX, whose weights are those of the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chorale.nn.onnx_sessions import Graph, as_weights
from chorale.utils.files import save_arrays

pytestmark = pytest.mark.keras

WIDTH, UNITS = 3, 5


@pytest.fixture(scope="module")
def network():
    """Return an LSTM in both directions, of random weights."""
    import keras

    from chorale.nn.recurrent import Bidirectional, LSTMCell

    forwards, backwards = (
        keras.layers.RNN(LSTMCell(UNITS), return_sequences=True, name=name)
        for name in ("forwards", "backwards")
    )
    x, present = keras.Input((None, WIDTH)), keras.Input((None,))
    network = keras.Model(
        [x, present], Bidirectional(forwards, backwards, name="both")(x, present)
    )
    random = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(random.normal(size=weight.shape))
    return network


@pytest.fixture(scope="module")
def graph(network) -> bytes:
    from chorale.nn.onnx_export import Value, export_graph

    return export_graph(
        network,
        lambda x, present: network([x, present], training=False),
        [
            Value("x", "float32", (None, None, WIDTH)),
            Value("present", "float32", (None, None)),
        ],
        ["hidden"],
    )


def test_an_lstm_becomes_one_operator_without_a_loop(graph):
    import onnx

    operators = [node.op_type for node in onnx.load_from_string(graph).graph.node]
    assert operators.count("LSTM") == 2 and "Loop" not in operators
    assert len(graph) < 10_000


@pytest.mark.parametrize("lengths", [(1,), (7,), (4, 9, 2)])
def test_it_computes_what_keras_computes(network, graph, lengths, tmp_path: Path):
    (tmp_path / "graph.onnx").write_bytes(graph)
    random = np.random.default_rng(len(lengths))
    x = random.normal(size=(len(lengths), max(lengths), WIDTH)).astype(np.float32)
    present = np.arange(max(lengths)) < np.array(lengths)[:, np.newaxis]
    inputs = [x, present.astype(np.float32)]
    for change in (0.0, 0.5):  # the weights that are lent count, no others
        for weight in network.weights:
            weight.assign_add(np.full(weight.shape, change))
        arrays = {weight.path: np.asarray(weight) for weight in network.weights}
        save_arrays(tmp_path / "weights.npz", arrays)
        opened = Graph(
            tmp_path / "graph.onnx",
            {"x": (WIDTH,), "present": ()},
            {"hidden": (2 * UNITS,)},
            weights=as_weights(arrays),
            threads=1,
        )
        (hidden,) = opened.run(dict(zip(("x", "present"), inputs, strict=True)))
        expected = np.asarray(network(inputs, training=False))
        np.testing.assert_allclose(hidden[present], expected[present], atol=1e-5)
