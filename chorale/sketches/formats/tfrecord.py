"""The TFRecords of the tutorial on drawing classification, without TensorFlow.

The tutorial of TensorFlow 1 ("Recurrent Neural Networks for Drawing Classification")
tells a drawing as the way from point to point in a box of side 1, both sides stretched
to it, so the drawing's proportions are lost. The classes are numbers, and a file of
words beside tells which.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.sketches.formats.shared import (
    Watch,
    numbered,
    opened,
    placed,
    split_at_pen,
)
from chorale.sketches.strokes import Sketch
from chorale.utils.files import replacing

TFRECORD_NAME = re.compile(r"\.tfrecords?(-\d+-of-\d+)?$", re.IGNORECASE)

_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
# Of a record, in bytes: some million points.
_LONGEST = 1 << 26


# === Reading ===


def read_tfrecord(
    path: Path, watch: Watch | None = None, *, classes: Sequence[str] | None = None
) -> Iterator[Sketch]:
    """Yield the drawings of a TFRecord file of the tutorial's form.

    A record is a `tf.train.Example` of `ink`, N×3 floats (way in x, way in y, pen, 1 at
    the last point of a stroke) without the first point; `shape`, N and 3; and
    `class_index`, which may be missing (then the word is ""). Drawings begin at (0, 0).

    Args:
        path: the file.
        watch: is told how many bytes more were read.
        classes: the words by index; those of `classes_path` if None.

    Raises:
        DataError: the file cannot be read, is damaged, holds other records, or an index
            without a word; with the number of the record.
    """
    new_example = example_class()
    with opened(path, watch) as file:
        for record, content in enumerate(_read_records(file, path), 1):
            with placed(path, record=record):
                features = _features_of(content, new_example())
                index = _one_number(features, "class_index")
                if index is not None and classes is None:
                    classes = read_classes(path)
                sketch = Sketch(
                    strokes=split_at_pen(*_points_of(features)),
                    word="" if index is None else _word_of(index, classes or ()),
                )
            yield sketch


def classes_path(path: Path) -> Path:
    """Return where the words of a file lie: `training.tfrecord.classes` beside it.

    A file that is one of many, `training.tfrecord-00000-of-00010`, shares theirs.
    """
    return path.with_name(re.sub(r"-\d+-of-\d+$", "", path.name) + ".classes")


def read_classes(path: Path) -> list[str]:
    """Read the words of a TFRecord file, one a line, in the order of their indices.

    Raises:
        DataError: there is no such file beside it, or it is none of words.
    """
    beside = [path.with_name(path.name + ".classes"), classes_path(path)]
    for found in beside:
        if found.is_file():
            with opened(found) as file:
                content = file.read()
            try:
                return content.decode("utf-8-sig").splitlines()
            except UnicodeDecodeError:
                raise DataError("expected one word a line of text", found) from None
    raise DataError(
        f"expected the words of its classes in {beside[-1].name} beside it, there is "
        "none: put it there",
        path,
    )


def _read_records(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield what the records hold: length, checksum, content and checksum each."""
    record = 0
    while head := file.read(_LENGTH.size):
        record += 1
        with placed(path, record=record):
            _check(head, _LENGTH.size, file)
            (length,) = _LENGTH.unpack(head)
            if length > _LONGEST:
                raise DataError(f"expected at most {_LONGEST} bytes, got {length}")
            content = _check(file.read(length), length, file)
        yield content


def _check(content: bytes, expected: int, file: BinaryIO) -> bytes:
    """Return the content if it is whole and the checksum that follows is its own."""
    checksum = file.read(_CHECKSUM.size)
    if len(content) < expected or len(checksum) < _CHECKSUM.size:
        raise DataError("expected a whole record, got a part: the file is cut off")
    if checksum != _checksum(content):
        raise DataError("the checksum is wrong: it is no TFRecord file, or damaged")
    return content


def _features_of(content: bytes, example: Any) -> Any:
    from google.protobuf.message import DecodeError

    try:
        example.ParseFromString(content)
    except DecodeError:
        raise DataError("expected a tf.train.Example, got other bytes") from None
    return example.features.feature


def _one_number(features: Any, name: str) -> int | None:
    if name not in features:
        return None
    values = features[name].int64_list.value
    if len(values) != 1:
        raise DataError(f"expected one number as {name}, got {len(values)}")
    return int(values[0])


def _word_of(index: int, classes: Sequence[str]) -> str:
    if not 0 <= index < len(classes):
        raise DataError(
            f"expected a class index below {len(classes)}, the number of words, "
            f"got {index}"
        )
    return classes[index]


def _points_of(features: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the points (points, 2) and the pen (points,) of a record."""
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
    """Write drawings in the tutorial's form, and the words in `classes_path` beside.

    The form cannot tell a drawing of fewer than two points, so such are left out; the
    pen after the first point and the proportions of a drawing are lost.

    Returns:
        How many drawings were written.

    Raises:
        DataError: the words are none, or a drawing's word is not among them.
        OutputError: a file cannot be written.
    """
    new_example = example_class()
    written = 0
    with replacing(path) as records, replacing(classes_path(path)) as names:
        with records.open("wb") as file:
            for index, sketch in numbered(sketches, words):
                ink = _to_ink(sketch)
                if ink is None:
                    continue
                example = new_example()
                features = example.features.feature
                features["ink"].float_list.value.extend(ink.ravel().tolist())
                features["shape"].int64_list.value.extend(ink.shape)
                features["class_index"].int64_list.value.append(index)
                content = example.SerializeToString(deterministic=True)
                length = _LENGTH.pack(len(content))
                file.write(length + _checksum(length) + content + _checksum(content))
                written += 1
        names.write_text(
            "".join(f"{word}\n" for word in words), encoding="utf-8", newline="\n"
        )
    return written


def _to_ink(sketch: Sketch) -> npt.NDArray[np.float32] | None:
    """Return the tutorial's ink (points - 1, 3), None of fewer than two points."""
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


# === The form of records ===


def _checksum(content: bytes) -> bytes:
    """Return the CRC-32C of bytes, masked as in TFRecord so that it may be nested."""
    import google_crc32c

    value = google_crc32c.value(content)
    masked = ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return _CHECKSUM.pack(masked)


@cache
def example_class() -> Any:
    """Return the class of `tf.train.Example` messages, of the fields used here.

    It is described here because TensorFlow, which brings it along, is not needed for
    anything else; the numbers are those of tensorflow/core/example/feature.proto.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="chorale/example.proto", package="chorale", syntax="proto3"
    )

    def describe(message: Any, name: str, number: int, kind: int, **more: Any) -> None:
        label = more.pop("label", field.LABEL_OPTIONAL)
        message.field.add(name=name, number=number, type=kind, label=label, **more)

    many: dict[str, Any] = {"label": field.LABEL_REPEATED}
    for name, kind in (
        ("BytesList", field.TYPE_BYTES),
        ("FloatList", field.TYPE_FLOAT),
        ("Int64List", field.TYPE_INT64),
    ):
        describe(file.message_type.add(name=name), "value", 1, kind, **many)

    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, name in enumerate(("bytes_list", "float_list", "int64_list"), 1):
        of = ".chorale." + "".join(part.capitalize() for part in name.split("_"))
        describe(feature, name, number, field.TYPE_MESSAGE, type_name=of, oneof_index=0)

    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    describe(entry, "key", 1, field.TYPE_STRING)
    describe(entry, "value", 2, field.TYPE_MESSAGE, type_name=".chorale.Feature")
    of = ".chorale.Features.FeatureEntry"
    describe(features, "feature", 1, field.TYPE_MESSAGE, type_name=of, **many)

    example = file.message_type.add(name="Example")
    of = ".chorale.Features"
    describe(example, "features", 1, field.TYPE_MESSAGE, type_name=of)

    # A pool of its own: TensorFlow's has the same messages under their own names.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("chorale.Example")
    )
