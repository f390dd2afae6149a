"""TFRecords of the tutorial on drawing classification, without TensorFlow.

The tutorial of TensorFlow 1, "Recurrent Neural Networks for Drawing Classification",
stores a drawing as differences between points in a unit square. Both sides are
stretched to 1, so the proportions of the drawing are lost. Classes are numbers; their
words are in a text file beside the records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError, located
from chorale.sketches.formats.shared import (
    ReadOptions,
    labeled,
    open_binary,
    split_at_pen,
)
from chorale.sketches.strokes import Sketch
from chorale.utils.arrays import FloatArray
from chorale.utils.files import replacing
from chorale.utils.messages import message_class

# Little-endian numbers around the content of a record, in bytes.
_LENGTH_SIZE, _CHECKSUM_SIZE = 8, 4
_MAX_RECORD = 1 << 26  # bytes, some million points

# The fields of tf.train.Example used here, see tensorflow/core/example/feature.proto.
# They are declared again because nothing else here needs TensorFlow.
_SCHEMA = """
name: "chorale/example.proto" package: "chorale" syntax: "proto3"
message_type { name: "FloatList"
  field { name: "value" number: 1 type: TYPE_FLOAT label: LABEL_REPEATED } }
message_type { name: "Int64List"
  field { name: "value" number: 1 type: TYPE_INT64 label: LABEL_REPEATED } }
message_type { name: "Feature" oneof_decl { name: "kind" }
  field { name: "float_list" number: 2 type_name: ".chorale.FloatList" oneof_index: 0 }
  field { name: "int64_list" number: 3 type_name: ".chorale.Int64List" oneof_index: 0 }
}
message_type { name: "Features"
  nested_type { name: "FeatureEntry" options { map_entry: true }
    field { name: "key" number: 1 type: TYPE_STRING }
    field { name: "value" number: 2 type_name: ".chorale.Feature" } }
  field { name: "feature" number: 1 type_name: ".chorale.Features.FeatureEntry"
    label: LABEL_REPEATED } }
message_type { name: "Example"
  field { name: "features" number: 1 type_name: ".chorale.Features" } }
"""


# === Reading ===


def read_tfrecord(path: Path, options: ReadOptions) -> Iterator[Sketch]:
    """Yield the drawings of a TFRecord file of the tutorial's form.

    A record is a `tf.train.Example` of `ink`, N×3 floats (dx, dy, pen state, 1 at the
    last point of a stroke), without the first point; `shape`, N and 3; and
    `class_index`. Without the latter the word is "". Drawings begin at (0, 0).

    Raises:
        DataError: the file cannot be read or is malformed, or a class index has no
            word; with the number of the record.
    """
    new_example = example_class()
    classes = options.classes
    with open_binary(path, options) as file:
        record = 0
        while header := file.read(_LENGTH_SIZE):
            record += 1
            with located(path, record=record):
                features = _parse_example(_read_record(header, file), new_example())
                word = ""
                if "class_index" in features:
                    if classes is None:
                        classes = read_classes(path)
                    word = _word(features, classes)
                sketch = Sketch(strokes=split_at_pen(*_points(features)), word=word)
            yield sketch


def classes_path(path: Path) -> Path:
    """Return the path of the words of a file: `training.tfrecord.classes` beside it.

    Files such as `training.tfrecord-00000-of-00010` share one.
    """
    return path.with_name(re.sub(r"-\d+-of-\d+$", "", path.name) + ".classes")


def read_classes(path: Path) -> list[str]:
    """Read the words of a TFRecord file, one per line, by class index.

    Raises:
        DataError: there is no such file beside it, or it is not text.
    """
    candidates = [path.with_name(path.name + ".classes"), classes_path(path)]
    for candidate in candidates:
        if candidate.is_file():
            with open_binary(candidate, ReadOptions()) as file:
                content = file.read()
            try:
                return content.decode("utf-8-sig").splitlines()
            except UnicodeDecodeError:
                raise DataError("expected one word a line of text", candidate) from None
    raise DataError(
        f"expected the words of its classes in {candidates[-1].name} beside it, there "
        "is none: put it there",
        path,
    )


def _read_record(header: bytes, file: BinaryIO) -> bytes:
    """Return the content of a record: length, checksum, content, checksum."""
    length = int.from_bytes(_check(header, _LENGTH_SIZE, file), "little")
    if length > _MAX_RECORD:
        raise DataError(f"expected at most {_MAX_RECORD} bytes, got {length}")
    return _check(file.read(length), length, file)


def _check(content: bytes, expected: int, file: BinaryIO) -> bytes:
    """Return the content if it is complete and the checksum that follows is right."""
    checksum = file.read(_CHECKSUM_SIZE)
    if len(content) < expected or len(checksum) < _CHECKSUM_SIZE:
        raise DataError("expected a whole record, got a part: the file is cut off")
    if checksum != _checksum(content):
        raise DataError("the checksum is wrong: it is no TFRecord file, or damaged")
    return content


def _parse_example(content: bytes, example: Any) -> Any:
    """Return the features of an example by name."""
    from google.protobuf.message import DecodeError

    try:
        example.ParseFromString(content)
    except DecodeError:
        raise DataError("expected a tf.train.Example, got other bytes") from None
    return example.features.feature


def _word(features: Any, classes: Sequence[str]) -> str:
    indices = features["class_index"].int64_list.value
    if len(indices) != 1:
        raise DataError(f"expected one number as class_index, got {len(indices)}")
    if not 0 <= indices[0] < len(classes):
        raise DataError(
            f"expected a class index below {len(classes)}, the number of words, "
            f"got {indices[0]}"
        )
    word: str = classes[indices[0]]
    return word


def _points(features: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the points (points, 2) and the pen states (points,) of a record."""
    for name in ("ink", "shape"):
        if name not in features:
            raise DataError(f"expected a feature {name!r}, there is none")
    ink = np.array(features["ink"].float_list.value[:], np.float64)
    shape = list(features["shape"].int64_list.value)
    if shape != [len(ink) // 3, 3] or len(ink) % 3:
        raise DataError(
            f"expected {len(ink)} numbers in rows of 3, the shape is {shape}"
        )
    rows = np.concatenate([np.zeros((1, 3)), ink.reshape(-1, 3)])
    return np.cumsum(rows[:, :2], axis=0), rows[:, 2]


# === Writing ===


def write_tfrecord(path: Path, sketches: Iterable[Sketch], words: Sequence[str]) -> int:
    """Write drawings in the tutorial's form, and the words to `classes_path`.

    Drawings of fewer than two points are omitted, as the form cannot hold them. The pen
    state of the first point and the proportions of a drawing are lost. Return how many
    drawings were written.

    Raises:
        DataError: the words are no valid classes, or the word of a drawing is not one
            of them.
        OutputError: a file cannot be written.
    """
    new_example = example_class()
    written = 0
    with replacing(path) as records, replacing(classes_path(path)) as names:
        with records.open("wb") as file:
            for label, sketch in labeled(sketches, words):
                ink = _to_ink(sketch)
                if ink is None:
                    continue
                example = new_example()
                features = example.features.feature
                features["ink"].float_list.value.extend(ink.ravel().tolist())
                features["shape"].int64_list.value.extend(ink.shape)
                features["class_index"].int64_list.value.append(label)
                content = example.SerializeToString(deterministic=True)
                length = len(content).to_bytes(_LENGTH_SIZE, "little")
                file.write(length + _checksum(length) + content + _checksum(content))
                written += 1
        text = "".join(f"{word}\n" for word in words)
        names.write_text(text, encoding="utf-8", newline="\n")
    return written


def _to_ink(sketch: Sketch) -> FloatArray | None:
    """Return the tutorial's ink (points - 1, 3), None for fewer than two points."""
    strokes = [stroke for stroke in sketch.strokes if len(stroke)]
    if sum(map(len, strokes)) < 2:
        return None
    points = np.concatenate(strokes).astype(np.float32)
    pen = np.zeros(len(points), np.float32)
    pen[np.cumsum([len(stroke) for stroke in strokes]) - 1] = 1
    low = points.min(axis=0)
    size = points.max(axis=0) - low
    points = (points - low) / np.where(size > 0, size, np.float32(1))
    return np.column_stack([np.diff(points, axis=0), pen[1:]])


# === Both ===


def _checksum(content: bytes) -> bytes:
    """Return the CRC-32C of bytes, masked as TFRecord does."""
    import google_crc32c

    value: int = google_crc32c.value(content)
    masked = ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return masked.to_bytes(_CHECKSUM_SIZE, "little")


@cache
def example_class() -> Any:
    """Return the class of `tf.train.Example` messages."""
    return message_class(_SCHEMA, "chorale.Example")
