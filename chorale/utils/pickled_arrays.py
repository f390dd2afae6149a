"""Pickles of arrays, opened so that nothing but arrays is made.

Pickles can call any function. Those of arrays are opened on the user's word only, and
even then nothing is called but what makes arrays, numbers, lists and dictionaries.
"""

from __future__ import annotations

import codecs
import math
import pickle
from typing import Any, ClassVar

import numpy as np

# What to say of a pickle that the user has not declared trusted.
TRUST_ADVICE = (
    "it is pickled, so opening it can run code hidden in it: if you trust where it "
    "comes from, say so by --trust (in Python, trust=True)"
)


class _PickledArray(np.ndarray):
    """An array whose pickle has to hold as many values as it says."""

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, _, content = state
        size = 1 if isinstance(content, list) else dtype.itemsize
        if len(content) != math.prod(shape) * size:
            raise ValueError(f"expected an array of shape {shape}")
        super().__setstate__(state)


def _begin_array(*_: Any) -> Any:
    """Return an empty array, to which a pickle gives shape and content."""
    return np.empty(0).view(_PickledArray)


def _from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any, *_: Any) -> Any:
    """Return an array of the bytes of a pickle of protocol 5."""
    return np.frombuffer(buffer, dtype).reshape(shape, order=order)


def _scalar(dtype: Any, content: Any) -> Any:
    """Return the number of a pickled number of numpy."""
    if isinstance(content, str):  # bytes of Python 2
        content = content.encode("latin1")
    (number,) = np.frombuffer(content, dtype)
    return number


class ArrayUnpickler(pickle.Unpickler):
    """Unpickles arrays, numbers, text and containers of them, and nothing else.

    Give the encoding `latin1` for what Python 2 wrote. A pickle that holds anything
    else raises a ValueError that names it; damaged ones raise exceptions of any kind.
    """

    _FOUND: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy", "ndarray"): _PickledArray,
        ("numpy", "dtype"): np.dtype,
        ("numpy.core.multiarray", "_reconstruct"): _begin_array,
        ("numpy._core.multiarray", "_reconstruct"): _begin_array,
        ("numpy.core.multiarray", "scalar"): _scalar,
        ("numpy._core.multiarray", "scalar"): _scalar,
        ("numpy.core.numeric", "_frombuffer"): _from_buffer,
        ("numpy._core.numeric", "_frombuffer"): _from_buffer,
        ("_codecs", "encode"): codecs.encode,  # of bytes by old protocols
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._FOUND[module, name]
        except KeyError:
            raise ValueError(f"it holds {module}.{name} instead of arrays") from None
