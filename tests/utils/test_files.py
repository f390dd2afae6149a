"""Files: their size, partial ones of killed processes, the JSON of objects."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from chorale.errors import DataError
from chorale.utils.files import (
    parse_object,
    read_bounded,
    read_file,
    remove_partial_files,
    replacing,
)

MIB = 1 << 20


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(b"ab" * MIB)
    assert read_file(path, 2 * MIB, "a tune") == b"ab" * MIB
    path.write_bytes(bytes(2 * MIB + 1))
    with pytest.raises(DataError) as caught:
        read_file(path, 2 * MIB, "a tune")
    assert caught.value.path == path
    assert str(caught.value) == (
        f"{path}: expected a tune of at most 2 MiB, it is larger"
    )


@pytest.mark.parametrize("name", ["none.mid", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="expected a tune, cannot read it: ") as caught:
        read_file(tmp_path / name, MIB, "a tune")
    assert caught.value.path == tmp_path / name


def test_a_stream_without_end_is_read_no_further_than_needed() -> None:
    stream = io.BytesIO(bytes(5 * MIB))
    with pytest.raises(DataError, match="at most 1 MiB"):
        read_bounded(stream, MIB, "a tune")
    assert stream.tell() == MIB + 1


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = (".partial.npz", ".notes.partial.npz", "a.partial.npz", "b.npz", ".hidden")
    (tmp_path / "model").mkdir()
    for name in kept:
        (tmp_path / name).write_text("mine")
    # As a kill leaves it: inside of the block.
    for path in (tmp_path / "checkpoint.npz", tmp_path / "model" / "weights"):
        with replacing(path) as temporary:
            content = temporary.name
        (path.parent / content).write_text("half")
        path.unlink()
    remove_partial_files(tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == {"model", *kept}


def test_a_missing_folder_has_no_partial_files(tmp_path: Path) -> None:
    remove_partial_files(tmp_path / "none")


@pytest.mark.parametrize("text", ["", "[1]", "3", "null", '"a"', "[" * 100_000, "{"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_object(text)


def test_an_object_is_returned() -> None:
    assert parse_object('{"a": [1, null]}') == {"a": [1, None]}
