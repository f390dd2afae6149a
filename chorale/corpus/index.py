"""The index of a corpus: one row of metadata per piece."""

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
    """Metadata of one piece."""

    file: str  # the classic CSV, relative to the corpus folder, with forward slashes
    split: str  # `train`, `valid` or `test`; empty in a flat folder
    bwv: str  # number in the Bach-Werke-Verzeichnis, without the letters
    score: str  # the file that the piece was read from
    title: str  # first line of the hymn; may be empty
    key: str  # such as `G major`; may be empty
    metre: str  # time signatures, each change with its step: `3/4 4/4@96`
    pickup: int  # steps before the first full bar
    steps: int  # length of the piece
    tune_group: int  # equal for pieces with the same hymn tune; 0 = unknown
    sha256: str  # of the classic CSV


_FIELDS = tuple(field.name for field in fields(Entry))


def read_index(folder: Path | str) -> tuple[Entry, ...]:
    """Read the `index.csv` of a corpus folder; a folder without one gives `()`.

    Raises:
        DataError: the index is invalid; with row and column.
    """
    path = Path(folder) / INDEX_FILE
    if not path.is_file():
        return ()
    entries = []
    for row, cells in read_rows(path, _FIELDS):
        values: dict[str, Any] = dict(zip(_FIELDS, cells, strict=True))
        for name, read in _PARSERS.items():
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


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "key": lambda text: Key.parse(text).name if text else "",
    "metre": lambda text: format_metres(parse_metres(text)),
    "pickup": _parse_number,
    "steps": _parse_number,
    "tune_group": _parse_number,
}


def write_index(entries: Iterable[Entry], folder: Path | str) -> None:
    """Write the `index.csv` of a corpus folder, in the order given."""
    rows = [astuple(entry) for entry in entries]
    write_table(Path(folder) / INDEX_FILE, _FIELDS, rows)


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
