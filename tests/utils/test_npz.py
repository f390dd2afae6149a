"""Archives of arrays: read exactly, and refused where they claim too much."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chorale.errors import ModelError
from chorale.utils.files import load_arrays
from chorale.utils.npz import read_npz

ARRAYS = {
    "numbers": np.arange(6, dtype=np.int16).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "words": np.array(["cat", "çà"]),
    "scalar": np.array(7),
    "nothing": np.zeros((0, 4), np.float32),
}


def archive(members: dict[str, bytes], **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as zipped:
        for name, content in members.items():
            zipped.writestr(name, content)
    return file


def member(header: bytes, content: bytes = b"") -> bytes:
    """Return an .npy of version 1.0 with a header of one's own."""
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back_as_they_were(save: Any) -> None:
    file = io.BytesIO()
    save(file, **ARRAYS)
    read = read_npz(file)
    assert list(read) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype
    assert set(read_npz(file, {"words", "scalar"})) == {"words", "scalar"}
    with pytest.raises(ValueError, match="the array other is missing"):
        read_npz(file, {"words", "other"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (member(b"{'descr': '<i8', 'fortran_order': False, 'shape': (9,)}"), "needed"),
        (
            member(b"{'descr': '|u1', 'fortran_order': False, 'shape': (10**9,)}"),
            "",  # numpy's own words
        ),
        (
            member(b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000,)}"),
            "needed",
        ),
        (
            member(
                b"{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -1)}", b"1"
            ),
            "the shape",
        ),
        (
            member(b"{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000,)}"),
            "the shape",
        ),
        (member(b"{'descr': '|O', 'fortran_order': False, 'shape': ()}"), "objects"),
        (member(b"{'descr': '<f4', 'shape': ((((((("), ""),
        (b"\x93NUMPY\x03\x00" + bytes(40), "version"),
        (b"", ""),
    ],
)
def test_an_array_that_the_file_cannot_hold_is_refused(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(archive({"a.npy": content}).getvalue())
    with pytest.raises(ModelError, match=rf"weights\.npz.*damaged \(.*{message}"):
        load_arrays(path)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.savez(file, a=np.arange(3))
    content = bytearray(file.getvalue())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # of the directory
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="encrypted"):
        load_arrays(path)


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.savez(file, a=np.arange(300))
    content = bytearray(file.getvalue())
    content[1000] ^= 1
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="Bad CRC"):
        load_arrays(path)


def test_members_that_share_their_bytes_are_bounded(tmp_path: Path) -> None:
    """A directory that lists one member a thousand times is no thousand arrays."""
    one = io.BytesIO()
    with zipfile.ZipFile(one, "w", zipfile.ZIP_DEFLATED) as zipped:
        header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (50000000,)}"
        zipped.writestr("a.npy", member(header, bytes(50_000_000)))
    content = one.getvalue()
    begin, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    entry, tail = content[begin:end], bytearray(content[end:])
    count = 1000
    entries = [
        entry.replace(b"a.npy", f"{index:05}".encode()) for index in range(count)
    ]
    tail[8:12] = 2 * count.to_bytes(2, "little")
    tail[12:16] = (count * len(entry)).to_bytes(4, "little")
    path = tmp_path / "weights.npz"
    path.write_bytes(content[:begin] + b"".join(entries) + tail)
    with pytest.raises(ModelError, match="more than it can hold"):
        load_arrays(path)
