"""What the formats of drawings share: opening files, places of errors, classes."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.sketches.strokes import Floats, Sketch, check_stroke

# Is told how many bytes more were read.
Watch = Callable[[int], None]

# A file is read in pieces of this size, in bytes.
_PIECE = 1 << 18


class _WatchedFile(io.FileIO):
    """A file that tells how much of it is read, whoever reads it."""

    def __init__(self, path: Path, watch: Watch | None) -> None:
        super().__init__(path)
        self._watch = watch

    def readinto(self, buffer: bytearray | memoryview, /) -> int | None:  # type: ignore[override]
        count = super().readinto(buffer)
        if self._watch is not None and count:
            self._watch(count)
        return count


@contextlib.contextmanager
def opened(path: Path, watch: Watch | None = None) -> Iterator[BinaryIO]:
    """Open a file to be read as bytes.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with io.BufferedReader(_WatchedFile(path, watch), _PIECE) as file:
            yield file
    except OSError as error:
        raise DataError(f"cannot read it: {error.strerror or error}", path) from error


@contextlib.contextmanager
def placed(path: Path, *, row: int | None = None, record: int = 0) -> Iterator[None]:
    """Say in which file and row, or record, a DataError without a place happened."""
    try:
        yield
    except DataError as error:
        if error.path is not None:
            raise
        what = f"record {record}: {error}" if record else str(error)
        raise DataError(what, path, row) from error


def split_at_pen(points: Floats, pen: npt.NDArray[Any]) -> tuple[Floats, ...]:
    """Cut points into strokes.

    Args:
        points: float array (points, 2).
        pen: array (points,), 1 at the last point of a stroke, else 0.

    Raises:
        DataError: the pen is neither 0 nor 1, or a point is no point.
    """
    is_pen = (pen == 0) | (pen == 1)
    if not is_pen.all():
        wrong = pen[~is_pen][0]
        raise DataError(f"expected a pen of 0 or 1, got {wrong:g}")
    if not len(points):
        return ()
    points = check_stroke(points)
    bounds = [0, *(np.flatnonzero(pen[:-1]) + 1).tolist(), len(points)]
    return tuple(points[begin:end] for begin, end in pairwise(bounds))


def numbered(
    sketches: Iterable[Sketch], words: Sequence[str]
) -> Iterator[tuple[int, Sketch]]:
    """Yield each drawing with the place of its word among the words.

    Raises:
        DataError: a word is empty, is not printable (a line end is not) or comes twice;
            a drawing's word is not among the words, with the number of the drawing.
    """
    for word in words:
        if not word.strip() or not word.isprintable():
            raise DataError(f"expected words to name the classes, got {word!r}")
    places = {word: place for place, word in enumerate(words)}
    if len(places) < len(words):
        twice = next(word for word in words if words.count(word) > 1)
        raise DataError(
            f"expected each word once among the classes, got {twice!r} twice"
        )
    for number, sketch in enumerate(sketches, 1):
        if sketch.word not in places:
            raise DataError(
                f"drawing {number}: unknown word {sketch.word!r}: expected one of the "
                f"{len(words)} words of the classes"
            )
        yield places[sketch.word], sketch
