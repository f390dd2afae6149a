"""sketch-rnn's pickled arrays: nothing is unpickled without trust."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from drawings import values_of

from chorale.errors import DataError
from chorale.sketches.formats.files import read_sketches

POINTS = np.array([[10, 20, 0], [5, 0, 1], [-3, 4, 0], [1, 1, 0], [0, 9, 1]], np.int16)
STROKES = [[[10, 20], [15, 20]], [[12, 24], [13, 25], [13, 34]]]


def objects(*drawings: Any) -> npt.NDArray[Any]:
    array = np.empty(len(drawings), object)
    for place, drawing in enumerate(drawings):
        array[place] = drawing
    return array


def write(folder: Path, **splits: npt.NDArray[Any]) -> Path:
    path = folder / "cat.full.npz"
    np.savez_compressed(path, **splits)  # type: ignore[arg-type]
    return path


def test_all_splits_are_read_in_order(tmp_path: Path) -> None:
    line = np.array([[1, 1, 0], [2, 2, 1]], np.int16)
    path = write(
        tmp_path,
        test=objects(line[:1]),
        valid=objects(POINTS[:0], line),
        train=objects(POINTS),
    )
    sketches = list(read_sketches(path, trust=True))
    assert [values_of(sketch)[0] for sketch in sketches] == [
        STROKES,
        [],
        [[[1, 1], [3, 3]]],
        [[[1, 1]]],
    ]
    assert {sketch.word for sketch in sketches} == {"cat"}


def test_coordinates_may_exceed_int16(tmp_path: Path) -> None:
    far = np.array([[30_000, 0, 0]] * 5, np.int16)
    (sketch,) = read_sketches(write(tmp_path, train=objects(far)), trust=True)
    assert sketch.strokes[0][-1].tolist() == [150_000, 0]


def test_100_000_points(tmp_path: Path) -> None:
    many = np.tile(np.array([[1, -1, 0], [-1, 1, 1]], np.int16), (50_000, 1))
    (sketch,) = read_sketches(write(tmp_path, train=objects(many)), trust=True)
    assert len(sketch.strokes) == 50_000


class Trap:
    """An object with a side effect when it is unpickled."""

    sprung: list[str] = []  # noqa: RUF012 - shared by all, which is the point

    def __reduce__(self) -> Any:
        return (Trap.sprung.append, ("sprung",))


def test_nothing_is_unpickled_without_trust(tmp_path: Path) -> None:
    path = write(tmp_path, train=objects(POINTS, Trap()))
    Trap.sprung.clear()
    with pytest.raises(DataError, match=r"can run code .* --trust"):
        next(read_sketches(path))
    assert Trap.sprung == []


def test_nothing_but_arrays_is_unpickled_with_trust(tmp_path: Path) -> None:
    path = write(tmp_path, train=objects(POINTS, Trap()))
    Trap.sprung.clear()
    with pytest.raises(DataError, match=r"it holds builtins.getattr instead of arrays"):
        next(read_sketches(path, trust=True))
    assert Trap.sprung == []


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_every_protocol_are_read(tmp_path: Path, protocol: int) -> None:
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        member, {"descr": "|O", "fortran_order": False, "shape": (2,)}
    )
    path = tmp_path / "cat.npz"
    with zipfile.ZipFile(path, "w") as archive:
        content = pickle.dumps(objects(POINTS, POINTS), protocol)
        archive.writestr("train.npy", member.getvalue() + content)
    for sketch in read_sketches(path, trust=True):
        assert values_of(sketch)[0] == STROKES


def test_a_pickle_of_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, train=objects(POINTS))
    with zipfile.ZipFile(path) as archive:
        content = archive.read("train.npy")
    shape = b"K\x05K\x03\x86"  # (5, 3)
    assert content.count(shape) == 1
    large = b"J\x00\xca\x9a\x3bK\x03\x86"  # (10**9, 3)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.npy", content.replace(shape, large))
    with pytest.raises(DataError, match=r"array of shape \(1000000000, 3\)"):
        next(read_sketches(path, trust=True))


def python_2_pickle() -> bytes:
    """Return the array of one int16 drawing (1, 3) as numpy of Python 2 pickled it."""
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    kind = b"cnumpy\ndtype\n(U\x02%bK\x00K\x01tR(K\x03U\x01%bNNNJ\xff\xff\xff\xffJ"
    kind += b"\xff\xff\xff\xffK%btb"
    small = kind % (b"i2", b"<", b"\x00")
    # The bytes of 130, -126, 1, which are not ASCII, the default of Python 3.
    drawing = (
        array + b"(K\x01(K\x01K\x03t" + small + b"\x89U\x06\x82\x00\x82\xff\x01\x00tb"
    )
    whole = kind % (b"O8", b"|", b"?")
    return (
        b"\x80\x02" + array + b"(K\x01(K\x01t" + whole + b"\x89(l" + drawing + b"atb."
    )


def test_pickles_of_python_2_are_read(tmp_path: Path) -> None:
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        member, {"descr": "|O", "fortran_order": False, "shape": (1,)}
    )
    path = tmp_path / "cat.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train.npy", member.getvalue() + python_2_pickle())
    (sketch,) = read_sketches(path, trust=True)
    assert values_of(sketch) == ([[[130, -126]]], "cat", True)


@pytest.mark.parametrize(
    ("drawing", "what"),
    [
        (np.zeros((4, 2), np.int16), r"expected an array \(points, 3\)"),
        (np.zeros(3, np.int16), r"expected an array \(points, 3\)"),
        (np.array([[0, 0, 2]], np.int16), "expected a pen of 0 or 1, got 2"),
        (np.array([[0, np.nan, 1]]), "got nan"),
        (np.array([[0, 0, np.nan]]), "expected a pen of 0 or 1"),
        (np.array([["1", "2", "3"]]), "expected an array of numbers"),
        ("cat", "expected an array of numbers"),
        (None, "expected an array of numbers"),
    ],
)
def test_what_is_no_drawing_is_refused(tmp_path: Path, drawing: Any, what: str) -> None:
    path = write(tmp_path, train=objects(POINTS, drawing))
    reader = read_sketches(path, trust=True)
    next(reader)
    with pytest.raises(DataError, match=f"record 2: .*{what}"):
        next(reader)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cat.npz"
    for content in (b"", b"never a pickle", python_2_pickle()):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("train.npy", content)
        with pytest.raises(DataError) as caught:
            list(read_sketches(path, trust=True))
        assert caught.value.path == path
        assert "\n" not in str(caught.value)
