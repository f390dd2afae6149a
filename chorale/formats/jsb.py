"""The published forms of the JSB chorales: many pieces in one file.

- `Jsb16thSeparated.npz` and `.json`: the pitches of soprano, alto, tenor and bass at
  each sixteenth, NaN or -1 for a silent voice (Huang et al., "Counterpoint by
  Convolution", 2017)
- `jsb-chorales-16th.json` and `-8th.json`: the same without the silent voices
- `jsb-chorales-quarter.json` and `JSB Chorales.pickle`: the notes that sound at each
  quarter, the lowest first, whichever voices sing them (Boulanger-Lewandowski et al.,
  "Modeling Temporal Dependencies in High-Dimensional Sequences", 2012)

All hold a dictionary of the splits, each a list of pieces, each a list of rows. They do
not distinguish a held note from a repeated one and have no bars.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import DataError, located, translated
from chorale.formats.jsb_rows import NO_NOTE, Rows, is_lowest_first, to_voices
from chorale.formats.limits import JSB_BYTES, MOST_STEPS
from chorale.formats.places import places_in
from chorale.formats.reading import Reading
from chorale.music.metre import COMMON_TIME, number_bars
from chorale.music.score import Chorale
from chorale.music.voices import HIGHEST_PITCH
from chorale.utils.files import read_file
from chorale.utils.npz import read_header
from chorale.utils.pickled_arrays import TRUST_ADVICE, ArrayUnpickler
from chorale.utils.text import counted

ENDINGS = (".npz", ".json", ".pkl", ".pickle")
SPLITS = ("train", "valid", "test")
_EXPECTED = "expected a file of JSB chorales, a list of pieces for each of " + (
    "train, valid and test"
)
# Steps of a row, by a word in the name of a file.
_GRIDS = {"quarter": 4, "8th": 2, "16th": 1}
_ROW_NAMES = {4: "a quarter", 2: "an eighth", 1: "a sixteenth"}


class Piece(NamedTuple):
    """A piece of a file of many.

    Attributes:
        split: `train`, `valid` or `test`; empty if the file has no splits.
        name: unique in its file, such as `train_000`.
        reading: of the piece, its key undecided, or why it cannot be read.
    """

    split: str
    name: str
    reading: Reading | DataError


def read_pieces(path: Path | str, *, trust: bool = False) -> Iterator[Piece]:
    """Yield the pieces of a file of JSB chorales: train, then valid, then test.

    Repeated pitches are held, and bars are counted in 4/4 from the first step. Rows of
    quarters or eighths, which the name of the file tells, are spread to sixteenths.
    Where silent voices are left out, the voices that sing are those that lead best to
    the chords around. Chords of four notes of unknown voices are taken from the
    highest note down. The notes of a Reading say so.

    Args:
        path: of a .npz, .json, .pkl or .pickle.
        trust: whether to open pickles: .pkl, .pickle, and .npz of pickled arrays. Even
            then nothing but arrays is made of them.

    Raises:
        DataError: the file cannot be read, is not of these forms, or is pickled and not
            trusted. What is wrong with one piece is its `reading`.
    """
    path = Path(path)
    splits = _open(path, trust)
    rows = [row for pieces in splits.values() for piece in pieces for row in piece]
    lowest_first = is_lowest_first(rows)
    word = next((word for word in _GRIDS if word in path.stem.lower()), None)
    # Only quarters have been published with the lowest note first.
    grid = _GRIDS[word] if word else _GRIDS["quarter" if lowest_first else "16th"]
    said = []
    if grid > 1 or word is None:
        said.append(
            f"each row is read as {_ROW_NAMES[grid]}" + ": the file has no note values"
        )
    for split, pieces in splits.items():
        for index, piece in enumerate(pieces):
            name = f"{split or 'piece'}_{index:03d}"
            reading: Reading | DataError
            try:
                with located(path):
                    reading = _read_piece(piece, name, grid, lowest_first)
                reading = reading._replace(notes=(*said, *reading.notes))
            except DataError as error:
                reading = error
            yield Piece(split, name, reading)


def _read_piece(piece: Rows, name: str, grid: int, lowest_first: bool) -> Reading:
    """Return a piece; `grid` is the number of steps of a row."""
    steps = len(piece) * grid
    if not 0 < steps <= MOST_STEPS:
        raise DataError(
            f"{name}: expected from 1 to {MOST_STEPS} sixteenths, got {steps}"
        )
    place = places_in(*number_bars(steps, (COMMON_TIME,)), (COMMON_TIME,))

    def place_of(row: int) -> str:
        return f"{name}, {place(row * grid)}"

    pitches, guessed = to_voices(piece, place_of, lowest_first)
    if not pitches.any():
        raise DataError(f"{name}: expected notes, got nothing but silence")
    notes = []
    if lowest_first:
        notes.append(
            "the file does not name the voices: each chord is taken from the highest "
            "note down"
        )
    if guessed:
        notes.append(
            f"the voices of {counted(guessed, 'chord')} of fewer than four notes are "
            "guessed"
        )
    chorale = Chorale(pitches=np.repeat(pitches, grid, axis=0), source=name)
    return Reading(chorale, metre_assumed=True, notes=tuple(notes))


# === Files ===


def _open(path: Path, trust: bool) -> dict[str, list[Rows]]:
    """Return the rows of each piece, by split, in the usual order."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise DataError(f"{_EXPECTED}, that ends in {', '.join(ENDINGS)}", path)
    content = read_file(path, JSB_BYTES, "a file of JSB chorales")
    with located(path), _damage():
        if ending == ".json":
            value = json.loads(content)
        elif ending == ".npz":
            value = _read_npz(content, trust)
        else:
            if not trust:
                raise DataError(TRUST_ADVICE)
            value = ArrayUnpickler(io.BytesIO(content), encoding="latin1").load()
        return _splits(value)


def _damage() -> AbstractContextManager[None]:
    return translated(lambda reason: DataError(f"{_EXPECTED}, it is damaged: {reason}"))


def _read_npz(content: bytes, trust: bool) -> dict[str, Any]:
    """Return the arrays of an archive by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > JSB_BYTES:
            raise DataError(f"expected at most {JSB_BYTES >> 20} MiB of arrays")
        return {
            member.filename.removesuffix(".npy"): _read_member(archive, member, trust)
            for member in members
        }


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, trust: bool) -> Any:
    content = io.BytesIO(archive.read(member))  # to the end, where the checksum is
    *_, dtype = read_header(content)
    if dtype.hasobject:
        if not trust:
            raise DataError(TRUST_ADVICE)
        # Python 2 pickled the published file; its strings are read as Latin-1.
        return ArrayUnpickler(content, encoding="latin1").load()
    content.seek(0)
    return np.lib.format.read_array(content, allow_pickle=False)


# === From any values to rows of pitches ===


def _splits(value: Any) -> dict[str, list[Rows]]:
    """Return the pieces by split; of a list of pieces the split is empty.

    Raises:
        DataError: the value has another form.
    """
    if isinstance(value, Mapping):
        unknown = [str(name) for name in value if name not in SPLITS]
        if unknown or not value:
            found = f"one named {unknown[0][:30]!r}" if unknown else "an empty file"
            raise DataError(f"{_EXPECTED}, got {found}")
        named = {name: value[name] for name in SPLITS if name in value}
    else:
        named = {"": value}
    return {
        split: [_rows(piece) for piece in _items(pieces)]
        for split, pieces in named.items()
    }


def _items(value: Any) -> Sequence[Any]:
    """Return the items of a list, a tuple or an array."""
    if isinstance(value, np.ndarray) and value.ndim:
        items: list[Any] = list(value) if value.dtype.hasobject else value.tolist()
        return items
    if isinstance(value, list | tuple):
        return value
    raise DataError(f"{_EXPECTED}, got {type(value).__name__} in place of a list")


def _rows(piece: Any) -> Rows:
    return [tuple(map(_pitch, _items(row))) for row in _items(piece)]


def _pitch(value: Any) -> int:
    """Return a MIDI note; -1, 0 and NaN are silence."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise DataError(f"{_EXPECTED}, got {str(value)[:20]!r} in place of a MIDI note")
    number = float(value)
    if number != number or number in (-1, 0):
        return NO_NOTE
    if not number.is_integer() or not 0 < number <= HIGHEST_PITCH:
        raise DataError(f"expected MIDI notes from 1 to {HIGHEST_PITCH}, got {value}")
    return int(number)
