"""External shuffle: uniform, reproducible, no files left behind."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from drawings import drawing, sketches, values_of
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError, OutputError
from chorale.sketches.shuffling import pack, shuffle, spool, unpack
from chorale.sketches.strokes import Sketch


def numbered_drawings(count: int) -> Iterator[Sketch]:
    for number in range(count):
        yield drawing([[number, number]], word=str(number))


def order(count: int, seed: int, parts: int = 64) -> list[int]:
    random = np.random.default_rng(seed)
    stream = shuffle(numbered_drawings(count), random, parts=parts)
    return [int(sketch.word) for sketch in stream]


@given(sketch=sketches(coordinates=st.floats(allow_nan=False)))
def test_packing_is_exact(sketch: Sketch) -> None:
    assert values_of(unpack(pack(sketch))) == values_of(sketch)


def test_coordinates_on_the_grid_take_a_byte_each() -> None:
    line = drawing([[place, 255 - place] for place in range(100)])
    assert len(pack(line)) < 240
    assert len(pack(drawing(line.strokes[0] + 0.5))) > 800


@pytest.mark.parametrize("word", ["", "The Mona Lisa", "聖歌", "\ud800"])
def test_any_word_is_packed(word: str) -> None:
    assert unpack(pack(drawing([[1, 2]], word=word))).word == word


@given(
    drawings=st.lists(sketches(), max_size=10),
    seed=st.integers(0, 2**32 - 1),
    parts=st.integers(1, 5),
)
def test_the_same_drawings_come_out(
    drawings: list[Sketch], seed: int, parts: int
) -> None:
    random = np.random.default_rng(seed)
    shuffled = list(shuffle(iter(drawings), random, parts=parts))
    assert sorted(map(repr, map(values_of, shuffled))) == sorted(
        map(repr, map(values_of, drawings))
    )
    assert [values_of(sketch) for sketch in spool(iter(drawings))] == [
        values_of(sketch) for sketch in drawings
    ]


def test_the_same_seed_gives_the_same_order() -> None:
    first = order(500, seed=1)
    assert first == order(500, seed=1)
    assert first != order(500, seed=2)
    assert first != sorted(first)
    assert sorted(first) == list(range(500))


@pytest.mark.parametrize("parts", [1, 3])
def test_every_order_is_as_likely_as_any_other(parts: int) -> None:
    trials = 1200
    found = Counter(tuple(order(4, seed, parts)) for seed in range(trials))
    expected = trials / 24
    chi_squared = sum(
        (found[order] - expected) ** 2 / expected for order in permutations(range(4))
    )
    # With 23 degrees of freedom, larger once in 5,000 uniform samples.
    assert chi_squared < 55


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_no_file_is_left_behind(folder: Path) -> None:
    random = np.random.default_rng(0)
    stream = shuffle(numbered_drawings(50), random)
    assert next(stream).word
    stream.close()  # type: ignore[attr-defined]
    assert list(folder.iterdir()) == []

    def broken() -> Iterator[Sketch]:
        yield from numbered_drawings(5)
        raise DataError("it is broken")

    for stream in (shuffle(broken(), random), spool(broken())):
        with pytest.raises(DataError, match=r"^it is broken$"):
            next(stream)
    assert list(folder.iterdir()) == []


def test_all_is_taken_before_the_first_is_given() -> None:
    source = numbered_drawings(10)
    assert next(spool(source)).word == "0"
    assert next(source, None) is None


@pytest.mark.parametrize("stream", [shuffle, spool])
def test_a_folder_that_cannot_be_written_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stream: object
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "missing"))
    made = (
        shuffle(numbered_drawings(3), np.random.default_rng(0))
        if stream is shuffle
        else spool(numbered_drawings(3))
    )
    with pytest.raises(OutputError, match=r"cannot write temporary files: .* TMPDIR"):
        next(made)
