"""Pipes and files without an ending, as regular files."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chorale.errors import DataError, OutputError, UsageError
from chorale.utils import streams
from chorale.utils.streams import is_stream, regular_file


@contextmanager
def pipe(path: Path, content: bytes) -> Iterator[Path]:
    """Make a named pipe that somebody else writes to."""
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(content,))
    writer.start()
    yield path
    writer.join()


def test_a_regular_file_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "tune.ABC"
    path.write_text("X:1")
    with regular_file(path, ".abc") as file:
        assert file == path
    assert path.exists()


@pytest.mark.parametrize("size", [0, 10, 300_000])
def test_a_pipe_is_copied_once_and_can_be_read_twice(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    with pipe(tmp_path / "tune", content) as path:
        assert is_stream(path)
        with regular_file(path, ".mid") as file:
            assert file.name == "tune.mid" and not is_stream(file)
            assert file.read_bytes() == file.read_bytes() == content
    assert not file.exists() and not file.parent.exists()


def test_errors_about_the_copy_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tune.txt"
    path.write_text("")
    for error_type in (DataError, UsageError):
        with pytest.raises(error_type) as caught, regular_file(path, ".abc") as file:
            raise error_type(f"{file}: no notes")
        assert str(caught.value) == f"{path}: no notes"
    with pytest.raises(DataError) as located, regular_file(path, ".abc") as file:
        raise DataError("no notes", file)
    assert (str(located.value), located.value.path) == (f"{path}: no notes", path)


def test_what_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        pytest.raises(DataError, match=r"none\.mid: there is no such file"),
        regular_file(tmp_path / "none.mid", ".mid"),
    ):
        pass
    with (
        pytest.raises(DataError, match="it is a folder"),
        regular_file(tmp_path, ".mid"),
    ):
        pass
    # A stream without an end is given up.
    monkeypatch.setattr(streams, "MOST_BYTES", 1 << 20)
    with (
        pytest.raises(DataError, match="/dev/zero: expected at most 1,048,576 bytes"),
        regular_file(Path("/dev/zero"), ".mid"),
    ):
        pass


def test_a_temporary_folder_that_takes_no_files_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tune"
    path.write_text("X:1")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with (
        pytest.raises(OutputError, match=r"missing: cannot write .* TMPDIR"),
        regular_file(path, ".abc"),
    ):
        pass
