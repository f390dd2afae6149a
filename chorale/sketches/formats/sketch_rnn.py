"""The files of sketch-rnn (Ha & Eck, 2017): arrays of pickled arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.sketches.formats.shared import Watch, opened, placed, split_at_pen
from chorale.sketches.strokes import Sketch

SPLITS = ("train", "valid", "test")


def read_sketch_rnn(
    path: Path, watch: Watch | None = None, *, trust: bool = False
) -> Iterator[Sketch]:
    """Yield the drawings of a sketch-rnn .npz: train, then valid, then test.

    Each split is an array of objects, and each of them an int16 array (points, 3) of
    the way from the point before, x and y, and the pen, 1 at a stroke's last point.
    The word is the name of the file, up to the first dot (`cat.full.npz`).

    Args:
        path: the file. A split is in memory as a whole.
        watch: is told how many bytes more were read.
        trust: whether it may be unpickled, which can run any code hidden in it.

    Raises:
        DataError: the file is not trusted, cannot be read, or is no such file; with the
            number of the record, counted in each split.
    """
    if not trust:
        raise DataError(
            "it is pickled, so opening it can run code hidden in it: if you trust "
            "where it comes from, say so by --trust (in Python, trust=True)",
            path,
        )
    word = path.name.split(".")[0]
    with opened(path, watch) as file:
        with _damaged(path):
            # The published files were pickled by Python 2, whose text is Latin-1 here.
            stored = np.load(file, allow_pickle=True, encoding="latin1")
        for split in SPLITS:
            if split not in stored.files:
                continue
            with _damaged(path):
                drawings = stored[split]
                if not isinstance(drawings, np.ndarray) or drawings.ndim == 0:
                    raise ValueError(f"{split} is no array of drawings")
            for record, drawing in enumerate(drawings, 1):
                with placed(path, record=record):
                    sketch = _to_sketch(drawing, word)
                yield sketch


@contextlib.contextmanager
def _damaged(path: Path) -> Iterator[None]:
    """Turn whatever comes of unpickling a damaged file into an error for users."""
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"expected drawings of sketch-rnn, it is damaged: {reason}", path
        ) from None


def _to_sketch(drawing: Any, word: str) -> Sketch:
    array = np.asarray(drawing)
    if array.dtype.kind not in "iuf":
        raise DataError(f"expected an array of numbers, got one of {array.dtype}")
    if array.ndim != 2 or array.shape[1] != 3:
        raise DataError(f"expected an array (points, 3), got {array.shape}")
    # int16 would run over, and NaN may be in one of floats.
    points = np.cumsum(array[:, :2], axis=0, dtype=np.float64)
    return Sketch(strokes=split_at_pen(points, array[:, 2]), word=word)
