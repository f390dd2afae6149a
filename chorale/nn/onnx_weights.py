"""The weights that an ONNX graph expects from outside, by name and shape.

ONNX Runtime does not compare a weight that a session supplies with the shape in the
graph, and may then read beyond its end.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chorale.utils.messages import message_class

_EXTERNAL = 1  # TensorProto.DataLocation

# The fields of onnx.ModelProto used here, see onnx/onnx.proto. They are declared again
# because running a model needs no onnx.
_SCHEMA = """
name: "chorale/graph.proto" package: "chorale" syntax: "proto3"
message_type { name: "Tensor"
  field { name: "dims" number: 1 type: TYPE_INT64 label: LABEL_REPEATED }
  field { name: "name" number: 8 type: TYPE_STRING }
  field { name: "data_location" number: 14 type: TYPE_INT32 } }
message_type { name: "Graph"
  field { name: "initializer" number: 5 type_name: ".chorale.Tensor"
    label: LABEL_REPEATED } }
message_type { name: "Model"
  field { name: "graph" number: 7 type_name: ".chorale.Graph" } }
"""


def expected_weights(content: bytes) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the weights that a graph does not hold, by name.

    Raises:
        ValueError: it is no ONNX graph.
    """
    model = _model_class()()
    try:
        model.ParseFromString(content)
    except Exception as error:
        raise ValueError("it is no ONNX graph") from error
    return {
        tensor.name: tuple(tensor.dims)
        for tensor in model.graph.initializer
        if tensor.data_location == _EXTERNAL
    }


@cache
def _model_class() -> Any:
    return message_class(_SCHEMA, "chorale.Model")
