"""Canonical form of ONNX graphs: equal networks give equal bytes.

The exporter numbers names with a counter of the process, and orders nodes and
constants by hash tables. Here nodes are sorted by what the outputs need, equal nodes
and constants are merged, and values are numbered in that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Graph = Any  # onnx.GraphProto
Node = Any  # onnx.NodeProto
# Nodes that make other values each time: two of them are never the same.
_RANDOM = frozenset(
    "Bernoulli Dropout Multinomial RandomNormal RandomNormalLike RandomUniform "
    "RandomUniformLike".split()
)


def make_canonical(model: Any) -> None:
    """Bring an ONNX model into canonical form, in place.

    Inputs and outputs of the graph keep their names and order. Nodes on which no output
    depends, shapes of intermediate values, and producer and documentation are left out.
    """
    for name in ("producer_name", "producer_version", "doc_string"):
        model.ClearField(name)
    del model.metadata_props[:]
    opsets = sorted(model.opset_import, key=lambda opset: str(opset.domain))
    for opset in opsets:
        if not opset.domain:
            opset.ClearField("domain")
    opsets = [type(opset).FromString(opset.SerializeToString()) for opset in opsets]
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    graph = model.graph
    kept = [value.name for value in (*graph.input, *graph.output)]
    _Renaming(kept).rename(graph, {name: name for name in kept})
    graph.name = "graph"


class _Renaming:
    """New names for the values of a graph and of the graphs of its loops.

    Args:
        reserved: names that are not given to other values.
    """

    def __init__(self, reserved: Iterable[str]) -> None:
        self._reserved = frozenset(reserved)
        self._count = 0

    def _new_name(self) -> str:
        while True:
            self._count += 1
            name = f"value_{self._count}"
            if name not in self._reserved:
                return name

    def rename(self, graph: Graph, names: dict[str, str]) -> None:
        """Sort and rename a graph.

        Args:
            graph: changed in place.
            names: new names by old ones, of its inputs and outputs, and of the values
                of the graphs around it.
        """
        _bypass_identities(graph)
        constants = {value.name: value for value in graph.initializer}
        outputs = {value.name for value in graph.output}
        used: dict[bytes, Any] = {}  # constants by their content
        merged: dict[bytes, Node] = {}  # nodes by their content
        nodes: list[Node] = []
        for node in _sorted_nodes(graph):
            for name in _needs(node):
                if name in constants and name not in names:
                    content = _content(constants[name])
                    if content not in used:
                        used[content] = constants[name]
                        names[name] = self._new_name()
                    else:
                        names[name] = names[used[content].name]
            self._rename_inputs(node, names)
            content = _content(node, without="output")
            is_random = node.op_type in _RANDOM
            if content in merged and not is_random and not outputs & set(node.output):
                names.update(zip(node.output, merged[content].output, strict=True))
                continue
            for index, name in enumerate(node.output):
                if name:
                    node.output[index] = names.setdefault(name, self._new_name())
            merged[content] = node
            node.name = f"{node.op_type}_{len(nodes) + 1}"
            nodes.append(node)
        for value in graph.output:  # of a loop, a constant perhaps
            if value.name in constants and value.name not in names:
                names[value.name] = self._new_name()
                used[_content(constants[value.name])] = constants[value.name]
        _replace(graph.node, nodes)
        _replace(graph.initializer, used.values())
        del graph.value_info[:]
        graph.ClearField("doc_string")
        for value in (*graph.input, *graph.output, *graph.initializer):
            value.name = names[value.name]
            value.ClearField("doc_string")
        for value in (*graph.input, *graph.output):
            for axis in value.type.tensor_type.shape.dim:
                axis.ClearField("dim_param")  # a number too: an axis of any size

    def _rename_inputs(self, node: Node, names: dict[str, str]) -> None:
        """Rename what a node reads, and all of the graphs that it runs."""
        for index, name in enumerate(node.input):
            if name:
                node.input[index] = names[name]
        node.ClearField("doc_string")
        if not node.domain:
            node.ClearField("domain")  # written or not
        _replace(node.attribute, sorted(node.attribute, key=lambda each: each.name))
        for attribute in node.attribute:
            attribute.ClearField("doc_string")
            if attribute.HasField("g"):
                inner = dict(names)
                for value in (*attribute.g.input, *attribute.g.output):
                    if value.name not in inner:
                        inner[value.name] = self._new_name()
                attribute.g.name = "body"
                self.rename(attribute.g, inner)


def _bypass_identities(graph: Graph) -> None:
    """Leave out nodes that copy a value, unless two outputs of a graph are equal.

    Of equal outputs, the first is what a node makes, and the others are its copies.
    """
    copies = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == "Identity"
    }
    nodes = [node for node in graph.node if node.op_type != "Identity"]
    made = {name for node in nodes for name in node.output}
    origins: dict[str, str] = {}
    for name in copies:
        origin = name
        while origin in copies:
            origin = copies[origin]
        origins[name] = origin
    names = dict(origins)
    first: dict[str, str] = {}  # output by the value that it is
    needed = []
    for value in graph.output:
        origin = origins.get(value.name, value.name)
        if origin in made and origin not in first:
            first[origin] = value.name
        elif origin != value.name or origin in first:
            needed.append((first.get(origin, origin), value.name))
    names |= {name: first.get(origin, origin) for name, origin in origins.items()}
    names |= first
    identity = next((node for node in graph.node if node.op_type == "Identity"), None)
    for source, output in needed:
        assert identity is not None
        copy = type(identity).FromString(identity.SerializeToString())
        copy.input[0], copy.output[0] = source, output
        nodes.append(copy)
    for node in nodes:
        if node.op_type != "Identity":
            _substitute(node, names)
    _replace(graph.node, nodes)


def _substitute(node: Node, names: Mapping[str, str]) -> None:
    """Rename what a node reads and makes, also in the graphs that it runs."""
    for values in (node.input, node.output):
        for index, name in enumerate(values):
            values[index] = names.get(name, name)
    for attribute in node.attribute:
        if attribute.HasField("g"):
            for each in attribute.g.node:
                _substitute(each, names)
            for value in attribute.g.output:
                value.name = names.get(value.name, value.name)


def _sorted_nodes(graph: Graph) -> list[Node]:
    """Return the nodes that the outputs need, each after those that it needs."""
    makers = {name: node for node in graph.node for name in node.output if name}
    done: set[str] = set()
    nodes = []
    stack = [(value.name, False) for value in reversed(graph.output)]
    while stack:
        name, is_ready = stack.pop()
        node = makers.get(name)
        if node is None or (name in done and not is_ready):
            continue
        if is_ready:
            nodes.append(node)
            continue
        done.update(node.output)
        stack.append((name, True))
        stack += [(needed, False) for needed in reversed(list(_needs(node)))]
    return nodes


def _needs(node: Node) -> Iterator[str]:
    """Yield the names that a node reads, also in the graphs that it runs."""
    yield from filter(None, node.input)
    for attribute in sorted(node.attribute, key=lambda each: each.name):
        if attribute.HasField("g"):
            graph = attribute.g
            inner = _sorted_nodes(graph)
            known = {value.name for value in (*graph.input, *graph.initializer)}
            known |= {name for each in inner for name in each.output}
            for each in inner:
                yield from (name for name in _needs(each) if name not in known)
            yield from (v.name for v in graph.output if v.name not in known)


def _content(message: Any, without: str = "name") -> bytes:
    """Return a message as bytes, without its name and another field."""
    copy = type(message).FromString(message.SerializeToString(deterministic=True))
    copy.ClearField("name")
    copy.ClearField(without)
    content: bytes = copy.SerializeToString(deterministic=True)
    return content


def _replace(field: Any, messages: Iterable[Any]) -> None:
    """Replace the messages of a repeated field by some of them, in a new order."""
    contents = [message.SerializeToString(deterministic=True) for message in messages]
    kinds = {type(message) for message in field}
    del field[:]
    for content in contents:
        (kind,) = kinds
        field.append(kind.FromString(content))
