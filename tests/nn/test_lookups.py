"""Look-ups in tables, and their form in exported graphs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.nn.onnx_sessions import Graph, as_weights
from chorale.nn.onnx_weights import expected_weights
from chorale.utils.files import save_arrays

pytestmark = pytest.mark.keras


@given(first=st.integers(1, 5), second=st.integers(1, 5), seed=st.integers(0, 99))
def test_a_pair_is_looked_up_where_numpy_finds_it(
    first: int, second: int, seed: int
) -> None:
    from chorale.nn.lookups import as_table, look_up, look_up_pairs, pick

    random = np.random.default_rng(seed)
    table = as_table(random.integers(0, 99, (first, second)))
    rows = random.integers(0, first, (4, 1)).astype(np.int32)
    columns = random.integers(0, second, (4, 3)).astype(np.int32)
    found = np.asarray(look_up_pairs(table, rows, columns))
    np.testing.assert_array_equal(found, table[rows, columns])
    np.testing.assert_array_equal(np.asarray(look_up(table, rows)), table[rows])
    order = random.permutation(3).tolist()
    np.testing.assert_array_equal(np.asarray(pick(columns, order)), columns[:, order])


@pytest.fixture(scope="module")
def graph() -> tuple[Any, bytes]:
    """Return a network that reads its weight in another shape, and its graph."""
    import keras
    from keras import ops

    from chorale.nn.lookups import look_up, look_up_along
    from chorale.nn.onnx_export import Value, export_graph

    class Table(keras.layers.Layer):
        def build(self, *shapes: object) -> None:
            self.table = self.add_weight(shape=(2_000, 1), name="table")

        def call(self, places: tuple[Any, Any]) -> Any:
            row, columns = places
            rows = look_up(ops.reshape(self.table, (50, 40)), row)
            return look_up_along(rows, columns)

    row = keras.Input((), dtype="int32", name="row")
    columns = keras.Input((3,), dtype="int32", name="columns")
    layer = Table(name="layer")
    network = keras.Model([row, columns], layer([row, columns]))
    layer.table.assign(np.random.default_rng(0).normal(size=(2_000, 1)))
    inputs = [Value("row", "int32", (None,)), Value("columns", "int32", (None, 3))]
    exported = export_graph(
        network, lambda row, columns: layer([row, columns]), inputs, ["found"]
    )
    return layer, exported


def test_a_look_up_along_rows_is_one_node(graph: tuple[Any, bytes]) -> None:
    import onnx

    nodes = Counter(n.op_type for n in onnx.load_from_string(graph[1]).graph.node)
    assert nodes == {"Reshape": 1, "Gather": 1, "GatherElements": 1}


def test_a_graph_reads_a_weight_in_another_shape(
    graph: tuple[Any, bytes], tmp_path: Path
) -> None:
    layer, exported = graph
    assert expected_weights(exported) == {"layer/table": (2_000, 1)}
    path = tmp_path / "graph.onnx"
    path.write_bytes(exported)
    table = np.asarray(layer.table)
    save_arrays(tmp_path / "weights.npz", {"layer/table": table})
    session = Graph(
        path,
        {"row": (), "columns": (3,)},
        {"found": (3,)},
        weights=as_weights({"layer/table": table}),
        threads=1,
    )
    row = np.array([3, 49], np.int32)
    columns = np.array([[0, 39, 5], [1, 1, 2]], np.int32)
    (found,) = session.run({"row": row, "columns": columns})
    expected = table.reshape(50, 40)[row[:, None], columns]
    np.testing.assert_array_equal(found, expected)
