"""Writes MusicXML: a choral score on two staves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from chorale.formats.musicxml.marks import Mark, Marks
from chorale.formats.notation import divide, notate
from chorale.formats.written_notes import NOTE_VALUES, Line, WrittenNote
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric, syllabics
from chorale.music.metre import STEPS_PER_QUARTER, STEPS_PER_WHOLE, Bar
from chorale.music.score import Chorale
from chorale.music.voices import ALL_VOICES, INSTRUMENTS, VOICES
from chorale.utils.arrays import IntArray
from chorale.utils.files import write_text

_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" \
"http://www.musicxml.org/dtds/partwise.dtd">
"""
SOFTWARE = "chorale"  # the name under which files of this package are known
_CLEFS = {1: ("G", 2), 2: ("F", 4)}  # sign and line, by staff
_ACCIDENTAL = {
    -3: "triple-flat",
    -2: "flat-flat",
    -1: "flat",
    0: "natural",
    1: "sharp",
    2: "double-sharp",
    3: "triple-sharp",
}


def write_musicxml(
    chorale: Chorale,
    path: Path | str,
    *,
    spelling: IntArray | None = None,
    marks: Iterable[Mark] = (),
) -> None:
    """Write a score on two staves: a part of soprano and alto, one of tenor and bass.

    It has the key if known, metres, tempo, stems, beams and accidentals. A pickup is
    measure 0.

    Args:
        chorale: the piece.
        path: of the file.
        spelling: int array (steps, 4), the diatonic number of each note; None: pitches
            are spelled by key and harmony.
        marks: texts on the score.

    Raises:
        OutputError: the file cannot be written.
    """
    root = Element("score-partwise", version="4.0")
    if title := _printable(chorale.title or chorale.source):
        _add(_add(root, "work"), "work-title", title)
    identification = _add(root, "identification")
    if credit := _printable(chorale.credit):
        _add(identification, "creator", credit, type="composer")
    encoding = _add(identification, "encoding")
    _add(encoding, "software", SOFTWARE)
    for element in ("accidental", "beam", "stem"):
        _add(encoding, "supports", element=element, type="yes")
    staves = sorted({voice.staff for voice in ALL_VOICES})
    _add_part_list(root, staves)
    bars, unplaced = notate(chorale, spelling=spelling)
    marked = Marks(marks)
    lyrics = _lyrics_by_note(chorale)
    for staff in staves:
        part = _add(root, "part", id=f"P{staff}")
        for index, (bar, lines) in enumerate(bars):
            measure = _add(part, "measure", number=str(bar.number))
            if bar.position:  # a pickup, or the rest of a bar that was cut
                measure.set("implicit", "yes")
            before = bars[index - 1][0] if index else None
            _add_attributes(measure, bar, before, chorale.key, staff)
            if before is None and staff == staves[0]:
                _add(measure, "sound", tempo=f"{chorale.tempo:g}")
            _add_voices(measure, bar, lines, staff, lyrics, marked)
            if staff == staves[0]:
                _add_fermatas(measure, bar, unplaced)
        barline = _add(part[-1], "barline", location="right")
        _add(barline, "bar-style", "light-heavy")
    indent(root)
    write_text(path, _HEADER + tostring(root, encoding="unicode") + "\n")


def _add(parent: Element, name: str, text: object = None, **attributes: str) -> Element:
    """Append a child element and return it."""
    element = SubElement(parent, name, attributes)
    if text is not None:
        element.text = str(text)
    return element


def _printable(text: str) -> str:
    return "".join(filter(str.isprintable, text))


def _add_part_list(root: Element, staves: Sequence[int]) -> None:
    """Declare the parts: names, a bracket over the staves, a choir for playback."""
    parts = _add(root, "part-list")
    group = _add(parts, "part-group", type="start", number="1")
    _add(group, "group-symbol", "bracket")
    _add(group, "group-barline", "yes")
    for staff in staves:
        names = [voice.name.title() for voice in ALL_VOICES if voice.staff == staff]
        part = _add(parts, "score-part", id=f"P{staff}")
        _add(part, "part-name", "\n".join(names))
        _add(part, "part-abbreviation", "\n".join(name[0] for name in names))
        instrument = _add(part, "score-instrument", id=f"P{staff}-I1")
        _add(instrument, "instrument-name", "Choir")
        sound = _add(part, "midi-instrument", id=f"P{staff}-I1")
        _add(sound, "midi-channel", staff)
        _add(sound, "midi-program", INSTRUMENTS["choir"][0] + 1)
    _add(parts, "part-group", type="stop", number="1")


def _add_attributes(
    measure: Element, bar: Bar, before: Bar | None, key: Key | None, staff: int
) -> None:
    """Write clef and key in the first bar, and the metre where it changes."""
    if before is not None and before.metre == bar.metre:
        return
    attributes = _add(measure, "attributes")
    if before is None:
        _add(attributes, "divisions", STEPS_PER_QUARTER)  # durations are in steps
        if key is not None:
            signature = _add(attributes, "key")
            _add(signature, "fifths", key.fifths)
            _add(signature, "mode", key.mode)
    time = _add(attributes, "time")
    _add(time, "beats", bar.metre.numerator)
    _add(time, "beat-type", bar.metre.denominator)
    if before is None:
        sign, line = _CLEFS[staff]
        clef = _add(attributes, "clef")
        _add(clef, "sign", sign)
        _add(clef, "line", line)


_Lyrics = dict[tuple[int, int], list[tuple[Lyric, str]]]


def _lyrics_by_note(chorale: Chorale) -> _Lyrics:
    """Return syllables and their places in words, by step and voice."""
    lyrics: _Lyrics = defaultdict(list)
    for lyric, place in syllabics(chorale.lyrics):
        lyrics[lyric.step, lyric.voice].append((lyric, place))
    return lyrics


def _add_voices(
    measure: Element,
    bar: Bar,
    lines: Sequence[Line],
    staff: int,
    lyrics: _Lyrics,
    marks: Marks,
) -> None:
    """Write the voices of a staff in one bar, with a backup between them."""
    on_staff = [index for index in range(VOICES) if ALL_VOICES[index].staff == staff]
    for number, voice in enumerate(on_staff, start=1):
        if number > 1:
            _add(_add(measure, "backup"), "duration", bar.length)
        for written in lines[voice]:
            marks.add_texts(measure, voice, written)
            note = _add_note(measure, written, number, ALL_VOICES[voice].stem)
            if color := marks.color_of(voice, written):
                note.set("color", color)
            for lyric, place in lyrics.get((written.start, voice), ()):
                _add_lyric(note, lyric, place)


def _add_fermatas(measure: Element, bar: Bar, spans: Sequence[tuple[int, int]]) -> None:
    """Write fermatas over held notes, on rests of a third voice that are not seen."""
    position = bar.end
    for start, end in spans:
        if not bar.start <= start < bar.end:
            continue
        if start < position:
            _add(_add(measure, "backup"), "duration", position - start)
        elif start > position:
            _add(_add(measure, "forward"), "duration", start - position)
        for length in divide(end - start, bar.position + start - bar.start, bar.metre):
            rest = WrittenNote(start, length, spelling=None, fermata=True)
            note = _add_note(measure, rest, 3, "up")
            note.set("print-object", "no")
        position = end


def _add_lyric(note: Element, lyric: Lyric, place: str) -> None:
    """Write a syllable, the last element of its note."""
    element = _add(note, "lyric", number=str(lyric.verse))
    _add(element, "syllabic", place)
    _add(element, "text", "".join(filter(str.isprintable, lyric.text)))


def _add_note(
    measure: Element, written: WrittenNote, number: int, stem: str
) -> Element:
    """Write a note or rest, its elements in the order of the MusicXML schema."""
    note = _add(measure, "note")
    spelling = written.spelling
    if spelling is None:
        _add(note, "rest", **({"measure": "yes"} if written.whole_bar else {}))
    else:
        pitch = _add(note, "pitch")
        _add(pitch, "step", spelling.letter)
        if spelling.alter:
            _add(pitch, "alter", spelling.alter)
        _add(pitch, "octave", spelling.octave)
    _add(note, "duration", written.length)
    ties = ["stop"] * written.tied_back + ["start"] * written.tied_on
    for kind in ties:
        _add(note, "tie", type=kind)
    _add(note, "voice", number)
    if not written.whole_bar:
        value, dots = NOTE_VALUES[written.length]
        _add(note, "type", value)
        for _ in range(dots):
            _add(note, "dot")
    if spelling is not None:
        if written.accidental and spelling.alter in _ACCIDENTAL:
            _add(note, "accidental", _ACCIDENTAL[spelling.alter])
        if written.length < STEPS_PER_WHOLE:
            _add(note, "stem", stem)
    for level, beam in enumerate(written.beams, start=1):
        _add(note, "beam", beam, number=str(level))
    if written.fermata or ties:
        notations = _add(note, "notations")
        for kind in ties:
            _add(notations, "tied", type=kind)
        if written.fermata:
            # Above the upper voice of a staff, inverted below the lower voice.
            side = "upright" if stem == "up" else "inverted"
            _add(notations, "fermata", type=side)
    return note
