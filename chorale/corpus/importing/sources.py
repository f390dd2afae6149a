"""The sources of an import: files, files in folders, members of archives.

Nothing is opened here but archives. What cannot be a source is listed with the reason,
and never ends the search.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from chorale.corpus.importing.archives import (
    Member,
    archive_ending,
    companions_of,
    list_members,
)
from chorale.corpus.index import INDEX_FILE
from chorale.corpus.loading import MANIFEST_FILE, SPLITS
from chorale.errors import DataError, printable

REPORT_FILE = "report.json"  # of an import
# Files of a corpus that belong to its pieces.
_NOT_MUSIC = (INDEX_FILE, MANIFEST_FILE, REPORT_FILE)
_ANNOTATIONS = "annotations"
# Names of folders, and the split that they hold.
_SPLIT_NAMES = {**{split: split for split in SPLITS}, "validation": "valid"}


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file to read, possibly a member of an archive.

    Attributes:
        name: as the user finds it: the path, for a member the path of its archive, a
            slash, and its path in the archive.
        path: of the file, or of the archive.
        place: the parts of its path below what the user named; of a file that the user
            named its name.
        split: `train`, `valid` or `test` if its folder is one of several splits.
        archive: SHA-256 of the archive; empty for a file.
        member: in the archive; None for a file.
        companions: other members of the archive that belong to it, see `companions_of`.
    """

    name: str
    path: Path
    place: tuple[str, ...]
    split: str = ""
    archive: str = ""
    member: Member | None = None
    companions: tuple[Member, ...] = ()

    @property
    def score(self) -> str:
        """The name in an index: as the user typed it, or below an absolute path."""
        if not Path(self.name).is_absolute():
            return self.name
        return printable("/".join(self.place))


@dataclass
class Listing:
    """What was found.

    Attributes:
        sources: in order of the paths of the user, and by name in folders and archives.
        refused: what cannot be a source, by name, and why.
        hidden: number of hidden files and folders, which are left out.
    """

    sources: list[Source] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    hidden: int = 0


def find_sources(
    paths: Iterable[Path], folder: Path, excluded: Collection[Path] = ()
) -> Listing:
    """Find the files to import.

    Folders are searched recursively, links to folders too. Hidden files, annotations
    and indexes of a corpus are left out. A folder with `train/` and `valid/` or `test/`
    inside keeps these splits.

    Args:
        paths: files, folders and archives.
        folder: a private one, into which compressed archives without an index are
            unpacked; needed as long as the sources.
        excluded: files and folders to pass over, such as what the import writes.
    """
    listing = Listing()
    passed = {_real(path.parent) / path.name for path in excluded}
    for path in paths:
        finder = _Finder(listing, folder, passed)
        first = len(listing.sources)
        finder.add(path, ())
        listing.sources[first:] = _with_splits(listing.sources[first:])
    return listing


class _Finder:
    """Searches one path that the user named."""

    def __init__(self, listing: Listing, folder: Path, passed: set[Path]) -> None:
        self._listing = listing
        self._folder = folder
        self._passed = passed
        self._visited: dict[tuple[int, int], str] = {}  # folders, by device and inode

    def add(self, path: Path, place: tuple[str, ...]) -> None:
        """Add a file, an archive or what is in a folder."""
        name = printable(str(path))
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                self._add_folder(path, place, (status.st_dev, status.st_ino))
            elif not stat.S_ISREG(status.st_mode):
                self._refuse(name, "expected a file, it is a pipe or a device")
            elif archive_ending(path.name):
                self._add_archive(path, place or (path.name,))
            else:
                source = Source(
                    name=name, path=path.absolute(), place=place or (path.name,)
                )
                self._listing.sources.append(source)
        except FileNotFoundError:
            wrong = "a link to a file that is missing" if path.is_symlink() else ""
            self._refuse(name, wrong or "there is no such file or folder")
        except (OSError, ValueError) as error:  # ValueError: a null byte in the name
            reason = getattr(error, "strerror", None) or error
            self._refuse(name, f"cannot read it: {reason}")

    def _add_folder(
        self, folder: Path, place: tuple[str, ...], identity: tuple[int, int]
    ) -> None:
        name = printable(str(folder))
        if identity in self._visited:
            first = self._visited[identity]
            self._refuse(name, f"a link to a folder that is read already, {first}")
            return
        self._visited[identity] = name
        real = _real(folder)
        for path in sorted(folder.iterdir()):
            below = (*place, path.name)
            if real / path.name in self._passed or _belongs_to_corpus(below):
                continue
            if path.name.startswith("."):
                self._listing.hidden += 1
            else:
                self.add(path, below)

    def _add_archive(self, path: Path, place: tuple[str, ...]) -> None:
        shown = printable(str(path))
        try:
            archive = list_members(path, self._folder)
        except DataError as error:
            self._refuse(shown, str(error).removeprefix(f"{path}: "))
            return
        for name, reason in archive.refused:
            self._refuse(f"{shown}/{printable(name)}", reason)
        members = archive.by_name
        for member in sorted(archive.members, key=lambda member: member.name):
            parts = PurePosixPath(member.name).parts
            if any(part.startswith(".") or part == "__MACOSX" for part in parts):
                self._listing.hidden += 1
            elif not _belongs_to_corpus(parts):
                source = Source(
                    name=f"{shown}/{printable(member.name)}",
                    path=archive.path,
                    place=(*place, *parts),
                    archive=archive.sha256,
                    member=member,
                    companions=companions_of(member, members),
                )
                self._listing.sources.append(source)

    def _refuse(self, name: str, reason: str) -> None:
        self._listing.refused.append((name, reason))


def _real(folder: Path) -> Path:
    """Return the path of a folder without links, even if there is no such folder."""
    return Path(os.path.realpath(folder))


def _belongs_to_corpus(place: tuple[str, ...]) -> bool:
    """Return whether a file is a part of a corpus other than its pieces."""
    *folders, name = place
    is_annotation = _ANNOTATIONS in folders and name.lower().endswith(".csv")
    return is_annotation or name in _NOT_MUSIC


def _with_splits(sources: Sequence[Source]) -> Iterator[Source]:
    """Yield sources with the splits in which their folders put them.

    A folder is a split if `train` and another one lie side by side.
    """
    beside: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for source in sources:
        for above, split in _split_folders(source.place):
            beside[above].add(split)
    for source in sources:
        splits = [
            split
            for above, split in _split_folders(source.place)
            if "train" in beside[above] and len(beside[above]) > 1
        ]
        yield replace(source, split=splits[-1]) if splits else source


def _split_folders(place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each folder of a split on the way to a file, and the split."""
    for depth, part in enumerate(place[:-1]):
        split = _SPLIT_NAMES.get(part.lower())
        if split:
            yield place[:depth], split
