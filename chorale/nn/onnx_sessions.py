"""ONNX graphs in ONNX Runtime; see `chorale.nn.onnx_export`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError
from chorale.utils.arrays import FloatArray

Weights = Mapping[str, Any]  # name -> onnxruntime.OrtValue
Shapes = Mapping[str, tuple[int, ...]]


class Graph:
    """An ONNX graph, opened in ONNX Runtime.

    Args:
        path: of the graph.
        inputs: last axes of every input that it may have, by name.
        outputs: last axes of every output that it must have, by name; () for any.
        weights: by name, at least those that the graph does not hold itself.
        threads: to compute with; 0 = one per core.

    Raises:
        ModelError: ONNX Runtime does not take it, or it has other inputs or outputs.
    """

    def __init__(
        self,
        path: Path,
        inputs: Shapes,
        outputs: Shapes,
        *,
        weights: Weights = MappingProxyType({}),
        threads: int,
    ) -> None:
        import onnxruntime

        self._weights = weights  # the session refers to them while it lives
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        for name, weight in weights.items():
            options.add_initializer(name, weight)
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's errors share no base class
            raise ModelError(f"{path}: ONNX Runtime does not take it") from error
        # A graph has no input for what its network does not use.
        self._inputs = [value.name for value in self._session.get_inputs()]
        _check(path, "inputs", self._session.get_inputs(), inputs)
        _check(path, "outputs", self._session.get_outputs(), outputs)
        if len(self._session.get_outputs()) < len(outputs):
            raise ModelError(
                f"{path}: the model does not fit its card: expected {len(outputs)} "
                f"outputs, got {len(self._session.get_outputs())}"
            )

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[FloatArray]:
        """Return the outputs; inputs that the graph does not have are left out."""
        feeds = {name: inputs[name] for name in self._inputs}
        outputs: list[FloatArray] = self._session.run(None, feeds)
        return outputs


def _check(path: Path, kind: str, values: Any, shapes: Shapes) -> None:
    """Compare the names and last axes of inputs or outputs with what is expected."""
    for value in values:
        if value.name not in shapes:
            raise ModelError(
                f"{path}: the model does not fit its card: expected {kind} out of "
                f"{', '.join(shapes)}, got {value.name}"
            )
        expected = shapes[value.name]
        found = tuple(value.shape[len(value.shape) - len(expected) :])
        if found != expected:
            raise ModelError(
                f"{path}: the model does not fit its card: expected {value.name} "
                f"of last axes {expected}, got {found}"
            )


def as_weights(arrays: Mapping[str, npt.NDArray[Any]]) -> Weights:
    """Return stored weights by their names in graphs, in single precision."""
    from onnxruntime import OrtValue

    return {
        name: OrtValue.ortvalue_from_numpy(
            np.ascontiguousarray(to_onnx_layout(array), np.float32)
        )
        for name, array in arrays.items()
    }


def to_onnx_layout(weight: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a weight of Keras in the layout of ONNX graphs.

    All are alike but kernels of two-dimensional convolutions: Keras has (height, width,
    in, out), ONNX (out, in, height, width).
    """
    return weight.transpose(3, 2, 0, 1) if weight.ndim == 4 else weight
