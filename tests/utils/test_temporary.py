"""Temporary folders, and errors that must not name them."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from chorale.errors import DataError, OutputError, UsageError
from chorale.utils.temporary import (
    errors_naming,
    remove_abandoned,
    temporary_folder,
)


def test_a_temporary_folder_is_removed_with_its_content() -> None:
    with pytest.raises(KeyboardInterrupt), temporary_folder() as folder:
        (folder / "below").mkdir()
        (folder / "below" / "a.mid").write_text("half")
        raise KeyboardInterrupt
    assert not folder.exists()


def test_folders_of_killed_processes_are_removed_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as folder:
        (folder / "a.mid").write_text("half")
        (tmp_path / "chorale-hymns").mkdir()
        remove_abandoned()
        assert (folder / "a.mid").exists()
        for path in (folder, tmp_path / "chorale-hymns"):
            yesterday = time.time() - 25 * 3600
            os.utime(path, (yesterday, yesterday))
        remove_abandoned()
    assert [path.name for path in tmp_path.iterdir()] == ["chorale-hymns"]


def test_a_full_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(OutputError, match=r"missing: .* TMPDIR"), temporary_folder():
        pass


def message(path: Path, temporary: Path, error: Exception) -> str:
    """Return the message of an error that is raised about a temporary path."""
    with pytest.raises(type(error)) as caught, errors_naming(path, temporary):
        raise error
    return str(caught.value)


def test_errors_name_the_file_instead_of_its_copy() -> None:
    tune, copy = Path("tune.txt"), Path("/tmp/x/tune.abc")
    assert message(tune, copy, UsageError(f"{copy}: bad")) == "tune.txt: bad"
    error = DataError("bad", copy, row=3)
    assert message(tune, copy, error) == "tune.txt, row 3: bad"
    assert error.path == tune


def test_errors_name_the_folder_instead_of_that_of_drafts() -> None:
    folder, hidden = Path("out"), Path("out/.chorale-unfinished-x")
    error = DataError("bad", hidden / "a.csv")
    place = f"out{os.sep}a.csv"
    assert message(folder, hidden, error) == f"{place}: bad"
    assert error.path == Path("out/a.csv")
    here = DataError("bad", hidden / "a.csv")
    assert message(Path(), hidden, here) == "a.csv: bad"


def test_errors_about_other_files_stay_as_they_are() -> None:
    error = DataError("bad", "other.mid")
    assert message(Path("a"), Path("/tmp/a"), error) == "other.mid: bad"
    assert error.path == Path("other.mid")
    assert message(Path("a"), Path("/tmp/a"), ValueError("/tmp/a")) == "/tmp/a"
