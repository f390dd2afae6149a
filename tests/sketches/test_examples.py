"""Labeled examples: which drawings are taken, counts of the others."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from drawings import drawing

from chorale.errors import DataError
from chorale.sketches import to_ink
from chorale.sketches.examples import Examples, hold_out, load_examples, read_words
from chorale.sketches.strokes import Inks

LINE = [[[0, 255], [0, 100]]]
CORNER = [[[0, 255, 255], [0, 0, 255]], [[10], [20]]]


def write(path: Path, *lines: tuple[str, object]) -> Path:
    """Write drawings in Quick, Draw!'s form."""
    text = "".join(
        json.dumps({"word": word, "drawing": strokes}) + "\n" for word, strokes in lines
    )
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def points_of(examples: Examples) -> list[bytes]:
    ends = np.cumsum(examples.inks.lengths)[:-1]
    return [ink.tobytes() for ink in np.split(examples.inks.points, ends)]


def test_examples_are_the_ink_of_drawings_and_their_words(tmp_path: Path) -> None:
    first = write(tmp_path / "first.ndjson", ("cat", LINE), ("ant", CORNER))
    second = write(tmp_path / "second.ndjson", ("bee", LINE), ("cat", CORNER))
    calls: list[tuple[int, int]] = []
    examples = load_examples([second, first], progress=lambda *both: calls.append(both))
    assert examples.words == ("ant", "bee", "cat")
    assert examples.labels.tolist() == [1, 2, 2, 0]
    line = to_ink([[[0, 0], [255, 100]]])
    corner = to_ink([[[0, 0], [255, 0], [255, 255]], [[10, 20]]])
    assert points_of(examples) == [each.tobytes() for each in (line, corner) * 2]
    assert examples.left_out == {}
    assert examples.hashes == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (first, second)
    }
    size = first.stat().st_size + second.stat().st_size
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert {total for _, total in calls} == {size}
    assert calls[-1] == (size, size)


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    path = write(
        tmp_path / "some.ndjson",
        ("cat", LINE),
        ("", LINE),
        ("owl", CORNER),
        ("owl", []),
        ("ant", []),
        ("ant", [[[], []]]),
        ("ant", CORNER),
    )
    examples = load_examples([path], words=("owl's", "cat", "ant"))
    assert examples.words == ("owl's", "cat", "ant")
    assert examples.labels.tolist() == [1, 2]
    assert examples.left_out == {
        "of an unknown word": 2,
        "without a word": 1,
        "without a point": 2,
    }
    assert examples.inks.lengths.tolist() == [2, 4]
    every = load_examples([path])
    assert every.words == ("ant", "cat", "owl")
    assert every.left_out == {"without a word": 1, "without a point": 3}
    with pytest.raises(
        DataError,
        match=r"some\.ndjson: expected drawings of known words, got "
        r"6 of an unknown word, 1 without a word",
    ):
        load_examples([path], words=("dog",))


def test_files_of_one_name_in_two_folders_both_count(tmp_path: Path) -> None:
    first = write(tmp_path / "a" / "cat.ndjson", ("cat", LINE))
    second = write(tmp_path / "b" / "cat.ndjson", ("cat", CORNER))
    (tmp_path / "b" / "notes.txt").write_text("no drawings")
    examples = load_examples([tmp_path])
    assert points_of(examples) == points_of(load_examples([first, second]))
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (first, second)]
    assert list(examples.hashes.values()) == hashes
    assert list(examples.hashes) == ["cat.ndjson", str(second)]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="known words, got none"):
        load_examples([write(tmp_path / "none.ndjson")])
    with pytest.raises(DataError, match="there is none"):
        load_examples([tmp_path / "missing.ndjson"])


def test_more_drawings_than_are_read_at_once(tmp_path: Path) -> None:
    lines = [
        ("cat" if n % 2 else "ant", LINE if n % 3 else CORNER) for n in range(5003)
    ]
    examples = load_examples([write(tmp_path / "many.ndjson", *lines)])
    assert examples.inks.lengths.tolist() == [2 if n % 3 else 4 for n in range(5003)]
    assert examples.labels.tolist() == [n % 2 for n in range(5003)]
    assert len(examples.inks.points) == examples.inks.lengths.sum()


def numbered(lengths: list[int]) -> Examples:
    """Return examples with distinct points."""
    points = np.arange(3 * sum(lengths), dtype=np.float32).reshape(-1, 3)
    return Examples(
        inks=Inks(points, np.array(lengths)),
        labels=np.arange(len(lengths)),
        words=tuple(f"word {n}" for n in range(len(lengths))),
        left_out={"without a word": 3},
        hashes={"file": "hash"},
    )


def test_some_are_taken_in_any_order() -> None:
    examples = numbered([3, 1, 4, 2])
    chosen = np.array([2, 0, 2])
    taken = examples.take(chosen)
    whole = points_of(examples)
    assert points_of(taken) == [whole[place] for place in chosen]
    assert taken.labels.tolist() == [2, 0, 2]
    assert (taken.words, taken.hashes) == (examples.words, {"file": "hash"})
    assert points_of(taken.take(np.array([1]))) == [whole[0]]


def test_an_example_is_a_drawing_again(tmp_path: Path) -> None:
    path = write(tmp_path / "one.ndjson", ("cat", LINE), ("ant", CORNER), ("cat", LINE))
    examples = load_examples([path])
    sketch = examples.sketch(1)
    assert sketch.word == "ant"
    expected = drawing([[0, 0], [255, 0], [255, 255]], [[10, 20]])
    for stroke, wanted in zip(sketch.strokes, expected.strokes, strict=True):
        np.testing.assert_allclose(stroke, wanted, atol=1e-3)
    assert examples.sketch(2).word == "cat"


def test_what_is_held_out_depends_on_its_content_alone() -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(2000, 3)).astype(np.float32)
    examples = Examples(
        # The last hundred of a thousand drawings are duplicated.
        inks=Inks(np.concatenate([points, points[-200:]]), np.full(1100, 2)),
        labels=np.arange(1100) % 7,
        words=tuple("abcdefg"),
        hashes={"file": "hash"},
    )
    train, valid = hold_out(examples)
    learned, validated = points_of(train), points_of(valid)
    assert not {*learned} & {*validated}
    assert sorted(learned + validated) == sorted(points_of(examples))
    assert len(valid.labels) / 1100 == pytest.approx(0.1, abs=0.03)
    assert valid.words == train.words == examples.words
    assert valid.hashes == train.hashes == examples.hashes
    # The same drawings are held out in another order, with their words.
    order = random.permutation(1100)
    again = hold_out(examples.take(order))[1]
    assert sorted(points_of(again)) == sorted(validated)
    word = dict(zip(points_of(examples)[:900], examples.labels[:900], strict=True))
    pairs = list(zip(validated, valid.labels, strict=True))
    assert all(word.get(ink, label) == label for ink, label in pairs)


def test_too_few_to_hold_some_out() -> None:
    with pytest.raises(DataError, match="--valid"):
        hold_out(numbered([3]))


def test_words_are_read_from_a_list(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeffcat\r\n\n  The Mona Lisa \nçà\n".encode())
    assert read_words(path) == ["cat", "The Mona Lisa", "çà"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"cat\ndog\n cat\n", "one a line, got 'cat' twice"),
        (b"\n  \n", "one a line, got none"),
        (b"\xff\xfe\x80", "expected a text file of words"),
        (None, "expected a text file of words"),
    ],
)
def test_a_list_without_words_is_refused(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "words.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=rf"words\.txt: .*{says}") as refused:
        read_words(path)
    assert "\n" not in str(refused.value)
