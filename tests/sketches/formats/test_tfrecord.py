"""The TFRecords of the tutorial, exchanged with TensorFlow."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from drawings import WORDS, drawing, sketches, values_of
from hypothesis import given

from chorale.errors import DataError
from chorale.sketches.formats.files import read_sketches, write_sketches
from chorale.sketches.strokes import Sketch

pytestmark = pytest.mark.keras

CAT = drawing([[130, 72], [113, 40], [99, 26]], [], [[76, 82]], [[7, 200], [8, 9]])


def tutorial_ink(strokes: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
    """Return the tutorial's ink of strokes that are not empty."""
    rows = []
    for stroke in strokes:
        for x, y in stroke.tolist():
            rows.append([x, y, 0.0])
        rows[-1][2] = 1.0
    ink = np.array(rows, np.float32)
    for axis in (0, 1):
        lower, upper = ink[:, axis].min(), ink[:, axis].max()
        ink[:, axis] = (ink[:, axis] - lower) / ((upper - lower) or np.float32(1))
    for row in range(len(ink) - 1, 0, -1):
        ink[row, :2] -= ink[row - 1, :2]
    return ink[1:]


def record(content: bytes) -> bytes:
    """Return a record around the content, as TensorFlow writes it."""
    import google_crc32c

    def masked(data: bytes) -> bytes:
        crc = google_crc32c.value(data)
        rotated = ((crc >> 15) | (crc << 17)) % 2**32
        return struct.pack("<I", (rotated + 0xA282EAD8) % 2**32)

    length = struct.pack("<Q", len(content))
    return length + masked(length) + content + masked(content)


def example(
    ink: Sequence[float] | None,
    shape: Sequence[int] | None,
    classes: Sequence[int] | None = (1,),
) -> bytes:
    """Return a `tf.train.Example` with some of the tutorial's features."""
    import tensorflow as tf

    features = {}
    if ink is not None:
        features["ink"] = tf.train.Feature(float_list=tf.train.FloatList(value=ink))
    for name, numbers in (("shape", shape), ("class_index", classes)):
        if numbers is not None:
            values = tf.train.Int64List(value=numbers)
            features[name] = tf.train.Feature(int64_list=values)
    whole = tf.train.Example(features=tf.train.Features(feature=features))
    return bytes(whole.SerializeToString())


@cache
def line() -> bytes:
    """Return the example of a drawing of one stroke."""
    return example([0.5, 1, 0, 0.5, -1, 1], [2, 3])


def write(folder: Path, *contents: bytes, name: str = "training.tfrecord") -> Path:
    path = folder / name
    path.write_bytes(b"".join(contents))
    (folder / "training.tfrecord.classes").write_text("\n".join(WORDS) + "\n")
    return path


# === TensorFlow reads what is written here ===


def parsed(path: Path) -> list[dict[str, Any]]:
    """Return the features of each record, parsed as the tutorial's train_model.py."""
    import tensorflow as tf

    description = {
        "ink": tf.io.VarLenFeature(tf.float32),
        "shape": tf.io.FixedLenFeature([2], tf.int64),
        "class_index": tf.io.FixedLenFeature([1], tf.int64),
    }
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(path))]
    batch = tf.io.parse_example(records, description)
    inks = tf.sparse.to_dense(batch["ink"]).numpy()
    return [
        {"ink": ink[: 3 * shape[0]], "shape": shape, "class_index": index}
        for ink, shape, index in zip(
            inks, batch["shape"].numpy(), batch["class_index"].numpy(), strict=True
        )
    ]


def test_parse_example_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "own.tfrecord"
    stroke = drawing([[5, 5], [5, 9]], word="t-shirt")
    assert write_sketches(path, [CAT, stroke], WORDS) == 2
    first, second = parsed(path)
    assert [first["shape"].tolist(), second["shape"].tolist()] == [[5, 3], [1, 3]]
    assert [first["class_index"], second["class_index"]] == [[1], [2]]
    expected = tutorial_ink([stroke for stroke in CAT.strokes if len(stroke)])
    assert first["ink"].reshape(-1, 3).tolist() == expected.tolist()
    assert second["ink"].tolist() == [0, 1, 1]
    assert (tmp_path / "own.tfrecord.classes").read_text() == (
        "The Mona Lisa\ncat\nt-shirt\n"
    )


@given(sketch=sketches())
def test_the_ink_is_the_tutorials(
    tmp_path_factory: pytest.TempPathFactory, sketch: Sketch
) -> None:
    path = tmp_path_factory.mktemp("ink") / "own.tfrecord"
    strokes = [stroke for stroke in sketch.strokes if len(stroke)]
    is_kept = sum(map(len, strokes)) >= 2
    assert write_sketches(path, [sketch], WORDS) == is_kept
    if is_kept:
        (features,) = parsed(path)
        expected = tutorial_ink(strokes)
        np.testing.assert_array_equal(features["ink"].reshape(-1, 3), expected)
        assert features["shape"].tolist() == list(expected.shape)
        assert WORDS[features["class_index"][0]] == sketch.word
        (back,) = read_sketches(path)
        assert back.word == sketch.word
        # The pen state of the first point is lost, the rest is kept.
        assert len(np.concatenate(back.strokes)) == len(expected) + 1
        ways = np.diff(np.concatenate(back.strokes), axis=0)
        np.testing.assert_allclose(ways, expected[:, :2], atol=1e-6)


def test_drawings_of_fewer_than_two_points_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "own.tfrecord"
    few = [drawing(), drawing([]), drawing([[1, 2]]), CAT, drawing([], [[1, 2]], [])]
    assert write_sketches(path, few, WORDS) == 1
    assert len(parsed(path)) == 1


def test_an_unknown_word_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "own.tfrecord"
    with pytest.raises(DataError, match="drawing 2: unknown word 'dog'"):
        write_sketches(path, [CAT, drawing([[1, 2], [3, 4]], word="dog")], WORDS)
    assert list(tmp_path.iterdir()) == []


# === What TensorFlow writes is read here ===


def test_records_of_tensorflow_are_read(tmp_path: Path) -> None:
    import tensorflow as tf

    path = write(tmp_path)
    full = [stroke for stroke in CAT.strokes if len(stroke)]
    ink = tutorial_ink(full)
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(example(ink.ravel().tolist(), ink.shape))
        writer.write(line())
    first, second = read_sketches(path)
    assert [len(stroke) for stroke in first.strokes] == [3, 1, 2]
    assert (first.word, second.word) == ("cat", "cat")
    low, high = np.array([7, 9]), np.array([130, 200])
    expected = (np.concatenate(full) - low) / (high - low)
    points = np.concatenate(first.strokes)
    np.testing.assert_allclose(points - points[0], expected - expected[0], atol=1e-6)
    assert values_of(second)[0] == [[[0, 0], [0.5, 1], [1, 0]]]


@pytest.mark.parametrize(
    "name", ["training.tfrecord-00000-of-00010", "TRAINING.TFRECORD"]
)
def test_words_are_found_beside(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, record(line()), name=name)
    (tmp_path / "TRAINING.TFRECORD.classes").write_text("dog\nbird\n")
    (sketch,) = read_sketches(path)
    assert sketch.word == ("bird" if name.isupper() else "cat")


def test_words_may_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, record(line()))
    (sketch,) = read_sketches(path, classes=["a", "b"])
    assert sketch.word == "b"


def test_without_a_class_index_no_words_are_needed(tmp_path: Path) -> None:
    path = write(tmp_path, record(example([1, 1, 1], [1, 3], None)))
    (tmp_path / "training.tfrecord.classes").unlink()
    (sketch,) = read_sketches(path)
    assert values_of(sketch) == ([[[0, 0], [1, 1]]], "", True)


def test_one_point_and_100_000_points(tmp_path: Path) -> None:
    ink = np.tile(np.array([[0.5, -0.5, 0], [-0.5, 0.5, 1]]), (50_000, 1))
    contents = [example([], [0, 3]), example(ink.ravel().tolist(), ink.shape)]
    point, many = read_sketches(write(tmp_path, *map(record, contents)))
    assert values_of(point)[0] == [[[0, 0]]]
    assert len(np.concatenate(many.strokes)) == 100_001
    assert len(many.strokes) == 50_000


# === Broken files ===


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (([1, 1], [1, 3]), "expected 2 numbers in rows of 3"),
        (([1, 1, 1], [2, 3]), r"the shape is [2, 3]"),
        (([1, 1, 1], [3, 1]), r"the shape is [3, 1]"),
        (([1, 1, 1], [3]), r"the shape is [3]"),
        (([1, 1, 1], None), "expected a feature 'shape'"),
        ((None, [1, 3]), "expected a feature 'ink'"),
        (([1, 1, 1], [1, 3], [3]), "expected a class index below 3"),
        (([1, 1, 1], [1, 3], [-1]), "expected a class index below 3"),
        (([1, 1, 1], [1, 3], [1, 2]), "expected one number as class_index"),
        (([1, 1, 1], [1, 3], []), "expected one number as class_index"),
        (([float("nan"), 1, 1], [1, 3]), "got nan"),
        (([1, float("inf"), 1], [1, 3]), "got inf"),
        (([1, 1, 0.5], [1, 3]), "expected a pen of 0 or 1, got 0.5"),
        (([1, 1, float("nan")], [1, 3]), "expected a pen of 0 or 1"),
        (b"never an example", "expected a tf.train.Example"),
        (b"", "expected a feature 'ink'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_broken_examples_are_refused_with_the_record(
    tmp_path: Path, content: bytes | tuple[Any, ...], what: str
) -> None:
    if isinstance(content, tuple):
        content = example(*content)
    path = write(tmp_path, record(line()), record(content))
    reader = read_sketches(path)
    next(reader)
    with pytest.raises(DataError, match=f"record 2: .*{re.escape(what)}") as caught:
        next(reader)
    assert caught.value.path == path


def test_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = record(line())
    for size in range(1, len(whole)):
        reader = read_sketches(write(tmp_path, whole, whole[:size]))
        next(reader)
        with pytest.raises(DataError, match=r"record 2: .* the file is cut off"):
            next(reader)


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    whole = record(line())
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        with pytest.raises(DataError, match=r"record 1: .*checksum is wrong"):
            list(read_sketches(write(tmp_path, bytes(changed))))


def test_a_record_without_end_is_refused_before_it_is_read(tmp_path: Path) -> None:
    whole = record(b"")
    length = struct.pack("<Q", 2**60)
    import google_crc32c

    crc = google_crc32c.value(length)
    masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) % 2**32
    content = length + struct.pack("<I", masked) + whole
    with pytest.raises(DataError, match="record 1: expected at most"):
        list(read_sketches(write(tmp_path, content)))


def test_missing_words_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, record(line()), name="training.tfrecord-00003-of-00010")
    (tmp_path / "training.tfrecord.classes").unlink()
    with pytest.raises(DataError, match=r"its classes in training\.tfrecord\.classes"):
        list(read_sketches(path))


def test_words_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, record(line()))
    (tmp_path / "training.tfrecord.classes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="expected one word a line"):
        list(read_sketches(path))


def test_neither_way_needs_tensorflow(tmp_path: Path) -> None:
    path = write(tmp_path, record(line()))
    program = (
        "import sys; sys.modules['tensorflow'] = None\n"
        "from chorale.sketches.formats.files import read_sketches, write_sketches\n"
        "sketches = list(read_sketches(sys.argv[1]))\n"
        "print(write_sketches(sys.argv[2], sketches, ['cat']))\n"
    )
    arguments = [sys.executable, "-c", program, path, tmp_path / "again.tfrecord"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert len(parsed(tmp_path / "again.tfrecord")) == 1
