"""Quick, Draw!'s binary files: records byte by byte, truncated anywhere."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from drawings import values_of

from chorale.errors import DataError
from chorale.sketches.formats.files import read_sketches

# Strokes of three points and of one; not recognized.
FIRST = bytes.fromhex(
    "0080ae8a2c6b1248"  # key
    "5645"  # VE
    "00"  # not recognized
    "96ebb858"  # seconds
    "0200"  # strokes
    "0300 827163 48281a"  # 130,72 113,40 99,26
    "0100 4c 52"  # 76,82
)
NOTHING = struct.pack("<Q2sbIH", 1, b"DE", 1, 0, 0)
EMPTY_STROKE = struct.pack("<Q2sbIHHH2B", 1, b"DE", 1, 0, 2, 0, 1, 255, 0)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "The Mona Lisa.bin"
    path.write_bytes(content)
    return path


def test_read_by_the_published_form(tmp_path: Path) -> None:
    path = write(tmp_path, FIRST + NOTHING + EMPTY_STROKE)
    first, nothing, empty = read_sketches(path)
    strokes = [[[130, 72], [113, 40], [99, 26]], [[76, 82]]]
    assert values_of(first) == (strokes, "The Mona Lisa", False)
    assert values_of(nothing) == ([], "The Mona Lisa", True)
    assert values_of(empty) == ([[], [[255, 0]]], "The Mona Lisa", True)


def test_a_drawing_of_100_000_points(tmp_path: Path) -> None:
    xs = np.arange(50_000, dtype=np.uint8)
    stroke = struct.pack("<H", 50_000) + xs.tobytes() + (255 - xs).tobytes()
    head = struct.pack("<Q2sbIH", 1, b"DE", 1, 0, 2)
    (sketch,) = read_sketches(write(tmp_path, head + 2 * stroke))
    assert sum(map(len, sketch.strokes)) == 100_000
    assert (sketch.strokes[1].sum(axis=1) == 255).all()


@pytest.mark.parametrize("size", range(1, len(FIRST)))
def test_cut_off_anywhere_is_refused_with_the_record(tmp_path: Path, size: int) -> None:
    path = write(tmp_path, NOTHING + FIRST + FIRST[:size])
    reader = read_sketches(path)
    assert len(next(reader).strokes) == 0
    assert len(next(reader).strokes) == 2
    with pytest.raises(DataError, match=r"record 3: expected .* the file is cut off"):
        next(reader)


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, FIRST + b"\x89PNG and so on and on")
    with pytest.raises(DataError, match="record 2: expected recognized to be 0 or 1"):
        list(read_sketches(path))


def test_an_empty_file_has_no_drawings(tmp_path: Path) -> None:
    assert list(read_sketches(write(tmp_path, b""))) == []
