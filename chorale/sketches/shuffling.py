"""External shuffle: random order of more drawings than fit in memory."""

from __future__ import annotations

import contextlib
import pickle
import tempfile
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import IO

import numpy as np

from chorale.sketches.strokes import Sketch
from chorale.utils.arrays import Float64Array
from chorale.utils.temporary import full_folder_named


def shuffle(
    sketches: Iterable[Sketch], random: np.random.Generator, *, parts: int = 64
) -> Iterator[Sketch]:
    """Yield drawings in random order, every order equally likely.

    Each drawing is written to a temporary file chosen at random. Then each file in turn
    is read into memory and shuffled there. All drawings are consumed before the first
    is yielded. The `parts` files are removed even if the process is killed. Equal
    generators give equal orders.

    Raises:
        OutputError: the folder for temporary files is full.
    """
    with _temporary_files(parts) as files:
        for sketch in sketches:
            _write(sketch, files[random.integers(parts)])
        for file in files:
            packed = list(_read(file))
            for index in random.permutation(len(packed)):
                yield unpack(packed[index])


def spool(sketches: Iterable[Sketch]) -> Iterator[Sketch]:
    """Yield the same drawings after all have been consumed, by way of the disk.

    Raises:
        OutputError: the folder for temporary files is full.
    """
    with _temporary_files(1) as (file,):
        for sketch in sketches:
            _write(sketch, file)
        yield from map(unpack, _read(file))


def pack(sketch: Sketch) -> bytes:
    """Return a drawing as a short pickle, coordinates in the smallest exact type."""
    points = np.concatenate([np.zeros((0, 2)), *sketch.strokes])
    for dtype in (np.uint8, np.float32, np.float64):
        with np.errstate(all="ignore"):  # other numbers overflow here
            smaller = points.astype(dtype)
        if np.array_equal(smaller, points):
            break
    lengths = [len(stroke) for stroke in sketch.strokes]
    values = (smaller.tobytes(), smaller.dtype.str, lengths)
    return pickle.dumps((*values, sketch.word, sketch.is_recognized))


def unpack(packed: bytes) -> Sketch:
    """Return the drawing of `pack`."""
    # Safe: the pickle comes from a temporary file of this process.
    data, dtype, lengths, word, is_recognized = pickle.loads(packed)
    points: Float64Array = np.frombuffer(data, dtype).reshape(-1, 2).astype(np.float64)
    bounds = np.cumsum([0, *lengths]).tolist()
    strokes = tuple(points[begin:end] for begin, end in pairwise(bounds))
    return Sketch(strokes=strokes, word=word, is_recognized=is_recognized)


def _write(sketch: Sketch, file: IO[bytes]) -> None:
    packed = pack(sketch)
    file.write(len(packed).to_bytes(8, "little") + packed)


def _read(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the packed drawings of a file from its beginning."""
    file.seek(0)
    while size := file.read(8):
        yield file.read(int.from_bytes(size, "little"))


@contextlib.contextmanager
def _temporary_files(count: int) -> Iterator[list[IO[bytes]]]:
    """Open temporary files without names, which are gone when they are closed."""
    with full_folder_named(), contextlib.ExitStack() as stack:
        yield [stack.enter_context(tempfile.TemporaryFile()) for _ in range(count)]
