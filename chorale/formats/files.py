"""Chorales out of files and into files, whatever their format."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from chorale.errors import DataError, UsageError
from chorale.formats.classic_csv import read_csv, write_csv
from chorale.formats.shared import Reading
from chorale.music.keys import estimate_key
from chorale.music.score import Chorale

# The formats that can be written, by name, and the ending that a file of each gets.
FORMATS = {"midi": ".mid", "musicxml": ".musicxml", "csv": ".csv", "wav": ".wav"}


def read(path: Path | str) -> Chorale:
    """Read a chorale from a file, whose ending says what it is.

    Args:
        path: a classic CSV, a MIDI file, or a MusicXML score, plain or compressed.

    Returns:
        The chorale; where the file gives no key, the one that fits the notes best.

    Raises:
        UsageError: the ending is of no format that can be read.
        DataError: there is no such file, or it does not hold four voices.
    """
    return read_spelled(path).chorale


def read_spelled(path: Path | str) -> Reading:
    """Read a chorale as `read` does, and of a score how its notes are spelled.

    Raises:
        UsageError, DataError: as `read`.
    """
    path = Path(path)
    reader = READERS[_check_ending(path, READERS, "read")]
    if not path.is_file():
        raise DataError("there is no such file", path)
    reading = reader(path)
    chorale = reading.chorale
    if not chorale.onsets.any():
        raise DataError("expected four voices, got nothing but silence", path)
    if chorale.key is None:
        chorale = replace(chorale, key=estimate_key(chorale.pitches))
    return reading._replace(chorale=chorale)


def write(chorale: Chorale, path: Path | str, *, instrument: str = "choir") -> None:
    """Write a chorale to a file, whose ending says what it becomes.

    Args:
        chorale: what to write.
        path: a classic CSV, a MIDI file, a MusicXML score or a WAV recording.
        instrument: of a MIDI file, a name of `chorale.music.voices.INSTRUMENTS`.

    Raises:
        UsageError: the ending is of no format that can be written, or there is no such
            instrument.
        OutputError: the file cannot be written.
    """
    path = Path(path)
    _WRITERS[_check_ending(path, _WRITERS, "write")](chorale, path, instrument)


# The formats are imported when they are needed: music21 takes seconds.


def _read_csv(path: Path) -> Reading:
    return Reading(read_csv(path), is_assumed=True)


def _read_midi(path: Path) -> Reading:
    from chorale.formats.midi import read_midi_as_played

    return read_midi_as_played(path)


def _read_score(path: Path) -> Reading:
    from chorale.formats.score_files import read_spelled_score

    return read_spelled_score(path)


def _write_midi(chorale: Chorale, path: Path, instrument: str) -> None:
    from chorale.formats.midi import write_midi

    write_midi(chorale, path, instrument=instrument)


def _write_musicxml(chorale: Chorale, path: Path, instrument: str) -> None:
    from chorale.formats.musicxml import write_musicxml

    write_musicxml(chorale, path)


def _write_csv(chorale: Chorale, path: Path, instrument: str) -> None:
    write_csv(chorale, path)


def _write_wav(chorale: Chorale, path: Path, instrument: str) -> None:
    from chorale.formats.audio import write_wav

    write_wav(chorale, path)


# The formats that can be read, by the ending of a file.
READERS: dict[str, Callable[[Path], Reading]] = {
    ".csv": _read_csv,
    ".mid": _read_midi,
    ".midi": _read_midi,
    ".musicxml": _read_score,
    ".xml": _read_score,
    ".mxl": _read_score,
}
_WRITERS: dict[str, Callable[[Chorale, Path, str], None]] = {
    ".csv": _write_csv,
    ".mid": _write_midi,
    ".midi": _write_midi,
    ".musicxml": _write_musicxml,
    ".xml": _write_musicxml,
    ".wav": _write_wav,
}


def _check_ending(path: Path, endings: Iterable[str], verb: str) -> str:
    """Return the ending of a path that is one of `endings`."""
    ending = path.suffix.lower()
    if ending not in endings:
        raise UsageError(
            f"{path}: expected a file to {verb} that ends in {', '.join(endings)}, "
            f"got {ending or 'no ending'}"
        )
    return ending
