"""Quick, Draw!'s binary files: drawings of one word, which is the file's name."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from chorale.errors import DataError
from chorale.sketches.formats.shared import Watch, opened, placed
from chorale.sketches.strokes import Floats, Sketch

# Key, country, whether it is recognized, time in seconds, number of strokes.
_HEAD = struct.Struct("<Q2sbIH")
_COUNT = struct.Struct("<H")


def read_binary(path: Path, watch: Watch | None = None) -> Iterator[Sketch]:
    """Yield the drawings of a .bin file; their word is the name of the file.

    All numbers are little-endian and there is no header. A record is the key (8 bytes),
    the country (2), whether it is recognized (1), the time (4) and the number of
    strokes (2); then for each stroke its number of points (2), its xs and its ys.

    Raises:
        DataError: the file cannot be read, ends within a record, or holds something
            else; with the number of the record.
    """
    with opened(path, watch) as file:
        record = 0
        while head := file.read(_HEAD.size):
            record += 1
            with placed(path, record=record):
                sketch = _read_record(head, file, path.stem)
            yield sketch


def _read_record(head: bytes, file: BinaryIO, word: str) -> Sketch:
    _check_size(head, _HEAD.size)
    _, _, is_recognized, _, count = _HEAD.unpack(head)
    if is_recognized not in (0, 1):
        # Whatever follows would be nonsense that may well look like drawings.
        raise DataError(
            f"expected recognized to be 0 or 1, got {is_recognized}: "
            "it is no such file, or damaged"
        )
    strokes = tuple(_read_stroke(file) for _ in range(count))
    return Sketch(strokes=strokes, word=word, is_recognized=bool(is_recognized))


def _read_stroke(file: BinaryIO) -> Floats:
    (points,) = _COUNT.unpack(_check_size(file.read(_COUNT.size), _COUNT.size))
    columns = _check_size(file.read(2 * points), 2 * points)
    return np.frombuffer(columns, np.uint8).reshape(2, points).T.astype(np.float64)


def _check_size(read: bytes, expected: int) -> bytes:
    if len(read) < expected:
        raise DataError(
            f"expected {expected} bytes more, got {len(read)}: the file is cut off"
        )
    return read
