"""Files that do not replace others, even if many processes write at once.

Files are written to a hidden folder of drafts beside their destination, and moved when
they are whole. A move that must not replace a file is a hard link, which the operating
system refuses if there is one. Content that is already there is not written again.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from chorale.errors import OutputError
from chorale.utils.files import cannot_write
from chorale.utils.temporary import errors_naming

# Error codes of file systems without hard links.
_NO_LINKS = {
    errno.EPERM,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
    errno.EMLINK,
    errno.EXDEV,
}
# Folders of drafts say what they are. Earlier versions did not: all are removed.
_PREFIX, _ALL_PREFIXES = ".chorale-unfinished-", ".chorale-"
_STALE = 24 * 3600  # seconds after which such a folder is one of a killed process


class Saved(NamedTuple):
    """Files that are in place.

    Attributes:
        paths: in the order of the drafts.
        number: appended to their names; 1 for none.
        unchanged: whether all of them were there already, with the same content, and
            are left as they are.
    """

    paths: list[Path]
    number: int
    unchanged: bool


@contextlib.contextmanager
def drafts(folder: Path | str) -> Iterator[Path]:
    """Yield a hidden folder inside a folder, which is made; it is removed at the end.

    Folders that killed processes left a day ago or earlier are removed too.

    Raises:
        OutputError: the folder cannot be written to.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
        hidden = Path(tempfile.mkdtemp(dir=folder, prefix=_PREFIX))
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        with errors_naming(folder, hidden):
            yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def check_new(path: Path | str) -> None:
    """Check that there is no file of a name, before the work whose result it is.

    Raises:
        OutputError: there is.
    """
    if os.path.lexists(path):
        raise _exists(Path(path))


def save_exactly(
    files: Sequence[Path], paths: Sequence[Path], *, overwrite: bool = False
) -> bool:
    """Move finished files to paths whose names the user chose, all or none.

    With `overwrite`, all paths are checked before the first file is replaced.

    Returns:
        Whether anything is written: without `overwrite`, files of the same content are
        left as they are.

    Raises:
        OutputError: there is another file of a name and `overwrite` is false, or a file
            cannot be written.
    """
    pairs = list(zip(files, paths, strict=True))
    if overwrite:
        _replace_all(pairs)
        return True
    changed = not all(_is_same(file, path) for file, path in pairs)
    if (taken := _move_all(pairs)) is not None:
        raise _exists(taken)
    return changed


def save_numbered(
    files: Sequence[Path], folder: Path, *, overwrite: bool = False
) -> Saved:
    """Move finished files of one piece to a folder, under names that are free.

    They keep their names, or get the same number: `name-2.mid`, `name-2.wav`.

    Args:
        files: drafts, see `drafts`.
        folder: that takes them.
        overwrite: whether to replace files of the same names instead.

    Raises:
        OutputError: a file cannot be written.
    """
    for number in count(1):
        ending = f"-{number}" if number > 1 else ""
        paths = [folder / f"{file.stem}{ending}{file.suffix}" for file in files]
        pairs = list(zip(files, paths, strict=True))
        if overwrite:
            _replace_all(pairs)
            return Saved(paths, number, unchanged=False)
        unchanged = all(_is_same(file, path) for file, path in pairs)
        # All commands move in the same order: one of them gets all names.
        if _move_all(sorted(pairs)) is None:
            return Saved(paths, number, unchanged)
    raise AssertionError("there are more numbers")


def reserve(path: Path) -> Path:
    """Make an empty file of a name, with a number appended if there is one already.

    Raises:
        OutputError: it cannot be written.
    """
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            name = f"{path.stem}-{number}{path.suffix}" if number > 1 else path.name
            if _make(path.with_name(name)):
                return path.with_name(name)
    raise AssertionError("there are more numbers")


def _replace_all(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Move files to names, in the place of files of these names."""
    for _, path in pairs:
        if path.is_dir():
            raise _exists(path)
    for file, path in pairs:
        with _explained(path):
            file.replace(path)


def _move_all(pairs: Sequence[tuple[Path, Path]]) -> Path | None:
    """Move files to new names, all or none; return a name that is taken."""
    for file, path in pairs:
        if os.path.lexists(path) and not _is_same(file, path):
            return path
    with contextlib.ExitStack() as moves:
        for file, path in pairs:
            if _is_same(file, path):
                continue
            with _explained(path):
                is_moved = _move(file, path)
            if is_moved:
                moves.callback(path.replace, file)  # unless all are moved
            elif not _is_same(file, path):  # by another command, in this moment
                return path
        moves.pop_all()
    return None


def _move(file: Path, path: Path) -> bool:
    """Move a file to a new name, atomically; return False if the name is taken."""
    try:
        path.hardlink_to(file)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if not _make(path):
            return False
        try:
            file.replace(path)
        except OSError:
            path.unlink()
            raise
        return True
    file.unlink()
    return True


def _remove_stale(folder: Path) -> None:
    """Remove folders of drafts that killed processes left."""
    for hidden in folder.glob(f"{_ALL_PREFIXES}*"):
        with contextlib.suppress(OSError):
            if hidden.is_dir() and time.time() - hidden.stat().st_mtime > _STALE:
                shutil.rmtree(hidden, ignore_errors=True)


def _make(path: Path) -> bool:
    """Make an empty file; return False if there is one of the name."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        return False
    return True


def _is_same(file: Path, path: Path) -> bool:
    """Return whether a path is a file with the content of another."""
    try:
        return path.is_file() and filecmp.cmp(file, path, shallow=False)
    except OSError:  # a file that cannot be read
        return False


def _exists(path: Path) -> OutputError:
    if path.is_dir():
        return OutputError(f"{path}: cannot write it: it is a folder")
    return OutputError(
        f"{path}: there is such a file already: name another, or add --force to "
        "overwrite it"
    )


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error
