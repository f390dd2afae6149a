"""Shards: corpora larger than memory, as TFRecord files with an index.

A folder of shards holds

    shards.json               the shards of each split, with counts, ranges and hashes
    train/00000.tfrecord …    some hundred pieces each, `valid/` and `test/` likewise

Pieces are written as in `chorale.corpus.records`.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from chorale.corpus.index import SPLITS
from chorale.corpus.records import format_piece, parse_piece
from chorale.errors import DataError, OutputError
from chorale.music.ranges import Range, union_of, voice_ranges
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.utils.files import parse_object, replacing, sha256, write_text
from chorale.utils.tfrecord import read_records, record_of, record_offsets

SHARDS_FILE = "shards.json"
PIECES = 512  # of a shard: about 1 MB
_FORM = "chorale shards 1"


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One file of pieces, as the index describes it."""

    file: str  # relative to the folder, with forward slashes
    split: str
    pieces: int
    steps: int  # of all its pieces
    # Lowest and highest MIDI note of each voice, soprano first; 0 and 0 if silent.
    ranges: tuple[Range, ...]
    sha256: str


class ShardedPieces(Sequence[Chorale]):
    """The pieces of some shards, read when they are asked for.

    Only the places of the records are kept in memory, and those of one shard at a time.
    Iteration reads the files in order.

    Args:
        folder: of the index.
        shards: in order.
    """

    def __init__(self, folder: Path, shards: Sequence[Shard]) -> None:
        self.folder, self.shards = folder, tuple(shards)
        self._ends = np.cumsum([shard.pieces for shard in shards])
        self._open: tuple[int, list[int]] = (-1, [])  # a shard and its offsets

    @property
    def files(self) -> list[Path]:
        """Paths of the shards."""
        return [self.folder / shard.file for shard in self.shards]

    @property
    def steps(self) -> int:
        """Number of steps of all pieces."""
        return sum(shard.steps for shard in self.shards)

    @property
    def ranges(self) -> tuple[Range, ...]:
        """Lowest and highest MIDI note of each voice; 0 and 0 if it never sounds."""
        return union_of(shard.ranges for shard in self.shards)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __iter__(self) -> Iterator[Chorale]:
        for path in self.files:
            yield from read_shard(path)

    @overload
    def __getitem__(self, index: int) -> Chorale: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Chorale, ...]: ...

    def __getitem__(self, index: int | slice) -> Chorale | tuple[Chorale, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        index = range(len(self))[index]  # raises an IndexError
        number = int(np.searchsorted(self._ends, index, side="right"))
        shard, path = self.shards[number], self.files[number]
        with _reading(path), path.open("rb") as file:
            if self._open[0] != number:
                self._open = number, record_offsets(file)
            place = index - (int(self._ends[number]) - shard.pieces)
            file.seek(self._open[1][place])
            record = next(read_records(file, path))
        return parse_piece(record, path)


# === Writing ===


def write_shards(
    pieces: Iterable[tuple[str, Chorale]], folder: Path | str, *, size: int = PIECES
) -> tuple[Shard, ...]:
    """Write pieces in shards, and the index at the end.

    One shard of each split is in memory at a time.

    Args:
        pieces: with the split of each, `train`, `valid` or `test`; they keep their
            order within it.
        folder: made if there is none; must not hold an index of shards yet.
        size: number of pieces of a shard, of the last one of a split fewer.

    Raises:
        OutputError: there is an index, or a file cannot be written.
    """
    folder = Path(folder)
    if (folder / SHARDS_FILE).exists():
        raise OutputError(
            f"{folder} already holds shards: remove it, or choose another folder"
        )
    waiting: dict[str, list[Chorale]] = {}
    shards: list[Shard] = []
    counts: dict[str, int] = {}

    def write(split: str) -> None:
        number = counts[split] = counts.get(split, -1) + 1
        file = f"{split}/{number:05}.tfrecord"
        shards.append(_write_shard(waiting.pop(split), folder, split, file))

    for split, piece in pieces:
        waiting.setdefault(split, []).append(piece)
        if len(waiting[split]) == size:
            write(split)
    for split in list(waiting):
        write(split)
    shards.sort(key=lambda shard: shard.file)
    index = {"form": _FORM, "shards": [asdict(shard) for shard in shards]}
    write_text(folder / SHARDS_FILE, json.dumps(index, indent=1) + "\n")
    return tuple(shards)


def _write_shard(
    pieces: Sequence[Chorale], folder: Path, split: str, file: str
) -> Shard:
    with replacing(folder / file) as temporary, temporary.open("wb") as records:
        for piece in pieces:
            records.write(record_of(format_piece(piece)))
    return Shard(
        file=file,
        split=split,
        pieces=len(pieces),
        steps=sum(piece.steps for piece in pieces),
        ranges=voice_ranges(pieces),
        sha256=sha256(folder / file),
    )


# === Reading ===


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Raise an OSError as a DataError of the file."""
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot read it: {error.strerror or error}", path) from error


def is_shard(name: str) -> bool:
    """Return whether a path in a corpus folder is that of a shard."""
    return re.fullmatch(rf"({'|'.join(SPLITS)})/\d{{5,}}\.tfrecord", name) is not None


def has_shards(folder: Path | str) -> bool:
    """Return whether a folder holds an index of shards."""
    return (Path(folder) / SHARDS_FILE).is_file()


def read_shards(folder: Path | str, splits: Sequence[str]) -> dict[str, ShardedPieces]:
    """Return the pieces of some splits of a folder of shards, those that it has.

    The files are compared with their hashes in the index; pieces are read later.

    Raises:
        DataError: the index or a file is damaged or missing.
    """
    folder = Path(folder)
    found: dict[str, list[Shard]] = {}
    for shard in read_shard_index(folder):
        if shard.split not in splits:
            continue
        path = folder / shard.file
        with _reading(path):
            digest = sha256(path)
        if digest != shard.sha256:
            raise DataError(
                f"expected the file that {SHARDS_FILE} describes, this is another: it "
                "is damaged, or was changed; import the corpus again",
                path,
            )
        found.setdefault(shard.split, []).append(shard)
    return {split: ShardedPieces(folder, shards) for split, shards in found.items()}


def read_shard_index(folder: Path | str) -> tuple[Shard, ...]:
    """Read the index of a folder of shards.

    Raises:
        DataError: it is missing or damaged, or of another version.
    """
    path = Path(folder) / SHARDS_FILE
    with _reading(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    try:
        values = parse_object(text)
        if values.get("form") != _FORM:
            raise ValueError(f"its form is {values.get('form')!r}")
        return tuple(_shard(shard) for shard in values["shards"])
    except (LookupError, TypeError, ValueError) as error:
        raise DataError(
            f"expected an index of the form {_FORM!r}: {error}", path
        ) from None


def _shard(values: dict[str, Any]) -> Shard:
    """Return a shard of the index.

    Raises:
        LookupError, TypeError, ValueError: something is missing or wrong.
    """
    ranges = tuple((int(low), int(high)) for low, high in values["ranges"])
    shard = Shard(**{**values, "ranges": ranges})
    numbers = shard.pieces, shard.steps
    if any(type(number) is not int or number < 1 for number in numbers):
        raise ValueError("expected whole numbers of pieces and of steps above 0")
    texts = shard.file, shard.split, shard.sha256
    if not all(isinstance(text, str) for text in texts) or len(ranges) != VOICES:
        raise ValueError("expected a file, a split, a hash, and four ranges")
    if Path(shard.file).is_absolute() or ".." in Path(shard.file).parts:
        raise ValueError(f"expected files inside the folder, got {shard.file!r}")
    return shard


def read_shard(path: Path) -> Iterator[Chorale]:
    """Yield the pieces of one shard.

    Raises:
        DataError: the file cannot be read or is damaged.
    """
    with _reading(path), path.open("rb") as file:
        for number, record in enumerate(read_records(file, path), 1):
            yield parse_piece(record, path, number)
