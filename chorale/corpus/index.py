"""The index of a corpus: one row a piece, with what its score says of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from chorale.errors import DataError
from chorale.music.keys import Key
from chorale.music.metre import Metre
from chorale.utils.tables import read_rows, whole_number, write_table

INDEX_FILE = "index.csv"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the index of a corpus says about one piece.

    Attributes:
        file: path of the classic CSV below the corpus folder, with forward slashes.
        split: `train`, `valid` or `test`; empty in a flat folder.
        bwv: number in the Bach-Werke-Verzeichnis, without the letters.
        score: the file that the piece was read from.
        title: first line of the hymn; may be empty.
        key: such as `G major`; may be empty.
        metre: time signatures, each change with its step: `3/4 4/4@96`.
        pickup: steps before the first full bar.
        steps: length of the piece.
        tune_group: pieces of one number share their hymn tune; 0 = none known.
        sha256: of the classic CSV.
    """

    file: str
    split: str
    bwv: str
    score: str
    title: str
    key: str
    metre: str
    pickup: int
    steps: int
    tune_group: int
    sha256: str


_ENTRY_FIELDS = tuple(one.name for one in fields(Entry))


def read_index(folder: Path | str) -> tuple[Entry, ...]:
    """Read the `index.csv` of a corpus folder; a folder without one gives `()`.

    Raises:
        DataError: the index is not of the form that `write_index` leaves.
    """
    path = Path(folder) / INDEX_FILE
    if not path.is_file():
        return ()
    entries = []
    for row, cells in read_rows(path, _ENTRY_FIELDS):
        values: dict[str, Any] = dict(zip(_ENTRY_FIELDS, cells, strict=True))
        for name, read in _ENTRY_READERS.items():
            try:
                values[name] = read(values[name])
            except DataError as error:
                raise DataError(str(error), path, row, name) from error
        entries.append(Entry(**values))
    return tuple(entries)


def _parse_number(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise DataError(f"expected a whole number, got {text!r}")
    return number


def _check_key(text: str) -> str:
    return Key.parse(text).name if text else ""


def _check_metre(text: str) -> str:
    return format_metres(parse_metres(text))


_ENTRY_READERS: Mapping[str, Callable[[str], Any]] = {
    "key": _check_key,
    "metre": _check_metre,
    "pickup": _parse_number,
    "steps": _parse_number,
    "tune_group": _parse_number,
}


def write_index(entries: Iterable[Entry], folder: Path | str) -> None:
    """Write the `index.csv` of a corpus folder, in the order given."""
    rows = [astuple(entry) for entry in entries]
    write_table(Path(folder) / INDEX_FILE, _ENTRY_FIELDS, rows)


def format_metres(metres: Sequence[Metre]) -> str:
    """Write time signatures as an index does: `3/4 4/4@96` changes at step 96."""
    return " ".join(
        f"{metre.name}@{metre.step}" if metre.step else metre.name for metre in metres
    )


def parse_metres(text: str) -> tuple[Metre, ...]:
    """Read time signatures as `format_metres` writes them.

    Raises:
        DataError: the text is not of that form, or its steps do not ascend from 0.
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
