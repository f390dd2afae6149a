"""Reads and writes files and folders of drawings in any format.

To add a format, write its module and add a row to FORMATS.
"""

from __future__ import annotations

import codecs
import contextlib
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from chorale.errors import UNEXPECTED, DataError, UsageError, located, translated
from chorale.sketches.formats.binary import read_binary
from chorale.sketches.formats.compact import COMPACT_KEYS, read_compact, write_compact
from chorale.sketches.formats.json_strokes import read_json
from chorale.sketches.formats.ndjson import read_ndjson
from chorale.sketches.formats.shared import ReadOptions, open_binary
from chorale.sketches.formats.sketch_rnn import SPLITS, read_sketch_rnn
from chorale.sketches.formats.svg.reader import read_svg
from chorale.sketches.formats.tfrecord import read_tfrecord, write_tfrecord
from chorale.sketches.strokes import Sketch
from chorale.utils.checks import check_choice
from chorale.utils.progress import Progress
from chorale.utils.streams import is_stream, regular_file
from chorale.utils.temporary import (
    errors_naming,
    full_folder_named,
    temporary_folder,
)
from chorale.utils.text import listed

# Called with a path, drawings and the classes; returns the number of drawings written.
Write = Callable[[Path, Iterable[Sketch], Sequence[str]], int]


class Format(NamedTuple):
    """A file format: the functions that read and write a file of it."""

    read: Callable[[Path, ReadOptions], Iterator[Sketch]]
    write: Write | None = None
    has_words: bool = True  # False: a file is one drawing without a word


def read_npz(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the drawings of an .npz; the names of its arrays tell its format.

    Raises:
        DataError: the file cannot be read, or has neither format.
    """
    with (
        open_binary(path, options) as file,
        translated(
            lambda reason: DataError(
                "expected an .npz of drawings, it is damaged or another file: "
                f"{reason}",
                path,
            )
        ),
        zipfile.ZipFile(file) as archive,
    ):
        names = {name.removesuffix(".npy") for name in archive.namelist()}
    if names >= COMPACT_KEYS:
        yield from read_compact(path, options)
    elif names & set(SPLITS):
        yield from read_sketch_rnn(path, options)
    else:
        raise DataError(
            f"expected the arrays {', '.join(sorted(COMPACT_KEYS))}, or those of "
            f"sketch-rnn, {', '.join(SPLITS)}; "
            f"got {', '.join(sorted(names)) or 'none'}",
            path,
        )


FORMATS = {  # by the ending of the file name
    ".ndjson": Format(read_ndjson),
    ".bin": Format(read_binary),
    ".npz": Format(read_npz, write_compact),
    ".tfrecord": Format(read_tfrecord, write_tfrecord),
    ".svg": Format(read_svg, has_words=False),
    ".json": Format(read_json, has_words=False),
}
FORMAT_NAMES = tuple(ending.removeprefix(".") for ending in FORMATS)
# TFRecords of other names, such as a.tfrecords and a.tfrecord-00000-of-00010.
_TFRECORD_ENDING = re.compile(r"(\.tfrecord)s?(-\d+-of-\d+)?$")


def format_of(path: Path) -> Format | None:
    """Return the format of a file by its name, None if it is none of FORMATS."""
    return FORMATS.get(Path(_TFRECORD_ENDING.sub(r"\1", path.name.lower())).suffix)


def read_sketches(
    path: Path | str,
    *,
    trust: bool = False,
    classes: Sequence[str] | None = None,
    on_read: Callable[[int], None] | None = None,
    form: str | None = None,
) -> Iterator[Sketch]:
    """Yield the drawings of a file, or of a pipe.

    Args:
        path: Quick, Draw!'s .ndjson or .bin, sketch-rnn's .npz, TFRecords of the
            tutorial, a compact .npz, or one drawing as .svg or .json. Compact files and
            splits of sketch-rnn are loaded as a whole, others drawing by drawing.
        trust: whether to unpickle files, which can run code hidden in them.
        classes: words by class index, for TFRecords without a .classes file.
        on_read: callback, called with the number of bytes of each read.
        form: one of FORMAT_NAMES, for a file whose ending does not say its format.

    Raises:
        UsageError: there is no such format.
        DataError: the file cannot be read or is malformed; drawings before the error
            are yielded first.
    """
    path = Path(path)
    if form is not None:
        check_choice("a format to read", form, FORMAT_NAMES)
    if path.is_dir():
        raise DataError("expected a file of drawings, it is a folder: name files", path)
    found = format_of(path) if form is None else FORMATS[f".{form}"]
    if found is None:
        raise DataError(
            f"expected drawings in {listed(FORMATS, last='or')}, "
            f"got {path.suffix or 'no suffix: name the format, as with --from svg'}",
            path,
        )
    with contextlib.ExitStack() as stack:
        if form is not None or is_stream(path):
            ending = path.suffix.lower() if form is None else f".{form}"
            path = stack.enter_context(regular_file(path, ending))
        stack.enter_context(
            translated(
                lambda reason: DataError(
                    f"cannot read it, {UNEXPECTED}: {reason}", path
                )
            )
        )
        yield from found.read(path, ReadOptions(trust, classes, on_read))


def read_content(
    content: bytes, name: str, *, trust: bool = False, form: str | None = None
) -> Iterator[Sketch]:
    """Yield the drawings of the content of a file, such as of the standard input.

    Args:
        content: in any of FORMATS.
        name: where it comes from, for errors.
        trust: see `read_sketches`.
        form: one of FORMAT_NAMES. None to recognize text: SVG, lines of objects as in
            .ndjson files, or else JSON.

    Raises:
        UsageError: there is no such format.
        DataError: the content is malformed.
        OutputError: the folder for temporary files is full.
    """
    if form is None:
        form = _form_of_text(content)
    check_choice("a format to read", form, FORMAT_NAMES)
    with temporary_folder() as folder:
        path = folder / f"{name}.{form}"
        with full_folder_named():
            path.write_bytes(content)
        with errors_naming(Path(name), path):
            yield from read_sketches(path, trust=trust, form=form)


def _form_of_text(content: bytes) -> str:
    """Return the format of a text by how it begins."""
    first, _, rest = content.removeprefix(codecs.BOM_UTF8).lstrip().partition(b"\n")
    if first.startswith(b"<"):
        return "svg"
    is_object = first.startswith(b"{") and first.rstrip().endswith(b"}")
    return "ndjson" if is_object and rest.strip() else "json"


def write_sketches(
    path: Path | str, sketches: Iterable[Sketch], words: Sequence[str]
) -> int:
    """Write drawings as a compact .npz or as TFRecords, by the ending of the path.

    The file is written whole or not at all; drawings are consumed one by one. Return
    how many were written: TFRecords omit drawings of fewer than two points.

    Raises:
        UsageError: the path has another ending.
        DataError: the word of a drawing is not a class, or the format cannot hold it.
        OutputError: the file cannot be written.
    """
    write = check_output(Path(path))
    with located(Path(path)):
        return write(Path(path), sketches, words)


def check_output(path: Path) -> Write:
    """Return the function that writes files of this name.

    Raises:
        UsageError: drawings cannot be written in files of this name.
    """
    found = format_of(path)
    if found is None or found.write is None:
        raise UsageError(
            f"{path}: expected a name that ends in .npz (compact) or .tfrecord to "
            f"write drawings, got {path.suffix or 'no suffix'}"
        )
    return found.write


# === Many files ===


def find_files(sources: Sequence[Path], output: Path | None = None) -> list[Path]:
    """Return files, and the files of labeled drawings in folders, by name.

    `output` is left out of a folder.

    Raises:
        DataError: a source does not exist, or a folder has no such files.
    """
    files = []
    for source in sources:
        found = [source]
        if not source.exists():
            raise DataError(
                "expected a file or folder of drawings, there is none", source
            )
        if source.is_dir():
            found = [
                path
                for path in sorted(source.rglob("*"))
                if path.is_file()
                and (format_ := format_of(path)) is not None
                and format_.has_words
                and not path.name.startswith(".")
                and not (output and path.resolve() == output.resolve())
            ]
        if not found:
            raise DataError("expected drawings in the folder, got none", source)
        files += found
    return files


def read_files(
    files: Sequence[Path],
    *,
    trust: bool = False,
    progress: Progress | None = None,
    form: str | None = None,
) -> Iterator[Sketch]:
    """Yield the drawings of all files, in their order.

    Args:
        trust: whether to unpickle files, which can run code hidden in them.
        progress: callback, called with the bytes read and the bytes of all files.
        form: see `read_sketches`.

    Raises:
        DataError: see `read_sketches`.
    """
    sizes = [path.stat().st_size for path in files]
    end = 0  # of the current file, in bytes of all files
    done = 0

    def on_read(count: int) -> None:
        nonlocal done
        # The directory of an .npz is read more than once.
        done = min(done + count, end)
        if progress is not None:
            progress(done, sum(sizes))

    for path, size in zip(files, sizes, strict=True):
        end += size
        yield from read_sketches(path, trust=trust, on_read=on_read, form=form)
        on_read(end - done)
