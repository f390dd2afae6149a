"""Conversion of files of drawings: selection, order, classes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from drawings import drawing, values_of

from chorale.errors import DataError, UsageError
from chorale.sketches.conversion import convert
from chorale.sketches.formats.files import find_files, read_sketches, write_sketches


def write_lines(path: Path, words: Sequence[str], first: int = 0) -> Path:
    """Write one drawing per word, whose first x is its number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        {
            "word": word,
            "recognized": number % 3 != 2,
            "drawing": [[[number, 255], [0, 255]]],
        }
        for number, word in enumerate(words, first)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def read(path: Path) -> list[tuple[int, str]]:
    """Return the numbers and words of drawings of `write_lines`."""
    return [
        (int(sketch.strokes[0][0, 0]), sketch.word) for sketch in read_sketches(path)
    ]


WORDS = ["cat", "apple", "cat", "dog", "cat", "apple"]
ALL = list(enumerate(WORDS))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "all.ndjson", WORDS)


def test_words_are_those_met_and_the_order_is_kept(
    source: Path, tmp_path: Path
) -> None:
    output = tmp_path / "new.npz"
    done = convert([source], output)
    assert (done.written, done.left_out) == (6, 0)
    assert done.words == ("apple", "cat", "dog")
    assert read(output) == ALL
    with np.load(output) as stored:
        assert stored["classes"].tolist() == ["apple", "cat", "dog"]


def test_only_the_words_given_are_taken(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "new.npz"
    done = convert([source], output, words=["zebra", "dog", "apple"])
    assert (done.written, done.left_out) == (3, 3)
    assert done.words == ("zebra", "dog", "apple")
    assert read(output) == [(1, "apple"), (3, "dog"), (5, "apple")]
    with np.load(output) as stored:
        assert stored["label"].tolist() == [2, 1, 2]


def test_the_first_drawings_of_a_word_up_to_the_limit(
    source: Path, tmp_path: Path
) -> None:
    output = tmp_path / "new.npz"
    done = convert([source], output, limit=1)
    assert (done.written, done.left_out) == (3, 3)
    assert read(output) == [(0, "cat"), (1, "apple"), (3, "dog")]


def test_unrecognized_ones_do_not_count_for_the_limit(
    source: Path, tmp_path: Path
) -> None:
    output = tmp_path / "new.npz"
    done = convert([source], output, recognized_only=True, limit=2)
    # Numbers 2 and 5 are not recognized.
    assert read(output) == [(0, "cat"), (1, "apple"), (3, "dog"), (4, "cat")]
    assert (done.written, done.left_out) == (4, 2)


def test_words_of_drawings_left_out_are_no_classes(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "all.ndjson", ["cat", "cat", "dog"])
    done = convert([source], tmp_path / "new.npz", recognized_only=True)
    assert done.words == ("cat",)


@pytest.mark.parametrize("words", [None, ["apple", "cat", "dog"]])
def test_shuffling_is_repeatable(
    source: Path, tmp_path: Path, words: list[str] | None
) -> None:
    first, again, another = (tmp_path / f"{name}.npz" for name in "abc")
    for output, seed in ((first, 0), (again, 0), (another, 1)):
        convert([source], output, shuffle=True, random_state=seed, words=words)
    assert first.read_bytes() == again.read_bytes()
    assert read(first) != read(another)
    assert read(first) != ALL
    assert sorted(read(first)) == ALL


def test_a_limit_takes_the_first_ones_before_they_are_shuffled(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "all.ndjson", ["cat"] * 100)
    convert([source], tmp_path / "new.npz", shuffle=True, limit=30)
    numbers = [number for number, _ in read(tmp_path / "new.npz")]
    assert sorted(numbers) == list(range(30))
    assert numbers != sorted(numbers)


def test_tfrecords_are_the_same_bytes_again(source: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        done = convert([source], tmp_path / name / "new.tfrecord", shuffle=True)
        assert done.written == 6
    for name in ("new.tfrecord", "new.tfrecord.classes"):
        assert (tmp_path / "a" / name).read_bytes() == (
            tmp_path / "b" / name
        ).read_bytes()
    words = [sketch.word for sketch in read_sketches(tmp_path / "a" / "new.tfrecord")]
    assert sorted(words) == sorted(WORDS)


def test_what_tfrecords_cannot_hold_is_counted_as_left_out(tmp_path: Path) -> None:
    points = tmp_path / "points.npz"
    write_sketches(points, [drawing([[1, 2]]), drawing([[1, 2], [3, 4]])], ["cat"])
    done = convert([points], tmp_path / "new.tfrecord")
    assert (done.written, done.left_out) == (1, 1)


def test_all_formats_come_together(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_lines(folder / "deep" / "a.ndjson", ["cat", "dog"])
    write_sketches(folder / "b.npz", [drawing([[7, 7]], word="bird")], ["x", "bird"])
    write_sketches(
        folder / "c.tfrecord", [drawing([[0, 0], [9, 9]], word="ant")], ["ant"]
    )
    (folder / "elk.bin").write_bytes(bytes(10) + b"\1" + bytes(6))
    (folder / "notes.txt").write_text("no drawing")
    (folder / "own.json").write_text("[]")
    done = convert([folder], tmp_path / "new.npz")
    assert done.words == ("ant", "bird", "cat", "dog", "elk")
    words = [sketch.word for sketch in read_sketches(tmp_path / "new.npz")]
    assert words == ["bird", "ant", "cat", "dog", "elk"]


def test_pickled_files_need_trust(tmp_path: Path) -> None:
    drawings = np.empty(1, object)
    drawings[0] = np.array([[1, 2, 0], [3, 4, 1]], np.int16)
    np.savez(tmp_path / "cat.npz", train=drawings)
    with pytest.raises(DataError, match="--trust"):
        convert([tmp_path / "cat.npz"], tmp_path / "new.npz")
    convert([tmp_path / "cat.npz"], tmp_path / "new.npz", trust=True)
    (sketch,) = read_sketches(tmp_path / "new.npz")
    assert values_of(sketch) == ([[[1, 2], [4, 6]]], "cat", True)


def test_sources_are_sorted_and_without_the_output(tmp_path: Path) -> None:
    for name in ("b.ndjson", "a.bin", "c/a.npz", "out.npz", ".hidden.npz", "d.svg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    single = tmp_path / "b.ndjson"
    found = find_files([single, tmp_path], tmp_path / "c" / ".." / "out.npz")
    names = [path.relative_to(tmp_path).as_posix() for path in found]
    assert names == ["b.ndjson", "a.bin", "b.ndjson", "c/a.npz"]


def test_a_file_can_be_turned_into_itself(tmp_path: Path) -> None:
    path = tmp_path / "new.npz"
    convert([write_lines(tmp_path / "all.ndjson", WORDS)], path)
    convert([path], path, words=["dog"])
    assert read(path) == [(3, "dog")]


def test_progress_is_in_bytes_of_all_files(tmp_path: Path) -> None:
    sources = [
        write_lines(tmp_path / "a.ndjson", ["cat"] * 8_000),
        tmp_path / "b.npz",
        write_lines(tmp_path / "c.ndjson", ["cat"] * 10),
    ]
    convert([sources[2]], sources[1])
    calls: list[tuple[int, int]] = []
    convert(
        sources,
        tmp_path / "new.npz",
        words=["cat"],
        progress=lambda *done: calls.append(done),
    )
    total = sum(path.stat().st_size for path in sources)
    assert {of for _, of in calls} == {total}
    done = [count for count, _ in calls]
    assert done == sorted(done)
    assert 0 < done[0] < total / 2
    assert done[-1] == total


@pytest.mark.parametrize("words", [None, ["cat"]])
def test_a_broken_file_leaves_nothing(tmp_path: Path, words: list[str] | None) -> None:
    source = write_lines(tmp_path / "all.ndjson", ["cat"] * 3)
    source.write_text(source.read_text()[:-10])
    with pytest.raises(DataError, match="row 3"):
        convert([source], tmp_path / "new.npz", words=words)
    assert [path.name for path in tmp_path.iterdir()] == ["all.ndjson"]


def test_what_makes_no_sense_is_refused(source: Path, tmp_path: Path) -> None:
    output = tmp_path / "new.npz"
    with pytest.raises(DataError, match="none of 6 is left"):
        convert([source], output, words=["zebra"])
    with pytest.raises(DataError, match="expected a file or folder of drawings"):
        convert([tmp_path / "missing.bin"], output)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="expected drawings in the folder, got none"):
        convert([tmp_path / "empty"], output)
    with pytest.raises(UsageError, match=r"ends in \.npz"):
        # Before anything is read.
        convert([tmp_path / "missing.bin"], tmp_path / "new.csv")
    (tmp_path / "own.json").write_text("[[[1, 2], [3, 4]]]")
    with pytest.raises(DataError, match="none of 1 is left: check the words"):
        convert([tmp_path / "own.json"], output)
    assert not output.exists()
