"""The .npz files of sketch-rnn (Ha & Eck, 2017): arrays of pickled arrays."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import DataError, located, translated
from chorale.sketches.formats.shared import ReadOptions, open_binary, split_at_pen
from chorale.sketches.strokes import Sketch
from chorale.utils.npz import read_header
from chorale.utils.pickled_arrays import TRUST_ADVICE, ArrayUnpickler

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
        raise DataError(TRUST_ADVICE, path)
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
            drawings = ArrayUnpickler(member, encoding="latin1").load()
            member.read()  # to the end, where the checksum is
            return drawings
        return np.lib.format.read_array(archive.open(name), allow_pickle=False)


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
