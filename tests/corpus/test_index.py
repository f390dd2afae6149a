"""The index of a corpus comes back, and is refused by row and column."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from entries import ENTRY

from chorale.corpus.index import (
    format_metres,
    parse_metres,
    read_index,
    write_index,
)
from chorale.errors import DataError
from chorale.music.metre import Metre


def test_index_comes_back(tmp_path: Path) -> None:
    second = replace(ENTRY, file="b.csv", key="", title='Ein, "zwei"', bwv="")
    write_index([ENTRY, second], tmp_path)
    assert read_index(tmp_path) == (ENTRY, second)


def test_a_folder_without_index_has_no_entries(tmp_path: Path) -> None:
    assert read_index(tmp_path) == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("key", "H minor"),
        ("metre", "4"),
        ("metre", ""),
        ("pickup", "-1"),
        ("steps", ""),
    ],
)
def test_index_refuses_by_place(tmp_path: Path, column: str, value: str) -> None:
    write_index([replace(ENTRY, **{column: value})], tmp_path)
    with pytest.raises(DataError) as caught:
        read_index(tmp_path)
    assert caught.value.row == 2
    assert caught.value.column == column


def test_metres_are_written_with_their_steps() -> None:
    metres = (Metre(3, 4), Metre(4, 4, 96))
    assert format_metres(metres) == "3/4 4/4@96"
    assert parse_metres("3/4 4/4@96") == metres


@pytest.mark.parametrize("text", ["", "4/4@8", "4/4 3/4", "3/4@0 4/4@x", "4/5"])
def test_metres_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(DataError):
        parse_metres(text)
