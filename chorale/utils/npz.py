"""Archives of arrays (.npz), read within what the file can really hold.

`numpy.load` raises exceptions of many kinds for damaged archives, and allocates what
the header of an array asks for.
"""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import IO, Any, BinaryIO

import numpy as np

from chorale.utils.arrays import Arrays

# Bytes. All fifty million drawings of Quick, Draw! take about four gigabytes.
_LARGEST = 1 << 33
# The most bytes that one byte of deflated data can stand for.
_DEFLATE_RATIO = 1032
_PIECE = 1 << 20  # bytes read at a time
_ENCRYPTED = 0x1  # bit of the flags of a member
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FILTERS = Lock()  # the filters of warnings are those of all threads


def read_npz(file: BinaryIO, names: Collection[str] | None = None) -> Arrays:
    """Read arrays of plain numbers and text, without unpickling.

    Args:
        file: a file that can seek.
        names: of the arrays to read; None for all.

    Raises:
        ValueError: an array is missing, pickled, encrypted, or larger than the file can
            hold.
        Exception: anything that zipfile and numpy raise for damaged files.
    """
    file_size = file.seek(0, 2)
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        members = {
            info.filename.removesuffix(".npy"): info for info in archive.infolist()
        }
        missing = sorted(set(names or ()) - set(members))
        if missing:
            raise ValueError(f"the array {missing[0]} is missing")
        chosen = {
            name: info
            for name, info in members.items()
            if names is None or name in names
        }
        total = sum(info.file_size for info in chosen.values())
        if total > min(_LARGEST, _DEFLATE_RATIO * file_size):
            raise ValueError(f"{total} bytes of arrays are more than it can hold")
        # Decompression and checksums take the time, and run side by side in threads.
        with ThreadPoolExecutor() as pool:
            arrays = pool.map(partial(_read_member, archive), chosen.values())
            return dict(zip(chosen, arrays, strict=True))


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Any:
    if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
        raise ValueError(f"{info.filename} is encrypted or of an unknown method")
    with archive.open(info) as member:
        shape, is_fortran, dtype = read_header(member)
        count: int = math.prod(map(int, shape))
        size = count * dtype.itemsize
        if dtype.hasobject or dtype.fields is not None:
            raise ValueError(f"{info.filename} holds objects, not numbers or text")
        if min(shape, default=0) < 0 or (count and not dtype.itemsize):
            raise ValueError(f"{info.filename} has the shape {shape}")
        if size != info.file_size - member.tell():
            raise ValueError(
                f"{info.filename} has {info.file_size - member.tell()} bytes, {size} "
                "are needed"
            )
        content = bytearray()
        while piece := member.read(_PIECE):  # to the end, where the checksum is
            content += piece
    if len(content) != size:
        raise ValueError(f"{info.filename} ends too early")
    values = np.frombuffer(content, dtype) if size else np.empty(count, dtype)
    return values.reshape(shape, order="F" if is_fortran else "C")


def read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether the first axis runs fastest, and type of an array.

    Raises:
        Exception: anything that numpy raises for a damaged header.
    """
    version = np.lib.format.read_magic(member)
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numpy, on headers of Python 2
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(member)
        if version == (2, 0):
            return np.lib.format.read_array_header_2_0(member)
    raise ValueError(f"a header of version {version} is of an array of objects")
