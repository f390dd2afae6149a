"""Corpora: folders of classic CSV files, with or without splits and annotations.

The classic CSV is the public `jsb_chorales` form: four columns of MIDI notes, one row
a sixteenth. It cannot say whether an equal pitch is held or struck again, nor where the
bars lie, so a corpus may add row-aligned annotation files and one `index.csv`.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from chorale.errors import DataError
from chorale.files import sha256, write_text
from chorale.score import Chorale, IntArray, Key, Metre, changes, lay_bars
from chorale.voices import HIGHEST_PITCH, SILENCE, VOICE_NAMES, VOICES

SPLITS = ("train", "valid", "test")
NOTE_COLUMNS = ("note0", "note1", "note2", "note3")
ANNOTATION_COLUMNS = ("onset", "fermata", "bar", "position")
INDEX_FILE = "index.csv"
MANIFEST_FILE = "manifest.csv"  # only the corpus that travels with this package has it

_ONSET_BITS = 1 << np.arange(VOICES)  # soprano 1, alto 2, tenor 4, bass 8
_MOST_STEPS = 999_999


# === Classic CSV ===


def read_csv(path: Path | str) -> Chorale:
    """Read a classic CSV: a header and one row a step, soprano to bass, 0 = silence.

    Equal pitches in a row are one held note, and bars are counted from the first row
    in 4/4, because the file cannot say otherwise. Whole numbers written as `60.0` are
    accepted (pandas writes them so), as are a byte order mark, Windows line ends and
    empty lines at the end.

    Raises:
        DataError: the file cannot be read, or is not of this form; with row and column.
    """
    rows = _read_table(path, NOTE_COLUMNS, (HIGHEST_PITCH,) * VOICES)
    return Chorale(pitches=rows, source=Path(path).stem)


def write_csv(chorale: Chorale, path: Path | str) -> None:
    """Write the pitches of a chorale as a classic CSV."""
    write_text(path, _table_text(NOTE_COLUMNS, chorale.pitches.tolist()))


# === Annotations ===


def read_annotations(path: Path | str, chorale: Chorale) -> Chorale:
    """Return the chorale with the onsets, fermatas and bars of an annotation file.

    The file has as many rows as the chorale has steps, and four columns: `onset`, the
    sum of 1 for the soprano, 2 alto, 4 tenor, 8 bass where the voice attacks;
    `fermata`, 0 or 1; `bar`; `position` in steps since the barline.

    Raises:
        DataError: the file cannot be read, is not of this form, or contradicts the
            pitches of the chorale.
    """
    highest = (int(_ONSET_BITS.sum()), 1, _MOST_STEPS, _MOST_STEPS)
    rows = _read_table(path, ANNOTATION_COLUMNS, highest)
    if len(rows) != chorale.steps:
        raise DataError(
            f"expected {chorale.steps} rows of annotations, as the chorale has, "
            f"got {len(rows)}",
            path,
        )
    onsets = (rows[:, :1] & _ONSET_BITS) != 0
    for wrong, what in (
        (changes(chorale.pitches) & ~onsets, "has a new pitch without an onset"),
        (onsets & (chorale.pitches == SILENCE), "has an onset but is silent"),
    ):
        if wrong.any():
            step, voice = (int(index) for index in np.argwhere(wrong)[0])
            raise DataError(f"the {VOICE_NAMES[voice]} {what}", path, step + 2, "onset")
    return replace(
        chorale,
        onsets=onsets,
        fermatas=rows[:, 1] != 0,
        bars=rows[:, 2],
        positions=rows[:, 3],
    )


def write_annotations(chorale: Chorale, path: Path | str) -> None:
    """Write what a classic CSV cannot say, as `read_annotations` reads it."""
    columns = (
        chorale.onsets @ _ONSET_BITS,
        chorale.fermatas.astype(np.int64),
        chorale.bars,
        chorale.positions,
    )
    rows = np.stack(columns, axis=1).tolist()
    write_text(path, _table_text(ANNOTATION_COLUMNS, rows))


# === Index ===


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
    for row, cells in _read_rows(path, _ENTRY_FIELDS):
        values: dict[str, Any] = dict(zip(_ENTRY_FIELDS, cells, strict=True))
        for name, read in _ENTRY_READERS.items():
            try:
                values[name] = read(values[name])
            except DataError as error:
                raise DataError(str(error), path, row, name) from error
        entries.append(Entry(**values))
    return tuple(entries)


def _parse_number(text: str) -> int:
    number = _whole_number(text, _MOST_STEPS)
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
    write_text(Path(folder) / INDEX_FILE, _table_text(_ENTRY_FIELDS, rows))


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
        number = _whole_number(step or "0", _MOST_STEPS)
        if number is None or number <= (metres[-1].step if metres else -1):
            raise DataError(f"expected metres such as '3/4 4/4@96', got {text!r}")
        metres.append(Metre.parse(name, number))
    if not metres or metres[0].step:
        raise DataError(f"expected metres such as '3/4 4/4@96', got {text!r}")
    return tuple(metres)


# === Corpus ===


@dataclass(frozen=True)
class Corpus:
    """Chorales in their splits.

    Attributes:
        train, valid, test: the chorales, in order of their file names.
        path: the folder.
        hashes: SHA-256 of every file that was read, by its path below the folder.
        refused: why files were left out; empty unless the loader was not strict.
    """

    train: tuple[Chorale, ...]
    valid: tuple[Chorale, ...] = ()
    test: tuple[Chorale, ...] = ()
    path: Path = Path()
    hashes: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    def split(self, name: str) -> tuple[Chorale, ...]:
        """Return the chorales of the split `train`, `valid` or `test`.

        Raises:
            DataError: there is no such split, or it is empty.
        """
        chorales: tuple[Chorale, ...] = getattr(self, name) if name in SPLITS else ()
        if not chorales:
            present = [one for one in SPLITS if getattr(self, one)]
            raise DataError(
                f"expected a split that the corpus has ({', '.join(present)}), "
                f"got {name!r}",
                self.path,
            )
        return chorales


def bundled_corpus() -> Path:
    """Return the folder of the corpus that travels with this package.

    Raises:
        DataError: it is missing.
    """
    package = Path(__file__).parent
    # An installed package holds its data; a checkout has it beside the package.
    for folder in (package / "data", package.parent / "data"):
        if (folder / MANIFEST_FILE).is_file():
            return folder
    raise DataError("the bundled corpus is missing: install chorale again", package)


def load_corpus(
    path: Path | str | None = None,
    *,
    splits: Sequence[str] = SPLITS,
    strict: bool = True,
) -> Corpus:
    """Load a folder of classic CSVs.

    The files lie in `train/`, `valid/` and `test/` (any of them) or, in a flat folder,
    side by side: then all are train, see `hold_out`. Both may lie under `chorales/`
    with `annotations/` of the same file names beside it. Without annotations equal
    pitches are held and bars counted from the first row, in the metre of the index or
    in 4/4.

    Args:
        path: the folder; None for the corpus that travels with this package.
        splits: which to read; no file of another is opened.
        strict: raise at the first bad file; otherwise leave it out and say so in
            `Corpus.refused`.

    Raises:
        DataError: the folder is missing or holds no CSV files, or a file is bad.
    """
    folder = bundled_corpus() if path is None else Path(path)
    files = [(split, file) for split, file in _corpus_files(folder) if split in splits]
    entries = {entry.file: entry for entry in read_index(folder)}
    hashes = {INDEX_FILE: sha256(folder / INDEX_FILE)} if entries else {}
    chorales: dict[str, list[Chorale]] = {split: [] for split in SPLITS}
    refused = []
    for split, file in files:
        name = file.relative_to(folder).as_posix()
        annotations = _annotations_of(file, folder)
        try:
            chorale = _load_piece(file, annotations, entries.get(name))
        except DataError as error:
            if strict:
                raise
            refused.append(str(error))
            continue
        chorales[split].append(chorale)
        for read in (file, annotations):
            if read.is_file():
                hashes[read.relative_to(folder).as_posix()] = sha256(read)
    return Corpus(
        **{split: tuple(chorales[split]) for split in SPLITS},
        path=folder,
        hashes=hashes,
        refused=tuple(refused),
    )


def load_entry(entry: Entry, folder: Path | str) -> Chorale:
    """Load the one piece of a corpus folder that an entry of its index names.

    Raises:
        DataError: a file is missing or bad.
    """
    file = Path(folder) / entry.file
    return _load_piece(file, _annotations_of(file, Path(folder)), entry)


def hold_out(
    chorales: Sequence[Chorale], share: float = 0.1
) -> tuple[tuple[Chorale, ...], tuple[Chorale, ...]]:
    """Split chorales into those to train on and those to validate on, by content.

    The choice depends on the notes alone, neither on file names nor on order, and equal
    pieces stay on one side.

    Args:
        chorales: at least two that differ.
        share: how much of the distinct pieces to hold out, at least one piece.

    Returns:
        The pieces to train on and the held-out ones, each in the given order.

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
            "expected at least two different chorales, so that one can be held out, "
            f"got {len(distinct)}"
        )
    out = set(distinct[: max(1, round(share * len(distinct)))])
    pairs = list(zip(chorales, contents, strict=True))
    return (
        tuple(chorale for chorale, content in pairs if content not in out),
        tuple(chorale for chorale, content in pairs if content in out),
    )


def _corpus_files(folder: Path) -> list[tuple[str, Path]]:
    """Return the split and path of every classic CSV of a corpus, in order."""
    if not folder.is_dir():
        raise DataError("expected a folder of CSV files, there is none", folder)
    below = folder / "chorales" if (folder / "chorales").is_dir() else folder
    splits = [split for split in SPLITS if (below / split).is_dir()]
    places = [(split, below / split) for split in splits] or [("train", below)]
    files = [
        (split, file)
        for split, place in places
        for file in _listing(place)
        if file.suffix.lower() == ".csv"
        and file != folder / INDEX_FILE
        and not file.name.startswith(".")
    ]
    if not files:
        raise DataError(
            "expected CSV files, in train/, valid/ and test/ or side by side, "
            "there is none",
            folder,
        )
    return files


def _listing(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"cannot read it: {error.strerror}", folder) from error


def _annotations_of(file: Path, folder: Path) -> Path:
    """Return where the annotations of a classic CSV lie if it has any."""
    parts = file.relative_to(folder).parts
    below = parts[1:] if parts[0] == "chorales" else parts
    return folder.joinpath("annotations", *below)


def _load_piece(file: Path, annotations: Path, entry: Entry | None) -> Chorale:
    chorale = read_csv(file)
    if entry is not None:
        metres = parse_metres(entry.metre)
        bars, positions = lay_bars(chorale.steps, metres, entry.pickup)
        chorale = replace(
            chorale,
            metres=metres,
            bars=bars,
            positions=positions,
            key=Key.parse(entry.key) if entry.key else None,
            title=entry.title,
            source=f"bwv{entry.bwv}" if entry.bwv else chorale.source,
        )
    return read_annotations(annotations, chorale) if annotations.is_file() else chorale


# === Statistics ===


@dataclass(frozen=True, kw_only=True)
class Description:
    """Figures of a corpus, ready for JSON.

    Attributes:
        path: the folder.
        pieces, steps: by split.
        ranges: lowest and highest note of each voice, MIDI notes; None if silent.
        keys, metres: number of pieces by key and by first time signature, most first.
        rests: share of steps at which the voice is silent, by voice.
        repeated_onsets: share of the onsets that strike the pitch before again.
        fermatas: number of pieces that have any.
        refused: why files were left out.
    """

    path: str
    pieces: dict[str, int]
    steps: dict[str, int]
    ranges: dict[str, tuple[int, int] | None]
    keys: dict[str, int]
    metres: dict[str, int]
    rests: dict[str, float]
    repeated_onsets: float
    fermatas: int
    refused: tuple[str, ...]


def describe(corpus: Corpus) -> Description:
    """Return the figures of a corpus, over all of its splits."""
    chorales = [chorale for split in SPLITS for chorale in getattr(corpus, split)]
    pitches = np.concatenate(
        [np.empty((0, VOICES), np.int64), *(chorale.pitches for chorale in chorales)]
    )
    onsets = sum(int(chorale.onsets.sum()) for chorale in chorales)
    repeats = sum(
        int((chorale.onsets & ~changes(chorale.pitches)).sum()) for chorale in chorales
    )
    return Description(
        path=str(corpus.path),
        pieces={split: len(getattr(corpus, split)) for split in SPLITS},
        steps={
            split: sum(chorale.steps for chorale in getattr(corpus, split))
            for split in SPLITS
        },
        ranges={
            name: _range(pitches[:, voice]) for voice, name in enumerate(VOICE_NAMES)
        },
        keys=_count(
            chorale.key.name if chorale.key else "unknown" for chorale in chorales
        ),
        metres=_count(chorale.metre.name for chorale in chorales),
        rests={
            name: float((pitches[:, voice] == SILENCE).mean()) if len(pitches) else 0.0
            for voice, name in enumerate(VOICE_NAMES)
        },
        repeated_onsets=repeats / onsets if onsets else 0.0,
        fermatas=sum(bool(chorale.fermatas.any()) for chorale in chorales),
        refused=corpus.refused,
    )


def _range(pitches: IntArray) -> tuple[int, int] | None:
    sounding = pitches[pitches != SILENCE]
    return (int(sounding.min()), int(sounding.max())) if len(sounding) else None


def _count(names: Iterable[str]) -> dict[str, int]:
    counts = Counter(names)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


# === Tables ===


def _read_table(
    path: Path | str, columns: Sequence[str], highest: Sequence[int]
) -> IntArray:
    """Read a CSV of whole numbers, each from 0 to the highest of its column.

    Returns:
        int array (rows, columns).
    """
    table = []
    for row, cells in _read_rows(path, columns):
        numbers = []
        for column, cell, limit in zip(columns, cells, highest, strict=True):
            number = _whole_number(cell, limit)
            if number is None:
                raise DataError(
                    f"expected a whole number from 0 to {limit}, got {cell.strip()!r}",
                    path,
                    row,
                    column,
                )
            numbers.append(number)
        table.append(numbers)
    return np.array(table, np.int64)


def _read_rows(
    path: Path | str, columns: Sequence[str]
) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each row below the header."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read it: {error.strerror or error}", path) from error
    except UnicodeDecodeError as error:
        raise DataError("expected a CSV file of text, got other bytes", path) from error
    reader = csv.reader(io.StringIO(text.rstrip() + "\n", newline=""))
    try:
        header = [name.strip() for name in next(reader, [])]
        if not header:
            raise DataError(
                f"expected the columns {','.join(columns)}, it is empty", path
            )
        if header != list(columns):
            raise DataError(
                f"expected the columns {','.join(columns)}, got {_listed(header)}",
                path,
                1,
            )
        empty = True
        for cells in reader:
            if len(cells) != len(columns):
                raise DataError(
                    f"expected {len(columns)} cells, got {len(cells)}",
                    path,
                    reader.line_num,
                )
            empty = False
            yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(f"expected a CSV file: {error}", path) from error
    if empty:
        raise DataError("expected rows below the header, there is none", path)


def _listed(header: Sequence[str]) -> str:
    """Return a header for an error message, which must stay one short line."""
    text = ",".join(header).replace("\n", " ")
    return text if len(text) <= 60 else f"{text[:60]}…"


def _whole_number(cell: str, highest: int) -> int | None:
    """Return the number in a cell, None if it is not a whole one from 0 to highest."""
    text = cell.strip().removesuffix(".0")
    # Nine digits are beyond every limit; int() refuses to read thousands of them.
    if text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= highest:
        return int(text)
    return None


def _table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
