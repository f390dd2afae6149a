"""The compact format: all drawings of all classes in five arrays of one .npz.

`xy` uint8 (points, 2), the points of all strokes of all drawings; `stroke_len` uint16
(strokes,), points of each stroke; `n_strokes` uint8 (drawings,), strokes of each
drawing; `label` uint16 (drawings,), index of its word in `classes`, an array of text.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np

from chorale.errors import DataError, located, translated
from chorale.sketches.formats.shared import ReadOptions, labeled, open_binary
from chorale.sketches.preprocessing import DATASET_TOLERANCE, GRID, to_grid
from chorale.sketches.strokes import Sketch, check_stroke
from chorale.utils.arrays import Arrays, Float64Array
from chorale.utils.files import replacing
from chorale.utils.npz import read_npz
from chorale.utils.temporary import full_folder_named

# The stored type of each array, and the shape of one of its rows.
_COLUMNS: dict[str, tuple[str, tuple[int, ...]]] = {
    "xy": ("|u1", (2,)),
    "stroke_len": ("<u2", ()),
    "n_strokes": ("|u1", ()),
    "label": ("<u2", ()),
}
COMPACT_KEYS = frozenset({*_COLUMNS, "classes"})
_MAX_NUMBER = 0xFFFF  # of every column: more is damage, and sums could overflow


# === Reading ===


def read_compact(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the drawings of a compact .npz; its arrays are loaded as a whole.

    Raises:
        DataError: the file cannot be read or is malformed.
    """
    with located(path):
        arrays = _load(path, options)
        _check(arrays)
    words = [str(word) for word in arrays["classes"]]
    ends = np.cumsum(arrays["stroke_len"], dtype=np.int64)
    bounds = pairwise(chain([0], ends))  # of each stroke
    for label, count in zip(arrays["label"], arrays["n_strokes"], strict=True):
        strokes = [arrays["xy"][a:b] for a, b in islice(bounds, int(count))]
        drawn = tuple(stroke.astype(np.float64) for stroke in strokes)
        yield Sketch(strokes=drawn, word=words[label])


def _load(path: Path, options: ReadOptions) -> Arrays:
    with (
        open_binary(path, options) as file,
        translated(
            lambda reason: DataError(
                f"expected the arrays {', '.join(sorted(COMPACT_KEYS))}, the file is "
                f"damaged or another: {reason}"
            )
        ),
    ):
        return read_npz(file, COMPACT_KEYS)


def _check(arrays: Arrays) -> None:
    """Refuse arrays of other types or shapes, or that do not fit together."""
    for name, (_, row) in _COLUMNS.items():
        array = arrays[name]
        if array.dtype.kind not in "iu" or not array.ndim or array.shape[1:] != row:
            raise DataError(
                f"expected {name} to be whole numbers {'(n, 2)' if row else '(n,)'}, "
                f"got {array.dtype} {array.shape}"
            )
        if array.size and array.min() < 0:
            raise DataError(f"expected {name} of at least 0, got {array.min()}")
        if array.size and array.max() > _MAX_NUMBER:
            raise DataError(
                f"expected {name} of at most {_MAX_NUMBER}, got {array.max()}"
            )
    classes, labels = arrays["classes"], arrays["label"]
    if classes.dtype.kind != "U" or classes.ndim != 1:
        raise DataError(f"expected classes to be words, got {classes.dtype}")
    for name, expected, reason in (
        ("xy", arrays["stroke_len"].sum(dtype=np.int64), "the sum of stroke_len"),
        ("stroke_len", arrays["n_strokes"].sum(dtype=np.int64), "the sum of n_strokes"),
        ("label", len(arrays["n_strokes"]), "one for each drawing"),
    ):
        if len(arrays[name]) != expected:
            raise DataError(
                f"expected {expected} rows in {name}, {reason}, got {len(arrays[name])}"
            )
    if (is_unknown := labels >= len(classes)).any():
        record = int(is_unknown.argmax())
        raise DataError(
            f"drawing {record + 1}: expected a label below {len(classes)}, the number "
            f"of classes, got {labels[record]}"
        )


# === Writing ===


def write_compact(path: Path, sketches: Iterable[Sketch], words: Sequence[str]) -> int:
    """Write drawings in the compact format.

    Coordinates that are all whole numbers from 0 to 255 are stored as they are. Other
    drawings are scaled to 255, simplified and rounded as the makers of the dataset did,
    without empty strokes. Whether a drawing was recognized is lost. Return how many
    drawings were written.

    Raises:
        DataError: the words are no valid classes, the word of a drawing is not one of
            them, or a drawing has more strokes or points than the format holds.
        OutputError: the file cannot be written.
    """
    if len(words) > 0xFFFF:
        raise DataError(f"expected at most {0xFFFF} classes, got {len(words)}")
    with replacing(path) as temporary, contextlib.ExitStack() as stack:
        # Each column grows in a file of its own: drawings may not fit in memory.
        with full_folder_named():
            columns = {
                name: stack.enter_context(tempfile.TemporaryFile()) for name in _COLUMNS
            }
        written = 0
        for label, sketch in labeled(sketches, words):
            written += 1
            strokes = _to_bytes_grid(sketch, written)
            rows: dict[str, Any] = {
                "xy": np.concatenate(strokes) if strokes else [],
                "stroke_len": [len(stroke) for stroke in strokes],
                "n_strokes": [len(strokes)],
                "label": [label],
            }
            with full_folder_named():
                for name, (dtype, _) in _COLUMNS.items():
                    columns[name].write(np.asarray(rows[name]).astype(dtype).tobytes())
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, column in columns.items():
                _store_column(archive, name, column)
            with archive.open("classes.npy", "w") as member:
                np.lib.format.write_array(member, np.array(list(words), str))
    return written


def _to_bytes_grid(sketch: Sketch, number: int) -> Sequence[Float64Array]:
    """Return the strokes of a drawing as whole numbers from 0 to 255."""
    strokes: Sequence[Float64Array] = [check_stroke(line) for line in sketch.strokes]
    if not all(
        ((stroke >= 0) & (stroke <= GRID) & (stroke == np.rint(stroke))).all()
        for stroke in strokes
    ):
        strokes = to_grid(strokes, DATASET_TOLERANCE)
    longest = max(map(len, strokes), default=0)
    if len(strokes) > 0xFF or longest > 0xFFFF:
        raise DataError(
            f"drawing {number} ({sketch.word}): expected at most {0xFF} strokes of at "
            f"most {0xFFFF} points, which the compact format holds, got {len(strokes)} "
            f"strokes of up to {longest} points: leave it out, or write TFRecords"
        )
    return strokes


def _store_column(archive: zipfile.ZipFile, name: str, column: IO[bytes]) -> None:
    """Add a file of numbers to an .npz as an array."""
    dtype, row = _COLUMNS[name]
    rows = column.tell() // np.dtype((dtype, row)).itemsize
    header = {"descr": dtype, "fortran_order": False, "shape": (rows, *row)}
    column.seek(0)
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(member, header)
        shutil.copyfileobj(column, member, 1 << 20)
