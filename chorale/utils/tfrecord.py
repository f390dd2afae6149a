"""TFRecord files of `tf.train.Example` messages, without TensorFlow.

A record is a length, its checksum, the content, and its checksum. The content is a
message of named features, each a list of floats, of integers or of bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from chorale.errors import DataError, located
from chorale.utils.messages import message_class

# Little-endian numbers around the content of a record, in bytes.
_LENGTH_SIZE, _CHECKSUM_SIZE = 8, 4
_FRAME = _LENGTH_SIZE + 2 * _CHECKSUM_SIZE
_MAX_RECORD = 1 << 26  # bytes, some million points of a drawing

# The fields of tf.train.Example, see tensorflow/core/example/feature.proto. They are
# declared again because nothing else here needs TensorFlow.
_SCHEMA = """
name: "chorale/example.proto" package: "chorale" syntax: "proto3"
message_type { name: "BytesList"
  field { name: "value" number: 1 type: TYPE_BYTES label: LABEL_REPEATED } }
message_type { name: "FloatList"
  field { name: "value" number: 1 type: TYPE_FLOAT label: LABEL_REPEATED } }
message_type { name: "Int64List"
  field { name: "value" number: 1 type: TYPE_INT64 label: LABEL_REPEATED } }
message_type { name: "Feature" oneof_decl { name: "kind" }
  field { name: "bytes_list" number: 1 type_name: ".chorale.BytesList" oneof_index: 0 }
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


# === Records ===


def read_records(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield the contents of the records of an open file, from where it stands.

    Raises:
        DataError: the file is cut off, or a checksum is wrong; with the path and the
            number of the record.
    """
    record = 0
    while header := file.read(_LENGTH_SIZE):
        record += 1
        with located(path, record=record):
            content = _read_record(header, file)
        yield content


def record_of(content: bytes) -> bytes:
    """Return a whole record with the content."""
    length = len(content).to_bytes(_LENGTH_SIZE, "little")
    return length + _checksum(length) + content + _checksum(content)


def record_offsets(file: BinaryIO) -> list[int]:
    """Return where each record of an open file begins; contents are not read."""
    offsets, end = [], file.seek(0, 2)
    offset = 0
    while offset < end:
        offsets.append(offset)
        file.seek(offset)
        length = int.from_bytes(file.read(_LENGTH_SIZE), "little")
        offset += length + _FRAME
    return offsets


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


def _checksum(content: bytes) -> bytes:
    """Return the CRC-32C of bytes, masked as TFRecord does."""
    import google_crc32c

    value: int = google_crc32c.value(content)
    masked = ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return masked.to_bytes(_CHECKSUM_SIZE, "little")


# === Examples ===


def parse_features(content: bytes) -> Any:
    """Return the features of an example by name, messages of type Feature.

    Raises:
        DataError: the content is no example.
    """
    from google.protobuf.message import DecodeError

    example = _example_class()()
    try:
        example.ParseFromString(content)
    except DecodeError:
        raise DataError("expected a tf.train.Example, got other bytes") from None
    return example.features.feature


def format_features(
    *,
    integers: Mapping[str, Sequence[int]],
    floats: Mapping[str, Sequence[float]] | None = None,
    texts: Mapping[str, str] | None = None,
) -> bytes:
    """Return an example of named features; equal features give equal bytes."""
    example = _example_class()()
    features = example.features.feature
    for name, numbers in integers.items():
        features[name].int64_list.value.extend(numbers)
    for name, values in (floats or {}).items():
        features[name].float_list.value.extend(values)
    for name, text in (texts or {}).items():
        features[name].bytes_list.value.append(text.encode())
    content: bytes = example.SerializeToString(deterministic=True)
    return content


@cache
def _example_class() -> Any:
    """Return the class of `tf.train.Example` messages."""
    return message_class(_SCHEMA, "chorale.Example")
