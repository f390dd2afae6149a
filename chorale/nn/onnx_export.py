"""Export of a function of a network as an ONNX graph.

Each initializer that is a weight of the network has the weight's path as its name and
holds no data. The session supplies it (`chorale.nn.onnx_sessions`), so that several
graphs share one set of weights. Nodes that arrange weights then run each time. Weights
that are not shared are constants, which ONNX Runtime arranges once.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from chorale.errors import ModelError
from chorale.nn.onnx_canonical import make_canonical
from chorale.nn.onnx_lookups import speed_up_lookups
from chorale.nn.onnx_recurrent import arrange_lstm_weights
from chorale.nn.onnx_sessions import to_onnx_layout
from chorale.utils.arrays import FloatArray

Tensor = Any  # of the Keras backend

OPSET = 18
_KERNEL_AXES = 4  # of a two-dimensional convolution
# Values in a constant that may be no weight: shapes, offsets, folded scalars, a row of
# a weight.
_LARGEST_CONSTANT = 1024


class Value(NamedTuple):
    """An input of a graph: its name, type and shape, None for an axis of any size."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


class _FunctionModel(keras.Model):
    """A function of a network as a model, called with a list of tensors."""

    def __init__(self, network: keras.Model, function: Callable[..., Any]) -> None:
        super().__init__(name="face")
        self.network = network
        self.function = function
        self.built = True  # the network is

    def call(self, inputs: list[Tensor]) -> Any:
        return self.function(*inputs)


def export_graph(
    network: keras.Model,
    function: Callable[..., Any],
    inputs: Sequence[Value],
    outputs: Sequence[str],
    *,
    shared: bool = True,
) -> bytes:
    """Return a function of a network as the bytes of an ONNX graph.

    Equal networks give equal bytes, see `chorale.nn.onnx_canonical`.

    Args:
        network: whose weights the graph needs. They must be final: a constant of the
            graph is recognized as a weight by its values.
        function: takes a tensor for each input, returns a tensor or a list of them.
        inputs: of the function. The graph has those that the outputs depend on.
        outputs: names of what the function returns.
        shared: whether the weights are shared with other graphs; also of the session.

    Raises:
        ModelError: Keras runs on another backend than TensorFlow.
    """
    model = _export(network, function, inputs)
    arrange_lstm_weights(model.graph)
    _restore_shapes(model.graph, network)
    make_canonical(model)
    names = [value.name for value in model.graph.output]
    _tidy(model.graph, dict(zip(names, outputs, strict=True)))
    _leave_out_weights(model.graph, network, shared)
    return _to_bytes(model)


def export_parts(
    network: keras.Model,
    function: Callable[..., Any],
    inputs: Sequence[Value],
    output: str,
) -> list[bytes]:
    """Return a graph for each of the tensors that a function of a network returns.

    Args:
        network, function, inputs: as of `export_graph`; the graphs hold no weights.
        output: name of the tensor in each of the graphs.

    Raises:
        ModelError: as `export_graph`.
    """
    import onnx

    whole = _export(network, function, inputs)
    _restore_shapes(whole.graph, network)
    names = [value.name for value in inputs]
    parts = []
    for value in whole.graph.output:
        part = onnx.utils.Extractor(whole).extract_model(names, [value.name])
        make_canonical(part)
        _tidy(part.graph, {value.name: output})
        _leave_out_weights(part.graph, network)
        parts.append(_to_bytes(part))
    return parts


def _to_bytes(model: Any) -> bytes:
    graph: bytes = model.SerializeToString(deterministic=True)
    return graph


def _export(
    network: keras.Model, function: Callable[..., Any], inputs: Sequence[Value]
) -> Any:
    """Return a function of a network as an ONNX model that holds its weights."""
    import onnx

    if keras.backend.backend() != "tensorflow":
        raise ModelError(
            "expected Keras to run on TensorFlow, which exports the graphs of a model, "
            f"got {keras.backend.backend()}: set KERAS_BACKEND=tensorflow; a run that "
            "has been trained becomes a model with --resume --finish"
        )
    signature = [
        keras.InputSpec(shape=value.shape, dtype=value.dtype, name=value.name)
        for value in inputs
    ]
    model = _FunctionModel(network, function)
    with tempfile.TemporaryDirectory() as folder, _silence():
        path = Path(folder) / "graph.onnx"
        model.export(
            str(path),
            format="onnx",
            input_signature=[signature],
            opset_version=OPSET,
            verbose=False,
        )
        whole = onnx.load(str(path))
    speed_up_lookups(whole)
    return whole


def _tidy(graph: Any, outputs: Mapping[str, str]) -> None:
    """Drop the inputs that no node reads, and rename outputs, old name → new name."""
    used = set(_read(graph))
    kept = [value for value in graph.input if value.name in used]
    del graph.input[:]
    graph.input.extend(kept)
    _rename(graph, outputs)


def _read(graph: Any) -> Iterator[str]:
    """Yield the names that nodes read, in a graph and in the graphs of its loops."""
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _read(attribute.g)


def _restore_shapes(graph: Any, network: keras.Model) -> None:
    """Give weights that a function reads in another shape their own shape again.

    The converter folds a weight and its change of shape into one constant. It becomes
    the weight and the nodes that change its shape.
    """
    import onnx

    weights = [to_onnx_layout(np.asarray(weight)) for weight in network.weights]
    for constant in list(graph.initializer):
        values = onnx.numpy_helper.to_array(constant)
        if values.dtype != np.float32 or values.size <= _LARGEST_CONSTANT:
            continue
        if any(np.array_equal(weight, values) for weight in weights):
            continue
        name = constant.name
        own, shape = f"{name}:weight", f"{name}:shape"
        for weight in weights:
            if np.array_equal(weight.reshape(-1), values.reshape(-1)):
                numbers = np.array(values.shape)
                nodes = [onnx.helper.make_node("Reshape", [own, shape], [name])]
            elif weight.ndim == 3 and np.array_equal(_as_kernel(weight), values):
                numbers, turned = np.array([2]), f"{name}:turned"
                nodes = [
                    onnx.helper.make_node("Transpose", [own], [turned], perm=[2, 1, 0]),
                    onnx.helper.make_node("Unsqueeze", [turned, shape], [name]),
                ]
            else:
                continue
            constant.CopyFrom(onnx.numpy_helper.from_array(weight, own))
            graph.initializer.append(onnx.numpy_helper.from_array(numbers, shape))
            for node in reversed(nodes):
                graph.node.insert(0, node)
            break


def _as_kernel(weight: FloatArray) -> FloatArray:
    """Return the kernel of a convolution over steps as one over (1, steps).

    Keras has (width, in, out), ONNX (out, in, 1, width).
    """
    return weight.transpose(2, 1, 0)[:, :, np.newaxis]


def _leave_out_weights(graph: Any, network: keras.Model, shared: bool = True) -> None:
    """Name the initializers that are weights of the network, and drop their data."""
    import onnx

    weights = {weight.path: np.asarray(weight) for weight in network.weights}
    constants = {initializer.name for initializer in graph.initializer}
    folded = {
        name
        for node in graph.node
        if constants.issuperset(node.input)
        for name in node.input
    }
    names: dict[str, str] = {}
    for initializer in graph.initializer:
        values = onnx.numpy_helper.to_array(initializer)
        if values.dtype != np.float32 or values.ndim == 0:
            continue
        equal = (
            name
            for name, weight in weights.items()
            if name not in names.values()
            and np.array_equal(to_onnx_layout(weight), values)
        )
        name = next(equal, None)
        if name is not None:
            names[initializer.name] = name
            initializer.ClearField("raw_data")
            initializer.ClearField("float_data")
            initializer.data_location = onnx.TensorProto.EXTERNAL
            initializer.external_data.add(key="location", value="weights.npz")
            if shared and (values.ndim == _KERNEL_AXES or initializer.name in folded):
                # An initializer that is also an input is no constant. A constant would
                # be fused with what follows it, or folded with other constants, when
                # the graph is opened, before its data is there.
                kernel = onnx.helper.make_tensor_value_info(
                    initializer.name, initializer.data_type, list(values.shape)
                )
                graph.input.append(kernel)
        elif values.size > _LARGEST_CONSTANT:
            raise RuntimeError(
                f"the exported graph holds {initializer.name} of shape {values.shape}, "
                "which is no weight of the network"
            )
    _rename(graph, names)


def _rename(graph: Any, names: Mapping[str, str]) -> None:
    """Rename values of a graph and of the graphs of its loops, old name → new name."""
    for value in [*graph.input, *graph.output, *graph.initializer, *graph.value_info]:
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        for values in (node.input, node.output):
            for index, name in enumerate(values):
                values[index] = names.get(name, name)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, names)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Hide the converter's progress and deprecation warnings."""
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
