"""From a source to pieces: each accepted, repaired or refused, with the reasons.

`read_source` is what workers run: its argument and its result can be sent to another
process, and it raises no errors of files.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chorale.corpus.groups import melody_passages
from chorale.corpus.importing.archives import MEMBER_BYTES, is_other_archive, unpacked
from chorale.corpus.importing.identities import content_of
from chorale.corpus.importing.sources import Source
from chorale.corpus.index import format_metres
from chorale.corpus.ranges import SATB, Ranges, check_ranges
from chorale.corpus.reading import read_whole
from chorale.errors import UNEXPECTED, ChoraleError, DataError, printable
from chorale.formats import jsb
from chorale.formats.abc.book import read_book
from chorale.formats.classic_csv import annotations_text, csv_text
from chorale.formats.files import FORMATS, READABLE, format_of_content, with_key
from chorale.formats.foreign import advice_for
from chorale.formats.reading import (
    NO_TEMPO,
    Reading,
    ReadingOptions,
    with_estimated_metre,
)
from chorale.music.voices import VOICE_NAMES
from chorale.utils.checks import check_shares
from chorale.utils.files import sha256

STATUSES = ACCEPTED, REPAIRED, REFUSED = ("accepted", "repaired", "refused")
_ABC, _JSB, _ZIPPED = "abc", "jsb", "mxl"  # formats


@dataclass(frozen=True, kw_only=True)
class PieceOptions:
    """What pieces have to be like.

    Attributes:
        ranges: of the voices, see `chorale.corpus.ranges`.
        off_grid: largest share of notes that begin or end between two sixteenths.
        trust: whether to open pickles.

    Raises:
        UsageError: a share out of bounds.
    """

    ranges: Ranges = SATB
    off_grid: float = 0.1
    trust: bool = False

    def __post_init__(self) -> None:
        check_shares(self, "off_grid")

    def settings(self) -> dict[str, Any]:
        """Return the options ready for JSON."""
        return {
            "range": [span.name for span in self.ranges],
            "off_grid": self.off_grid,
            "trust": self.trust,
        }


@dataclass(frozen=True, kw_only=True)
class Music:
    """A piece ready to be written.

    Attributes:
        csv, annotations: contents of its files.
        title, key, metre, pickup, steps, off_grid: as in the index of a corpus.
        passages: of its melody, by which pieces are grouped.
    """

    csv: str
    annotations: str
    title: str
    key: str
    metre: str
    pickup: int
    steps: int
    off_grid: int
    passages: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What became of a piece, or of a source without any.

    Attributes:
        label: which of several pieces of a source it is; empty if it is the only one.
        status: accepted, repaired or refused.
        reason: why it is refused, else empty.
        changes: sentences on what was changed.
        notes: sentences on how key and metre were decided.
        estimated: which of key and metre are not those of the file, as in an index.
        off_grid: share of its notes that begin or end between two sixteenths.
        split: that the source fixes, else empty.
        music: None if it is refused.
    """

    label: str = ""
    status: str
    reason: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    estimated: str = ""
    off_grid: float = 0.0
    split: str = ""
    music: Music | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a source.

    Attributes:
        sha256: of its file; empty if it was not read as far as that.
        content: equal for sources that are read alike, see `identities.content_of`;
            empty if it was not read as far as that.
        pieces: at least one.
    """

    sha256: str
    content: str
    pieces: tuple[Piece, ...]


def read_source(source: Source, options: PieceOptions) -> Outcome:
    """Read the pieces of a source; every failure is a refused piece."""
    digest, content, path = "", "", source.path
    try:
        with _file_of(source) as path:
            form, remarks = _recognize(path)
            if path.stat().st_size > MEMBER_BYTES:
                most = MEMBER_BYTES >> 20
                raise DataError(f"expected at most {most} MiB, it is larger")
            digest, content = sha256(path), content_of(path)
            pieces = list(_read_pieces(path, form, remarks, options))
    except ChoraleError as error:
        pieces = [refused(_without_path(str(error), path))]
    except OSError as error:
        pieces = [refused(f"cannot read it: {error.strerror or error}")]
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        pieces = [refused(f"cannot read it, {UNEXPECTED}: {reason}")]
    return Outcome(sha256=digest, content=content, pieces=tuple(pieces))


def refused(reason: str, label: str = "") -> Piece:
    """Return what becomes of a piece that is refused."""
    return Piece(label=label, status=REFUSED, reason=printable(reason))


def _without_path(message: str, path: Path) -> str:
    """Return a message about a file without its path: the report names it.

    An option that an import does not have is that of `convert`.
    """
    message = message.replace("as with --parts", "as with chorale convert --parts")
    for shown in (str(path), printable(str(path))):
        message = message.removeprefix(f"{shown}: ").removeprefix(f"{shown}, ")
        message = message.replace(str(path.parent) + os.sep, "")
    return message


# === Files ===


@contextlib.contextmanager
def _file_of(source: Source) -> Iterator[Path]:
    """Yield the path of a source; that of a member is removed afterwards."""
    if source.member is None:
        yield source.path
        return
    with unpacked(source.path, source.member, source.companions) as path:
        yield path


def _recognize(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the format of a file, and a sentence if its ending is that of another.

    The format is a name in `formats.files.FORMATS`, or `jsb`.

    Raises:
        DataError: it is of no format that can be read.
        OSError: it cannot be read.
    """
    ending = path.suffix.lower()
    if not path.stat().st_size:
        raise DataError("it is empty")
    if ending in jsb.ENDINGS:
        return _JSB, ()
    usual = next(
        (name for name, row in FORMATS.items() if row.read and ending in row.endings),
        None,
    )
    found = format_of_content(path)
    if found is None or (usual and FORMATS[usual].label == FORMATS[found].label):
        if usual:
            return usual, ()
        raise DataError(_advice(path))
    if usual is None and found == _ZIPPED:  # as many files of other programs are
        raise DataError(_advice(path))
    label = FORMATS[found].label
    return found, (f"the file is {label} despite its ending: read as such",)


def _advice(path: Path) -> str:
    """Return why a file of an ending cannot be read."""
    if is_other_archive(path.name):
        return "cannot read this kind of archive: unpack it, or pack it as .zip"
    if advice := advice_for(path.suffix):
        return f"cannot read a {path.suffix.lower()}: {advice}"
    known = ", ".join(dict.fromkeys([*READABLE, *jsb.ENDINGS]))
    ending = f"a {path.suffix.lower()[:20]}" if path.suffix else "a file without ending"
    return f"cannot read {ending}: expected one of {known}"


# === Pieces ===


def _read_pieces(
    path: Path, form: str, remarks: tuple[str, ...], options: PieceOptions
) -> Iterator[Piece]:
    """Yield the pieces of a file.

    Raises:
        ChoraleError: the file cannot be read.
    """
    if form == _JSB:
        for piece in jsb.read_pieces(path, trust=options.trust):
            if isinstance(piece.reading, DataError):
                yield refused(str(piece.reading), piece.name)
            else:
                yield _judge(with_key(piece.reading), options, piece.name, piece.split)
        return
    if form == _ABC:
        for tune in read_book(path):
            if isinstance(tune.reading, DataError):
                yield refused(_without_path(str(tune.reading), path), tune.label)
            else:
                found = _with_notes(with_key(tune.reading), remarks)
                yield _judge(found, options, tune.label)
        return
    found = read_whole(path, ReadingOptions(format=form))
    yield _judge(_with_notes(found, remarks), options)


def _with_notes(reading: Reading, remarks: tuple[str, ...]) -> Reading:
    return reading._replace(notes=(*remarks, *reading.notes))


def _judge(
    reading: Reading, options: PieceOptions, label: str = "", split: str = ""
) -> Piece:
    """Return what becomes of a piece that was read."""
    chorale = reading.chorale
    silent = ~chorale.onsets.any(axis=0)
    if silent.any():
        voice = VOICE_NAMES[int(silent.argmax())]
        reason = f"expected four voices, the {voice} is silent throughout"
        return refused(reason, label)
    share = min(reading.off_grid / int(chorale.onsets.sum()), 1.0)
    if share > options.off_grid:
        return replace(
            refused(
                f"too many notes are off the grid of sixteenths, as triplets are: "
                f"{share:.0%}, expected at most {options.off_grid:.0%} (--off-grid)",
                label,
            ),
            off_grid=share,
        )
    try:
        check_ranges(chorale, options.ranges)
    except DataError as error:
        return refused(f"{error} (--range)", label)
    reading = with_estimated_metre(reading)
    chorale = reading.chorale
    decided = (*reading.key_notes, *reading.metre_notes)
    stated = reading._replace(key_notes=(), metre_notes=(), metre_assumed=False)
    changed = [  # a corpus has no tempos, so none is missing
        sentence for sentence in stated.remarks() if not sentence.startswith(NO_TEMPO)
    ]
    return Piece(
        label=label,
        status=REPAIRED if changed else ACCEPTED,
        changes=tuple(changed),
        notes=decided,
        estimated=reading.estimated,
        off_grid=share,
        split=split,
        music=Music(
            csv=csv_text(chorale),
            annotations=annotations_text(chorale),
            title=" ".join(printable(chorale.title).split()),
            key=chorale.key.name if chorale.key else "",
            metre=format_metres(chorale.metres),
            pickup=chorale.pickup,
            steps=chorale.steps,
            off_grid=reading.off_grid,
            passages=tuple(melody_passages(chorale).tolist()),
        ),
    )
