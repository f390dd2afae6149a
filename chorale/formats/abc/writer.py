"""Writes ABC notation: four voices on two staves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from chorale.formats.notation import key_alters, notate
from chorale.formats.written_notes import Line, WrittenNote
from chorale.music.credits import PROGRAM
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.metre import Bar
from chorale.music.score import Chorale
from chorale.music.spelling import Spelling
from chorale.music.voices import ALL_VOICES, VOICES
from chorale.utils.files import write_text

CREATOR = "abc-creator"  # the instruction that names the program
_UNIT = 2  # steps of the unit note length, an eighth
_BARS_IN_A_LINE = 4
_CLEFS = {1: "treble", 2: "bass"}  # by staff
_ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}


def write_abc(chorale: Chorale, path: Path | str) -> None:
    """Write a tune of four voices, soprano and alto on a staff, tenor and bass below.

    It has title, metres, tempo, key if known, ties, fermatas and lyrics; pitches are
    spelled by key and harmony. An accidental is repeated where programs disagree on how
    long it holds. Fermatas that begin or end while all voices hold are left out.

    Raises:
        OutputError: the file cannot be written.
    """
    bars, _ = notate(chorale)
    lines = [*_header(chorale), *_body(chorale, bars)]
    write_text(path, "\n".join(lines) + "\n")


def _header(chorale: Chorale) -> list[str]:
    title = _text(chorale.title or chorale.source)
    credit = _text(chorale.credit)
    staves = [
        "({})".format(" ".join(str(voice + 1) for voice in _voices_on(staff)))
        for staff in _CLEFS
    ]
    return [
        "%abc-2.1",
        f"I:{CREATOR} {PROGRAM}",
        "",
        "X:1",
        *([f"T:{title}"] if title else []),
        *([f"C:{credit}"] if credit else []),
        f"M:{chorale.metre.name}",
        "L:1/8",
        f"Q:1/4={chorale.tempo:.10g}",
        f"%%score [{' '.join(staves)}]",
        f"K:{_key_name(chorale.key)}",
    ]


def _voices_on(staff: int) -> list[int]:
    return [index for index in range(VOICES) if ALL_VOICES[index].staff == staff]


def _key_name(key: Key | None) -> str:
    if key is None:
        return "none"
    return key.tonic + ("m" if key.mode == "minor" else "")


def _text(text: str) -> str:
    """Return text as it stands in a field."""
    return re.sub(r"([\\%&])", r"\\\1", "".join(filter(str.isprintable, text)))


# === Music ===


def _body(chorale: Chorale, bars: Sequence[tuple[Bar, list[Line]]]) -> list[str]:
    """Return the lines of music, a few bars each, voice after voice.

    Some programs take a voice only if its lines follow one another and its name is a
    number.
    """
    lyrics = _lyrics_by_voice(chorale)
    lines = []
    for index, voice in enumerate(ALL_VOICES):
        lines.append(
            f'V:{index + 1} clef={_CLEFS[voice.staff]} name="{voice.name.title()}" '
            f'subname="{voice.name[0].upper()}."'
        )
        for first in range(0, len(bars), _BARS_IN_A_LINE):
            group = bars[first : first + _BARS_IN_A_LINE]
            lines.append(
                " ".join(
                    _metre_change(bars, place)
                    + _bar(written[index], chorale.key)
                    + _barline(bars, place + 1)
                    for place, (_, written) in enumerate(group, start=first)
                )
            )
            notes = [note for _, written in group for note in written[index]]
            lines += _lyric_lines(lyrics[index], notes)
    return lines


def _metre_change(bars: Sequence[tuple[Bar, list[Line]]], index: int) -> str:
    """Return the time signature that begins with a bar; empty if none does."""
    metre = bars[index][0].metre
    if index == 0 or metre == bars[index - 1][0].metre:
        return ""
    return f"[M:{metre.name}] "


def _barline(bars: Sequence[tuple[Bar, list[Line]]], index: int) -> str:
    """Return the barline before a bar; an upbeat follows a double bar."""
    if index == len(bars):
        return " |]"
    return " ||" if bars[index][0].position else " |"


def _bar(line: Line, key: Key | None) -> str:
    """Return the notes of a voice in a bar, those of a beam without a space."""
    usual = key_alters(key.fifths if key else 0)
    in_force: dict[tuple[str, int], int] = {}
    last: dict[str, int] = {}  # accidental of each letter, in whatever octave
    text = ""
    for note in line:
        sign = ""
        if note.spelling is not None:
            letter, alter, octave = note.spelling
            own = in_force.get((letter, octave), usual[letter])
            other = last.get(letter, usual[letter])
            if note.accidental or {own, other} != {alter}:
                sign = _ACCIDENTALS[alter]
            in_force[letter, octave] = last[letter] = alter
        text += _note(note, sign)
        if note.beams[:1] not in (("begin",), ("continue",)):
            text += " "
    return text.strip()


def _note(note: WrittenNote, sign: str) -> str:
    name = "z" if note.spelling is None else sign + _pitch(note.spelling)
    fermata = "!fermata!" if note.fermata else ""
    return fermata + name + _length(note.length) + "-" * note.tied_on


def _pitch(spelling: Spelling) -> str:
    """Return letter and octave: C is middle C, c is an octave above."""
    if spelling.octave > 4:
        return spelling.letter.lower() + "'" * (spelling.octave - 5)
    return spelling.letter + "," * (4 - spelling.octave)


def _length(steps: int) -> str:
    length = Fraction(steps, _UNIT)
    above = "" if length.numerator == 1 else str(length.numerator)
    return above if length.denominator == 1 else f"{above}/{length.denominator}"


# === Lyrics ===

_Verse = dict[int, Lyric]  # by the step at which the note begins


def _lyrics_by_voice(chorale: Chorale) -> list[list[_Verse]]:
    """Return the verses of each voice, without those that no voice sings."""
    sung = sorted({lyric.verse for lyric in chorale.lyrics})
    voices: list[list[_Verse]] = [[{} for _ in sung] for _ in range(VOICES)]
    for lyric in chorale.lyrics:
        voices[lyric.voice][sung.index(lyric.verse)][lyric.step] = lyric
    return voices


def _lyric_lines(verses: Sequence[_Verse], notes: Sequence[WrittenNote]) -> list[str]:
    """Return the lyrics below a line of music, up to the last verse with a syllable.

    An empty line of a verse is needed above another verse: its place is its number.
    """
    starts = {note.start for note in notes if not note.tied_back}
    count = max(
        (place for place, verse in enumerate(verses, 1) if starts & {*verse}), default=0
    )
    return [_lyric_line(verse, notes) for verse in verses[:count]]


def _lyric_line(verse: _Verse, notes: Iterable[WrittenNote]) -> str:
    """Return the syllables below a line of music, which skips tied notes."""
    words = []
    for note in notes:
        if note.spelling is None:
            continue
        lyric = None if note.tied_back else verse.get(note.start)
        words.append(_syllable(lyric) if lyric else "*")
    return f"w: {' '.join(words)}".rstrip()


def _syllable(lyric: Lyric) -> str:
    """Return a syllable; signs that have a meaning in a line of lyrics are escaped."""
    text = _text(lyric.text).replace("-", r"\-")
    text = re.sub(r"[_*|~]", lambda sign: f"\\u{ord(sign[0]):04x}", text)
    text = text.replace(" ", "~")
    return (text or "*") + "-" * (lyric.joined and bool(text))
