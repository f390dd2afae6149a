"""Corpora: folders of classic CSV files, with or without splits and annotations."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import numpy as np

from chorale.corpus.folders import annotations_of, corpus_files
from chorale.corpus.groups import group_pieces
from chorale.corpus.index import INDEX_FILE, Entry, parse_metres, read_index
from chorale.corpus.index import SPLITS as SPLITS
from chorale.corpus.shards import (
    ShardedPieces,
    has_shards,
    read_shard_index,
    read_shards,
)
from chorale.errors import DataError
from chorale.formats.classic_csv import read_annotations, read_csv
from chorale.music.keys import Key
from chorale.music.metre import COMMON_TIME, metres_of, number_bars
from chorale.music.ranges import Range, union_of, voice_ranges
from chorale.music.score import Chorale
from chorale.utils.files import sha256
from chorale.utils.progress import Progress

MANIFEST_FILE = "manifest.csv"  # of the bundled corpus only


@dataclass(frozen=True)
class Corpus:
    """Chorales in their splits."""

    # In order of file names, as in the other splits. Of a corpus in shards it is a
    # `chorale.corpus.shards.ShardedPieces`, read piece by piece.
    train: Sequence[Chorale]
    valid: tuple[Chorale, ...] = ()
    test: tuple[Chorale, ...] = ()
    path: Path = Path()  # the folder
    # The classic CSV of each chorale by split, in the same order, relative to the
    # folder; empty for a corpus that was not loaded from files.
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # SHA-256 of every file that was read, by path relative to the folder.
    hashes: Mapping[str, str] = field(default_factory=dict)
    # Error messages of files left out by a loader that is not strict.
    refused: tuple[str, ...] = ()

    def split(self, name: str) -> Sequence[Chorale]:
        """Return the chorales of the split `train`, `valid` or `test`.

        Raises:
            DataError: there is no such split, or it is empty.
        """
        chorales: Sequence[Chorale] = getattr(self, name) if name in SPLITS else ()
        if not chorales:
            present = [split for split in SPLITS if getattr(self, split)]
            raise DataError(
                f"expected a split that the corpus has ({', '.join(present)}), "
                f"got {name!r}",
                self.path,
            )
        return chorales

    def ranges(self) -> tuple[Range, ...]:
        """Return the lowest and highest note of each voice in train and valid.

        Those of shards are in their index.
        """
        if isinstance(self.train, ShardedPieces):
            return union_of([self.train.ranges, voice_ranges(self.valid)])
        return voice_ranges([*self.train, *self.valid])


def bundled_corpus() -> Path:
    """Return the folder of the bundled corpus.

    Raises:
        DataError: it is missing.
    """
    package = Path(__file__).parents[1]
    # Inside an installed package; beside the package in a checkout.
    for folder in (package / "data", package.parent / "data"):
        if (folder / MANIFEST_FILE).is_file():
            return folder
    raise DataError("the bundled corpus is missing: install chorale again", package)


def present_splits(path: Path | str | None = None) -> tuple[str, ...]:
    """Return which splits a corpus folder has.

    A flat folder is all `train`, unless its index says otherwise.

    Raises:
        DataError: the folder is missing, or holds neither CSV files nor shards.
    """
    folder = bundled_corpus() if path is None else Path(path)
    if has_shards(folder):
        return tuple(dict.fromkeys(shard.split for shard in read_shard_index(folder)))
    return tuple(dict.fromkeys(file.split for file in corpus_files(folder)))


def load_corpus(
    path: Path | str | None = None,
    *,
    splits: Sequence[str] = SPLITS,
    strict: bool = True,
    progress: Progress | None = None,
) -> Corpus:
    """Load a folder of classic CSVs, or of shards (`chorale.corpus.shards`).

    The files are in `train/`, `valid/` and `test/` (any of these), or all in one flat
    folder: then the index says which split each is in, and the others are train, see
    `hold_out`. Either may be inside `chorales/`, with `annotations/` of the same file
    names beside it. Without annotations equal pitches are held, and bars are counted
    from the first row in the metre of the index or in 4/4.

    Args:
        path: the folder; None for the bundled corpus.
        splits: to read; no file of another split is opened.
        strict: whether to raise at the first invalid file; otherwise invalid files are
            left out and listed in `Corpus.refused`.
        progress: called with the CSVs read and with their number.

    Raises:
        DataError: the folder is missing, holds no CSV files or none of the splits, or a
            file is invalid; the index is invalid, contradicts the folders, or has rows
            for other files only.
    """
    folder = bundled_corpus() if path is None else Path(path)
    if has_shards(folder):
        return _load_shards(folder, splits)
    present = corpus_files(folder)
    files = [file for file in present if file.split in splits]
    if not files:
        names = dict.fromkeys(file.split for file in present)
        raise DataError(
            f"expected a split that the corpus has ({', '.join(names)}), "
            f"got {', '.join(splits)!r}",
            folder,
        )
    is_indexed = (folder / INDEX_FILE).is_file()
    hashes = {INDEX_FILE: sha256(folder / INDEX_FILE)} if is_indexed else {}
    chorales: dict[str, list[Chorale]] = {split: [] for split in SPLITS}
    loaded: dict[str, list[str]] = {split: [] for split in SPLITS}
    refused = []
    for number, file in enumerate(files, 1):
        if progress is not None:
            progress(number, len(files))
        annotations = annotations_of(file.path, folder)
        try:
            chorale = load_piece(file.path, annotations, file.entry)
        except DataError as error:
            if strict:
                raise
            refused.append(str(error))
            continue
        name = file.path.relative_to(folder).as_posix()
        chorales[file.split].append(chorale)
        loaded[file.split].append(name)
        for source in (file.path, annotations):
            if source.is_file():
                hashes[source.relative_to(folder).as_posix()] = sha256(source)
    return Corpus(
        **{split: tuple(chorales[split]) for split in SPLITS},
        path=folder,
        files={split: tuple(loaded[split]) for split in SPLITS},
        hashes=hashes,
        refused=tuple(refused),
    )


def _load_shards(folder: Path, splits: Sequence[str]) -> Corpus:
    """Load a folder of shards; the pieces of train stay in their files."""
    found = read_shards(folder, splits)
    if not found:
        present = dict.fromkeys(shard.split for shard in read_shard_index(folder))
        raise DataError(
            f"expected a split that the corpus has ({', '.join(present)}), "
            f"got {', '.join(splits)!r}",
            folder,
        )
    hashes = {
        shard.file: shard.sha256 for pieces in found.values() for shard in pieces.shards
    }
    return Corpus(
        train=found.get("train", ()),
        valid=tuple(found.get("valid", ())),
        test=tuple(found.get("test", ())),
        path=folder,
        hashes=hashes,
    )


def load_entry(entry: Entry, folder: Path | str) -> Chorale:
    """Load a single piece of a corpus folder by its entry in the index.

    Raises:
        DataError: a file is missing or invalid.
    """
    file = Path(folder) / entry.file
    return load_piece(file, annotations_of(file, Path(folder)), entry)


def load_piece(file: Path, annotations: Path, entry: Entry | None = None) -> Chorale:
    """Load a classic CSV with its annotations and its entry, if there are any.

    Bars are those of the annotations; a metre that the entry lacks is that of the bars.

    Raises:
        DataError: a file is missing or invalid.
    """
    chorale = read_csv(file)
    if entry is not None:
        metres = parse_metres(entry.metre) if entry.metre else (COMMON_TIME,)
        bars, positions = number_bars(chorale.steps, metres, entry.pickup)
        chorale = replace(
            chorale,
            metres=metres,
            bars=bars,
            positions=positions,
            key=Key.parse(entry.key) if entry.key else None,
            title=entry.title,
            source=f"bwv{entry.bwv}" if entry.bwv else chorale.source,
        )
    if not annotations.is_file():
        return chorale
    chorale = read_annotations(annotations, chorale)
    if entry is not None and entry.metre:
        return chorale
    return replace(chorale, metres=metres_of(chorale.bars, chorale.positions))


def unseen_melodies(corpus: Corpus, split: str) -> tuple[Chorale, ...]:
    """Return the chorales of a split whose melodies do not occur in train.

    Melodies are those of the index, or, if it lacks that of a piece, found in the
    notes, see `group_pieces`.

    Raises:
        DataError: there is no such split, or neither the index nor the corpus has the
            melodies of train.
    """
    chorales = corpus.split(split)
    groups, known = _melodies(corpus, split), _melodies(corpus, "train")
    if 0 in {*groups, *known} or not known:
        if not corpus.train:
            raise DataError(
                "expected a train split, or an index with the melody of each piece",
                corpus.path,
            )
        found = group_pieces(chain(corpus.train, chorales))
        known, groups = found[: len(corpus.train)], found[len(corpus.train) :]
    seen = set(known)
    return tuple(
        chorale
        for chorale, group in zip(chorales, groups, strict=True)
        if group not in seen
    )


def annotations_path(file: Path | str) -> Path:
    """Return the path of the annotations of a CSV in a split or in a flat folder."""
    folder = Path(file).parent
    below = [Path(file).name]
    if folder.name in SPLITS:
        below.insert(0, folder.name)
        folder = folder.parent
    if folder.name == "chorales":
        folder = folder.parent
    return folder.joinpath("annotations", *below)


def hold_out(
    chorales: Sequence[Chorale], share: float = 0.1
) -> tuple[tuple[Chorale, ...], tuple[Chorale, ...]]:
    """Split chorales into a training and a validation set, by hash of their content.

    The choice depends on the pitches alone, neither on file names nor on order, and
    duplicates stay in one set. The share is that of the distinct pieces to hold out, at
    least one piece. Both sets keep the given order.

    Raises:
        DataError: fewer than two different chorales.
    """
    contents = [
        hashlib.sha256(chorale.pitches.astype(np.uint8).tobytes()).digest()
        for chorale in chorales
    ]
    distinct = sorted(set(contents))
    if len(distinct) < 2:
        raise DataError(
            "expected at least two different chorales, to hold one of them out, got "
            f"{len(distinct)}"
        )
    out = set(distinct[: max(1, round(share * len(distinct)))])
    pairs = list(zip(chorales, contents, strict=True))
    return (
        tuple(chorale for chorale, content in pairs if content not in out),
        tuple(chorale for chorale, content in pairs if content in out),
    )


def _melodies(corpus: Corpus, split: str) -> list[int]:
    """Return the melody of each piece of a split, as the index has it; 0 = unknown."""
    entries = read_index(corpus.path)
    if pieces := getattr(corpus, split):
        groups = {entry.file: entry.tune_group for entry in entries}
        files = corpus.files.get(split, ())
        return [groups.get(file, 0) for file in files] or [0] * len(pieces)
    return [entry.tune_group for entry in entries if entry.split == split]


def split_corpus(corpus: Corpus) -> tuple[Sequence[Chorale], Sequence[Chorale], str]:
    """Return a training set, a validation set, and a remark for the user.

    Without a valid split a tenth of train is held out, see `hold_out`, and the remark
    says so; otherwise it is empty.

    Raises:
        DataError: there is no train split, or too little to hold out.
    """
    if not corpus.train:
        raise DataError("expected a train split with chorales", corpus.path)
    if corpus.valid:
        return corpus.train, corpus.valid, ""
    if isinstance(corpus.train, ShardedPieces):
        raise DataError(
            "expected shards of a valid split, to choose the best epoch by, there are "
            "none: import the corpus with one",
            corpus.path,
        )
    train, valid = hold_out(corpus.train)
    remark = (
        f"the corpus has no valid split: {len(valid)} of its {len(corpus.train)} "
        "chorales, chosen by content, are held out for validation"
    )
    return train, valid, remark
