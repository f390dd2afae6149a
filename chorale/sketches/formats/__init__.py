"""Reading and writing drawings: one file per format, and how to tell them apart."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from chorale.errors import DataError, UsageError
from chorale.sketches.formats.binary import read_binary
from chorale.sketches.formats.compact import COMPACT_KEYS, read_compact, write_compact
from chorale.sketches.formats.json_strokes import read_json, read_strokes
from chorale.sketches.formats.ndjson import read_ndjson
from chorale.sketches.formats.shared import Watch, opened, placed
from chorale.sketches.formats.sketch_rnn import SPLITS, read_sketch_rnn
from chorale.sketches.formats.svg import read_svg, read_svg_path
from chorale.sketches.formats.tfrecord import (
    TFRECORD_NAME,
    read_tfrecord,
    write_tfrecord,
)
from chorale.sketches.strokes import Sketch

__all__ = [
    "Watch",
    "check_output",
    "holds_many",
    "read_sketches",
    "read_strokes",
    "read_svg_path",
    "write_sketches",
]

_KINDS = "expected drawings in .ndjson, .bin, .npz, .tfrecord, .svg or .json"
# Formats of one drawing, whose word nobody knows.
_OF_ONE = (".svg", ".json")


def read_sketches(
    path: Path | str,
    *,
    trust: bool = False,
    classes: Sequence[str] | None = None,
    watch: Watch | None = None,
) -> Iterator[Sketch]:
    """Yield the drawings of a file, one after another.

    Args:
        path: Quick, Draw!'s .ndjson or .bin, sketch-rnn's .npz, TFRecords of the
            tutorial, the compact .npz, or one drawing as .svg or .json. A compact file,
            or a split of sketch-rnn's, is in memory as a whole; of others, one
            drawing is.
        trust: whether a pickled file may be opened, which can run code hidden in it.
        classes: words by class index, for TFRecords without a .classes file beside.
        watch: is told how many bytes more were read, as they are.

    Raises:
        DataError: the file cannot be read, or is not of its form; the drawings before
            the place are handed out first.
    """
    path = Path(path)
    kind = _kind_of(path)
    if kind == ".tfrecord":
        yield from read_tfrecord(path, watch, classes=classes)
    elif kind == ".npz" and _is_compact(path):
        yield from read_compact(path, watch)
    elif kind == ".npz":
        yield from read_sketch_rnn(path, watch, trust=trust)
    elif kind == ".ndjson":
        yield from read_ndjson(path, watch)
    elif kind == ".bin":
        yield from read_binary(path, watch)
    elif kind == ".svg":
        yield read_svg(path, watch)
    elif kind == ".json":
        yield read_json(path, watch)
    else:
        raise DataError(f"{_KINDS}, got {path.suffix or 'no suffix'}", path)


def write_sketches(
    path: Path | str, sketches: Iterable[Sketch], words: Sequence[str]
) -> int:
    """Write drawings as a compact .npz or as TFRecords, by the suffix.

    Args:
        path: ends in .npz, .tfrecord or .tfrecords; is there whole or not at all.
        sketches: are taken one after another.
        words: the classes in order.

    Returns:
        How many were written; TFRecords leave out drawings of fewer than two points.

    Raises:
        UsageError: the path ends in something else.
        DataError: a drawing's word is not among the words, or its form cannot hold it.
        OutputError: the file cannot be written.
    """
    path = Path(path)
    check_output(path)
    write = write_compact if _kind_of(path) == ".npz" else write_tfrecord
    with placed(path):
        return write(path, sketches, words)


def check_output(path: Path | str) -> None:
    """Make sure that drawings can be written in a file of this name.

    Raises:
        UsageError: it ends in something else.
    """
    if _kind_of(Path(path)) not in (".npz", ".tfrecord"):
        raise UsageError(
            f"{path}: expected a name that ends in .npz (compact) or .tfrecord to "
            f"write drawings, got {Path(path).suffix or 'no suffix'}"
        )


def holds_many(path: Path | str) -> bool:
    """Return whether a file has the name of one with many drawings and their words."""
    return _kind_of(Path(path)) not in (None, *_OF_ONE)


def _kind_of(path: Path) -> str | None:
    """Return the suffix that stands for the format, None of no known one."""
    if TFRECORD_NAME.search(path.name):
        return ".tfrecord"
    suffix = path.suffix.lower()
    return suffix if suffix in (".ndjson", ".bin", ".npz", *_OF_ONE) else None


def _is_compact(path: Path) -> bool:
    """Tell the two forms of .npz apart by the names of their arrays; nothing is read.

    Raises:
        DataError: it is neither.
    """
    with opened(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                names = {name.removesuffix(".npy") for name in archive.namelist()}
        except (zipfile.BadZipFile, ValueError):
            raise DataError(
                "expected an .npz of drawings, it is damaged or another file", path
            ) from None
    if names >= COMPACT_KEYS:
        return True
    if names & set(SPLITS):
        return False
    raise DataError(
        f"expected the arrays {', '.join(sorted(COMPACT_KEYS))}, or those of "
        f"sketch-rnn, {', '.join(SPLITS)}; got {', '.join(sorted(names)) or 'none'}",
        path,
    )
