"""Files that the page or an editor sends: bytes and a name become a piece or a melody.

The name never becomes a path: only its ending is used, for a temporary file, and its
stem as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from chorale.corpus.reading import read_melody, read_whole
from chorale.errors import ChoraleError, DataError, UsageError, located
from chorale.formats.files import (
    FORMATS,
    READABLE,
    READABLE_NAMES,
    format_of_content,
    input_format,
    read_line,
    read_spelled,
)
from chorale.formats.foreign import advice_for
from chorale.formats.reading import FASTEST, SLOWEST, Reading, ReadingOptions
from chorale.music.key_decision import parse_key
from chorale.music.melody import Melody, melody_of
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, voice_named
from chorale.studio.piece_json import LONGEST_TEXT, MOST_NOTES, MOST_STEPS, to_json
from chorale.studio.shared_types import JsonObject
from chorale.utils.temporary import temporary_folder

MOST_BYTES = 10_000_000  # of a file; a score of a few minutes has a hundredth of it
# Formats of text and MIDI are dense: the longest pieces have a tenth of it.
_MOST_BYTES_OF = dict.fromkeys((".abc", ".krn", ".csv", ".mid", ".midi"), 1_000_000)
_STEM = "upload"  # of temporary files
_LONGEST_NAME = 60  # characters of a name in messages


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A piece as read from a file.

    Attributes:
        chorale: of four voices, or of one if it is a melody.
        voice: that the melody is; None for four voices.
        remarks: sentences on what was guessed, repaired or left out.
        key_estimated: whether the file states no key, or another than the notes have.
    """

    chorale: Chorale
    voice: int | None
    remarks: tuple[str, ...]
    key_estimated: bool

    def to_json(self) -> JsonObject:
        """Return the answer for the page."""
        return {
            "piece": to_json(self.chorale),
            "kind": "chorale" if self.voice is None else "melody",
            "voice": self.voice,
            "remarks": list(self.remarks),
            "key_estimated": self.key_estimated,
        }


def open_upload(data: bytes, name: str) -> JsonObject:
    """Return the answer for a file that was sent, see `read_upload`."""
    return read_upload(data, name).to_json()


def open_path(path: Path) -> JsonObject:
    """Return the same answer for a file of this machine.

    Raises:
        UsageError, DataError: as `read_upload`; the message names the path.
    """
    # What its corpus says of a CSV is read too.
    return _read(path, ReadingOptions(), None, str(path), in_corpus=True).to_json()


def read_upload(
    data: bytes, name: str, *, voice: str | None = None, key: str | None = None
) -> Upload:
    """Read a piece of four voices, or else a melody.

    Args:
        data: content of the file.
        name: its name; the ending says which format it has, and without an ending the
            content does.
        voice: name of the voice that a single line is; None for the soprano.
        key: such as `E minor`, instead of the one in the file; None for that one.

    Raises:
        UsageError: the format cannot be read, or there is no such voice or key.
        DataError: the file is empty, too large, damaged, or holds neither one line nor
            four voices.
    """
    line = None if voice is None else voice_named(voice)
    named, remarks = (None, ()) if key is None else parse_key(key)
    options = ReadingOptions(key=named)
    shown = _shown_name(name)
    if not data:
        raise DataError(f"{shown}: expected {READABLE_NAMES}, it is empty")
    ending = _ending(name)
    if not ending or (ending not in READABLE and not advice_for(ending)):
        ending = _ending_of(data, shown, ending)
    most = _MOST_BYTES_OF.get(ending, MOST_BYTES)
    if len(data) > most:
        raise DataError(f"{shown}: expected at most {most:,} bytes, got {len(data):,}")
    with temporary_folder() as folder:
        path = folder / f"{_STEM}{ending}"
        path.write_bytes(data)
        upload = _read(path, options, line, shown)
    chorale = upload.chorale
    if chorale.source == _STEM:
        # A catalogue number in the name would say that the piece is Bach's.
        stem = re.sub(r"\.\w{1,10}\Z", "", shown).strip(". ")
        chorale = replace(chorale, source="" if stem == "the file" else stem)
    return replace(upload, chorale=chorale, remarks=(*remarks, *upload.remarks))


# === Names ===


def _shown_name(name: str) -> str:
    """Return the name of a file for messages, without folders."""
    last = re.split(r"[/\\]", name)[-1]
    last = "".join(c if c.isprintable() else " " for c in last).strip()
    if len(last) > _LONGEST_NAME:
        last = f"{last[: _LONGEST_NAME - 12]}...{last[-9:]}"
    return last or "the file"


def _ending(name: str) -> str:
    """Return the ending of a name in lower case; empty if it has none."""
    last = re.split(r"[/\\]", name)[-1]
    match = re.search(r"\.[A-Za-z0-9]{1,10}\Z", last)
    return match[0].lower() if match else ""


def _ending_of(data: bytes, shown: str, ending: str) -> str:
    """Return the usual ending of the format that the content is a sign of."""
    with temporary_folder() as folder:
        path = folder / _STEM
        path.write_bytes(data)
        found = format_of_content(path)
    if found is None or ending:
        got = f"a file that ends in {ending}" if ending else "no ending"
        raise UsageError(
            f"{shown}: expected a file to read that ends in {', '.join(READABLE)}, "
            f"got {got}"
        )
    return FORMATS[found].endings[0]


# === Reading ===


def _read(
    path: Path,
    options: ReadingOptions,
    voice: int | None,
    shown: str,
    *,
    in_corpus: bool = False,
) -> Upload:
    """Read a file of four voices, or else of one."""
    read_file = read_whole if in_corpus else read_spelled
    try:
        input_format(path, options)  # a wrong ending is not for the second attempt
        try:
            reading = read_file(path, options)
        except DataError as error:
            return _read_line(path, options, voice, error)
        with located(path):
            return _four_voices(reading, voice)
    except (UsageError, DataError) as error:
        raise _named(error, path, shown) from error


def _four_voices(reading: Reading, voice: int | None) -> Upload:
    """Return a reading of four voices, or the melody if only one of them sounds."""
    sounding = np.flatnonzero(reading.chorale.onsets.any(axis=0)).tolist()
    if len(sounding) == 1:
        return _single(reading, sounding[0], voice)
    chorale, remarks = _checked(reading.chorale)
    silent = [name for v, name in enumerate(VOICE_NAMES) if v not in sounding]
    remarks += [f"the {name} is silent throughout" for name in silent]
    return Upload(
        chorale=chorale,
        voice=None,
        remarks=(*reading.remarks(), *remarks),
        key_estimated=reading.key_estimated,
    )


def _read_line(
    path: Path, options: ReadingOptions, voice: int | None, error: DataError
) -> Upload:
    """Read a file that does not hold four voices, which raised an error."""
    line = 0 if voice is None else voice
    try:
        reading, melody = _line(path, line, options)
    except DataError as on_line:
        reason = str(on_line).removeprefix(f"{path}: ")
        if reason in str(error):
            raise error from None
        raise DataError(f"{error}; as a single line: {reason}") from None
    if voice is None:
        remark = f"the file has one line: it is read as the {VOICE_NAMES[line]}"
        melody = replace(melody, remarks=(*melody.remarks, remark))
    with located(path):
        return _melody(reading, melody)


def _line(path: Path, voice: int, options: ReadingOptions) -> tuple[Reading, Melody]:
    """Read a single line, or one of four voices that cannot be read."""
    if path.suffix.lower() == ".csv":  # of one column
        melody = read_melody(path, voice, options=options)
        estimated = options.key is None
        notes = melody.remarks
        found = Reading(melody.chorale, key_estimated=estimated, notes=notes)
        return found, replace(melody, remarks=())
    reading = read_line(path, voice, options)
    with located(path):
        return reading, melody_of(reading.chorale, voice)


def _single(reading: Reading, sounding: int, voice: int | None) -> Upload:
    """Return the melody of a reading of which one voice sounds."""
    line = sounding if voice is None else voice
    order = list(range(len(VOICE_NAMES)))
    order[line], order[sounding] = order[sounding], order[line]
    chorale = reading.chorale
    moved = replace(
        chorale,
        pitches=chorale.pitches[:, order],
        onsets=chorale.onsets[:, order],
        lyrics=tuple(replace(lyric, voice=line) for lyric in chorale.lyrics),
    )
    return _melody(reading, melody_of(moved, line))


def _melody(reading: Reading, melody: Melody) -> Upload:
    chorale, remarks = _checked(melody.chorale)
    return Upload(
        chorale=chorale,
        voice=melody.voice,
        remarks=(*reading.remarks(), *melody.remarks, *remarks),
        key_estimated=reading.key_estimated,
    )


def _checked(chorale: Chorale) -> tuple[Chorale, list[str]]:
    """Return a piece within the limits of the studio, and what was changed for that.

    Raises:
        DataError: it is too long.
    """
    if chorale.steps > MOST_STEPS or chorale.onsets.sum() > MOST_NOTES:
        raise DataError(
            f"expected a piece of at most {MOST_STEPS:,} sixteenths and "
            f"{MOST_NOTES:,} notes, got {chorale.steps:,} and "
            f"{int(chorale.onsets.sum()):,}"
        )
    remarks = []
    tempo = min(max(chorale.tempo, SLOWEST), FASTEST)
    if tempo != chorale.tempo:
        remarks.append(
            f"the tempo of {chorale.tempo:g} quarters per minute is taken as {tempo}"
        )
    return replace(
        chorale,
        tempo=float(tempo),
        title=_unbroken(chorale.title),
        source=_unbroken(chorale.source),
        credit=_unbroken(chorale.credit),
        lyrics=tuple(
            replace(lyric, text=_unbroken(lyric.text)) for lyric in chorale.lyrics
        ),
    ), remarks


def _unbroken(text: str) -> str:
    """Return a text without halves of characters, shortened to what may be."""
    whole = text.encode("utf-8", "replace").decode()
    return whole[:LONGEST_TEXT]


def _named(error: UsageError | DataError, path: Path, shown: str) -> ChoraleError:
    """Return an error whose message has the name of a file in the place of its path."""
    message = str(error).replace(str(path), shown)
    # A browser has no options of a command.
    message = re.sub(r": add --from \w+", ": give it the ending of that", message)
    kind = UsageError if isinstance(error, UsageError) else DataError
    return kind(message)
