"""Classic CSVs and annotations: bad ones are refused by place, good ones come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from strategies import chorales

from chorale.errors import DataError
from chorale.formats.classic_csv import (
    read_annotations,
    read_csv,
    write_annotations,
    write_csv,
)
from chorale.music.score import Chorale

HEADER = "note0,note1,note2,note3\n"
ROWS = "72,67,60,48\n72,67,60,48\n74,67,0,43\n"


# === Classic CSV ===


def test_read_csv_holds_equal_pitches_and_counts_bars_of_four(tmp_path: Path) -> None:
    path = tmp_path / "piece.csv"
    path.write_text(HEADER + ROWS)
    chorale = read_csv(path)
    assert chorale.pitches.tolist() == [
        [72, 67, 60, 48],
        [72, 67, 60, 48],
        [74, 67, 0, 43],
    ]
    assert chorale.onsets.astype(int).tolist() == [[1] * 4, [0] * 4, [1, 0, 0, 1]]
    assert chorale.positions.tolist() == [0, 1, 2]
    assert chorale.metre.name == "4/4"
    assert chorale.key is None
    assert chorale.source == "piece"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + (HEADER + ROWS).encode(),
        (HEADER + ROWS).replace("\n", "\r\n").encode(),
        (HEADER + ROWS + "\n\n").encode(),
        (HEADER + ROWS).rstrip().encode(),
        (HEADER + ROWS).replace("72", "72.0").encode(),
        (HEADER + ROWS).replace(",", ", ").encode(),
    ],
    ids=["mark", "windows", "empty lines", "no last line end", "floats", "spaces"],
)
def test_read_csv_accepts_what_other_programs_write(
    tmp_path: Path, content: bytes
) -> None:
    plain, variant = tmp_path / "plain.csv", tmp_path / "variant.csv"
    plain.write_text(HEADER + ROWS)
    variant.write_bytes(content)
    assert read_csv(variant) == read_csv(plain)


NUMBER = "expected a whole number from 0 to 127, got "


@pytest.mark.parametrize(
    ("content", "row", "column", "what"),
    [
        ("", None, None, "it is empty"),
        ("\n\n", None, None, "it is empty"),
        (HEADER, None, None, "expected rows below the header"),
        ("note0,note1,note2\n1,2,3\n", 1, None, "got note0,note1,note2"),
        ("a,note0,note1,note2,note3\n0,1,2,3,4\n", 1, None, "expected the columns"),
        ("note3,note2,note1,note0\n1,2,3,4\n", 1, None, "expected the columns"),
        ("72,67,60,48\n72,67,60,48\n", 1, None, "got 72,67,60,48"),
        (HEADER + ROWS + "72,67,60\n", 5, None, "expected 4 cells, got 3"),
        (HEADER + "72,67,60,48,1\n", 2, None, "expected 4 cells, got 5"),
        (HEADER + "72,67,60,48\n\n72,67,60,48\n", 3, None, "expected 4 cells, got 0"),
        (HEADER + "72,67,x,48\n", 2, "note2", NUMBER + "'x'"),
        (HEADER + "72,67,60,\n", 2, "note3", NUMBER + "''"),
        (HEADER + "60.5,67,60,48\n", 2, "note0", NUMBER + "'60.5'"),
        (HEADER + ROWS + "72,NaN,60,48\n", 5, "note1", NUMBER + "'NaN'"),
        (HEADER + "72,67,60,-1\n", 2, "note3", NUMBER + "'-1'"),
        (HEADER + "128,67,60,48\n", 2, "note0", NUMBER + "'128'"),
        (HEADER + "٦٠,67,60,48\n", 2, "note0", NUMBER),
        (HEADER + "9" * 5000 + ",67,60,48\n", 2, "note0", NUMBER),
    ],
)
def test_read_csv_refuses_by_place(
    tmp_path: Path, content: str, row: int | None, column: str | None, what: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_csv(path)
    assert (caught.value.path, caught.value.row, caught.value.column) == (
        path,
        row,
        column,
    )
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", HEADER.encode() + b"\x89PNG\xff,1,2,3\n"]
)
def test_read_csv_refuses_bytes_that_are_no_text(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected a CSV file of text"):
        read_csv(path)


def test_read_csv_refuses_a_cell_without_end(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(HEADER + '"' + "1" * 200_000)
    with pytest.raises(DataError, match="expected a CSV file: "):
        read_csv(path)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_read_csv_refuses_what_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot read it"):
        read_csv(tmp_path / name)


@given(chorale=chorales())
def test_files_bring_a_chorale_back(
    tmp_path_factory: pytest.TempPathFactory, chorale: Chorale
) -> None:
    folder = tmp_path_factory.mktemp("round")
    write_csv(chorale, folder / "notes.csv")
    write_annotations(chorale, folder / "annotations.csv")
    plain = read_csv(folder / "notes.csv")
    assert np.array_equal(plain.pitches, chorale.pitches)
    annotated = read_annotations(folder / "annotations.csv", plain)
    # The index of a corpus carries the rest.
    assert replace(annotated, metres=chorale.metres, key=chorale.key) == chorale


# === Annotations ===

ANNOTATIONS = "onset,fermata,bar,position\n"


def test_onset_bits_are_soprano_first(tmp_path: Path) -> None:
    path = tmp_path / "annotations.csv"
    rows = [[60, 0, 0, 0], [60, 55, 0, 0], [60, 55, 52, 0], [60, 55, 52, 40]]
    chorale = Chorale(pitches=np.array(rows))
    write_annotations(chorale, path)
    assert path.read_text() == ANNOTATIONS + "1,0,1,0\n2,0,1,1\n4,0,1,2\n8,0,1,3\n"


@pytest.mark.parametrize(
    ("rows", "row", "column", "what"),
    [
        ("15,0,1,0\n", None, None, "expected 2 rows of annotations"),
        ("15,0,1,0\n0,0,1,1\n0,0,1,2\n", None, None, "got 3"),
        ("15,0,1,0\n0,0,1,1\n", 3, "onset", "the bass has a new pitch"),
        ("7,0,1,0\n8,0,1,1\n", 2, "onset", "the bass has a new pitch"),
        ("15,0,1,0\n12,0,1,1\n", 3, "onset", "the tenor has an onset but is silent"),
        ("16,0,1,0\n8,0,1,1\n", 2, "onset", "from 0 to 15, got '16'"),
        ("15,2,1,0\n8,0,1,1\n", 2, "fermata", "from 0 to 1, got '2'"),
        ("15,0,-1,0\n8,0,1,1\n", 2, "bar", "got '-1'"),
        ("15,0,1,0\n8,0,1,x\n", 3, "position", "got 'x'"),
    ],
)
def test_annotations_that_do_not_fit_are_refused(
    tmp_path: Path, rows: str, row: int | None, column: str | None, what: str
) -> None:
    path = tmp_path / "annotations.csv"
    path.write_text(ANNOTATIONS + rows)
    chorale = Chorale(pitches=np.array([[72, 67, 60, 48], [72, 67, 0, 43]]))
    with pytest.raises(DataError) as caught:
        read_annotations(path, chorale)
    assert (caught.value.path, caught.value.row, caught.value.column) == (
        path,
        row,
        column,
    )
    assert what in str(caught.value)
