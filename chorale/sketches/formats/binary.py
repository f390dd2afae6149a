"""Quick, Draw!'s binary files: drawings of one word, which is the name of the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from chorale.errors import DataError, located
from chorale.sketches.formats.shared import ReadOptions, open_binary
from chorale.sketches.strokes import Sketch
from chorale.utils.arrays import Float64Array

# Key, country, whether recognized, time in seconds, number of strokes.
_HEADER = struct.Struct("<Q2sbIH")
_COUNT = struct.Struct("<H")


def read_binary(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the drawings of a .bin file; their word is the name of the file.

    The file is a sequence of records, all numbers little-endian. A record is the key
    (8 bytes), the country (2), whether the drawing was recognized (1), the time (4) and
    the number of strokes (2); then for each stroke its number of points (2), its xs and
    its ys.

    Raises:
        DataError: the file cannot be read or is malformed; with the number of the
            record.
    """
    with open_binary(path, options) as file:
        record = 0
        while header := file.read(_HEADER.size):
            record += 1
            with located(path, record=record):
                sketch = _read_record(header, file, path.stem)
            yield sketch


def _read_record(header: bytes, file: BinaryIO, word: str) -> Sketch:
    _check_size(header, _HEADER.size)
    _, _, is_recognized, _, count = _HEADER.unpack(header)
    if is_recognized not in (0, 1):
        # What follows would be nonsense that may well look like drawings.
        raise DataError(
            f"expected recognized to be 0 or 1, got {is_recognized}: "
            "the file has another format, or is damaged"
        )
    strokes = tuple(_read_stroke(file) for _ in range(count))
    return Sketch(strokes=strokes, word=word, is_recognized=bool(is_recognized))


def _read_stroke(file: BinaryIO) -> Float64Array:
    (points,) = _COUNT.unpack(_check_size(file.read(_COUNT.size), _COUNT.size))
    columns = _check_size(file.read(2 * points), 2 * points)
    return np.frombuffer(columns, np.uint8).reshape(2, points).T.astype(np.float64)


def _check_size(data: bytes, expected: int) -> bytes:
    if len(data) < expected:
        raise DataError(
            f"expected {expected} bytes more, got {len(data)}: the file is cut off"
        )
    return data
