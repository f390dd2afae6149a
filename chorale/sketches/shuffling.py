"""Putting more drawings than memory holds into a random order, by way of the disk."""

from __future__ import annotations

import contextlib
import struct
import tempfile
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import IO

import numpy as np
import numpy.typing as npt

from chorale.errors import OutputError
from chorale.sketches.strokes import Floats, Sketch

# Bytes of the rest, strokes, bytes of the word, is it recognized, kind of number.
_HEAD = struct.Struct("<QIIBB")
# The smallest that holds a drawing's coordinates exactly is taken.
_KINDS = (np.dtype("u1"), np.dtype("<f4"), np.dtype("<f8"))


def shuffle(
    sketches: Iterable[Sketch], random: np.random.Generator, *, parts: int = 64
) -> Iterator[Sketch]:
    """Yield drawings in a random order, each order as likely as any other.

    Each drawing is put into one of many temporary files at random, then one file after
    another is put into a random order in memory, which one of them at a time must fit.
    All drawings are taken before the first is yielded, and the files are removed
    whatever happens. The same generator gives the same order.

    Args:
        sketches: the drawings.
        random: where randomness comes from.
        parts: the number of files.

    Raises:
        OutputError: the folder for temporary files is full.
    """
    with _files(parts) as files:
        for sketch in sketches:
            with _writing():
                files[random.integers(parts)].write(pack(sketch))
        for file in files:
            with _writing():
                file.seek(0)
            packed = list(_read_packed(file))
            for place in random.permutation(len(packed)):
                yield unpack(packed[place])


def spooled(sketches: Iterable[Sketch]) -> Iterator[Sketch]:
    """Yield the same drawings, all of which are taken before the first is yielded.

    Raises:
        OutputError: the folder for temporary files is full.
    """
    with _files(1) as (file,):
        for sketch in sketches:
            with _writing():
                file.write(pack(sketch))
        with _writing():
            file.seek(0)
        for packed in _read_packed(file):
            yield unpack(packed)


def pack(sketch: Sketch) -> bytes:
    """Return a drawing as bytes, the first eight of which tell how many follow."""
    word = sketch.word.encode("utf-8", "surrogatepass")
    lengths = np.array([len(stroke) for stroke in sketch.strokes], "<u8")
    points: Floats = (
        np.concatenate(sketch.strokes) if sketch.strokes else np.zeros((0, 2))
    )
    kind, numbers = next(
        (kind, numbers)
        for kind in range(len(_KINDS))
        if _is_same(numbers := _cast(points, _KINDS[kind]), points)
    )
    rest = word + lengths.tobytes() + numbers.tobytes()
    size = _HEAD.size - 8 + len(rest)
    head = _HEAD.pack(size, len(lengths), len(word), sketch.is_recognized, kind)
    return head + rest


def unpack(packed: bytes) -> Sketch:
    """Return the drawing that `pack` packed."""
    _, count, size, is_recognized, kind = _HEAD.unpack_from(packed)
    begin = _HEAD.size + size
    word = packed[_HEAD.size : begin].decode("utf-8", "surrogatepass")
    lengths = np.frombuffer(packed, "<u8", count, begin).astype(np.int64)
    numbers = np.frombuffer(packed, _KINDS[kind], offset=begin + 8 * count)
    points = numbers.reshape(-1, 2).astype(np.float64)
    bounds = [0, *np.cumsum(lengths).tolist()]
    strokes = tuple(points[begin:end] for begin, end in pairwise(bounds))
    return Sketch(strokes=strokes, word=word, is_recognized=bool(is_recognized))


def _cast(points: Floats, kind: np.dtype[np.generic]) -> npt.NDArray[np.generic]:
    # Numbers that do not fit come back as others, which is what is asked here.
    with np.errstate(all="ignore"):
        return points.astype(kind)


def _is_same(numbers: npt.NDArray[np.generic], points: Floats) -> bool:
    return np.array_equal(numbers, points) or numbers.dtype == _KINDS[-1]


def _read_packed(file: IO[bytes]) -> Iterator[bytes]:
    while head := file.read(8):
        yield head + file.read(struct.unpack("<Q", head)[0])


@contextlib.contextmanager
def _files(parts: int) -> Iterator[list[IO[bytes]]]:
    """Open temporary files that are gone in the end, even of a killed process."""
    with contextlib.ExitStack() as stack:
        files: list[IO[bytes]]
        with _writing():
            files = [
                stack.enter_context(tempfile.TemporaryFile()) for _ in range(parts)
            ]
        yield files


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        folder = tempfile.gettempdir()
        raise OutputError(
            f"{folder}: cannot write temporary files: {error.strerror or error}: make "
            "room, or name another folder in the variable TMPDIR"
        ) from error
