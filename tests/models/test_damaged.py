"""Damaged models whose hashes are right: refused when they are opened, by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chorale.errors import ModelError
from chorale.models.storage import load_model
from chorale.nn.cards import PRETRAINED
from chorale.nn.onnx_sessions import Graph
from chorale.sketches.models import load_classifier
from chorale.utils.files import load_arrays, save_arrays, sha256

pytestmark = pytest.mark.keras

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def copy(next_step_run: Path, tmp_path: Path) -> Path:
    """Return a copy of a tiny model."""
    return Path(shutil.copytree(next_step_run / "model", tmp_path / "copy"))


def begin(folder: Path) -> None:
    """Open a model and begin a piece, for which the graphs of a step are opened."""
    model = load_model(folder, kind="next-step")
    model.start(np.zeros((1, len(model.plan_features)), np.int64))


def edit(folder: Path, change: Change) -> None:
    """Change the values of a card, whose hashes become those of the files."""
    path = folder / "card.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    for name in values["files"]:
        values["files"][name] = sha256(folder / name)
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")


def put(value: object, *place: str) -> Change:
    """Return a change of one value of a card."""

    def change(values: dict[str, Any]) -> None:
        *above, last = place
        for name in above:
            values = values[name]
        values[last] = value

    return change


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("name",), 3),
        (("command",), None),
        (("figures",), [1]),
        (("training",), "none"),
        (("files",), {"weights.npz": 3}),
        (("files",), None),
        (("versions",), [1]),
        (("plan_features",), 3),
        (("plan_features",), [["position"]]),
        (("voice_order",), "0213"),
        (("memory",), [3]),
        (("memory",), [{"length": 1, "shape": [16]}]),
        (("memory",), [{"length": 1, "shape": ["16"], "lags": [1]}]),
        (("memory",), [{"length": 1, "shape": [-1], "lags": [1]}]),
        (("memory",), [{"length": 0, "shape": [16], "lags": []}]),
        (("memory",), [{"length": 2, "shape": [16], "lags": [3]}]),
        (("memory",), [{"length": 1.5, "shape": [16], "lags": [1]}]),
        (("memory",), [{"length": 10**9, "shape": [16], "lags": [1]}]),
        (("memory_shapes",), [3]),
        (("memory_shapes",), [["16"]]),
        (("memory_shapes",), [[10**9]]),
        (("network", "units"), "16"),
        (("network", "units"), 16.5),
        (("network", "units"), 10**9),
        (("network", "layer_norm"), 0),
        (("network", "body"), None),
        (("network", "body"), ["lstm"]),
        (("network",), 3),
        (("vocabulary", "lowest"), "43"),
        (("vocabulary", "highest"), 10**9),
        (("vocabulary", "ranges"), [[1, 2, 3]] * 4),
        (("vocabulary",), None),
    ],
)
def test_a_card_with_values_of_other_types_is_refused(
    copy: Path, place: tuple[str, ...], value: object
) -> None:
    edit(copy, put(value, *place))
    with pytest.raises(ModelError, match=r"card\.json: expected"):
        load_model(copy)


@pytest.mark.parametrize(
    "value", [3, "words", ["a", 3], None, [["cat"]]], ids=lambda value: str(value)
)
def test_a_card_of_other_words_is_refused(value: object, tmp_path: Path) -> None:
    copy = shutil.copytree(PRETRAINED / "quickdraw", tmp_path / "copy")
    edit(copy, put(value, "words"))
    with pytest.raises(ModelError, match=r"card\.json: expected|does not fit"):
        load_classifier(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda array: array[:-1],
        lambda array: np.concatenate([array, array]),
        lambda array: array.T.reshape(-1),
        lambda array: np.full_like(array, np.nan),
        lambda array: array.astype(np.int16),
        lambda array: array.astype(str),
    ],
    ids=["shorter", "longer", "flat", "nan", "integers", "text"],
)
def test_weights_that_do_not_fit_are_refused(
    copy: Path, change: Callable[[Any], Any]
) -> None:
    arrays = load_arrays(copy / "weights.npz")
    # Of an embedding of the body, and so of the graph of a step.
    name = max(arrays, key=lambda name: (arrays[name].ndim, arrays[name].size))
    save_arrays(copy / "weights.npz", arrays | {name: change(arrays[name])})
    edit(copy, lambda values: None)
    with pytest.raises(ModelError):
        begin(copy)


def test_missing_weights_are_refused(copy: Path) -> None:
    arrays = load_arrays(copy / "weights.npz")
    save_arrays(copy / "weights.npz", {"other": arrays.popitem()[1]})
    edit(copy, lambda values: None)
    with pytest.raises(ModelError, match=r"do not fit the graph: .* got none"):
        begin(copy)


@pytest.mark.parametrize("name", ["intervals", "durations"])
def test_tunes_out_of_range_are_refused(copy: Path, name: str) -> None:
    arrays = load_arrays(copy / "tunes.npz")
    value = 10**6 if name == "intervals" else -1
    save_arrays(copy / "tunes.npz", arrays | {name: np.full_like(arrays[name], value)})
    edit(copy, lambda values: None)
    with pytest.raises(ModelError, match=r"tunes\.npz: expected intervals of at most"):
        load_model(copy)


def gather(path: Path, index: int) -> None:
    """Write a graph that reads a row of a table of four rows, for each input."""
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node("Add", ["x", "offset"], ["row"]),
            helper.make_node("Gather", ["table", "row"], ["y"]),
        ],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
        [
            numpy_helper.from_array(np.array([index]), "offset"),
            numpy_helper.from_array(np.ones((4, 2), np.float32), "table"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 9
    path.write_bytes(made.SerializeToString())


def test_a_graph_that_fails_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    path, shapes = tmp_path / "graph.onnx", ({"x": ()}, {"y": (2,)})
    gather(path, 9)
    zero = {"x": np.zeros(1, np.int64)}
    with pytest.raises(ModelError, match=r"graph\.onnx: ONNX Runtime fails to run it"):
        Graph(path, *shapes, threads=1, example=zero)


def test_a_graph_that_fails_later_is_refused_too(tmp_path: Path) -> None:
    path, shapes = tmp_path / "graph.onnx", ({"x": ()}, {"y": (2,)})
    gather(path, 0)
    graph = Graph(path, *shapes, threads=1, example={"x": np.zeros(1, np.int64)})
    assert graph.run({"x": np.array([3])})[0].tolist() == [[1, 1]]
    with pytest.raises(ModelError, match=r"graph\.onnx: ONNX Runtime fails to run it"):
        graph.run({"x": np.array([4])})


def test_a_bound_graph_reads_and_writes_in_place_and_is_refused_too(
    tmp_path: Path,
) -> None:
    path, shapes = tmp_path / "graph.onnx", ({"x": ()}, {"y": (2,)})
    gather(path, 0)
    graph = Graph(path, *shapes, threads=1, example={"x": np.zeros(1, np.int64)})
    rows, found = np.array([3, 1]), np.zeros((2, 2), np.float32)
    bound = graph.bind({"x": rows, "other": rows}, {"y": found})
    assert bound.run()[0] is found
    assert found.tolist() == [[1, 1], [1, 1]]
    rows[1] = 4
    with pytest.raises(ModelError, match=r"graph\.onnx: ONNX Runtime fails to run it"):
        bound.run()
    # An output of another shape is not written beyond its end.
    short = graph.bind({"x": np.array([3, 1, 2])}, {"y": found})
    with pytest.raises(ModelError, match=r"graph\.onnx: ONNX Runtime fails to run it"):
        short.run()
    with pytest.raises(ValueError, match="expected a contiguous array"):
        graph.bind({"x": rows}, {"y": found.T})
