"""ONNX graphs in ONNX Runtime; see `chorale.nn.onnx_export`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError
from chorale.nn.onnx_weights import expected_weights
from chorale.utils.arrays import FloatArray

Weights = Mapping[str, Any]  # name -> onnxruntime.OrtValue
Shapes = Mapping[str, tuple[int, ...]]

_FAILS = "ONNX Runtime fails to run it: the file is damaged"


class Graph:
    """An ONNX graph, opened in ONNX Runtime.

    Args:
        path: of the graph.
        inputs: last axes of every input that it may have, by name.
        outputs: last axes of every output that it must have, by name; () for any.
        weights: by name, at least those that the graph does not hold itself.
        shared: whether other graphs may share the weights. Those of one graph alone are
            arranged for it when it is opened, see `chorale.nn.onnx_export`.
        threads: to compute with; 0 = one per core.
        prepack: whether to copy the weights into an order in which products of few rows
            are faster; those of many rows gain nothing.
        example: inputs of one short sequence. The graph is run on it once, so that one
            that cannot be run is refused when it is opened; None to leave it out.

    Raises:
        ModelError: ONNX Runtime does not take it, it has other inputs or outputs, or it
            fails on the example.
    """

    def __init__(
        self,
        path: Path,
        inputs: Shapes,
        outputs: Shapes,
        *,
        weights: Weights = MappingProxyType({}),
        shared: bool = True,
        threads: int,
        prepack: bool = True,
        example: Mapping[str, npt.NDArray[Any]] | None = None,
    ) -> None:
        import onnxruntime

        self._path = path
        self._weights = weights  # the session refers to them while it lives
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # An arena keeps the memory of the longest sequence, and what it grew out of.
        options.enable_cpu_mem_arena = False
        # Threads that wait in a loop keep the cores from other threads and programs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if not prepack:
            options.add_session_config_entry("session.disable_prepacking", "1")
        names = self._check_weights(weights)
        if shared:
            for name in names:
                options.add_initializer(name, weights[name])
        else:
            options.add_external_initializers(names, [weights[name] for name in names])
        with self._errors("ONNX Runtime does not take it"):
            self._session = onnxruntime.InferenceSession(
                str(path),
                options,
                providers=["CPUExecutionProvider"],
                enable_fallback=0,  # it would try the same again and print so
            )
            # A graph has no input for what its network does not use.
            self._inputs = [value.name for value in self._session.get_inputs()]
            self._outputs = [value.name for value in self._session.get_outputs()]
        _check(path, "inputs", self._session.get_inputs(), inputs)
        _check(path, "outputs", self._session.get_outputs(), outputs)
        if len(self._outputs) < len(outputs):
            raise ModelError(
                f"{path}: the model does not fit its card: expected {len(outputs)} "
                f"outputs, got {len(self._outputs)}"
            )
        if example is not None:
            self._check_run(example, outputs)

    def _check_weights(self, weights: Weights) -> list[str]:
        """Return the names of the weights that the graph expects.

        Raises:
            ModelError: one is missing, or has another shape.
        """
        try:
            shapes = expected_weights(self._path.read_bytes())
        except (OSError, ValueError) as error:
            raise ModelError(f"{self._path}: cannot read the graph: {error}") from None
        for name, shape in shapes.items():
            found = tuple(weights[name].shape()) if name in weights else "none"
            if found != shape:
                raise ModelError(
                    f"{self._path}: the weights do not fit the graph: expected {name} "
                    f"of shape {shape}, got {found}"
                )
        return list(shapes)

    def _check_run(
        self, example: Mapping[str, npt.NDArray[Any]], shapes: Shapes
    ) -> None:
        """Run the graph on an example and check the outputs.

        Raises:
            ModelError: it fails, or an output has another type or shape, or is no
                number.
        """
        for name, output in zip(self._outputs, self.run(example), strict=True):
            axes = shapes[name]
            if (
                not isinstance(output, np.ndarray)
                or output.dtype != np.float32
                or output.shape[output.ndim - len(axes) :] != axes
                or np.isnan(output).any()
            ):
                raise ModelError(
                    f"{self._path}: the model does not fit its card: expected {name} "
                    f"to be numbers of last axes {axes} for a short example"
                )

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Raise errors of ONNX Runtime, which share no base class, as a ModelError."""
        try:
            yield
        except Exception as error:
            raise ModelError(f"{self._path}: {what}") from error

    def run(self, inputs: Mapping[str, npt.NDArray[Any]]) -> list[FloatArray]:
        """Return the outputs; inputs that the graph does not have are left out.

        Raises:
            ModelError: the graph fails on them.
        """
        feeds = {name: inputs[name] for name in self._inputs}
        with self._errors(_FAILS):
            outputs: list[FloatArray] = self._session.run(None, feeds)
        return outputs

    def bind(
        self,
        inputs: Mapping[str, npt.NDArray[Any]],
        outputs: Mapping[str, npt.NDArray[Any]],
    ) -> BoundGraph:
        """Return the graph bound to arrays, contiguous ones, by name.

        Inputs that the graph does not have are left out.
        """
        return BoundGraph(
            self._path,
            self._session,
            {name: inputs[name] for name in self._inputs},
            {name: outputs[name] for name in self._outputs},
        )


class BoundGraph:
    """A graph that reads and writes the same arrays in each run: the fastest way.

    It belongs to one thread at a time.
    """

    def __init__(
        self,
        path: Path,
        session: Any,
        inputs: Mapping[str, npt.NDArray[Any]],
        outputs: Mapping[str, npt.NDArray[Any]],
    ) -> None:
        self._path, self._session = path, session
        # The binding refers to the memory of the arrays, so they are kept.
        self._inputs, self._outputs = inputs, list(outputs.values())
        self._binding = session.io_binding()
        for name, array in inputs.items():
            self._binding.bind_input(name, *_memory_of(array))
        for name, array in outputs.items():
            self._binding.bind_output(name, *_memory_of(array))

    def run(self) -> list[FloatArray]:
        """Return the arrays of the outputs, which the next run overwrites.

        Raises:
            ModelError: the graph fails on its inputs.
        """
        try:
            self._session.run_with_iobinding(self._binding)
        except Exception as error:
            raise ModelError(f"{self._path}: {_FAILS}") from error
        return self._outputs


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


def _memory_of(array: npt.NDArray[Any]) -> tuple[Any, ...]:
    """Return the memory of a contiguous array, as bindings of ONNX Runtime take it."""
    if not array.flags.c_contiguous:
        raise ValueError("expected a contiguous array")
    return "cpu", 0, array.dtype.type, array.shape, array.ctypes.data


def as_weights(arrays: Mapping[str, npt.NDArray[Any]]) -> Weights:
    """Return stored weights by their names in graphs, in single precision.

    Raises:
        ModelError: a weight that is no array of numbers.
    """
    from onnxruntime import OrtValue

    for name, array in arrays.items():
        if array.dtype.kind != "f":
            raise ModelError(
                f"expected weights of floating point, got {array.dtype} as {name}"
            )

    def convert(array: npt.NDArray[Any]) -> Any:
        single = np.ascontiguousarray(to_onnx_layout(array), np.float32)
        return OrtValue.ortvalue_from_numpy(single)

    with ThreadPoolExecutor() as pool:
        return dict(zip(arrays, pool.map(convert, arrays.values()), strict=True))


def to_onnx_layout(weight: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a weight of Keras in the layout of ONNX graphs.

    All are alike but kernels of two-dimensional convolutions: Keras has (height, width,
    in, out), ONNX (out, in, height, width).
    """
    return weight.transpose(3, 2, 0, 1) if weight.ndim == 4 else weight
