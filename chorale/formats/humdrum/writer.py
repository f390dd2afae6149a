"""Writes Humdrum **kern: four spines, bass first, and their lyrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from chorale.formats.notation import notate
from chorale.formats.written_notes import NOTE_VALUES, Line, WrittenNote
from chorale.music.credits import PROGRAM
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric, syllabics
from chorale.music.metre import STEPS_PER_QUARTER, Bar
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES, VOICES
from chorale.utils.files import write_text

# Codes and clefs soprano to bass, see https://www.humdrum.org/rep/kern.
_CODES = ("soprn", "alto", "tenor", "bass")
_CLEFS = ("G2", "G2", "Gv2", "F4")
_VALUES = {
    "16th": "16",
    "eighth": "8",
    "quarter": "4",
    "half": "2",
    "whole": "1",
    "breve": "0",
}
_ACCIDENTALS = {-2: "--", -1: "-", 0: "", 1: "#", 2: "##"}
_BEAMS = {
    "begin": "L",
    "continue": "",
    "end": "J",
    "forward hook": "K",
    "backward hook": "k",
}
_SHARPS = ["f#", "c#", "g#", "d#", "a#", "e#", "b#"]
_FLATS = ["b-", "e-", "a-", "d-", "g-", "c-", "f-"]


class _Spine(NamedTuple):
    """A column: the notes of a voice, or a verse of its lyrics if `verse` is not 0."""

    voice: int
    verse: int = 0


def write_humdrum(chorale: Chorale, path: Path | str) -> None:
    """Write a spine for each voice, the bass first, and spines of **text for lyrics.

    It has title, metres, tempo, key if known, ties, beams, fermatas and numbers of
    bars; pitches are spelled by key and harmony. Fermatas that begin or end while all
    voices hold are left out.

    Raises:
        OutputError: the file cannot be written.
    """
    spines = _spines(chorale)
    rows = [*_opening(chorale, spines), *_music(chorale, spines)]
    rows.append(["*-"] * len(spines))
    title, credit = _text(chorale.title or chorale.source), _text(chorale.credit)
    lines = [
        *([f"!!!COM: {credit}"] if credit else []),
        *([f"!!!OTL: {title}"] if title else []),
        *("\t".join(row) for row in rows),
        f"!!!ENC: {PROGRAM}",
    ]
    write_text(path, "\n".join(lines) + "\n")


def _text(text: str) -> str:
    return "".join(filter(str.isprintable, text)).replace("&", "&amp;").strip()


def _spines(chorale: Chorale) -> list[_Spine]:
    """Return the columns from the left."""
    spines = []
    for voice in reversed(range(VOICES)):
        verses = [lyric.verse for lyric in chorale.lyrics if lyric.voice == voice]
        spines.append(_Spine(voice))
        spines += [
            _Spine(voice, verse) for verse in range(1, max(verses, default=0) + 1)
        ]
    return spines


def _opening(chorale: Chorale, spines: Sequence[_Spine]) -> Iterator[list[str]]:
    """Yield the rows of interpretations before the first note."""

    def row(tokens: Sequence[str], of_text: str = "*") -> list[str]:
        return [of_text if spine.verse else tokens[spine.voice] for spine in spines]

    yield row(["**kern"] * VOICES, "**text")
    yield row([f"*I{code}" for code in _CODES])
    yield row([f'*I"{name.title()}' for name in VOICE_NAMES])
    yield row([f"*clef{clef}" for clef in _CLEFS])
    if key := chorale.key:
        yield row([f"*k[{''.join(_signature(key))}]"] * VOICES)
        yield row([f"*{_key_name(key)}:"] * VOICES)
    yield row([f"*M{chorale.metre.name}"] * VOICES)
    yield row([f"*MM{chorale.tempo:.10g}"] * VOICES)


def _signature(key: Key) -> list[str]:
    return _SHARPS[: key.fifths] if key.fifths > 0 else _FLATS[: -key.fifths]


def _key_name(key: Key) -> str:
    name = key.tonic.replace("b", "-")
    return name.lower() if key.mode == "minor" else name


# === Music ===


def _music(chorale: Chorale, spines: Sequence[_Spine]) -> Iterator[list[str]]:
    """Yield the rows of barlines, time signatures and notes."""
    syllables = {
        (lyric.step, lyric.voice, lyric.verse): _syllable(lyric, place)
        for lyric, place in syllabics(chorale.lyrics)
    }
    before: Bar | None = None
    for bar, lines in notate(chorale).bars:
        if before is not None:
            # An upbeat in the middle of a piece follows a double bar.
            yield ["=||" if bar.position else f"={bar.number}"] * len(spines)
        elif not bar.position:
            yield [f"={bar.number}-"] * len(spines)  # without a line
        if before is not None and bar.metre != before.metre:
            yield ["*" if spine.verse else f"*M{bar.metre.name}" for spine in spines]
        yield from _rows(lines, bar, spines, syllables)
        before = bar
    yield ["=="] * len(spines)


def _rows(
    lines: Sequence[Line],
    bar: Bar,
    spines: Sequence[_Spine],
    syllables: dict[tuple[int, int, int], str],
) -> Iterator[list[str]]:
    """Yield the rows of a bar, a row for each moment at which a note or rest begins."""
    tokens = {}
    for voice, line in enumerate(lines):
        for note in line:
            for piece in _playable(note, bar):
                tokens[piece.start, voice] = _note(piece)
    for step in sorted({step for step, _ in tokens}):
        yield [
            syllables.get((step, spine.voice, spine.verse), ".")
            if spine.verse
            else tokens.get((step, spine.voice), ".")
            for spine in spines
        ]


def _playable(note: WrittenNote, bar: Bar) -> list[WrittenNote]:
    """Return a note, or the rests of a whole bar that no single rest is as long as.

    A whole rest alone in its bar is as long as a full bar, so in a shorter bar it has
    to be divided.
    """
    whole = 4 * STEPS_PER_QUARTER
    is_short = bar.length < bar.metre.bar_length and note.length >= whole
    if note.spelling is not None or (note.length in NOTE_VALUES and not is_short):
        return [note]
    rests = []
    start, end = note.start, note.end
    while start < end:
        length = max(n for n in NOTE_VALUES if n <= min(end - start, whole // 2))
        rests.append(WrittenNote(start, length, None, fermata=note.fermata))
        start += length
    return rests


def _note(note: WrittenNote) -> str:
    value, dots = NOTE_VALUES[note.length]
    text = _VALUES[value] + "." * dots
    if note.spelling is None:
        text += "r"
    else:
        letter, alter, octave = note.spelling
        text += letter.lower() * (octave - 3) if octave > 3 else letter * (4 - octave)
        text += _ACCIDENTALS[alter] or "n" * note.accidental
    text += ";" * note.fermata + "".join(_BEAMS[beam] for beam in note.beams)
    if note.tied_back:
        return text + ("_" if note.tied_on else "]")
    return "[" + text if note.tied_on else text


def _syllable(lyric: Lyric, place: str) -> str:
    """Return a syllable, with hyphens before and after it inside a word.

    Signs that have a meaning at the beginning of a token or at its end are escaped.
    """
    text = _text(lyric.text)
    text = re.sub(
        r"^[-_|*=!.]+|[-_]+$",
        lambda signs: "".join(f"&#{ord(sign)};" for sign in signs[0]),
        text,
    )
    before = "-" * (place in ("middle", "end"))
    return before + text + "-" * lyric.joined if text else "."
