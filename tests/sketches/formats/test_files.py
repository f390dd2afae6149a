"""The format of a file follows from its name, of an .npz from its arrays."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from drawings import WORDS, drawing, values_of
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError, UsageError
from chorale.sketches.formats.files import format_of, read_sketches, write_sketches

LINE = drawing([[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("name", "is_many"),
    [
        ("cat.ndjson", True),
        ("full_raw_cat.NDJSON", True),
        ("cat.bin", True),
        ("cat.npz", True),
        ("training.tfrecord", True),
        ("training.tfrecords", True),
        ("training.tfrecord-00000-of-00010", True),
        ("training.tfrecord.classes", False),
        ("cat.svg", False),
        ("cat.json", False),
        ("cat.csv", False),
        ("tfrecord", False),
        ("training.tfrecord-00000", False),
    ],
)
def test_files_are_known_by_their_names(name: str, is_many: bool) -> None:
    found = format_of(Path(name))
    assert (found is not None and found.has_words) is is_many


@pytest.mark.parametrize("name", ["cat.csv", "cat", "a.tfrecord.classes"])
def test_other_files_are_refused_with_the_kinds(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("cat")
    with pytest.raises(DataError, match=r"\.ndjson, \.bin, \.npz, \.tfrecord, \.svg"):
        list(read_sketches(tmp_path / name))


@pytest.mark.parametrize(
    "name", ["a.bin", "a.ndjson", "a.npz", "a.tfrecord", "a.svg", "a.json"]
)
def test_missing_files_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot read it: No such file") as caught:
        list(read_sketches(tmp_path / name))
    assert caught.value.path == tmp_path / name


def test_a_file_of_json_is_one_drawing(tmp_path: Path) -> None:
    path = tmp_path / "cat.json"
    path.write_text("[[[1, 2], [3, 4], [5, 6]]]")
    (sketch,) = read_sketches(path)
    assert values_of(sketch) == ([[[1, 2], [3, 4], [5, 6]]], "", True)
    path.write_text("[[[1, 2], [3, 4]")
    with pytest.raises(DataError, match=r"cat\.json: expected JSON"):
        list(read_sketches(path))


def test_an_npz_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, kernel=np.zeros(3), bias=np.zeros(3))
    with pytest.raises(DataError, match=r"expected the arrays .* got bias, kernel"):
        list(read_sketches(path))
    with zipfile.ZipFile(path, "w"):
        pass
    with pytest.raises(DataError, match="got none"):
        list(read_sketches(path))
    path.write_bytes(b"never a zip")
    with pytest.raises(DataError, match="it is damaged or another file"):
        list(read_sketches(path))


def test_the_suffix_says_what_is_written(tmp_path: Path) -> None:
    for name in ("a.npz", "a.tfrecord", "a.tfrecords", "a.tfrecord-00000-of-00001"):
        assert write_sketches(tmp_path / name, iter([LINE]), WORDS) == 1
        (sketch,) = read_sketches(tmp_path / name)
        assert sketch.word == "cat"
    assert (tmp_path / "a.tfrecords").read_bytes() == (
        tmp_path / "a.tfrecord"
    ).read_bytes()


@pytest.mark.parametrize("name", ["a.ndjson", "a.bin", "a.csv", "a"])
def test_other_outputs_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"ends in \.npz \(compact\) or \.tfrecord"):
        write_sketches(tmp_path / name, [LINE], WORDS)
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_when_writing_fails(tmp_path: Path) -> None:
    for name in ("a.npz", "a.tfrecord"):
        path = tmp_path / name
        write_sketches(path, [LINE], WORDS)
        before = {file: file.read_bytes() for file in tmp_path.iterdir()}
        with pytest.raises(DataError, match="unknown word"):
            write_sketches(path, [LINE, drawing([[1, 2]], word="dog")], ["dog", "a"])
        assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["a.bin", "a.ndjson", "a.npz", "a.svg", "a.json"])
@given(data=st.data())
def test_any_bytes_give_drawings_or_one_clear_line(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("any") / name
    content = bytearray(whole_file(path))
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(begin, min(begin + 8, len(content))))
        content[begin:end] = data.draw(st.binary(max_size=8))
    path.write_bytes(content)
    try:
        for sketch in read_sketches(path):
            assert all(np.isfinite(stroke).all() for stroke in sketch.strokes)
    except DataError as error:
        assert error.path == path
        assert "\n" not in str(error)


def whole_file(path: Path) -> bytes:
    """Return the bytes of a valid file of some format."""
    if path.suffix == ".npz":
        write_sketches(path, [LINE, drawing(), drawing([[1, 2]], [[3, 4]])], WORDS)
        return path.read_bytes()
    return {
        ".bin": struct.pack("<Q2sbIHH4BH2B", 1, b"DE", 1, 0, 2, 2, *b"1234", 1, 5, 6),
        ".ndjson": b'{"word": "cat", "drawing": [[[1, 2.5], [3, -4e1]], [[5], [6]]]}',
        ".json": b'[[[1, 2], [3, 4]], [{"x": 1, "y": 2.5}]]',
        ".svg": b'<svg viewBox="0 0 9 9"><g transform="rotate(9)">'
        b'<path d="M1 1L2 2Q3 3 4 4A1 1 0 0 1 5 5z"/></g></svg>',
    }[path.suffix]


def test_importing_loads_nothing_heavy() -> None:
    program = (
        "import sys, chorale.sketches.formats.files, chorale.sketches.conversion\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'google.protobuf'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
