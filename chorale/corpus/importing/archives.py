"""Archives of files: .zip, .tar and .tgz, read a member at a time.

Members are listed without unpacking them. Names that lead out of the archive, links,
encrypted members, archives in archives, and what is too large are refused, each by
name. A compressed .tar has no index, so it is unpacked once into a plain one.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import lzma
import re
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath

from chorale.corpus.index import INDEX_FILE, Entry, read_index, write_index
from chorale.corpus.loading import annotations_path
from chorale.errors import DataError
from chorale.utils.files import cannot_write
from chorale.utils.temporary import (
    errors_naming,
    full_folder_named,
    temporary_folder,
)

MEMBER_BYTES = 64 << 20  # twice the largest score that is read
ARCHIVE_BYTES = 2 << 30  # of all members of an archive
MOST_MEMBERS = 200_000
_ENDINGS = (".zip", ".tar", ".tgz", ".tar.gz")
_OTHER_ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tbz2", ".txz", ".lz")
_ENCRYPTED = 0x1  # bit of the flags of a member
_CHUNK = 1 << 20
# What libraries raise for damaged or truncated archives.
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in an archive.

    Attributes:
        name: its path in the archive, with forward slashes; two may have the same.
        size: in bytes, as declared.
        place: its number in a .zip, counted from 0; its first byte in a .tar.
        zipped: whether the archive is a .zip.
    """

    name: str
    size: int
    place: int
    zipped: bool


@dataclass
class Archive:
    """An archive whose members can be read one at a time.

    Attributes:
        path: of the .zip or of a plain .tar.
        sha256: of the file that the user named.
        members: that can be read.
        refused: names of other members, and why.
    """

    path: Path
    sha256: str
    members: list[Member] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def by_name(self) -> dict[str, Member]:
        return {member.name: member for member in self.members}


def archive_ending(name: str) -> str:
    """Return the ending of an archive that can be read; empty for other files."""
    lower = name.lower()
    return next((each for each in reversed(_ENDINGS) if lower.endswith(each)), "")


def is_other_archive(name: str) -> bool:
    """Return whether a name is that of an archive that is not read."""
    return name.lower().endswith(_OTHER_ENDINGS)


def list_members(path: Path, folder: Path) -> Archive:
    """List the members of an archive.

    Args:
        path: of the archive.
        folder: a private one, into which a compressed .tar is unpacked.

    Raises:
        DataError: it is damaged, too large, or not of the kind that its ending says.
        OSError: it cannot be read.
        OutputError: the private folder cannot be written to.
    """
    with path.open("rb") as file:
        archive = Archive(path, hashlib.file_digest(file, "sha256").hexdigest())
    ending = archive_ending(path.name)
    if ending in (".tgz", ".tar.gz"):
        archive.path = _gunzip(path, folder)
    found = _zipped(archive.path) if ending == ".zip" else _in_tar(archive.path)
    total = 0
    try:
        for count, (member, reason) in enumerate(found):
            total += member.size
            if count >= MOST_MEMBERS or total > ARCHIVE_BYTES:
                raise DataError(
                    f"expected an archive of at most {MOST_MEMBERS} files and "
                    f"{ARCHIVE_BYTES >> 30} GiB, it has more: import it in parts"
                )
            if reason := reason or _objection(member):
                archive.refused.append((member.name, reason))
            else:
                archive.members.append(member)
    except _DAMAGED as error:
        raise DataError(f"expected an archive, it is damaged: {_line(error)}") from None
    return archive


def companions_of(member: Member, members: Mapping[str, Member]) -> tuple[Member, ...]:
    """Return the annotations and the index of the corpus of a CSV in an archive."""
    if not member.name.lower().endswith(".csv"):
        return ()
    annotations = PurePosixPath(annotations_path(member.name).as_posix())
    folders = annotations.parents[1:3]
    names = [annotations, *(folder / INDEX_FILE for folder in folders)]
    return tuple(members[str(name)] for name in names if str(name) in members)


@contextlib.contextmanager
def unpacked(
    archive: Path, member: Member, companions: tuple[Member, ...] = ()
) -> Iterator[Path]:
    """Unpack a member, and its companions, into a private folder; yield its path.

    Of an index only the entry of the member is written.

    Raises:
        DataError: a member is damaged or larger than declared, or the index is invalid.
        OutputError: the folder for temporary files is full.
    """
    with temporary_folder() as folder:
        for each in (member, *companions):
            # Only files of a corpus need the folders around them.
            path = folder / (each.name if companions else PurePosixPath(each.name).name)
            with full_folder_named():
                path.parent.mkdir(parents=True, exist_ok=True)
            if each is not member and path.name == INDEX_FILE:
                base = PurePosixPath(each.name).parent
                name = PurePosixPath(member.name).relative_to(base).as_posix()
                entry = _entries(archive, _version(archive), each).get(name)
                if entry is not None:
                    with full_folder_named():
                        write_index([entry], path.parent)
                continue
            content = read_member(archive, each)
            with full_folder_named():
                path.write_bytes(content)
        yield folder / (member.name if companions else PurePosixPath(member.name).name)


def read_member(archive: Path, member: Member) -> bytes:
    """Return the content of a member.

    Raises:
        DataError: it is damaged or larger than declared.
    """
    try:
        if member.zipped:
            zipped = _open_zip(archive, _version(archive))
            with zipped.open(zipped.infolist()[member.place]) as file:
                content = file.read(MEMBER_BYTES + 1)
        else:
            with archive.open("rb") as file:
                file.seek(member.place)
                content = file.read(member.size)
    except _DAMAGED as error:
        raise DataError(f"cannot unpack it: {_line(error)}") from None
    if len(content) != member.size:
        raise DataError(
            f"cannot unpack it: expected {member.size} bytes, got "
            f"{'more' if len(content) > member.size else len(content)}"
        )
    return content


def _version(path: Path) -> tuple[int, ...]:
    """Return what changes if there is another file at a path."""
    status = path.stat()
    return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _open_zip(path: Path, _: tuple[int, ...]) -> zipfile.ZipFile:
    """Return an open archive; a worker reads many members of one after another."""
    return zipfile.ZipFile(path)


@lru_cache(maxsize=2)
def _entries(path: Path, _: tuple[int, ...], index: Member) -> dict[str, Entry]:
    """Return the index of a corpus in an archive, by file."""
    content = read_member(path, index)
    with temporary_folder() as folder, errors_naming(Path(), folder):
        with full_folder_named():
            (folder / INDEX_FILE).write_bytes(content)
        return {entry.file: entry for entry in read_index(folder)}


# === Listing ===


def _zipped(path: Path) -> Iterator[tuple[Member, str]]:
    """Yield the members of a .zip, and why one is refused, or an empty string."""
    with zipfile.ZipFile(path) as archive:
        for place, info in enumerate(archive.infolist()):
            if info.is_dir():
                continue
            member = Member(
                name=info.filename, size=info.file_size, place=place, zipped=True
            )
            is_link = info.external_attr >> 28 == 0xA
            reason = "a link, not a file" if is_link else ""
            if info.flag_bits & _ENCRYPTED:
                reason = "it is encrypted: unpack the archive with its password first"
            yield member, reason


def _in_tar(path: Path) -> Iterator[tuple[Member, str]]:
    """Yield the members of a .tar as `_zipped` does."""
    with tarfile.open(path, "r:") as archive:
        for info in archive:
            if info.isdir():
                continue
            is_file = info.isreg() and not info.issparse()
            member = Member(
                name=info.name,
                size=info.size if is_file else 0,
                place=info.offset_data,
                zipped=False,
            )
            yield member, "" if is_file else "a link or a device, not a file"
        if archive.fileobj is not None:
            archive.fileobj.seek(archive.offset)
            if archive.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("its end is missing")


def _objection(member: Member) -> str:
    """Return why a member is refused whatever its archive is; empty if it is not."""
    path = PurePosixPath(member.name.replace("\\", "/"))
    if (
        path.is_absolute()
        or ".." in path.parts
        or not path.name
        or "\0" in member.name
        or re.match("[A-Za-z]:", member.name)
    ):
        return "its name leads out of the archive"
    if archive_ending(path.name) or is_other_archive(path.name):
        return "an archive in an archive: unpack it first"
    if member.size > MEMBER_BYTES:
        return f"expected at most {MEMBER_BYTES >> 20} MiB, it is larger"
    return ""


def _gunzip(path: Path, folder: Path) -> Path:
    """Unpack a compressed .tar into a plain one in a private folder."""
    total = 0
    with (
        tempfile.NamedTemporaryFile(dir=folder, suffix=".tar", delete=False) as target,
        gzip.open(path) as source,
    ):
        while True:
            try:
                chunk = source.read(_CHUNK)
            except _DAMAGED as error:
                reason = _line(error)
                raise DataError(
                    f"expected an archive, it is damaged: {reason}"
                ) from None
            if not chunk:
                return Path(target.name)
            total += len(chunk)
            if total > ARCHIVE_BYTES:
                raise DataError(
                    f"expected an archive of at most {ARCHIVE_BYTES >> 30} GiB, it has "
                    "more: import it in parts"
                )
            try:
                target.write(chunk)
            except OSError as error:
                raise cannot_write(folder, error) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__
