"""The compact format: exact for drawings on the grid; malformed arrays refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from drawings import WORDS, drawing, on_grid, sketches, values_of
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.sketches.formats.files import read_sketches, write_sketches
from chorale.sketches.preprocessing import to_ink
from chorale.sketches.strokes import Sketch

Arrays = dict[str, npt.NDArray[Any]]


def arrays() -> Arrays:
    """Return drawings of two strokes, of none and of one stroke."""
    return {
        "xy": np.array([[1, 2], [3, 4], [255, 0], [7, 8]], np.uint8),
        "stroke_len": np.array([2, 1, 1], np.uint16),
        "n_strokes": np.array([2, 0, 1], np.uint8),
        "label": np.array([1, 0, 1], np.uint16),
        "classes": np.array(["The Mona Lisa", "cat"]),
    }


def save(folder: Path, content: Arrays) -> Path:
    path = folder / "drawings.npz"
    np.savez(path, **content)  # type: ignore[arg-type]
    return path


# === Reading ===


def test_read_by_the_published_form(tmp_path: Path) -> None:
    first, nothing, last = read_sketches(save(tmp_path, arrays()))
    assert values_of(first) == ([[[1, 2], [3, 4]], [[255, 0]]], "cat", True)
    assert values_of(nothing) == ([], "The Mona Lisa", True)
    assert values_of(last) == ([[[7, 8]]], "cat", True)


@pytest.mark.parametrize("count", [0, 1, 4095, 4096, 4097, 9000])
def test_any_number_of_drawings(tmp_path: Path, count: int) -> None:
    content = arrays() | {
        "xy": np.arange(4 * count, dtype=np.uint8).reshape(-1, 2),
        "stroke_len": np.tile(np.array([0, 2], np.uint16), count),
        "n_strokes": np.full(count, 2, np.uint8),
        "label": np.arange(count).astype(np.uint16) % 2,
    }
    read = list(read_sketches(save(tmp_path, content)))
    assert len(read) == count
    for place, sketch in enumerate(read):
        begin = 4 * place % 256
        expected = [[], [[begin, begin + 1], [begin + 2, begin + 3]]]
        assert values_of(sketch) == (expected, WORDS[place % 2], True)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"n_strokes": [2, 0, 2]}, "expected 4 rows in stroke_len, .* got 3"),
        ({"stroke_len": [2, 1, 2]}, "expected 5 rows in xy, .* got 4"),
        ({"stroke_len": [2, 3, -1]}, "expected stroke_len of at least 0, got -1"),
        ({"label": [1, 2, 1]}, "drawing 2: expected a label below 2, .* got 2"),
        ({"label": [1, -1, 1]}, "expected label of at least 0, got -1"),
        ({"label": [1, 0]}, "expected 3 rows in label, one for each drawing, got 2"),
        ({"label": [1.0, 0.0, np.nan]}, "expected label to be whole numbers"),
        ({"xy": [[1.5, 2]] * 4}, "expected xy to be whole numbers"),
        ({"xy": [1, 2, 3, 4]}, r"expected xy to be whole numbers \(n, 2\)"),
        ({"xy": [[1, 2, 0]] * 4}, r"expected xy to be whole numbers \(n, 2\)"),
        ({"n_strokes": [[2], [0], [1]]}, r"to be whole numbers \(n,\)"),
        ({"classes": [1, 2]}, "expected classes to be words"),
        ({"classes": [["a", "b"]]}, "expected classes to be words"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, changes: dict[str, Any], what: str
) -> None:
    changed = {name: np.array(values) for name, values in changes.items()}
    path = save(tmp_path, arrays() | changed)
    with pytest.raises(DataError, match=what) as caught:
        list(read_sketches(path))
    assert caught.value.path == path


def test_pickled_arrays_are_not_opened(tmp_path: Path) -> None:
    path = save(tmp_path, arrays() | {"label": np.array([None, {}, 1], object)})
    with pytest.raises(DataError, match="the file is damaged or another"):
        list(read_sketches(path, trust=True))


def test_files_cut_off_or_changed_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, arrays())
    whole = path.read_bytes()
    for size in range(0, len(whole), 40):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"damaged"):
            list(read_sketches(path))
    place = whole.index(np.array([[1, 2], [3, 4]], np.uint8).tobytes())
    path.write_bytes(whole[:place] + b"\x09" + whole[place + 1 :])
    with pytest.raises(DataError, match="damaged"):
        list(read_sketches(path))


# === Writing ===


@given(drawings=st.lists(on_grid(), max_size=8))
def test_drawings_on_the_grid_come_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, drawings: list[Sketch]
) -> None:
    path = tmp_path_factory.mktemp("round") / "drawings.npz"
    assert write_sketches(path, drawings, WORDS) == len(drawings)
    back = list(read_sketches(path))
    assert [values_of(sketch)[:2] for sketch in back] == [
        values_of(sketch)[:2] for sketch in drawings
    ]


def test_the_types_are_the_published_ones(tmp_path: Path) -> None:
    path = tmp_path / "drawings.npz"
    write_sketches(path, [drawing([[1, 2], [3, 4]], [[255, 0]]), drawing()], WORDS)
    with np.load(path, allow_pickle=False) as stored:
        found = {
            name: (stored[name].dtype.str, stored[name].tolist()) for name in stored
        }
    assert found == {
        "xy": ("|u1", [[1, 2], [3, 4], [255, 0]]),
        "stroke_len": ("<u2", [2, 1]),
        "n_strokes": ("|u1", [2, 0]),
        "label": ("<u2", [1, 1]),
        "classes": ("<U13", list(WORDS)),
    }


@given(
    sketch=sketches(coordinates=st.integers(-(10**7), 10**7).map(lambda n: n / 1000))
)
def test_other_drawings_are_brought_to_the_grid(
    tmp_path_factory: pytest.TempPathFactory, sketch: Sketch
) -> None:
    path = tmp_path_factory.mktemp("grid") / "drawings.npz"
    full = [stroke for stroke in sketch.strokes if len(stroke)]
    write_sketches(path, [sketch], WORDS)
    (back,) = read_sketches(path)
    kept = [stroke for stroke in back.strokes if len(stroke)]
    assert len(kept) == len(full)
    if not full:
        return
    low = np.concatenate(full).min(axis=0)
    size = (np.concatenate(full) - low).max()
    if size > 255:
        scaled = [(stroke - low) * 255 / size for stroke in full]
        for before, after in zip(scaled, kept, strict=True):
            # End points are kept, and all points are original ones.
            assert np.abs(before[[0, -1]] - after[[0, -1]]).max() <= 0.5 + 1e-6
            distances = np.abs(before[:, None] - after[None]).max(axis=2).min(axis=0)
            assert distances.max() <= 0.5 + 1e-6


def test_a_straight_line_of_pixels_becomes_its_ends(tmp_path: Path) -> None:
    path = tmp_path / "drawings.npz"
    line = drawing(np.linspace([10.5, 20], [520.5, 275], 100).tolist())
    write_sketches(path, [line], WORDS)
    (back,) = read_sketches(path)
    assert values_of(back)[0] == [[[0, 0], [255, 128]]]
    np.testing.assert_allclose(to_ink(back.strokes), to_ink(line.strokes), atol=0.005)


@pytest.mark.parametrize(
    ("sketch", "what"),
    [
        (
            drawing(*[[[1, 2]]] * 256),
            r"drawing 2 \(cat\): expected at most 255 strokes",
        ),
        (
            drawing([[1, 2]] * 65_536),
            "of at most 65535 points, .* of up to 65536 points",
        ),
        (drawing([[1, np.nan]]), "got nan"),
        (drawing([[1, 2]], word="dog"), "drawing 2: unknown word 'dog'"),
        (drawing([[1, 2]], word=""), "drawing 2: unknown word ''"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_left(
    tmp_path: Path, sketch: Sketch, what: str
) -> None:
    with pytest.raises(DataError, match=what):
        write_sketches(tmp_path / "new.npz", [drawing(), sketch], WORDS)
    assert list(tmp_path.iterdir()) == []


def test_as_much_as_the_form_holds(tmp_path: Path) -> None:
    path = tmp_path / "drawings.npz"
    most = [drawing(*[[[1, 2]]] * 255), drawing([[1, 2]] * 65_535)]
    assert write_sketches(path, most, WORDS) == 2
    strokes, points = read_sketches(path)
    assert len(strokes.strokes) == 255
    assert len(points.strokes[0]) == 65_535


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("cat", "cat"), "got 'cat' twice"),
        (("cat", ""), "expected words to name the classes, got ''"),
        (("cat", "a\nb"), "expected words to name the classes"),
        (("cat", *map(str, range(65_535))), "expected at most 65535 classes"),
    ],
)
def test_words_that_are_no_classes_are_refused(
    tmp_path: Path, words: tuple[str, ...], what: str
) -> None:
    with pytest.raises(DataError, match=what):
        write_sketches(tmp_path / "new.npz", [drawing()], words)


def test_the_same_drawings_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first.npz", "second.npz"):
        write_sketches(tmp_path / name, [drawing([[1, 2]])], WORDS)
    assert (tmp_path / "first.npz").read_bytes() == (
        tmp_path / "second.npz"
    ).read_bytes()
