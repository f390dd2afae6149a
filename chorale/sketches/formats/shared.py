"""What the formats share: read options, opening files, error locations, labels."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.sketches.strokes import Sketch, check_stroke
from chorale.utils.arrays import Float64Array

_BUFFER_SIZE = 1 << 18  # bytes


class ReadOptions(NamedTuple):
    """How a file is read; see `chorale.sketches.formats.files.read_sketches`."""

    trust: bool = False
    classes: Sequence[str] | None = None
    on_read: Callable[[int], None] | None = None


class _ObservedFile(io.FileIO):
    """A file that reports the bytes read."""

    on_read: Callable[[int], None] | None = None

    def readinto(self, buffer: bytearray | memoryview, /) -> int | None:  # type: ignore[override]
        count = super().readinto(buffer)
        if self.on_read is not None and count:
            self.on_read(count)
        return count


@contextlib.contextmanager
def open_binary(path: Path, options: ReadOptions) -> Iterator[BinaryIO]:
    """Open a file for reading bytes.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        with _ObservedFile(path) as raw:
            raw.on_read = options.on_read
            yield io.BufferedReader(raw, _BUFFER_SIZE)
    except OSError as error:
        raise DataError(f"cannot read it: {error.strerror or error}", path) from error


def split_at_pen(
    points: Float64Array, pen: npt.NDArray[Any]
) -> tuple[Float64Array, ...]:
    """Split points (points, 2) into strokes; the pen (points,) is 1 where one ends.

    Raises:
        DataError: a pen state other than 0 or 1, or an invalid coordinate.
    """
    is_pen = (pen == 0) | (pen == 1)
    if not is_pen.all():
        raise DataError(f"expected a pen of 0 or 1, got {pen[~is_pen][0]:g}")
    if not len(points):
        return ()
    points = check_stroke(points)
    bounds = [0, *(np.flatnonzero(pen[:-1]) + 1).tolist(), len(points)]
    return tuple(points[begin:end] for begin, end in pairwise(bounds))


def labeled(
    sketches: Iterable[Sketch], words: Sequence[str]
) -> Iterator[tuple[int, Sketch]]:
    """Yield each drawing with its label, the index of its word in the classes.

    Raises:
        DataError: a class is empty, has characters that are not printable (such as a
            line end) or is listed twice; the word of a drawing is not a class.
    """
    for word in words:
        if not word.strip() or not word.isprintable():
            raise DataError(f"expected words to name the classes, got {word!r}")
    labels = {word: label for label, word in enumerate(words)}
    if len(labels) < len(words):
        twice = next(word for word in words if words.count(word) > 1)
        raise DataError(
            f"expected each word once among the classes, got {twice!r} twice"
        )
    for number, sketch in enumerate(sketches, 1):
        if sketch.word not in labels:
            raise DataError(
                f"drawing {number}: unknown word {sketch.word!r}: expected one of the "
                f"{len(words)} words of the classes"
            )
        yield labels[sketch.word], sketch
