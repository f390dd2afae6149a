"""The .npz files of sketch-rnn (Ha & Eck, 2017): arrays of pickled arrays.

Pickles can call any function. These are opened on the user's word only, and even then
nothing is called but what makes arrays.
"""

from __future__ import annotations

import codecs
import math
import pickle
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chorale.errors import DataError, located, translated
from chorale.sketches.formats.shared import ReadOptions, open_binary, split_at_pen
from chorale.sketches.strokes import Sketch
from chorale.utils.npz import read_header

SPLITS = ("train", "valid", "test")


def read_sketch_rnn(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the drawings of a sketch-rnn .npz: train, then valid, then test.

    Each split is an array of objects, each of them an int16 array (points, 3): dx, dy
    from the previous point, and the pen state, 1 at the last point of a stroke. The
    word is the name of the file up to the first dot (`cat.full.npz`). A split is loaded
    as a whole.

    Raises:
        DataError: the file is not trusted, cannot be read or is malformed; with the
            number of the record in its split.
    """
    if not options.trust:
        raise DataError(
            "it is pickled, so opening it can run code hidden in it: if you trust "
            "where it comes from, say so by --trust (in Python, trust=True)",
            path,
        )
    word = path.name.split(".")[0]
    with open_binary(path, options) as file:
        with _damage(path):
            archive = zipfile.ZipFile(file)
            names = {name.removesuffix(".npy"): name for name in archive.namelist()}
        for split in SPLITS:
            if split not in names:
                continue
            with _damage(path):
                drawings = _load_split(archive, names[split])
                if not isinstance(drawings, np.ndarray) or drawings.ndim == 0:
                    raise ValueError(f"{split} is not an array of drawings")
            for record, drawing in enumerate(drawings, 1):
                with located(path, record=record), _damage(None):
                    sketch = _to_sketch(drawing, word)
                yield sketch


def _load_split(archive: zipfile.ZipFile, name: str) -> Any:
    """Return the array of a split."""
    with archive.open(name) as member:
        _, _, dtype = read_header(member)
        if dtype.hasobject:
            # Python 2 pickled the published files; its strings are read as Latin-1.
            drawings = _Unpickler(member, encoding="latin1").load()
            member.read()  # to the end, where the checksum is
            return drawings
        return np.lib.format.read_array(archive.open(name), allow_pickle=False)


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


class _Unpickler(pickle.Unpickler):
    """Unpickles arrays of numbers, and nothing else."""

    _FOUND: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy", "ndarray"): _PickledArray,
        ("numpy", "dtype"): np.dtype,
        ("numpy.core.multiarray", "_reconstruct"): _begin_array,
        ("numpy._core.multiarray", "_reconstruct"): _begin_array,
        ("numpy.core.numeric", "_frombuffer"): _from_buffer,
        ("numpy._core.numeric", "_frombuffer"): _from_buffer,
        ("_codecs", "encode"): codecs.encode,  # of bytes by old protocols
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._FOUND[module, name]
        except KeyError:
            raise ValueError(f"it holds {module}.{name} instead of arrays") from None


def _damage(path: Path | None) -> AbstractContextManager[None]:
    """Raise any error of unpickling a damaged file as a DataError."""
    return translated(
        lambda reason: DataError(
            f"expected drawings of sketch-rnn, it is damaged: {reason}", path
        )
    )


def _to_sketch(drawing: Any, word: str) -> Sketch:
    array = np.asarray(drawing)
    if array.dtype.kind not in "iuf":
        raise DataError(f"expected an array of numbers, got one of {array.dtype}")
    if array.ndim != 2 or array.shape[1] != 3:
        raise DataError(f"expected an array (points, 3), got {array.shape}")
    points = np.cumsum(array[:, :2], axis=0, dtype=np.float64)  # int16 would overflow
    return Sketch(strokes=split_at_pen(points, array[:, 2]), word=word)
