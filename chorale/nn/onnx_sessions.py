"""Opens ONNX graphs in ONNX Runtime; see `chorale.nn.onnx_export`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError

Weights = Mapping[str, Any]  # name -> onnxruntime.OrtValue


def as_weights(arrays: Mapping[str, npt.NDArray[Any]]) -> Weights:
    """Return stored weights by the names in graphs, in single precision."""
    from onnxruntime import OrtValue

    return {
        name: OrtValue.ortvalue_from_numpy(
            np.ascontiguousarray(as_graphs_have_it(array), np.float32)
        )
        for name, array in arrays.items()
    }


def as_graphs_have_it(weight: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a weight of Keras as graphs have it.

    All are alike but kernels of convolutions over two axes, which are of four: Keras
    has (height, width, in, out), ONNX (out, in, height, width).
    """
    return weight.transpose(3, 2, 0, 1) if weight.ndim == 4 else weight


def open_graph(
    path: Path, weights: Weights = MappingProxyType({}), *, threads: int
) -> Any:
    """Open a graph in ONNX Runtime.

    Args:
        path: of the graph.
        weights: by name, at least those that the graph does not hold itself. They must
            outlive the session.
        threads: to compute with; 0 = one a core.

    Returns:
        An onnxruntime.InferenceSession.

    Raises:
        ModelError: ONNX Runtime does not take it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    for name, weight in weights.items():
        options.add_initializer(name, weight)
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's errors share no base of theirs
        raise ModelError(f"{path}: ONNX Runtime does not take it") from error
