"""Writing files so that a failure loses nothing, and reading weights safely."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chorale.errors import ModelError, OutputError

Arrays = dict[str, npt.NDArray[Any]]


@contextlib.contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` if the block succeeds.

    The temporary file lies in the same folder, which is made if need be, so the last
    step is one atomic rename; after an exception (a full disk, Ctrl-C) it is removed
    and whatever `path` held before is still there.

    Raises:
        OutputError: the folder or the file cannot be written.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=".", suffix=f".partial{path.suffix}"
        )
        os.close(handle)
        temporary = Path(name)
        # mkstemp makes private files; what we leave is as readable as any other.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        yield temporary
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{path}: cannot write it: {reason}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sha256(path: Path | str) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def check_files(folder: Path, names: Iterable[str], hashes: Mapping[str, str]) -> None:
    """Make sure that files of a model are those that its card describes.

    Args:
        folder: of the model.
        names: of the files that are needed.
        hashes: the SHA-256 of each, out of the card.

    Raises:
        ModelError: a file is missing or of another hash.
    """
    for name in names:
        path = folder / name
        if not path.is_file() or sha256(path) != hashes.get(name):
            raise ModelError(
                f"{path}: the file is missing, damaged, or not the one that card.json "
                "describes: install the package again, or export the run again"
            )


def save_arrays(path: Path | str, arrays: Arrays, *, compress: bool = False) -> None:
    """Write named arrays as .npz, whole or not at all; equal arrays, equal bytes.

    Args:
        path: where to.
        arrays: by name.
        compress: whether a smaller file is worth more than the time it takes.
    """
    save = np.savez_compressed if compress else np.savez
    with replacing(path) as temporary:
        save(temporary, **arrays)  # type: ignore[arg-type]


def load_arrays(path: Path | str) -> Arrays:
    """Read an .npz of plain arrays; nothing in it is ever executed.

    Raises:
        ModelError: the file is missing or damaged.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise ModelError(f"{path}: expected a file of arrays, there is none") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        # What numpy says of such a file is advice to load it unsafely.
        raise ModelError(
            f"{path}: expected a file of arrays, it is damaged: remove it, and run "
            "again what wrote it"
        ) from None
