"""Folders of classic CSVs: which files a corpus has, and in which split each is.

The files are in `train/`, `valid/` and `test/` (any of these), or all in one flat
folder; either may be inside `chorales/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from chorale.corpus.index import INDEX_FILE, SPLITS, Entry, read_index
from chorale.errors import DataError


class CorpusFile(NamedTuple):
    """A classic CSV of a corpus."""

    split: str
    path: Path
    entry: Entry | None  # its row in the index; None without one


def corpus_files(folder: Path) -> list[CorpusFile]:
    """Return the classic CSVs of a corpus, in order of splits and names.

    Raises:
        DataError: the folder is missing or has no CSV files, or its index is invalid,
            contradicts the folders of the splits, or has rows for other files only.
    """
    if not folder.is_dir():
        raise DataError("expected a folder of CSV files, found none", folder)
    below = folder / "chorales" if (folder / "chorales").is_dir() else folder
    splits = [split for split in SPLITS if (below / split).is_dir()]
    places = [(split, below / split) for split in splits] or [("", below)]
    try:
        found = [
            (split, path) for split, place in places for path in sorted(place.iterdir())
        ]
    except OSError as error:
        raise DataError(f"cannot read it: {error.strerror}", folder) from error
    found = [
        (split, path)
        for split, path in found
        if path.suffix.lower() == ".csv"
        and path != folder / INDEX_FILE
        and not path.name.startswith(".")
    ]
    if not found:
        raise DataError(
            "expected CSV files, in train/, valid/ and test/ or in one folder, found "
            "none",
            folder,
        )
    entries = {entry.file: entry for entry in read_index(folder)}
    files = []
    for split, path in found:
        entry = entries.get(path.relative_to(folder).as_posix())
        files.append(CorpusFile(_split_of(split, entry, folder), path, entry))
    if entries and not any(file.entry for file in files):
        raise DataError(
            "expected rows for files such as "
            f"{found[0][1].relative_to(folder).as_posix()}, got {next(iter(entries))}",
            folder / INDEX_FILE,
            column="file",
        )
    return sorted(files, key=lambda file: SPLITS.index(file.split))


def annotations_of(file: Path, folder: Path) -> Path:
    """Return the path of the annotations of a classic CSV of a corpus folder."""
    parts = file.relative_to(folder).parts
    below = parts[1:] if parts[0] == "chorales" else parts
    return folder.joinpath("annotations", *below)


def _split_of(split: str, entry: Entry | None, folder: Path) -> str:
    """Return the split of a file in the folder of a split, or in a flat folder."""
    stated = entry.split if entry else ""
    if entry and stated and split and stated != split:
        raise DataError(
            f"expected the split {split} of {entry.file}, as its folder says, got "
            f"{stated}",
            folder / INDEX_FILE,
            column="split",
        )
    return split or stated or "train"
