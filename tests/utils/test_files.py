"""Files: partial ones of killed processes, and the JSON of objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from chorale.utils.files import parse_object, remove_partial_files, replacing


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
