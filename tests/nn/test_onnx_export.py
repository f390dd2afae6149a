"""Graphs with their weights inside in half precision, or outside under their names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from chorale.errors import ModelError
from chorale.nn.onnx_sessions import Graph, as_weights
from chorale.utils.files import save_arrays

if TYPE_CHECKING:
    import keras

pytestmark = pytest.mark.keras

WIDE, NARROW = 96, 4
SHAPES = {"points": (WIDE,)}, {"answers": (NARROW,)}


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Return a network of a large weight (48, 48), a small one, and biases."""
    import keras

    keras.utils.set_random_seed(0)
    x = keras.Input((WIDE,), name="x")
    hidden = keras.layers.Dense(WIDE, activation="tanh", name="large")(x)
    network = keras.Model(x, keras.layers.Dense(NARROW, name="small")(hidden))
    random = np.random.default_rng(0)
    for weight in network.weights:
        # A third is not of half precision, so rounding is seen.
        weight.assign(random.uniform(-1, 1, weight.shape) / 3)
    return network


@pytest.fixture(scope="module")
def graphs(network: keras.Model) -> dict[bool, bytes]:
    """Return its graph, by whether it has its weights."""
    from chorale.nn.onnx_export import Value, export_graph

    return {
        inside: export_graph(
            network,
            lambda x: network(x, training=False),
            [Value("points", "float32", (None, WIDE))],
            ["answers"],
            with_weights=inside,
        )
        for inside in (True, False)
    }


def outputs(network: keras.Model, x: np.ndarray, *halved: str) -> np.ndarray:
    """Return what a network gives if some of its weights are rounded."""
    arrays = {
        weight.path: np.asarray(weight).astype(
            np.float16 if weight.path in halved else np.float32
        )
        for weight in network.weights
    }
    hidden = np.tanh(
        x @ arrays["large/kernel"].astype(np.float32) + arrays["large/bias"]
    )
    return np.asarray(
        hidden @ arrays["small/kernel"].astype(np.float32) + arrays["small/bias"]
    )


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(3, WIDE)).astype(np.float32)


def test_only_large_weights_are_halved(
    network: keras.Model, graphs: dict[bool, bytes], x: np.ndarray, tmp_path: Path
) -> None:
    import onnx

    (tmp_path / "graph.onnx").write_bytes(graphs[True])
    graph = Graph(tmp_path / "graph.onnx", *SHAPES, threads=1)
    (answers,) = graph.run({"points": x})
    assert answers.dtype == np.float32
    halved = outputs(network, x, "large/kernel")
    np.testing.assert_allclose(answers, halved, atol=2e-6)
    assert np.abs(outputs(network, x) - halved).max() > 1e-5  # or nothing is shown
    stored = {
        tuple(weight.dims): weight.data_type
        for weight in onnx.load_from_string(graphs[True]).graph.initializer
    }
    assert stored[WIDE, WIDE] == onnx.TensorProto.FLOAT16
    assert stored[WIDE, NARROW] == onnx.TensorProto.FLOAT
    assert len(graphs[True]) < 3 * WIDE**2


def test_a_graph_without_weights_is_lent_them_by_name(
    network: keras.Model, graphs: dict[bool, bytes], x: np.ndarray, tmp_path: Path
) -> None:
    assert len(graphs[False]) < WIDE**2
    (tmp_path / "graph.onnx").write_bytes(graphs[False])
    arrays = {weight.path: np.asarray(weight) for weight in network.weights}
    save_arrays(tmp_path / "weights.npz", arrays)
    more = {**arrays, "small/bias": arrays["small/bias"] + 1}
    answers = []
    for weights in (arrays, more):
        graph = Graph(
            tmp_path / "graph.onnx", *SHAPES, weights=as_weights(weights), threads=1
        )
        answers += graph.run({"points": x})
    np.testing.assert_allclose(answers[0], outputs(network, x), atol=2e-6)
    np.testing.assert_allclose(answers[1], answers[0] + 1, atol=2e-6)


def test_a_graph_takes_any_number_of_rows(
    network: keras.Model, graphs: dict[bool, bytes], x: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "graph.onnx").write_bytes(graphs[True])
    graph = Graph(tmp_path / "graph.onnx", *SHAPES, threads=1)
    (together,) = graph.run({"points": x})
    (alone,) = graph.run({"points": x[1:2]})
    np.testing.assert_allclose(alone, together[1:2], atol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ({"x": (WIDE,)}, {"answers": ()}, "expected inputs out of x, got points"),
        ({"points": (3,)}, {"answers": ()}, r"points of last axes \(3,\), got \(96,\)"),
        ({"points": ()}, {"answers": (), "y": ()}, "expected 2 outputs, got 1"),
    ],
)
def test_a_graph_of_another_shape_is_refused(
    graphs: dict[bool, bytes], inputs, outputs, message, tmp_path: Path
) -> None:
    (tmp_path / "graph.onnx").write_bytes(graphs[True])
    with pytest.raises(ModelError, match=f"does not fit its card: .*{message}"):
        Graph(tmp_path / "graph.onnx", inputs, outputs, threads=1)


def test_another_backend_than_tensorflow_is_refused_with_advice(monkeypatch):
    import keras

    from chorale.nn.onnx_export import export_graph

    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ModelError, match=r"TensorFlow.*got jax.*--resume --finish"):
        export_graph(keras.Sequential(), lambda x: x, [], [])


def test_parts_hold_what_they_need_alone(network: keras.Model, tmp_path: Path) -> None:
    import onnx

    from chorale.nn.onnx_export import Value, export_parts

    def both(x: object, y: object) -> list[object]:
        return [network(x, training=False), x + y]  # type: ignore[operator]

    inputs = [Value("x", "float32", (None, WIDE)), Value("y", "float32", (None, WIDE))]
    answer, total = export_parts(network, both, inputs, "z")
    for name, part, wanted in (("answer", answer, ["x"]), ("total", total, ["x", "y"])):
        graph = onnx.load_from_string(part).graph
        assert [value.name for value in graph.input] == wanted, name
        assert [value.name for value in graph.output] == ["z"]
        held = {each.name for each in graph.initializer if each.external_data}
        weights = {weight.path for weight in network.weights}
        assert held == (weights if name == "answer" else set())
        (tmp_path / f"{name}.onnx").write_bytes(part)
    points = np.random.default_rng(1).normal(size=(5, WIDE)).astype(np.float32)
    arrays = {weight.path: np.asarray(weight) for weight in network.weights}
    save_arrays(tmp_path / "weights.npz", arrays)
    weights = as_weights(arrays)
    shapes = {"x": (WIDE,), "y": (WIDE,)}, {"z": ()}
    graph = Graph(tmp_path / "answer.onnx", *shapes, weights=weights, threads=1)
    (answers,) = graph.run({"x": points})
    np.testing.assert_allclose(answers, np.asarray(network(points)), atol=1e-5)
    graph = Graph(tmp_path / "total.onnx", *shapes, threads=1)
    (sums,) = graph.run({"x": points, "y": points})
    np.testing.assert_allclose(sums, 2 * points, rtol=1e-6)
