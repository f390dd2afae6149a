"""Graphs with their weights inside in half precision, or outside under their names."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from chorale.errors import ModelError
from chorale.nn.onnx_export import Value, export_graph, export_parts
from chorale.nn.onnx_sessions import as_weights, open_graph
from chorale.utils.files import save_arrays

WIDE, NARROW = 96, 4


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Return a network of a large weight (48, 48), a small one, and biases."""
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
    (tmp_path / "graph.onnx").write_bytes(graphs[True])
    session = open_graph(tmp_path / "graph.onnx", threads=1)
    assert [value.name for value in session.get_inputs()] == ["points"]
    assert [value.name for value in session.get_outputs()] == ["answers"]
    (answers,) = session.run(None, {"points": x})
    assert answers.dtype == np.float32
    halved = outputs(network, x, "large/kernel")
    np.testing.assert_allclose(answers, halved, atol=2e-6)
    assert np.abs(outputs(network, x) - halved).max() > 1e-5  # or nothing is shown
    stored = {
        tuple(one.dims): one.data_type
        for one in onnx.load_from_string(graphs[True]).graph.initializer
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
    weights = as_weights(arrays)
    session = open_graph(tmp_path / "graph.onnx", weights, threads=1)
    (answers,) = session.run(None, {"points": x})
    np.testing.assert_allclose(answers, outputs(network, x), atol=2e-6)
    doubled = as_weights({**arrays, "small/bias": arrays["small/bias"] + 1})
    session = open_graph(tmp_path / "graph.onnx", doubled, threads=1)
    (more,) = session.run(None, {"points": x})
    np.testing.assert_allclose(more, answers + 1, atol=2e-6)


def test_a_graph_takes_any_number_of_rows(
    network: keras.Model, graphs: dict[bool, bytes], x: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "graph.onnx").write_bytes(graphs[True])
    session = open_graph(tmp_path / "graph.onnx", threads=1)
    (together,) = session.run(None, {"points": x})
    (alone,) = session.run(None, {"points": x[1:2]})
    np.testing.assert_allclose(alone, together[1:2], atol=1e-6)


def test_another_backend_than_tensorflow_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ModelError, match=r"TensorFlow.*got jax.*--resume --finish"):
        export_graph(keras.Sequential(), lambda x: x, [], [])


def test_parts_hold_what_they_need_alone(network: keras.Model, tmp_path: Path) -> None:
    def both(x: object, y: object) -> list[object]:
        return [network(x, training=False), x + y]  # type: ignore[operator]

    inputs = [Value("x", "float32", (None, WIDE)), Value("y", "float32", (None, WIDE))]
    answer, total = export_parts(network, both, inputs, "it")
    for name, part, wanted in (("answer", answer, ["x"]), ("total", total, ["x", "y"])):
        graph = onnx.load_from_string(part).graph
        assert [value.name for value in graph.input] == wanted, name
        assert [value.name for value in graph.output] == ["it"]
        held = {one.name for one in graph.initializer if one.external_data}
        weights = {weight.path for weight in network.weights}
        assert held == (weights if name == "answer" else set())
        (tmp_path / f"{name}.onnx").write_bytes(part)
    points = np.random.default_rng(1).normal(size=(5, WIDE)).astype(np.float32)
    arrays = {weight.path: np.asarray(weight) for weight in network.weights}
    save_arrays(tmp_path / "weights.npz", arrays)
    stored = as_weights(arrays)
    session = open_graph(tmp_path / "answer.onnx", stored, threads=1)
    (answers,) = session.run(None, {"x": points})
    np.testing.assert_allclose(answers, np.asarray(network(points)), atol=1e-5)
    (sums,) = open_graph(tmp_path / "total.onnx", threads=1).run(
        None, {"x": points, "y": points}
    )
    np.testing.assert_allclose(sums, 2 * points, rtol=1e-6)
