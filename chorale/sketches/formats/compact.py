"""The compact form: all drawings of all classes in five arrays of one .npz.

`xy` uint8 (points, 2), the points of all strokes of all drawings; `stroke_len` uint16
(strokes,), the points of each stroke; `n_strokes` uint8 (drawings,), the strokes of
each drawing; `label` uint16 (drawings,), the place of its word in `classes`, an array
of text.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.sketches.formats.shared import Watch, numbered, opened
from chorale.sketches.strokes import GRID, Floats, Sketch, check_stroke, to_grid
from chorale.utils.files import replacing

# Each array's name, type as numpy writes it, and numbers in a row of it.
_COLUMNS = {
    "xy": ("|u1", 2),
    "stroke_len": ("<u2", 1),
    "n_strokes": ("|u1", 1),
    "label": ("<u2", 1),
}
COMPACT_KEYS = frozenset({*_COLUMNS, "classes"})
# Of the dataset's own makers, on a grid of 256.
DATASET_TOLERANCE = 2.0
# As many drawings are turned into floats at a time.
_AT_ONCE = 4096


# === Reading ===


def read_compact(path: Path, watch: Watch | None = None) -> Iterator[Sketch]:
    """Yield the drawings of a compact .npz; its arrays are in memory as a whole.

    Raises:
        DataError: the file cannot be read, or is not of this form.
    """
    arrays = _load(path, watch)
    _check(arrays, path)
    words = [str(word) for word in arrays["classes"]]
    labels = arrays["label"].tolist()
    strokes_end = np.cumsum(arrays["n_strokes"], dtype=np.int64)
    points_end = np.cumsum(arrays["stroke_len"], dtype=np.int64)
    first_stroke = first_point = 0
    for begin in range(0, len(labels), _AT_ONCE):
        ends = strokes_end[begin : begin + _AT_ONCE].tolist()
        point_ends = points_end[first_stroke : ends[-1]].tolist()
        last_point = point_ends[-1] if point_ends else first_point
        points = arrays["xy"][first_point:last_point].astype(np.float64)
        starts = [0, *(end - first_point for end in point_ends)]
        strokes = [points[a:b] for a, b in pairwise(starts)]
        low = 0
        for label, end in zip(labels[begin : begin + _AT_ONCE], ends, strict=True):
            high = end - first_stroke
            yield Sketch(strokes=tuple(strokes[low:high]), word=words[label])
            low = high
        first_stroke, first_point = ends[-1], last_point


def _load(path: Path, watch: Watch | None) -> dict[str, npt.NDArray[Any]]:
    with opened(path, watch) as file:
        try:
            with np.load(file, allow_pickle=False) as stored:
                return {name: stored[name] for name in sorted(COMPACT_KEYS)}
        except (
            ValueError,
            EOFError,
            KeyError,
            MemoryError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ):
            # What numpy says of such a file is advice to load it unsafely.
            raise DataError(
                f"expected the arrays {', '.join(sorted(COMPACT_KEYS))}, the file is "
                "damaged or another",
                path,
            ) from None


def _check(arrays: dict[str, npt.NDArray[Any]], path: Path) -> None:
    """Make sure that the arrays are of the form and fit one another.

    Raises:
        DataError: they do not.
    """
    for name, (_, width) in _COLUMNS.items():
        array = arrays[name]
        shape_is_right = array.ndim == width and (width == 1 or array.shape[1] == width)
        if array.dtype.kind not in "iu" or not shape_is_right:
            form = "(n, 2)" if width == 2 else "(n,)"
            raise DataError(
                f"expected {name} to be whole numbers {form}, "
                f"got {array.dtype} {array.shape}",
                path,
            )
        if array.size and array.min() < 0:
            raise DataError(f"expected {name} of at least 0, got {array.min()}", path)
    classes = arrays["classes"]
    if classes.dtype.kind != "U" or classes.ndim != 1:
        raise DataError(f"expected classes to be words, got {classes.dtype}", path)
    for whole, part, what in (
        ("stroke_len", "xy", "points"),
        ("n_strokes", "stroke_len", "strokes"),
    ):
        total = int(arrays[whole].sum(dtype=np.int64))
        if total != len(arrays[part]):
            raise DataError(
                f"expected {total} {what} in {part}, the sum of {whole}, "
                f"got {len(arrays[part])}",
                path,
            )
    labels = arrays["label"]
    if len(labels) != len(arrays["n_strokes"]):
        raise DataError(
            f"expected a label for each of {len(arrays['n_strokes'])} drawings, "
            f"got {len(labels)}",
            path,
        )
    if len(labels) and labels.max() >= len(classes):
        record = int(np.argmax(labels >= len(classes)))
        raise DataError(
            f"drawing {record + 1}: expected a label below {len(classes)}, the number "
            f"of classes, got {labels[record]}",
            path,
        )


# === Writing ===


def write_compact(path: Path, sketches: Iterable[Sketch], words: Sequence[str]) -> int:
    """Write drawings in the compact form.

    Coordinates that are all whole numbers from 0 to 255 are kept as they are. Another
    drawing is brought to the grid as the dataset's makers did: moved and scaled to
    255, simplified, rounded, and rid of empty strokes. Whether a drawing was
    recognized is lost.

    Returns:
        How many drawings were written.

    Raises:
        DataError: the words are none, a drawing's word is not among them, or it has
            more strokes or points than the form holds.
        OutputError: the file cannot be written.
    """
    if len(words) > 0xFFFF:
        raise DataError(f"expected at most {0xFFFF} classes, got {len(words)}")
    with replacing(path) as temporary, contextlib.ExitStack() as stack:
        # The columns grow apart and are put together at the end, on disk: there may be
        # more drawings than memory holds.
        columns = {
            name: stack.enter_context(tempfile.TemporaryFile()) for name in _COLUMNS
        }
        written = 0
        for label, sketch in numbered(sketches, words):
            written += 1
            strokes = _on_grid(sketch, written)
            rows: dict[str, Any] = {
                "xy": np.concatenate(strokes) if strokes else [],
                "stroke_len": [len(stroke) for stroke in strokes],
                "n_strokes": [len(strokes)],
                "label": [label],
            }
            for name, (kind, _) in _COLUMNS.items():
                columns[name].write(np.asarray(rows[name]).astype(kind).tobytes())
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, column in columns.items():
                _store_column(archive, name, column)
            with archive.open("classes.npy", "w") as member:
                np.lib.format.write_array(member, np.array(list(words), str))
    return written


def _on_grid(sketch: Sketch, number: int) -> Sequence[Floats]:
    """Return the strokes of a drawing as whole numbers from 0 to 255."""
    strokes: Sequence[Floats] = [check_stroke(stroke) for stroke in sketch.strokes]
    if not all(
        ((stroke >= 0) & (stroke <= GRID) & (stroke == np.rint(stroke))).all()
        for stroke in strokes
    ):
        strokes = to_grid(strokes, DATASET_TOLERANCE)
    longest = max((len(stroke) for stroke in strokes), default=0)
    for what, most, count in (
        ("strokes", 0xFF, len(strokes)),
        ("points in a stroke", 0xFFFF, longest),
    ):
        if count > most:
            raise DataError(
                f"drawing {number} ({sketch.word}): expected at most {most} {what}, "
                f"which the compact form holds, got {count}: leave it out, or write "
                "TFRecords"
            )
    return strokes


def _store_column(archive: zipfile.ZipFile, name: str, column: IO[bytes]) -> None:
    """Put a file of numbers into an .npz as an array."""
    kind, width = _COLUMNS[name]
    rows = column.tell() // (np.dtype(kind).itemsize * width)
    shape = (rows,) if width == 1 else (rows, width)
    column.seek(0)
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array_header_1_0(
            member, {"descr": kind, "fortran_order": False, "shape": shape}
        )
        shutil.copyfileobj(column, member, 1 << 20)
