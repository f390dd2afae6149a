"""A tune in ABC notation: its header, its voices, its information fields."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain

from chorale.errors import DataError
from chorale.formats.abc.accidentals import OCTAVE, SCOPES
from chorale.formats.abc.fields import (
    AbcKey,
    AbcMetre,
    VoiceProperties,
    parse_key,
    parse_metre,
    parse_properties,
    parse_tempo,
    parse_unit,
)
from chorale.formats.abc.lyrics import align_lyrics
from chorale.formats.abc.music import MusicReader
from chorale.formats.abc.remarks import Remarks
from chorale.formats.abc.text import TextLine, Tune, is_music, is_prose, unescape_text
from chorale.formats.abc.voices import VoiceReader
from chorale.formats.abc.writer import CREATOR
from chorale.formats.limits import MOST_STAVES
from chorale.formats.remarks import on_transposition
from chorale.music.credits import PROGRAM

_SIGNS = re.compile(r"[\[\]{}|*+]")  # of %%score that concern print only
_USER_SYMBOL = re.compile(r"([H-Wh-w~])\s*=\s*[!+]?([^!+]*)[!+]?")


class TuneReader:
    """Reads the lines of a tune.

    Attributes:
        title, composer: of the header; may be empty.
        remarks: what is left out or guessed.
        staves: the names of the voices on each staff of a %%score directive, from the
            top; empty without one.
        is_own: whether the file was written by this package, so that its key is
            certain.
    """

    def __init__(self) -> None:
        self.title = ""
        self.composer = ""
        self.remarks = Remarks()
        self.staves: list[list[str]] = []
        self.is_own = False
        self._voices: dict[str, VoiceReader] = {}
        self._current: VoiceReader | None = None
        self._key = AbcKey()
        self._key_properties = ""
        self._metre = AbcMetre()
        self._unit: Fraction | None = None
        self._tempo = ""
        self._accidental_scope = OCTAVE
        self._symbols = {"H": "fermata"}
        self._music = MusicReader(self.remarks, self._symbols, self._read_inline)
        self._in_body = False
        self._continued = False
        self._verse = 0
        self._last_field = ""

    def read(self, tune: Tune) -> list[VoiceReader]:
        """Return the voices that have notes or rests, from the top.

        Raises:
            DataError: a line is damaged; names the row.
        """
        for line in chain(tune.header, tune.lines):
            with _in_row(line.row):
                if line.text.startswith("%%"):
                    self._read_directive(line.directive)
                elif line.field:
                    self._read_field(line)
                elif self._in_body:
                    self._read_music(line)
                elif is_music(line):
                    self.remarks.add(
                        f"there is no K: field before the music in row {line.row}"
                    )
                    self._begin_body("none")
                    self._read_music(line)
        for voice in self._voices.values():
            voice.close_bar()
        return self._chosen()

    def _chosen(self) -> list[VoiceReader]:
        """Return the voices that have bars in the order of %%score."""
        voices = {name: voice for name, voice in self._voices.items() if voice.bars}
        if not self.staves:
            return list(voices.values())
        order = [name for staff in self.staves for name in staff]
        for name in voices:
            if name not in order:
                self.remarks.add(f"voice {name} is not in %%score and is left out")
        return [voices[name] for name in order if name in voices]

    # === Music and lyrics ===

    def _read_music(self, line: TextLine) -> None:
        text = line.text
        if is_prose(text):
            self.remarks.add("text among the music is left out", f"row {line.row}")
            return
        voice = self._voice_in_use()
        if not self._continued:
            voice.line = []
        self._verse = 0
        self._continued = text.endswith("\\")
        self._music.read(text.removesuffix("\\"), voice, line.row)

    def _read_lyrics(self, line: TextLine, text: str) -> None:
        self._verse += 1
        if not align_lyrics(self._voice_in_use().line, text, self._verse):
            self.remarks.add("there are more syllables than notes", f"row {line.row}")

    # === Voices ===

    def _voice_in_use(self) -> VoiceReader:
        """Return the current voice: before any V: field the first, or voice 1."""
        if self._current is None:
            names = list(self._voices)
            name = names[0] if names and "1" not in names else "1"
            self._current = self._voice(name)
        return self._current

    def _voice(self, name: str) -> VoiceReader:
        """Return a voice, a new one with the key and metre of the header."""
        if name not in self._voices:
            if len(self._voices) >= MOST_STAVES:
                raise DataError(f"expected at most {MOST_STAVES} voices")
            voice = VoiceReader(name, self.remarks)
            self._voices[name] = voice
            if self._in_body:
                self._apply_header(voice)
        return self._voices[name]

    def _apply_header(self, voice: VoiceReader) -> None:
        """Give a voice what the header says, which its own V: field may change."""
        own = voice.properties
        header = VoiceProperties()
        parse_properties(self._key_properties, header)
        if not own.clef:
            own.clef, own.clef_octave = header.clef, header.clef_octave
            own.percussion = header.percussion
        own.octave = own.octave or header.octave
        own.semitones = own.semitones or header.semitones
        voice.accidental_scope = self._accidental_scope
        voice.unit = self._unit or self._metre.unit
        voice.set_metre(self._metre)
        voice.set_key(self._key)
        if self._tempo:
            self._set_tempo(voice, self._tempo)

    def _declare(self, value: str) -> None:
        """Read a V: field, and in the body go on with its voice."""
        name, properties = [*value.split(None, 1), "", ""][:2]
        if not name:
            raise DataError("expected a voice such as V:1, got V: without a name")
        voice = self._voice(name.strip('"'))
        parse_properties(properties, voice.properties)
        if self._in_body:
            self._current = voice
            voice.line = []
            voice.update_key()

    def _voices_to_change(self) -> list[VoiceReader]:
        """Return the current voice; before any V: field and any music, all voices."""
        if self._current is None and self._voices:
            return list(self._voices.values())
        return [self._voice_in_use()]

    # === Fields ===

    def _read_field(self, line: TextLine) -> None:
        letter, value = line.field, line.value
        if letter == "+":
            letter = self._last_field
            if letter == "w":
                self._verse -= 1
        self._last_field = letter
        if letter == "w" and self._in_body:
            self._read_lyrics(line, value)
        elif letter == "I":
            self._read_directive(value)
        elif letter == "T" and not self.title and not self._in_body:
            self.title = unescape_text(value)
        elif letter == "T" and value:
            self.remarks.add(f"the further title {value[:40]!r} is left out")
        elif letter == "C" and not self.composer:
            self.composer = unescape_text(value)
        elif self._in_body:
            self._change(letter, value)
        else:
            self._read_header_field(letter, value)

    def _read_header_field(self, letter: str, value: str) -> None:
        if letter == "M":
            self._metre = parse_metre(value)
        elif letter == "L":
            self._unit = parse_unit(value)
        elif letter == "Q":
            self._tempo = value
        elif letter == "V":
            self._declare(value)
        elif letter == "K":
            self._begin_body(value)
        elif letter == "P" and len(re.findall("[A-Za-z]", value)) > 1:
            self.remarks.add(
                f"the order of parts P:{value[:20]} is not played out: "
                "each part is read once, in the order of the file"
            )
        else:
            self._read_other(letter, value)

    def _begin_body(self, value: str) -> None:
        key, self._key_properties = parse_key(value)
        self._key = key or AbcKey()
        self._unit = self._unit or self._metre.unit
        self._in_body = True
        for voice in self._voices.values():
            self._apply_header(voice)

    def _read_inline(self, letter: str, value: str) -> VoiceReader:
        """Read a field among the notes; return the voice that goes on."""
        if letter == "I":
            self._read_directive(value)
        else:
            self._change(letter, value)
        return self._voice_in_use()

    def _change(self, letter: str, value: str) -> None:
        """Read a field of the body."""
        if letter == "V":
            self._declare(value)
        elif letter in "KLMQ":
            for voice in self._voices_to_change():
                self._change_voice(voice, letter, value)
        else:
            self._read_other(letter, value)

    def _change_voice(self, voice: VoiceReader, letter: str, value: str) -> None:
        if letter == "L":
            voice.unit = parse_unit(value)
        elif letter == "M":
            voice.set_metre(parse_metre(value))
        elif letter == "Q":
            self._set_tempo(voice, value)
        else:
            key, properties = parse_key(value)
            parse_properties(properties, voice.properties)
            if key is None:
                voice.update_key()
            else:
                voice.set_key(key)

    def _set_tempo(self, voice: VoiceReader, value: str) -> None:
        try:
            tempo = parse_tempo(value, voice.unit)
        except DataError as error:
            self.remarks.add(f"the tempo is left out: {error}")
            return
        if tempo is not None:
            voice.set_tempo(tempo)

    def _read_other(self, letter: str, value: str) -> None:
        """Read a field that does not concern the notes, or say that it is left out."""
        if letter == "U":
            match = _USER_SYMBOL.match(value)
            if match:
                self._symbols[match[1]] = match[2].strip()
        elif letter == "W":
            self.remarks.add("words at the end (W:) are left out")
        elif letter == "m":
            self.remarks.add("macros (m:) are left out")
        elif letter == "s" and "fermata" in value:
            self.remarks.add("fermatas in symbol lines (s:) are left out")

    def _read_directive(self, text: str) -> None:
        """Read what follows %% or I:; most of it is for print and for players."""
        name, _, value = text.partition(" ")
        name, value = name.lower(), value.strip()
        if name in ("score", "staves"):
            self.staves = self.staves or [
                re.findall(r"[^\s()]+", group)
                for group in re.findall(
                    r"\([^)]*\)?|[^\s()]+", re.sub(_SIGNS, " ", value)
                )
            ]
        elif name == CREATOR:
            self.is_own = value == PROGRAM
        elif name == "propagate-accidentals":
            self._accidental_scope = SCOPES.get(value[:1], OCTAVE)
            for voice in self._voices.values():
                voice.accidental_scope = self._accidental_scope
        elif name == "abc-include":
            self.remarks.add(f"%%{text[:40]} is left out: no other file is read")
        elif "transpose" in text.lower().split()[:2]:
            self.remarks.add(f"%%{text[:40]} is left out: notes are read as written")

    def finish(self, voice: VoiceReader) -> VoiceProperties:
        """Return the properties of a voice, and say what in them is left out."""
        properties = voice.properties
        if properties.semitones % 12:
            name = f"voice {voice.name}" if len(self._voices) > 1 else "the tune"
            self.remarks.add(on_transposition(name, *voice.transposition))
        for word in properties.unknown:
            self.remarks.add(f"{word[:30]} is left out", f"voice {voice.name}")
        if properties.middle and not (properties.semitones or properties.octave):
            self.remarks.add(
                "middle= moves the clef only: notes are read at the pitch of their "
                "letters",
                f"voice {voice.name}",
            )
        # A name such as S2 may be that of a second soprano or of a second staff.
        named = voice.name if voice.name.isalpha() else ""
        name = properties.name or named
        short = properties.abbreviation or named
        return replace(properties, name=name, abbreviation=short)


@contextlib.contextmanager
def _in_row(row: int) -> Iterator[None]:
    """Add the row to a DataError."""
    try:
        yield
    except DataError as error:
        raise DataError(str(error), row=row) from None
