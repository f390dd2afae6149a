"""Bounded reads, atomic writes, hashes, and safe storage of arrays.

What `replacing` writes replaces a file of the same name; `chorale.utils.saving` is for
files that must not replace others.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from chorale.errors import DataError, ModelError, OutputError, located, translated
from chorale.utils.arrays import Arrays
from chorale.utils.npz import read_npz

# The names of temporary files: something random of `mkstemp` between dots, this word,
# and the ending of the file that they become.
_PARTIAL = ".partial"
_PARTIAL_NAME = re.compile(rf"\.[a-z0-9_]{{8}}\{_PARTIAL}(\.\w+)?")


def read_file(path: Path, most: int, kind: str) -> bytes:
    """Return the content of a file of at most `most` bytes.

    `kind` is what is expected, such as `a MIDI file`.

    Raises:
        DataError: the file is larger, or cannot be read.
    """
    with located(path):
        try:
            with path.open("rb") as file:
                return read_bounded(file, most, kind)
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"expected {kind}, cannot read it: {reason}") from error


def read_bounded(file: IO[bytes], most: int, kind: str) -> bytes:
    """Return what is left of an open file, see `read_file`.

    Raises:
        DataError: that is more than `most` bytes.
    """
    content = file.read(most + 1)
    if len(content) > most:
        raise DataError(f"expected {kind} of at most {most >> 20} MiB, it is larger")
    return content


@contextlib.contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Write a file atomically: yield a temporary path that replaces `path` at the end.

    The temporary file is in the same folder, which is created if missing, so the last
    step is a rename. After an exception (a full disk, Ctrl-C) it is removed and `path`
    is unchanged.

    Raises:
        OutputError: the folder or the file cannot be written.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=".", suffix=f"{_PARTIAL}{path.suffix}"
        )
        os.close(handle)
        temporary = Path(name)
        # mkstemp makes private files; the result has the usual permissions.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        yield temporary
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def remove_partial_files(folder: Path) -> None:
    """Remove what killed processes left of files that they were writing.

    Args:
        folder: with everything below it. No other process may be writing there.
    """
    for path in sorted(folder.rglob(f".*{_PARTIAL}*")):
        if _PARTIAL_NAME.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def cannot_write(path: Path | str, error: OSError) -> OutputError:
    """Return the error that says why a file or a folder cannot be written."""
    return OutputError(f"{path}: cannot write it: {error.strerror or error}")


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: Path | str) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def check_files(folder: Path, names: Iterable[str], hashes: Mapping[str, str]) -> None:
    """Check the named files of a model against the SHA-256 hashes in its card.

    Raises:
        ModelError: a file is missing or has another hash.
    """
    for name in names:
        path = folder / name
        if not path.is_file() or sha256(path) != hashes.get(name):
            raise ModelError(
                f"{path}: the file is missing, damaged, or not the one described in "
                "card.json: install the package again, or store "
                "the model of its run again"
            )


def save_arrays(path: Path | str, arrays: Arrays, *, compress: bool = False) -> None:
    """Write named arrays as .npz, atomically; equal arrays give equal bytes."""
    save = np.savez_compressed if compress else np.savez
    with replacing(path) as temporary:
        save(temporary, **arrays)  # type: ignore[arg-type]


def load_arrays(path: Path | str) -> Arrays:
    """Read an .npz of plain arrays, without unpickling.

    Raises:
        ModelError: the file is missing or damaged.
    """

    def damaged(reason: str) -> ModelError:
        return ModelError(
            f"{path}: expected a file of arrays, it is damaged ({reason}): remove it "
            "and run the command that wrote it again"
        )

    try:
        with translated(damaged), Path(path).open("rb") as file:
            return read_npz(file)
    except FileNotFoundError:
        raise ModelError(f"{path}: expected a file of arrays, found none") from None
    except OSError as error:
        raise damaged(error.strerror or str(error)) from None


def parse_object(text: str) -> dict[str, Any]:
    """Parse the JSON of an object.

    Raises:
        ValueError: it is other text.
    """
    try:
        values = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError(f"expected an object, got {type(values).__name__}")
    return values
