"""The index of a corpus: one row of metadata per piece.

`index.csv` in the corpus folder is a CSV whose columns are the fields of `Entry`, in
any order. Only `file` is required; a column that is missing is empty for all pieces,
and a cell may be empty where nothing is known. So an index may be written by hand:

    file,key,metre,pickup
    old-hundredth.csv,G major,4/4,4
    nun-danket.csv,Eb major,4/4,
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any

from chorale.errors import DataError
from chorale.music.keys import Key
from chorale.music.metre import COMMON_TIME, Metre
from chorale.utils.tables import read_table, whole_number, write_table

INDEX_FILE = "index.csv"
SPLITS = ("train", "valid", "test")
ESTIMATED = ("key", "metre")  # what may be estimated from the notes


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Metadata of one piece; every field but `file` may be unknown: empty, or 0.

    Attributes:
        file: the classic CSV, relative to the corpus folder, with forward slashes.
        split: `train`, `valid` or `test`. In a flat folder it decides, and pieces
            without one are train; elsewhere it is that of the folder, or empty.
        bwv: number in the Bach-Werke-Verzeichnis, without the letters.
        score: the file that the piece was read from.
        title: such as the first line of the hymn.
        key: such as `G major` or `Eb minor`.
        metre: time signatures, each change with its step: `3/4 4/4@96`. If it is empty,
            bars are those of the annotations, or else counted in 4/4.
        pickup: steps (sixteenths) before the first full bar.
        steps: length of the piece.
        tune_group: equal for pieces with the same melody.
        sha256: of the classic CSV.
        source_sha256: of the file that the piece was read from.
        estimated: what was estimated from the notes, since the source does not say it:
            `key`, `metre` (with the pickup), or `key metre`.
        off_grid: number of notes that were moved to the grid of sixteenths.
    """

    file: str
    split: str = ""
    bwv: str = ""
    score: str = ""
    title: str = ""
    key: str = ""
    metre: str = ""
    pickup: int = 0
    steps: int = 0
    tune_group: int = 0
    sha256: str = ""
    source_sha256: str = ""
    estimated: str = ""
    off_grid: int = 0


_FIELDS = tuple(field.name for field in fields(Entry))
_DEFAULTS = {field.name: field.default for field in fields(Entry)}


def read_index(folder: Path | str) -> tuple[Entry, ...]:
    """Read the `index.csv` of a corpus folder; a folder without one gives `()`.

    Raises:
        DataError: the index is invalid, has a column that is no field of `Entry`, or
            two rows for one file; with row and column.
    """
    path = Path(folder) / INDEX_FILE
    if not path.is_file():
        return ()
    header, rows = read_table(path)
    _check_header(header, path)
    entries: dict[str, Entry] = {}
    for row, cells in rows:
        entry = _parse_row(dict(zip(header, cells, strict=True)), path, row)
        if entry.file in entries:
            raise DataError(f"there is a row for {entry.file} above", path, row, "file")
        entries[entry.file] = entry
    return tuple(entries.values())


def _check_header(header: Sequence[str], path: Path) -> None:
    """Raise a DataError unless the columns are fields of an entry, once each."""
    known = ",".join(_FIELDS)
    if "file" not in header:
        found = f"got {','.join(header)[:60]}" if header else "it is empty"
        hint = "; cells are separated by commas" if ";" in "".join(header) else ""
        raise DataError(
            f"expected a column 'file' and any of {known}, {found}{hint}", path, 1
        )
    for number, name in enumerate(header):
        if name in header[:number]:
            raise DataError("expected each column once", path, 1, name)
        if name not in _FIELDS:
            close = get_close_matches(name.lower(), _FIELDS, n=1)
            hint = f"; is {close[0]} meant?" if close else ""
            raise DataError(f"expected columns out of {known}{hint}", path, 1, name)


def _parse_row(cells: Mapping[str, str], path: Path, row: int) -> Entry:
    """Return an entry; an empty cell is a default."""
    values: dict[str, Any] = {}
    for name, cell in cells.items():
        text = cell.strip()
        try:
            if text or name == "file":
                values[name] = _PARSERS.get(name, str)(text)
        except DataError as error:
            raise DataError(str(error), path, row, name) from error
    entry = Entry(**values)
    metre = parse_metres(entry.metre)[0] if entry.metre else COMMON_TIME
    if entry.pickup >= metre.bar_length:
        raise DataError(
            f"expected fewer steps than a bar of {metre.name} has, "
            f"{metre.bar_length}, got {entry.pickup}",
            path,
            row,
            "pickup",
        )
    return entry


def _parse_file(text: str) -> str:
    file = PurePosixPath(text.replace("\\", "/"))
    if (
        not file.name
        or file.is_absolute()
        or ".." in file.parts
        or ":" in file.parts[0]
    ):
        raise DataError(
            "expected a file inside the corpus folder such as 'train/hymn.csv', got "
            f"{text!r}"
        )
    return file.as_posix()


def _parse_number(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise DataError(f"expected a whole number, got {text!r}")
    return number


def _parse_split(text: str) -> str:
    if text not in SPLITS:
        raise DataError(f"expected a split out of {', '.join(SPLITS)}, got {text!r}")
    return text


def _parse_estimated(text: str) -> str:
    words = text.split()
    if not set(words) <= set(ESTIMATED):
        raise DataError(f"expected 'key', 'metre' or 'key metre', got {text!r}")
    return " ".join(word for word in ESTIMATED if word in words)


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "file": _parse_file,
    "split": _parse_split,
    "key": lambda text: Key.parse(text).name,
    "metre": lambda text: format_metres(parse_metres(text)),
    "pickup": _parse_number,
    "steps": _parse_number,
    "tune_group": _parse_number,
    "estimated": _parse_estimated,
    "off_grid": _parse_number,
}


def write_index(entries: Iterable[Entry], folder: Path | str) -> None:
    """Write the `index.csv` of a corpus folder, in the order given.

    Columns in which all pieces have the default are left out.
    """
    entries = tuple(entries)
    columns = [
        name
        for name in _FIELDS
        if any(getattr(entry, name) != _DEFAULTS[name] for entry in entries)
    ]
    rows = [[getattr(entry, name) for name in columns] for entry in entries]
    write_table(Path(folder) / INDEX_FILE, columns, rows)


def format_metres(metres: Sequence[Metre]) -> str:
    """Format time signatures: `3/4 4/4@96` changes at step 96."""
    return " ".join(
        f"{metre.name}@{metre.step}" if metre.step else metre.name for metre in metres
    )


def parse_metres(text: str) -> tuple[Metre, ...]:
    """Parse time signatures as formatted by `format_metres`.

    Raises:
        DataError: the text has another form, or the steps do not ascend from 0.
    """
    metres: list[Metre] = []
    for word in text.split():
        name, _, step = word.partition("@")
        number = whole_number(step or "0")
        if number is None or number <= (metres[-1].step if metres else -1):
            raise DataError(f"expected metres such as '3/4 4/4@96', got {text!r}")
        metres.append(Metre.parse(name, number))
    if not metres or metres[0].step:
        raise DataError(f"expected metres such as '3/4 4/4@96', got {text!r}")
    return tuple(metres)
