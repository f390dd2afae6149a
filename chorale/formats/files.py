"""Read and write chorales in any file format, chosen by the ending of the file.

To add a format, write a module with its functions and add it to FORMATS.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from chorale.errors import (
    UNEXPECTED,
    DataError,
    OptionError,
    UsageError,
    translated,
)
from chorale.formats.foreign import advice_for
from chorale.formats.notation import notate
from chorale.formats.places import list_bars
from chorale.formats.reading import Reading, ReadingOptions
from chorale.music.key_decision import decide_key, states_key
from chorale.music.score import Chorale
from chorale.utils.checks import check_choice
from chorale.utils.streams import regular_file
from chorale.utils.text import listed, to_ascii


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format.

    Functions are named `module:function`, the module being one of `chorale.formats`.
    It is imported when the function is needed.

    Attributes:
        read: takes a path, a voice and ReadingOptions; returns a Reading. It reads
            four voices if the voice is None; otherwise a single line, or one of four
            voices, and only this voice of the Reading matters.
        write: takes a chorale and a path, and if `has_instruments` an instrument.
        endings: of its files; the first is the usual one.
        label: its name in sentences.
        has_instruments: whether a file is played by instruments.
        has_lyrics: whether a file holds lyrics.
        has_held_fermatas: whether fermatas may begin or end while all voices hold.
        is_ascii: whether other programs find its title, and the first verse of its
            lyrics, in ASCII letters.
        options: fields of ReadingOptions that only some formats have.
        extra: of this package, which writing a file needs.
    """

    label: str
    endings: tuple[str, ...]
    read: str = ""
    write: str = ""
    has_instruments: bool = False
    has_lyrics: bool = False
    has_held_fermatas: bool = True
    is_ascii: bool = False
    options: tuple[str, ...] = ()
    extra: str = ""


FORMATS = {
    "midi": Format(
        label="MIDI",
        endings=(".mid", ".midi"),
        read="midi.reader:read_midi",
        write="midi.writer:write_midi",
        has_instruments=True,
        has_lyrics=True,
        is_ascii=True,
        options=("parts",),
    ),
    "musicxml": Format(
        label="MusicXML",
        endings=(".musicxml", ".xml"),
        read="musicxml.reader:read_musicxml",
        write="musicxml.writer:write_musicxml",
        has_lyrics=True,
        options=("parts",),
    ),
    "mxl": Format(
        label="MusicXML",
        endings=(".mxl",),
        read="musicxml.reader:read_musicxml",
        options=("parts",),
    ),
    "csv": Format(
        label="CSV",
        endings=(".csv",),
        read="classic_csv:read_unannotated",
        write="classic_csv:write_csv",
    ),
    "wav": Format(
        label="WAV",
        endings=(".wav",),
        write="audio:write_wav",
        has_instruments=True,
    ),
    "abc": Format(
        label="ABC",
        endings=(".abc",),
        read="abc.reader:read_tune",
        write="abc.writer:write_abc",
        has_lyrics=True,
        has_held_fermatas=False,
        options=("parts", "tune"),
    ),
    "humdrum": Format(
        label="Humdrum",
        endings=(".krn",),
        read="humdrum.reader:read_humdrum",
        write="humdrum.writer:write_humdrum",
        has_lyrics=True,
        has_held_fermatas=False,
        options=("parts",),
    ),
    "svg": Format(
        label="SVG",
        endings=(".svg",),
        write="engraving.picture_files:write_svg",
        has_lyrics=True,
        extra="score",
    ),
    "png": Format(
        label="PNG",
        endings=(".png",),
        write="engraving.picture_files:write_png",
        has_lyrics=True,
        extra="score",
    ),
    "mei": Format(
        label="MEI",
        endings=(".mei",),
        read="mei.reader:read_mei",
        options=("parts",),
    ),
    "musescore": Format(
        label="MuseScore",
        endings=(".mscz", ".mscx"),
        read="musescore.reader:read_musescore",
        options=("parts",),
    ),
}

# How files of some formats begin, after comments and declarations.
_SIGNS = {
    "midi": re.compile(rb"MThd"),
    "musicxml": re.compile(rb"(?:<[?!][^>]*>\s*)*<score-"),
    "mei": re.compile(rb"(?:<[?!][^>]*>\s*)*<(?:mei|music)\b"),
    "musescore": re.compile(rb"(?:<[?!][^>]*>\s*)*<museScore\b"),
    "mxl": re.compile(rb"PK\x03\x04"),
    # Comments and the fields of a file header may be before the first tune.
    "abc": re.compile(rb"%abc\b|(?:(?:%|[A-WYZa-z]:)[^\r\n]*+\s++)*+X:\s*\d"),
    "humdrum": re.compile(rb"(?:![^\r\n]*+\s++)*+\*\*kern"),
}
_BY_ENDING = {ending: row for row in FORMATS.values() for ending in row.endings}
READABLE = [ending for ending, row in _BY_ENDING.items() if row.read]
READABLE_FORMATS = [name for name, row in FORMATS.items() if row.read]
# The names of formats that can be read, for sentences: "MIDI, MusicXML or CSV".
READABLE_NAMES = listed(
    dict.fromkeys(row.label for row in FORMATS.values() if row.read), last="or"
)
WRITABLE = [ending for ending, row in _BY_ENDING.items() if row.write]
# The usual ending by the name of each format that can be written.
OUTPUT_ENDINGS = {name: row.endings[0] for name, row in FORMATS.items() if row.write}


def read(path: Path | str, options: ReadingOptions | None = None) -> Chorale:
    """Read a chorale from a file; its ending says which format it has.

    Classic CSV, MIDI, MusicXML, plain or compressed, ABC, Humdrum, MEI and MuseScore
    can be read. If the file gives no key, the key is estimated.

    Raises:
        UsageError: the ending is not that of a format that can be read, or an option is
            for other formats.
        DataError: there is no such file, or it does not hold four voices.
    """
    return read_spelled(path, options).chorale


def read_spelled(path: Path | str, options: ReadingOptions | None = None) -> Reading:
    """Read a chorale as `read` does, with the spelling of the notes of a score.

    Raises:
        UsageError, DataError: as `read`.
    """
    options = options or ReadingOptions()
    reading = _read(Path(path), None, options)
    if not reading.chorale.onsets.any():
        raise DataError("expected four voices, got nothing but silence", path)
    return reading


def read_line(path: Path, voice: int, options: ReadingOptions | None = None) -> Reading:
    """Read a single line, or one of four voices, from a file.

    Args:
        path: of a format that can be read. It holds one line, or four voices.
        voice: which voice the line is, or which of the four is read.
        options: what the user says about the file.

    Raises:
        UsageError: the file is of another format, or an option is for other formats.
        DataError: the file cannot be read, or holds neither one line nor four voices.
    """
    return _read(path, voice, options or ReadingOptions())


def input_format(path: Path, options: ReadingOptions | None = None) -> str:
    """Return the ending that files of the format of a file usually have.

    The format is that of the options, otherwise that of the ending of the file.

    Raises:
        UsageError: the format cannot be read, or an option is for other formats.
    """
    options = options or ReadingOptions()
    if options.format is not None:
        check_choice("a format to read", options.format, READABLE_FORMATS)
        row = FORMATS[options.format]
    elif advice := advice_for(path.suffix):
        raise UsageError(f"{path}: cannot read it: {advice}")
    elif path.suffix:
        row = _format_of(path, READABLE, "read")
    else:
        raise UsageError(
            f"{path}: expected a file to read that ends in {', '.join(READABLE)}, got "
            "no ending: name its format, as with --from midi"
        )
    for name in dict.fromkeys(
        name for each in FORMATS.values() for name in each.options
    ):
        if getattr(options, name) is not None and name not in row.options:
            others = [key for key, each in FORMATS.items() if name in each.options]
            raise OptionError(
                name,
                f"{{}} is for files of {', '.join(others)}, got {path}: leave it out",
            )
    suffix = path.suffix.lower()
    return suffix if suffix in row.endings else row.endings[0]


def _read(path: Path, voice: int | None, options: ReadingOptions) -> Reading:
    """Read a file, or a stream once; key and tempo are those of the user, if given."""
    ending = input_format(path, options)
    read_file = _load(_BY_ENDING[ending].read)
    with regular_file(path, ending) as file, _unexpected(path):
        _check_content(file, path, _BY_ENDING[ending].label)
        reading: Reading = read_file(file, voice, options)
    return with_key(reading._replace(chorale=options.apply(reading.chorale)))


def with_key(reading: Reading) -> Reading:
    """Decide the key of what a reader of a format returns, unless it has one."""
    chorale = reading.chorale
    if chorale.key is not None or not chorale.onsets.any():
        return reading
    notes = chorale.pitches[: reading.first_change]
    if not notes.any():
        notes = chorale.pitches
    key, remarks = decide_key(reading.signatures, notes)
    return reading._replace(
        chorale=replace(chorale, key=key),
        key_notes=remarks,
        key_estimated=not states_key(reading.signatures, key),
    )


def format_of_content(file: Path) -> str | None:
    """Return the format in FORMATS that the first bytes of a file are a sign of.

    None if they are no sign of any. Any zipped file has the sign of `mxl`, unless it
    holds a score of MuseScore, or is damaged and ends as one.
    """
    with file.open("rb") as stream:
        start = stream.read(2000).lstrip(b"\xef\xbb\xbf \r\n\t")
    found = next((name for name, sign in _SIGNS.items() if sign.match(start)), None)
    if found != "mxl":
        return found
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        names = [file.name.replace(".mscz", ".mscx")]
    return "musescore" if any(name.endswith(".mscx") for name in names) else "mxl"


def _check_content(file: Path, path: Path, label: str) -> None:
    """Raise a DataError if the first bytes are those of another format."""
    name = format_of_content(file)
    if name is not None and FORMATS[name].label != label:
        found = FORMATS[name].label
        raise DataError(f"expected {label}, this is {found}: add --from {name}", path)


def _unexpected(path: Path) -> AbstractContextManager[None]:
    """Raise what a reader did not foresee as a DataError."""
    return translated(
        lambda reason: DataError(f"cannot read it, {UNEXPECTED}: {reason}", path)
    )


def write(chorale: Chorale, path: Path | str, *, instrument: str = "choir") -> None:
    """Write MIDI, MusicXML, ABC, Humdrum, a classic CSV, a WAV recording or a picture.

    The ending of the file says which; pictures are SVG or PNG. The instrument, of
    MIDI and WAV files, is a name in `chorale.music.voices.INSTRUMENTS`.

    Raises:
        UsageError: the ending is not that of a format that can be written, or there is
            no such instrument.
        MissingExtraError: pictures need the extra [score].
        OutputError: the file cannot be written.
    """
    path = Path(path)
    file_format = output_format(path)
    options = {"instrument": instrument} if file_format.has_instruments else {}
    _load(file_format.write)(chorale, path, **options)


def losses(chorale: Chorale, path: Path | str) -> list[str]:
    """Return sentences on lyrics and fermatas that a file of a name does not hold.

    Raises:
        UsageError: the ending is not that of a format that can be written.
    """
    row = output_format(Path(path))
    if not row.has_lyrics:
        return [f"{row.label} holds no lyrics"] if chorale.lyrics else []
    if not row.has_held_fermatas and (spans := notate(chorale).unplaced):
        bars = list_bars(int(chorale.bars[start]) for start, _ in spans)
        return [
            f"{row.label} holds no fermata that begins or ends while all voices hold: "
            f"left out in {bars}"
        ]
    if not row.is_ascii:
        return []
    singers = {lyric.voice for lyric in chorale.lyrics}
    verses = {(lyric.voice, lyric.verse) for lyric in chorale.lyrics}
    held = "the lyrics in ASCII letters"
    if len(verses) > len(singers):
        held = "the first verse of the lyrics, in ASCII letters"
    elif all(lyric.text.isascii() for lyric in chorale.lyrics):
        return []
    return [f"for other programs {row.label} holds {held}"]


def title_losses(chorale: Chorale, path: Path | str) -> list[str]:
    """Return a sentence if a file of a name does not hold all letters of the title.

    Raises:
        UsageError: the ending is not that of a format that can be written.
    """
    row = output_format(Path(path))
    letters = [letter for letter in chorale.title if letter.isalpha()]
    if not row.is_ascii or all(letter.isascii() for letter in letters):
        return []
    if plain := to_ascii(chorale.title):
        return [f"the title is written without accents in {row.label}: {plain}"]
    return [f"for other programs {row.label} holds no title: it has no ASCII letters"]


def output_format(path: Path) -> Format:
    """Return the format in which a chorale is written to a path.

    Raises:
        UsageError: the ending is not that of a format that can be written.
    """
    return _format_of(path, WRITABLE, "write")


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
