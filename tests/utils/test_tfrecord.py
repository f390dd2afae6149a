from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.errors import DataError
from chorale.utils.tfrecord import (
    format_features,
    parse_features,
    read_records,
    record_of,
    record_offsets,
)

PATH = Path("pieces.tfrecord")


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_records_are_read_as_they_were_written(contents: list[bytes]) -> None:
    file = io.BytesIO(b"".join(map(record_of, contents)))
    assert list(read_records(file, PATH)) == contents
    for offset, content in zip(record_offsets(file), contents, strict=True):
        file.seek(offset)
        assert next(read_records(file, PATH)) == content


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1)),
    st.lists(st.floats(width=32, allow_nan=False)),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_features_are_read_as_they_were_written(
    integers: list[int], floats: list[float], text: str
) -> None:
    content = format_features(
        integers={"whole": integers}, floats={"real": floats}, texts={"words": text}
    )
    features = parse_features(content)
    assert list(features["whole"].int64_list.value) == integers
    assert list(features["real"].float_list.value) == floats
    assert features["words"].bytes_list.value[0].decode() == text


def test_damage_is_named_with_the_record() -> None:
    whole = record_of(b"first") + record_of(b"second")
    with pytest.raises(DataError, match=r"pieces.tfrecord: record 2: .* cut off"):
        list(read_records(io.BytesIO(whole[:-1]), PATH))
    flipped = whole.replace(b"second", b"secund")
    with pytest.raises(DataError, match="record 2: the checksum is wrong"):
        list(read_records(io.BytesIO(flipped), PATH))


@pytest.mark.keras
def test_tensorflow_reads_and_writes_the_same(tmp_path: Path) -> None:
    import tensorflow as tf

    path = tmp_path / PATH
    contents = [
        format_features(integers={"bar": [1, 2, 300]}, texts={"key": "G major"}),
        format_features(integers={"bar": []}),
    ]
    path.write_bytes(b"".join(map(record_of, contents)))
    read = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    assert read == contents
    example = tf.train.Example.FromString(read[0])
    assert example.features.feature["key"].bytes_list.value == [b"G major"]
    with tf.io.TFRecordWriter(str(path)) as writer:
        for content in contents:
            writer.write(content)
    with path.open("rb") as file:
        assert list(read_records(file, path)) == contents
