"""Canonical graphs: names, order and copies do not matter, what is computed does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras  # onnx comes with the extra [train]


def model(nodes: list[Any], constants: dict[str, list[float]], outputs: str) -> Any:
    """Return a model of nodes (type, inputs, outputs) with the input x, (n,)."""
    from onnx import TensorProto, helper, numpy_helper

    def value(name: str) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"])

    graph = helper.make_graph(
        [
            helper.make_node(kind, reads.split(), makes.split(), name=f"n{index}")
            for index, (kind, reads, makes) in enumerate(nodes)
        ],
        "some name",
        [value("x")],
        [value(name) for name in outputs.split()],
        [
            numpy_helper.from_array(np.array(values, np.float32), name)
            for name, values in constants.items()
        ],
    )
    opsets = [helper.make_opsetid("", 18)]
    made = helper.make_model(graph, opset_imports=opsets, producer_name="test")
    made.ir_version = 9  # that any ONNX Runtime reads
    return made


def canonical(*arguments: Any) -> bytes:
    from chorale.nn.onnx_canonical import make_canonical

    made = model(*arguments)
    make_canonical(made)
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def run(content: bytes, x: list[float]) -> list[list[float]]:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {"x": np.array(x, np.float32)})
    return [output.tolist() for output in outputs]


PLAIN = (
    [("Add", "x one", "a"), ("Mul", "a two", "b"), ("Sub", "b x", "y")],
    {"one": [1.0], "two": [2.0]},
    "y",
)


@pytest.mark.parametrize(
    ("nodes", "constants"),
    [
        # Other names; a constant of no use; another order of constants and nodes.
        (
            [("Add", "x k7", "q"), ("Mul", "q k3", "r"), ("Sub", "r x", "y")],
            {"k3": [2.0], "k5": [5.0], "k7": [1.0]},
        ),
        # A sum that is made twice, of two equal constants; a node of no use.
        (
            [
                ("Add", "x one", "a"),
                ("Add", "x uno", "c"),
                ("Neg", "c", "unused"),
                ("Mul", "c two", "b"),
                ("Sub", "b x", "y"),
            ],
            {"two": [2.0], "uno": [1.0], "one": [1.0]},
        ),
        # Copies.
        (
            [
                ("Identity", "x", "x2"),
                ("Add", "x2 one", "a"),
                ("Identity", "a", "a2"),
                ("Identity", "a2", "a3"),
                ("Mul", "a3 two", "b"),
                ("Sub", "b x", "y2"),
                ("Identity", "y2", "y"),
            ],
            {"one": [1.0], "two": [2.0]},
        ),
    ],
)
def test_the_same_computation_has_the_same_bytes(nodes, constants) -> None:
    content = canonical(*PLAIN)
    assert canonical(nodes, constants, "y") == content
    assert run(content, [3.0, 4.0]) == [[5.0, 6.0]]


def test_random_values_stay_different() -> None:
    nodes = [
        ("RandomNormalLike", "x", "a"),
        ("RandomNormalLike", "x", "b"),
        ("Sub", "a b", "y"),
    ]
    ((first, second),) = run(canonical(nodes, {}, "y"), [3.0, 4.0])
    assert first and second


def test_another_computation_has_other_bytes() -> None:
    nodes, constants, outputs = PLAIN
    assert canonical(nodes, constants | {"two": [3.0]}, outputs) != canonical(*PLAIN)
    swapped = [*nodes[:2], ("Sub", "x b", "y")]
    assert canonical(swapped, constants, outputs) != canonical(*PLAIN)


def test_equal_outputs_are_one_value_and_its_copy() -> None:
    constants = {"one": [1.0]}
    either = canonical(
        [("Add", "x one", "y"), ("Identity", "y", "z")], constants, "y z"
    )
    other = canonical([("Add", "x one", "z"), ("Identity", "z", "y")], constants, "y z")
    assert either == other
    assert run(either, [1.0]) == [[2.0], [2.0]]


def test_an_output_may_be_an_input() -> None:
    content = canonical([("Identity", "x", "y"), ("Neg", "x", "z")], {}, "y z")
    assert run(content, [1.0]) == [[1.0], [-1.0]]


def test_loops_are_canonical_too() -> None:
    from onnx import TensorProto, helper, numpy_helper

    from chorale.nn.onnx_canonical import make_canonical

    def looped(prefix: str, copied: bool) -> Any:
        """Return a model that adds x to a sum four times; the body reads it outside."""
        scalar = helper.make_tensor_value_info
        total, added = f"{prefix}total", f"{prefix}added"
        nodes = [helper.make_node("Add", [total, "x"], [added])]
        if copied:
            nodes.append(helper.make_node("Identity", [added], [f"{prefix}copy"]))
        body = helper.make_graph(
            nodes,
            prefix,
            [
                scalar(f"{prefix}i", TensorProto.INT64, []),
                scalar(f"{prefix}go", TensorProto.BOOL, []),
                scalar(total, TensorProto.FLOAT, ["n"]),
            ],
            [
                scalar(f"{prefix}go", TensorProto.BOOL, []),
                scalar(f"{prefix}copy" if copied else added, TensorProto.FLOAT, ["n"]),
            ],
        )
        loop = helper.make_node("Loop", ["times", "", "x"], ["y"], body=body)
        graph = helper.make_graph(
            [loop],
            "g",
            [scalar("x", TensorProto.FLOAT, ["n"])],
            [scalar("y", TensorProto.FLOAT, ["n"])],
            [numpy_helper.from_array(np.array(4), "times")],
        )
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        made.ir_version = 9
        make_canonical(made)
        return made.SerializeToString(deterministic=True)

    content = looped("a_", copied=False)
    assert looped("other/", copied=False) == content
    assert looped("b_", copied=True) == content
    assert run(content, [2.0]) == [[10.0]]
