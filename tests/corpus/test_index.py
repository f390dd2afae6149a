"""The index of a corpus comes back, and is refused by row and column."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from entries import ENTRY

from chorale.corpus.index import (
    Entry,
    format_metres,
    parse_metres,
    read_index,
    write_index,
)
from chorale.corpus.loading import bundled_corpus
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
        ("pickup", "-1"),
        ("pickup", "12"),  # a whole bar of 3/4
        ("steps", "long"),
        ("split", "dev"),
        ("estimated", "tempo"),
        ("file", ""),
        ("file", "../piece.csv"),
        ("file", "/tmp/piece.csv"),
        ("file", "C:\\corpus\\piece.csv"),
    ],
)
def test_index_refuses_by_place(tmp_path: Path, column: str, value: str) -> None:
    write_index([replace(ENTRY, **{column: value})], tmp_path)
    with pytest.raises(DataError) as caught:
        read_index(tmp_path)
    assert caught.value.row == 2
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file\na.csv\n", {}),
        (
            "metre,file,pickup,key\n3/4,a.csv,4,Eb major\n",
            {"metre": "3/4", "pickup": 4, "key": "Eb major"},
        ),
        # As a spreadsheet saves it: a mark at the start, spaces, empty cells.
        (
            "\ufeffkey , file,title,split,steps\r\n,.\\a.csv,A hymn, valid,\r\n",
            {"title": "A hymn", "split": "valid"},
        ),
        ("estimated,file\nmetre key,a.csv\n", {"estimated": "key metre"}),
    ],
)
def test_an_index_by_hand_has_any_columns_in_any_order(
    tmp_path: Path, text: str, expected: dict[str, object]
) -> None:
    (tmp_path / "index.csv").write_text(text, encoding="utf-8")
    assert read_index(tmp_path) == (Entry(file="a.csv", **expected),)


@pytest.mark.parametrize(
    ("text", "row", "column", "message"),
    [
        ("file,metere\na.csv,3/4\n", 1, "metere", "is metre meant"),
        ("file,composer\na.csv,Crüger\n", 1, "composer", "expected columns out of"),
        ("file,key,key\na.csv,C major,C major\n", 1, "key", "once"),
        ("key,metre\nC major,3/4\n", 1, None, "expected a column 'file'"),
        ("file;key\na.csv;C major\n", 1, None, "separated by commas"),
        ("file\na.csv\nb.csv\na.csv\n", 4, "file", "a row for a.csv above"),
        ("", 1, None, "it is empty"),
    ],
)
def test_an_index_of_another_form_is_refused(
    tmp_path: Path, text: str, row: int, column: str | None, message: str
) -> None:
    (tmp_path / "index.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        read_index(tmp_path)
    assert (caught.value.row, caught.value.column) == (row, column)


def test_columns_that_no_piece_needs_are_left_out(tmp_path: Path) -> None:
    entries = (Entry(file="a.csv", off_grid=3), Entry(file="b.csv", estimated="key"))
    write_index(entries, tmp_path)
    assert (tmp_path / "index.csv").read_text().splitlines()[0] == (
        "file,estimated,off_grid"
    )
    assert read_index(tmp_path) == entries


def test_the_bundled_index_is_written_as_it_is(tmp_path: Path) -> None:
    write_index(read_index(bundled_corpus()), tmp_path)
    written = (tmp_path / "index.csv").read_bytes()
    assert written == (bundled_corpus() / "index.csv").read_bytes()


def test_every_column_is_documented() -> None:
    text = (bundled_corpus() / "README.md").read_text(encoding="utf-8")
    section = text.split("## The index")[1].split("## ")[0]
    for field in fields(Entry):
        assert f"`{field.name}`" in section


def test_metres_are_written_with_their_steps() -> None:
    metres = (Metre(3, 4), Metre(4, 4, 96))
    assert format_metres(metres) == "3/4 4/4@96"
    assert parse_metres("3/4 4/4@96") == metres


@pytest.mark.parametrize("text", ["", "4/4@8", "4/4 3/4", "3/4@0 4/4@x", "4/5"])
def test_metres_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(DataError):
        parse_metres(text)
