"""Pickles of arrays, opened so that nothing but arrays is made.

Pickles can call any function. Those of arrays are opened on the user's word only, and
even then nothing is called but what makes arrays, numbers, lists and dictionaries.
"""

from __future__ import annotations

import math
import pickle
from typing import Any, ClassVar

import numpy as np

# What to say of a pickle that the user has not declared trusted.
TRUST_ADVICE = (
    "it is pickled, so opening it can run code hidden in it: if you trust where it "
    "comes from, say so by --trust (in Python, trust=True)"
)


# Kinds of numpy whose values are numbers, bytes or text; objects are apart.
_PLAIN_KINDS = "biufcSU"


class _PickledType:
    """The type of the values of a pickled array: of numbers, text or objects.

    numpy's own type takes any state from a pickle, such as objects that are no objects.

    Raises:
        ValueError: a type of another kind.
    """

    def __init__(self, name: Any, *_: Any) -> None:
        if not isinstance(name, str):
            raise ValueError(f"expected the name of a type, got {str(name)[:30]!r}")
        self.type: np.dtype[Any] = np.dtype(name)
        if self.type.kind not in _PLAIN_KINDS and self.type != np.dtype("O"):
            raise ValueError(f"it holds values of the type {self.type}")

    def __setstate__(self, state: Any) -> None:
        """Take the order of the bytes, and nothing else."""
        order = state[1]
        if order not in ("<", ">", "|", "="):
            raise ValueError(f"expected an order of bytes, got {str(order)[:30]!r}")
        self.type = self.type.newbyteorder(order)


class _PickledArray(np.ndarray):
    """An array whose pickle has to hold as many values as it says."""

    def __setstate__(self, state: Any) -> None:
        version, shape, pickled_type, is_fortran, content = state
        dtype = _plain(pickled_type)
        if any(type(length) is not int or length < 0 for length in shape):
            raise ValueError(f"it holds an array of shape {shape}")
        if isinstance(content, list) != dtype.hasobject:
            raise ValueError(f"it holds a {type(content).__name__} as {dtype}")
        size = 1 if dtype.hasobject else dtype.itemsize
        if len(content) != math.prod(shape) * size:
            raise ValueError(f"expected an array of shape {shape}")
        super().__setstate__((version, shape, dtype, is_fortran, content))


def _plain(pickled: Any) -> np.dtype[Any]:
    """Return the type of numpy that a pickle means."""
    if not isinstance(pickled, _PickledType):
        raise ValueError("expected the type of an array")
    return pickled.type


def _begin_array(*_: Any) -> Any:
    """Return an empty array, to which a pickle gives shape and content."""
    return np.empty(0).view(_PickledArray)


def _from_buffer(buffer: Any, pickled_type: Any, shape: Any, order: Any) -> Any:
    """Return an array of the bytes of a pickle of protocol 5."""
    values = np.frombuffer(bytearray(buffer), _plain(pickled_type))  # a copy
    return values.reshape(shape, order=order)


def _scalar(pickled_type: Any, content: Any) -> Any:
    """Return the number of a pickled number of numpy."""
    if isinstance(content, str):  # bytes of Python 2
        content = content.encode("latin1")
    (number,) = np.frombuffer(content, _plain(pickled_type))
    return number


def _encode(text: str, _: str) -> bytes:
    """Return the bytes that a pickle of an old protocol holds as text."""
    return text.encode("latin1")


def _no_bytes() -> bytes:
    """Return what an old protocol has as a call of `bytes`: none."""
    return b""


class ArrayUnpickler(pickle.Unpickler):
    """Unpickles arrays, numbers, text and containers of them, and nothing else.

    Give the encoding `latin1` for what Python 2 wrote. A pickle that holds anything
    else raises a ValueError that names it; damaged ones raise exceptions of any kind.
    """

    _FOUND: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy", "ndarray"): "ndarray",  # only named, to begin an array
        ("numpy", "dtype"): _PickledType,
        ("numpy.core.multiarray", "_reconstruct"): _begin_array,
        ("numpy._core.multiarray", "_reconstruct"): _begin_array,
        ("numpy.core.multiarray", "scalar"): _scalar,
        ("numpy._core.multiarray", "scalar"): _scalar,
        ("numpy.core.numeric", "_frombuffer"): _from_buffer,
        ("numpy._core.numeric", "_frombuffer"): _from_buffer,
        ("_codecs", "encode"): _encode,
        ("__builtin__", "bytes"): _no_bytes,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._FOUND[module, name]
        except KeyError:
            raise ValueError(f"it holds {module}.{name} instead of arrays") from None
