"""CSV tables: what is read, what is refused and where, what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.utils.tables import (
    HIGHEST_NUMBER,
    read_numbers,
    read_rows,
    read_table,
    whole_number,
    write_table,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,2\n3,4\n",
        b"a,b\r\n1,2\r\n3,4\r\n",
        b"\xef\xbb\xbfa, b\n1,2\n3,4",
        b"a,b\n1,2\n3,4\n\n\n",
    ],
)
def test_files_of_other_programs_are_read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert read_table(path) == (["a", "b"], [(2, ["1", "2"]), (3, ["3", "4"])])
    assert read_numbers(path, "ab", [9, 9]).tolist() == [[1, 2], [3, 4]]


def test_an_empty_table_is_allowed_only_without_columns(path: Path) -> None:
    path.write_text("")
    assert read_table(path) == ([], [])
    with pytest.raises(DataError, match="expected the columns a, it is empty"):
        read_rows(path, ["a"])


@pytest.mark.parametrize(
    ("text", "row", "message"),
    [
        ("a\n1\n", 1, "expected the columns a,b, got a$"),
        (f"{'x' * 90}\n1\n", 1, f"got {'x' * 60}…$"),
        ("a,b\n1,2\n3\n", 3, "expected 2 cells, got 1"),
        ("a,b\n1,2,3\n", 2, "expected 2 cells, got 3"),
        ('a,b\n"1\n1",2\n3\n', 4, "expected 2 cells, got 1"),  # lines of the file
        ("a,b\n", None, "expected rows below the header, found none"),
    ],
)
def test_what_is_refused_is_named(
    path: Path, text: str, row: int | None, message: str
) -> None:
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_rows(path, ["a", "b"])
    assert (caught.value.path, caught.value.row) == (path, row)


def test_what_is_no_text_is_refused(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="expected a CSV file of text"):
        read_table(path)
    with pytest.raises(DataError, match="cannot read it"):
        read_table(path.parent)


def test_a_number_is_refused_with_row_and_column(path: Path) -> None:
    path.write_text("a,b\n1,2\n1,10\n")
    with pytest.raises(DataError, match="from 0 to 9, got '10'") as caught:
        read_numbers(path, "ab", [9, 9])
    assert (caught.value.row, caught.value.column) == (3, "b")
    assert read_numbers(path, "ab", [1, 10]).tolist() == [[1, 2], [1, 10]]


NUMBERS = st.integers(0, HIGHEST_NUMBER)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1), st.data())
def test_numbers_are_read_alike_in_every_spelling(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, int, int]],
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("table") / "a.csv"
    write_table(path, "abc", rows)
    assert read_numbers(path, "abc", [HIGHEST_NUMBER] * 3).tolist() == [
        *map(list, rows)
    ]
    spelled = [
        [data.draw(st.sampled_from(["{}", " {}", "{}.0", "0{}", '"{}"'])) for _ in row]
        for row in rows
    ]
    lines = [
        ",".join(form.format(cell) for form, cell in zip(forms, row, strict=True))
        for forms, row in zip(spelled, rows, strict=True)
    ]
    path.write_text("\n".join(["a,b,c", *lines]))
    assert read_numbers(path, "abc", [HIGHEST_NUMBER] * 3).tolist() == [
        *map(list, rows)
    ]


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("a,b\n1,2\n10,1\n", 3, "a"),
        ("a,b\n1,2\n1,1000000000\n", 3, "b"),  # more digits than are taken at once
        ("a,b\n1,2\n1,\n", 3, "b"),
        ("a,b\n1,2\n\n3,4\n", 3, None),
        ("a,b\n1,2\n3\n", 3, None),
        ("a,b\n1,\u0661\n", 2, "b"),  # a digit of Arabic
    ],
)
def test_what_is_no_number_is_refused_wherever_it_is(
    path: Path, text: str, row: int, column: str | None
) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_numbers(path, "ab", [9, 9])
    assert (caught.value.row, caught.value.column) == (row, column)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0", 0),
        (" 72 ", 72),
        ("72.0", 72),  # as of a table of floats
        ("007", 7),
        (str(HIGHEST_NUMBER), HIGHEST_NUMBER),
        (str(HIGHEST_NUMBER + 1), None),
        ("72.5", None),
        ("-1", None),
        ("+1", None),
        ("1e3", None),
        ("", None),
        ("NaN", None),
        ("²", None),
        ("\u0667", None),  # a digit of Arabic
        ("9" * 5000, None),
    ],
)
def test_whole_numbers(cell: str, number: int | None) -> None:
    assert whole_number(cell) == number


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1))
def test_what_is_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("table") / "a.csv"
    rows = [*rows, ("end", "end")]  # empty last lines are not kept
    write_table(path, ["a", "b"], rows)
    assert [tuple(cells) for _, cells in read_rows(path, ["a", "b"])] == rows
    assert b"\r" not in path.read_bytes()
