"""Bodies from outside: built, named alike in each process, checked before training.

A body must keep the contract of `chorale.nn.causal`. What breaks it would show only in
the chorales of a trained model, or when the trained model is stored, hours later. So
training checks it first, on random inputs and weights.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from chorale.errors import ModelError
from chorale.nn.bodies import BodyOptions
from chorale.nn.causal import CausalLayer
from chorale.nn.finishing import exports_here
from chorale.nn.memory import LARGEST_MEMORY, Memory, memory_size
from chorale.nn.onnx_sessions import Graph, as_weights
from chorale.nn.plugins import MAIN, Plugin, describe_error, load_plugin
from chorale.utils.arrays import FloatArray
from chorale.utils.temporary import temporary_folder

_FEWEST_STEPS, _MOST_STEPS = 24, 300  # of the sequences that are compared
_TOLERANCE = 1e-4
_BATCH = 2
_OTHERS = (
    "a layer that sees other steps, such as a convolution, needs a CausalLayer, see "
    "chorale.nn.causal"
)


def plugin_body(options: BodyOptions) -> CausalLayer:
    """Return a new body of a plugin that is loaded.

    Keras numbers layers without a name through the whole process. Here they are
    numbered within their parent, so that weights have the same names in each process.

    Raises:
        UsageError: the plugin is not loaded.
        ModelError: its function fails, or returns something else.
    """
    plugin = load_plugin(options.body, options.plugin)
    with plugin.errors("building it fails"):
        body = plugin.build(options)
    if not isinstance(body, CausalLayer):
        raise ModelError(
            f"{plugin}: expected its function to return a CausalLayer, such as a Chain "
            f"(see chorale.nn.causal), got {body!r}"
        )
    body.name = "body"
    _number_layers(body)
    return body


def check_plugin_body(options: BodyOptions) -> None:
    """Check that a body of a plugin can be trained, stored and run step by step.

    Raises:
        UsageError: the plugin is not loaded, or not to be found by another process that
            needs it.
        ModelError: the body does not keep the contract of `chorale.nn.causal`; the
            message says in what.
    """
    plugin = load_plugin(options.body, options.plugin)
    if plugin.module == MAIN and not exports_here():
        raise ModelError(
            f"{plugin}: storing the model takes another process, on TensorFlow, which "
            "cannot import it: write it into a file of its own, and import that"
        )
    random = np.random.default_rng(0)
    body, other = plugin_body(options), plugin_body(options)
    example = random.standard_normal((_BATCH, 2, options.units)).astype(np.float32)
    for each in (body, other):
        _whole(plugin, each, example)
    _check_names(plugin, body, other)
    for weight in body.weights:
        if not weight.path.endswith(("variance", "seed_generator_state")):
            noise = random.uniform(-0.1, 0.1, weight.shape)
            weight.assign(np.asarray(weight) + noise)
    with plugin.errors("its memory (rings) fails"):
        rings = body.rings()
        size = memory_size(rings)
    if size > LARGEST_MEMORY:
        raise ModelError(
            f"{plugin}: expected a memory of at most {LARGEST_MEMORY} numbers, got "
            f"{size}"
        )
    longest = max((ring.length for ring in rings), default=0)
    steps = min(max(_FEWEST_STEPS, longest + 8), _MOST_STEPS)
    shape = _BATCH, steps, options.units
    inputs = random.standard_normal(shape).astype(np.float32)
    whole = _whole(plugin, body, inputs)
    _check_causal(plugin, body, inputs, whole)
    _check_steps(plugin, body, inputs, whole)
    if exports_here():
        _check_export(plugin, body, inputs, whole)


def _whole(plugin: Plugin, body: CausalLayer, inputs: FloatArray) -> FloatArray:
    """Return the outputs of whole sequences, once their shape is checked."""
    with plugin.errors("its call on whole sequences fails"):
        outputs = np.asarray(body(inputs))
    if outputs.shape != inputs.shape or not np.isfinite(outputs).all():
        raise ModelError(
            f"{plugin}: expected finite outputs (batch, steps, units) of shape "
            f"{inputs.shape}, got shape {outputs.shape}"
        )
    return outputs


def _check_names(plugin: Plugin, body: CausalLayer, other: CausalLayer) -> None:
    """Check that weights have names of their own, equal in each process."""
    names, others = ([weight.path for weight in each.weights] for each in (body, other))
    if not names:
        raise ModelError(f"{plugin}: it has no weights, so there is nothing to train")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ModelError(
            f"{plugin}: several weights are called {twice[0]}: give their layers names"
        )
    if names != others:
        odd = sorted({*names} ^ {*others})[0]
        raise ModelError(
            f"{plugin}: the weight {odd} has another name each time: give every weight "
            "a name, and build no layer before it is called"
        )


def _check_causal(
    plugin: Plugin, body: CausalLayer, inputs: FloatArray, whole: FloatArray
) -> None:
    """Check that no output depends on a later step."""
    steps = inputs.shape[1]
    for first in (1, steps // 2, steps - 1):  # whose inputs are changed, and all later
        changed = inputs.copy()
        changed[:, first:] = -changed[:, first:]
        moved = np.abs(_whole(plugin, body, changed) - whole)[:, :first]
        if moved.max() > _TOLERANCE * _scale(whole):
            step = int(moved.max(axis=(0, 2)).argmax())
            raise ModelError(
                f"{plugin}: it is not causal: the output at step {step} changes with "
                f"inputs from step {first} on; a body sees the present step and "
                "earlier ones only"
            )


def _check_steps(
    plugin: Plugin, body: CausalLayer, inputs: FloatArray, whole: FloatArray
) -> None:
    """Check that single steps give the outputs of whole sequences."""
    memory = Memory(body.rings(), _BATCH)
    for step in range(inputs.shape[1]):
        with plugin.errors(f"its step fails at step {step} ({_OTHERS})"):
            outputs, entries = body.step(inputs[:, step], memory.reads, memory.position)
            outputs = np.asarray(outputs)
            entries = [np.asarray(entry) for entry in entries]
        shapes = [entry.shape for entry in entries]
        expected = [entry.shape for entry in memory.entries]
        if shapes != expected:
            raise ModelError(
                f"{plugin}: expected its step to return an entry of each ring, of "
                f"shapes {expected}, got {shapes}"
            )
        _check_equal(plugin, step, outputs, whole[:, step], "its step")
        for own, entry in zip(memory.entries, entries, strict=True):
            own[...] = entry
        memory.advance()


def _check_export(
    plugin: Plugin, body: CausalLayer, inputs: FloatArray, whole: FloatArray
) -> None:
    """Check that the body can be stored as ONNX graphs, which run alike."""
    from chorale.nn.onnx_export import Value, export_graph

    units = inputs.shape[-1]
    rings = body.rings()
    memory = Memory(rings, _BATCH)
    reads = {f"memory_{index}": array for index, array in enumerate(memory.reads)}
    entries = [f"next_memory_{index}" for index in range(len(rings))]

    def step(*tensors: Any) -> Any:
        outputs, new = body.step(tensors[0], tensors[1:-1], tensors[-1])
        return [outputs, *new]

    one = [
        Value("inputs", "float32", (None, units)),
        *(Value(name, "float32", (None, *x.shape[1:])) for name, x in reads.items()),
        Value("position", "int32", ()),
    ]
    all_steps = [Value("inputs", "float32", (None, None, units))]
    # The converter logs each operation that it does not know; the error names one.
    fails = plugin.errors("it cannot be stored: its ONNX graph fails")
    with fails, _silent("tf2onnx.tfonnx"):
        graphs = {
            "step": export_graph(body, step, one, ["outputs", *entries]),
            "sequence": export_graph(
                body, lambda x: body(x, training=False), all_steps, ["outputs"]
            ),
        }
    weights = as_weights({each.path: np.asarray(each) for each in body.weights})
    shapes = {"inputs": (units,), "position": ()}
    shapes |= {name: array.shape[1:] for name, array in reads.items()}
    outputs = {"outputs": (units,), **dict.fromkeys(entries, ())}
    feeds = {"step": {"inputs": inputs[:, 0], "position": memory.position, **reads}}
    feeds["sequence"] = {"inputs": inputs}
    for name, graph in graphs.items():
        with temporary_folder() as folder:
            path = folder / f"{name}.onnx"
            path.write_bytes(graph)
            (path.parent / "weights.npz").touch()  # which the graph refers to
            expected = outputs if name == "step" else {"outputs": (units,)}
            try:
                opened = Graph(path, shapes, expected, weights=weights, threads=1)
                found = opened.run(feeds[name])[0]
            except ModelError as error:
                raise ModelError(
                    f"{plugin}: it cannot be stored: {_why_not(error)}"
                ) from None
        wanted = whole[:, 0] if name == "step" else whole
        _check_equal(plugin, 0, found, wanted, f"its ONNX graph of a {name}")


@contextmanager
def _silent(name: str) -> Iterator[None]:
    """Disable a logger."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _why_not(error: ModelError) -> str:
    """Return why ONNX Runtime does not run a graph, from its error."""
    reason = describe_error(error.__cause__ or error)
    if found := re.search(r"No Op registered for (\w+)", str(error.__cause__)):
        return (
            f"its layers use the operation {found[1]}, which has no form in ONNX: "
            "write it by other functions of keras.ops, or take another layer"
        )
    return f"ONNX Runtime does not run its graph: {reason}"


def _check_equal(
    plugin: Plugin, step: int, found: FloatArray, expected: FloatArray, what: str
) -> None:
    if found.shape != expected.shape:
        raise ModelError(
            f"{plugin}: expected {what} to give outputs of shape {expected.shape}, "
            f"got {found.shape}"
        )
    off = float(np.abs(found - expected).max())
    if not off <= _TOLERANCE * _scale(expected):
        raise ModelError(
            f"{plugin}: {what} is not equal to the whole sequence: at step {step} the "
            f"outputs differ by {off:.2g}; {_OTHERS}"
        )


def _scale(outputs: FloatArray) -> float:
    return max(1.0, float(np.abs(outputs).max()))


def _number_layers(layer: keras.layers.Layer) -> None:
    """Rename the layers within a layer: each name, numbered within its parent."""
    counts: Counter[str] = Counter()
    for child in _children(layer):
        stem, _, number = child.name.rpartition("_")
        name = stem if stem and number.isdigit() else child.name
        child.name = f"{name}_{counts[name]}" if counts[name] else name
        counts[name] += 1
        _number_layers(child)


def _children(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """Yield the layers that are attributes of a layer, each once."""
    seen: set[int] = set()

    def find(value: Any) -> Iterator[keras.layers.Layer]:
        if isinstance(value, keras.layers.Layer):
            if id(value) not in seen:
                seen.add(id(value))
                yield value
        elif isinstance(value, list | tuple):
            for each in value:
                yield from find(each)
        elif isinstance(value, dict):
            yield from find(list(value.values()))

    for value in vars(layer).values():
        yield from find(value)
