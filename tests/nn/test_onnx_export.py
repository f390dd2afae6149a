"""Graphs whose weights are outside, under their names."""

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
def graph(network: keras.Model) -> bytes:
    """Return its graph."""
    from chorale.nn.onnx_export import Value, export_graph

    return export_graph(
        network,
        lambda x: network(x, training=False),
        [Value("points", "float32", (None, WIDE))],
        ["answers"],
    )


def opened(network: keras.Model, graph: bytes, folder: Path, more: float = 0) -> Graph:
    """Open a graph with the weights of a network, and more of the last bias."""
    (folder / "graph.onnx").write_bytes(graph)
    arrays = {weight.path: np.asarray(weight) for weight in network.weights}
    save_arrays(folder / "weights.npz", arrays)
    weights = as_weights({**arrays, "small/bias": arrays["small/bias"] + more})
    return Graph(folder / "graph.onnx", *SHAPES, weights=weights, threads=1)


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(3, WIDE)).astype(np.float32)


def test_a_graph_without_weights_is_lent_them_by_name(
    network: keras.Model, graph: bytes, x: np.ndarray, tmp_path: Path
) -> None:
    assert len(graph) < WIDE**2
    answers = []
    for more in (0, 1):
        answers += opened(network, graph, tmp_path, more).run({"points": x})
    expected = np.asarray(network(x, training=False))
    np.testing.assert_allclose(answers[0], expected, atol=2e-6)
    np.testing.assert_allclose(answers[1], expected + 1, atol=2e-6)


def test_a_graph_that_is_lent_no_weights_is_refused(
    network: keras.Model, graph: bytes, tmp_path: Path
) -> None:
    opened(network, graph, tmp_path)
    # The file is beside it, but ONNX Runtime would read its header as numbers.
    with pytest.raises(ModelError, match=r"do not fit the graph: .* got none"):
        Graph(tmp_path / "graph.onnx", *SHAPES, threads=1)


def test_a_graph_takes_any_number_of_rows(
    network: keras.Model, graph: bytes, x: np.ndarray, tmp_path: Path
) -> None:
    whole = opened(network, graph, tmp_path)
    (together,) = whole.run({"points": x})
    (alone,) = whole.run({"points": x[1:2]})
    np.testing.assert_allclose(alone, together[1:2], atol=1e-6)


@pytest.mark.parametrize("shared", [True, False])
def test_the_kernel_of_a_convolution_over_steps_is_left_out(
    shared: bool, tmp_path: Path
) -> None:
    import keras
    import onnx

    from chorale.nn.onnx_export import Value, export_graph

    keras.utils.set_random_seed(0)
    steps = keras.Input((None, WIDE))
    convolution = keras.layers.Conv1D(NARROW, 5, 2, "same", name="conv")
    network = keras.Model(steps, convolution(steps))
    graph = export_graph(
        network,
        lambda steps: network(steps, training=False),
        [Value("points", "float32", (None, None, WIDE))],
        ["answers"],
        shared=shared,
    )
    exported = onnx.load_from_string(graph).graph
    held = {each.name for each in exported.initializer if each.external_data}
    assert "conv/kernel" in held
    # ONNX Runtime folds constants, and an input is none.
    assert ("conv/kernel" in {each.name for each in exported.input}) == shared
    (tmp_path / "graph.onnx").write_bytes(graph)
    (tmp_path / "weights.npz").touch()
    weights = as_weights({each.path: np.asarray(each) for each in network.weights})
    path = tmp_path / "graph.onnx"
    session = Graph(path, *SHAPES, weights=weights, shared=shared, threads=1)
    x = np.random.default_rng(1).normal(size=(2, 7, WIDE)).astype(np.float32)
    (answers,) = session.run({"points": x})
    np.testing.assert_allclose(answers, np.asarray(network(x)), atol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ({"x": (WIDE,)}, {"answers": ()}, "expected inputs out of x, got points"),
        ({"points": (3,)}, {"answers": ()}, r"points of last axes \(3,\), got \(96,\)"),
        ({"points": ()}, {"answers": (), "y": ()}, "expected 2 outputs, got 1"),
    ],
)
def test_a_graph_of_another_shape_is_refused(
    network: keras.Model, graph: bytes, inputs, outputs, message, tmp_path: Path
) -> None:
    opened(network, graph, tmp_path)
    weights = as_weights({each.path: np.asarray(each) for each in network.weights})
    with pytest.raises(ModelError, match=f"does not fit its card: .*{message}"):
        Graph(tmp_path / "graph.onnx", inputs, outputs, weights=weights, threads=1)


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
