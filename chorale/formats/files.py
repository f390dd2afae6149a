"""Read and write chorales in any file format, chosen by the ending of the file.

To add a format, write a module with its functions and add it to FORMATS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from chorale.errors import DataError, UsageError
from chorale.formats.reading import Reading
from chorale.music.keys import estimate_key
from chorale.music.score import Chorale


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format.

    Functions are named `module:function`, the module being one of `chorale.formats`.
    It is imported when the function is needed, as music21 takes seconds to import.

    Attributes:
        read: reads four voices: takes a path, returns a Reading.
        read_line: reads a single line, or one of four voices: takes a path, the voice,
            and for books of tunes the number of a tune; returns a Reading, of which
            only this voice matters.
        write: takes a chorale and a path, and if `has_instruments` an instrument.
        endings: of its files; the first is the usual one.
        has_instruments: whether a file names the instruments that play it.
    """

    endings: tuple[str, ...]
    read: str = ""
    read_line: str = ""
    write: str = ""
    has_instruments: bool = False


FORMATS = {
    "midi": Format(
        endings=(".mid", ".midi"),
        read="midi:read_midi",
        read_line="midi:read_midi",
        write="midi:write_midi",
        has_instruments=True,
    ),
    "musicxml": Format(
        endings=(".musicxml", ".xml"),
        read="score_reader:read_score",
        read_line="score_reader:read_score_line",
        write="musicxml:write_musicxml",
    ),
    "compressed musicxml": Format(
        endings=(".mxl",),
        read="score_reader:read_score",
        read_line="score_reader:read_score_line",
    ),
    "csv": Format(
        endings=(".csv",),
        read="classic_csv:read_unannotated",
        write="classic_csv:write_csv",
    ),
    "wav": Format(endings=(".wav",), write="audio:write_wav"),
    "abc": Format(endings=(".abc",), read_line="score_reader:read_score_line"),
    "humdrum": Format(endings=(".krn",), read_line="score_reader:read_score_line"),
}


_BY_ENDING = {ending: row for row in FORMATS.values() for ending in row.endings}
READABLE = [ending for ending, row in _BY_ENDING.items() if row.read]
LINE_READABLE = [ending for ending, row in _BY_ENDING.items() if row.read_line]
WRITABLE = [ending for ending, row in _BY_ENDING.items() if row.write]
# The usual ending by the name of each format that can be written.
OUTPUT_ENDINGS = {name: row.endings[0] for name, row in FORMATS.items() if row.write}


def read(path: Path | str) -> Chorale:
    """Read a chorale from a file; its ending says which format it has.

    Classic CSV, MIDI, and MusicXML scores, plain or compressed, can be read. If the
    file gives no key, the key is estimated.

    Raises:
        UsageError: the ending is not that of a format that can be read.
        DataError: there is no such file, or it does not hold four voices.
    """
    return read_spelled(path).chorale


def read_spelled(path: Path | str) -> Reading:
    """Read a chorale as `read` does, with the spelling of the notes of a score.

    Raises:
        UsageError, DataError: as `read`.
    """
    path = Path(path)
    file_format = _format_of(path, READABLE, "read")
    if not path.is_file():
        raise DataError("there is no such file", path)
    reading: Reading = _load(file_format.read)(path)
    chorale = reading.chorale
    if not chorale.onsets.any():
        raise DataError("expected four voices, got nothing but silence", path)
    if chorale.key is None:
        chorale = replace(chorale, key=estimate_key(chorale.pitches))
    return reading._replace(chorale=chorale)


def read_line(path: Path, voice: int, *, tune: int | None = None) -> Reading:
    """Read a single line, or one of four voices, from a file.

    Args:
        path: of an ending in LINE_READABLE. It holds one line, or four voices.
        voice: which voice the line is, or which of the four is read.
        tune: the number of a tune in an ABC book; None if the file holds one tune.

    Raises:
        UsageError: the ending is not in LINE_READABLE.
        DataError: the file cannot be read, or holds neither one line nor four voices.
    """
    options = {} if tune is None else {"tune": tune}
    read_file = _load(_format_of(path, LINE_READABLE, "read").read_line)
    reading: Reading = read_file(path, voice, **options)
    return reading


def write(chorale: Chorale, path: Path | str, *, instrument: str = "choir") -> None:
    """Write a classic CSV, a MIDI file, a MusicXML score or a WAV recording.

    The ending of the file says which. The instrument, of MIDI files only, is a name in
    `chorale.music.voices.INSTRUMENTS`.

    Raises:
        UsageError: the ending is not that of a format that can be written, or there is
            no such instrument.
        OutputError: the file cannot be written.
    """
    path = Path(path)
    file_format = _format_of(path, WRITABLE, "write")
    options = {"instrument": instrument} if file_format.has_instruments else {}
    _load(file_format.write)(chorale, path, **options)


def _format_of(path: Path, endings: Sequence[str], verb: str) -> Format:
    """Return the format of a file, whose ending has to be one of `endings`."""
    ending = path.suffix.lower()
    if ending not in endings:
        raise UsageError(
            f"{path}: expected a file to {verb} that ends in {', '.join(endings)}, "
            f"got {ending or 'no ending'}"
        )
    return _BY_ENDING[ending]


def _load(name: str) -> Any:
    """Import a function named `module:function`."""
    return resolve_name(f"chorale.formats.{name}")
