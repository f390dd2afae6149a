"""Writes a chorale as MEI for the engraver, elements named by voice and step.

The identifiers are those by which a page finds the elements in the picture:
`note-VOICE-STEP` the first notehead of a note, `note-VOICE-STEP-tie-N` those tied to
it, `rest-VOICE-STEP`, `bar-INDEX`. Voices, steps and bars count from 0.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from chorale.formats.notation import notate
from chorale.formats.written_notes import NOTE_VALUES, Line, WrittenNote
from chorale.music.lyrics import Lyric, syllabics
from chorale.music.metre import STEPS_PER_WHOLE, Bar, Metre
from chorale.music.score import Chorale
from chorale.music.voices import ALL_VOICES, VOICES

_NAMESPACE = "http://www.music-encoding.org/ns/mei"
_ID = "xml:id"
_DURATIONS = {
    "16th": "16",
    "eighth": "8",
    "quarter": "4",
    "half": "2",
    "whole": "1",
    "breve": "breve",
}
_ACCIDENTALS = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "x"}
_PLACES = {"single": "s", "begin": "i", "middle": "m", "end": "t"}
# Clefs of each voice when every voice has a staff: shape, line, octaves down.
_CLEFS = (("G", 2, 0), ("G", 2, 0), ("G", 2, 1), ("F", 4, 0))
_SHARED_CLEFS = (("G", 2, 0), ("F", 4, 0))
_WHOLE_BAR_REST = "6"  # height of a rest that both voices of a staff have in a bar


class Label(NamedTuple):
    """A text under the lowest staff, such as a Roman numeral, and the step it is at."""

    step: int
    text: str


def mei_of(
    chorale: Chorale,
    *,
    staves: int = VOICES // 2,
    labels: Iterable[tuple[int, str]] = (),
    heading: Sequence[Sequence[str]] = (),
    breaks: Collection[int] = (),
) -> str:
    """Return a chorale as MEI.

    Args:
        chorale: any.
        staves: 2, of two voices each, or 4.
        labels: steps and the texts under the lowest staff, in any order.
        heading: the lines of the title, then those at the right below it.
        breaks: indices of the bars before which a system ends.
    """
    return _Writer(chorale, staves).document(labels, heading, breaks)


def printable(text: str) -> str:
    """Return a text without the characters that XML or a line of text cannot hold."""
    return "".join(filter(str.isprintable, text))


class _Writer:
    """Writes one chorale."""

    def __init__(self, chorale: Chorale, staves: int) -> None:
        self._chorale = chorale
        self._staves = staves
        self._notation = notate(chorale, staves=staves)
        self._verses = _verses_by_note(chorale, VOICES // staves)
        self._hidden = _hidden_voices(chorale, VOICES // staves)
        self._lone_staves = {voice * staves // VOICES for voice in self._hidden}
        # Of each voice the step at which the note being written begins, and how many
        # noteheads it has already.
        self._begun = [(0, 0)] * VOICES

    def document(
        self,
        labels: Iterable[tuple[int, str]],
        heading: Sequence[Sequence[str]],
        breaks: Collection[int],
    ) -> str:
        root = Element("mei", {"xmlns": _NAMESPACE, "meiversion": "5.0"})
        score = root
        for name in ("music", "body", "mdiv", "score"):
            score = SubElement(score, name)
        self._add_definition(score, heading)
        section = SubElement(score, "section")
        by_bar = self._labels_by_bar(labels)
        metre = self._chorale.metre
        for index, (bar, lines) in enumerate(self._notation.bars):
            if index in breaks:
                SubElement(section, "sb")
            if (bar.metre.numerator, bar.metre.denominator) != (
                metre.numerator,
                metre.denominator,
            ):
                metre = bar.metre
                SubElement(section, "scoreDef", _metre(metre))
            measure = SubElement(section, "measure", {_ID: f"bar-{index}"})
            measure.set("n", str(bar.number))
            if bar.length != bar.metre.bar_length:
                measure.set("metcon", "false")
            if index == len(self._notation.bars) - 1:
                measure.set("right", "end")
            self._add_staves(measure, lines)
            for label in by_bar.get(index, ()):
                self._add_label(measure, bar, label)
            self._add_held_fermatas(measure, bar)
        return tostring(root, encoding="unicode")

    # === What stands before the music ===

    def _add_definition(self, score: Element, heading: Sequence[Sequence[str]]) -> None:
        """Write the staves with clefs, key and first metre."""
        key = self._chorale.key
        fifths = key.fifths if key else 0
        sign = "s" if fifths > 0 else "f"
        signature = f"{abs(fifths)}{sign}" if fifths else "0"
        definition = SubElement(score, "scoreDef", {"keysig": signature})
        for name, value in _metre(self._chorale.metre).items():
            definition.set(name, value)
        if any(heading):
            head = SubElement(definition, "pgHead")
            _add_text(head, heading[0], "center", "middle", "x-large")
            _add_text(head, heading[1], "right", "bottom", "small")
        shared = self._staves < VOICES
        group = SubElement(definition, "staffGrp")
        group.set("symbol", "brace" if shared else "bracket")
        group.set("bar.thru", "true" if shared else "false")
        for index in range(self._staves):
            staff = SubElement(group, "staffDef", {"n": str(index + 1), "lines": "5"})
            shape, line, down = (_SHARED_CLEFS if shared else _CLEFS)[index]
            staff.set("clef.shape", shape)
            staff.set("clef.line", str(line))
            if down:
                staff.set("clef.dis", "8")
                staff.set("clef.dis.place", "below")
            if not shared:
                name = ALL_VOICES[index].name.title()
                SubElement(staff, "label").text = name
                SubElement(staff, "labelAbbr").text = f"{name[0]}."

    # === Notes ===

    def _add_staves(self, measure: Element, lines: Sequence[Line]) -> None:
        """Write the notes of a bar, then the ties and fermatas at them."""
        each = VOICES // self._staves
        marks: list[Element] = []
        for number in range(self._staves):
            staff = SubElement(measure, "staff", {"n": str(number + 1)})
            voices = range(number * each, (number + 1) * each)
            empty = all(line[0].whole_bar for line in map(lines.__getitem__, voices))
            for layer, voice in enumerate(voices, start=1):
                parent = SubElement(staff, "layer", {"n": str(layer)})
                self._add_line(parent, voice, lines[voice], marks)
                # Two rests are drawn as one.
                if empty and number not in self._lone_staves and each > 1:
                    parent[0].set("loc", _WHOLE_BAR_REST)
        measure.extend(marks)

    def _add_line(
        self, layer: Element, voice: int, line: Line, marks: list[Element]
    ) -> None:
        """Write the notes and rests of a voice in a bar."""
        parent = layer
        for note in line:
            if note.beams and note.beams[0] == "begin":
                parent = SubElement(layer, "beam")
            name = self._add_note(parent, voice, note, marks)
            if note.beams and note.beams[0] == "end":
                parent = layer
            if note.fermata:
                mark = Element("fermata", {"startid": f"#{name}"})
                mark.set("place", self._side(voice) or "above")
                marks.append(mark)

    def _add_note(
        self, parent: Element, voice: int, note: WrittenNote, marks: list[Element]
    ) -> str:
        """Write a note or rest, and the tie that leads to it; return its identifier."""
        spelling = note.spelling
        if spelling is None and voice in self._hidden:
            if not len(parent):  # an incomplete bar has several rests
                SubElement(parent, "mSpace")
            return ""
        if spelling is None:
            name = f"rest-{voice}-{note.start}"
            element = SubElement(parent, "mRest" if note.whole_bar else "rest")
            element.set(_ID, name)
            if not note.whole_bar:
                _set_duration(element, note.length)
            return name
        start, count = self._begun[voice]
        start, count = (start, count + 1) if note.tied_back else (note.start, 0)
        self._begun[voice] = start, count
        name = _note_name(voice, start, count)
        element = SubElement(parent, "note", {_ID: name})
        _set_duration(element, note.length)
        element.set("pname", spelling.letter.lower())
        element.set("oct", str(spelling.octave))
        sign = _ACCIDENTALS[spelling.alter]
        if note.accidental:
            element.set("accid", sign)
        elif spelling.alter:
            element.set("accid.ges", sign)
        if self._side(voice) and note.length < STEPS_PER_WHOLE:
            element.set("stem.dir", ALL_VOICES[voice].stem)
        if note.tied_back:
            before = _note_name(voice, start, count - 1)
            tie = Element("tie", {"startid": f"#{before}", "endid": f"#{name}"})
            if side := self._side(voice):
                tie.set("curvedir", side)
            marks.append(tie)
        else:
            for line, text, place, hyphen in self._verses.get((note.start, voice), ()):
                verse = SubElement(element, "verse", {"n": str(line)})
                syllable = SubElement(verse, "syl", {"wordpos": _PLACES[place]})
                if hyphen:
                    syllable.set("con", "d")
                syllable.text = printable(text)
        return name

    def _side(self, voice: int) -> str:
        """Return where ties and fermatas of a voice are; empty if it is alone."""
        staff = voice * self._staves // VOICES
        if self._staves == VOICES or staff in self._lone_staves:
            return ""
        return "above" if ALL_VOICES[voice].stem == "up" else "below"

    # === What stands above and below ===

    def _labels_by_bar(
        self, labels: Iterable[tuple[int, str]]
    ) -> Mapping[int, list[Label]]:
        """Return the labels within the piece by the index of their bar, in order."""
        by_bar: dict[int, list[Label]] = defaultdict(list)
        ordered = sorted(Label(*label) for label in labels)
        for index, (bar, _) in enumerate(self._notation.bars):
            by_bar[index] = [
                label for label in ordered if bar.start <= label.step < bar.end
            ]
        return by_bar

    def _add_label(self, measure: Element, bar: Bar, label: Label) -> None:
        harmony = SubElement(measure, "harm", {"staff": str(self._staves)})
        harmony.set("place", "below")
        harmony.set("tstamp", _timestamp(bar, label.step))
        harmony.text = printable(label.text)

    def _add_held_fermatas(self, measure: Element, bar: Bar) -> None:
        """Write the fermatas that begin or end while all voices hold their notes."""
        for start, _ in self._notation.unplaced:
            if bar.start <= start < bar.end:
                mark = SubElement(measure, "fermata", {"staff": "1", "place": "above"})
                mark.set("tstamp", _timestamp(bar, start))


def _add_text(
    head: Element, lines: Sequence[str], side: str, height: str, size: str
) -> None:
    """Write lines of text at the head of the first page."""
    if not lines:
        return
    text = SubElement(head, "rend", {"halign": side, "valign": height})
    text.set("fontsize", size)
    text.text = lines[0]
    for line in lines[1:]:
        SubElement(text, "lb").tail = line


def _hidden_voices(chorale: Chorale, each: int) -> set[int]:
    """Return the voices without notes that share a staff with one that has some.

    Their rests in every bar would say nothing of a melody.
    """
    sounding = [bool(chorale.onsets[:, voice].any()) for voice in range(VOICES)]
    hidden = set()
    for first in range(0, VOICES, each):
        voices = range(first, first + each)
        if any(sounding[voice] for voice in voices):
            hidden |= {voice for voice in voices if not sounding[voice]}
    return hidden


def _note_name(voice: int, start: int, count: int) -> str:
    """Return the identifier of the notehead after `count` others of the same note."""
    return f"note-{voice}-{start}" + (f"-tie-{count}" if count else "")


def _metre(metre: Metre) -> dict[str, str]:
    return {
        "meter.count": str(metre.numerator),
        "meter.unit": str(metre.denominator),
    }


def _set_duration(element: Element, length: int) -> None:
    value, dots = NOTE_VALUES[length]
    element.set("dur", _DURATIONS[value])
    if dots:
        element.set("dots", str(dots))


def _timestamp(bar: Bar, step: int) -> str:
    """Return a place in a bar as MEI counts it: units of the metre, the first is 1."""
    return f"{1 + (step - bar.start) * bar.metre.denominator / STEPS_PER_WHOLE:g}"


# === Lyrics ===


class _Syllable(NamedTuple):
    line: int  # below the staff, counted from 1
    text: str
    place: str  # in its word, see `syllabics`
    hyphen: bool  # whether one leads to the next syllable


_Verses = dict[tuple[int, int], list[_Syllable]]


def _verses_by_note(chorale: Chorale, each: int) -> _Verses:
    """Return the syllables below staves of `each` voices, by step and voice.

    Where the lower voice of a staff sings what the upper one sings, it is left out.
    """
    by_line: dict[tuple[int, int], list[tuple[Lyric, str]]] = defaultdict(list)
    for lyric, place in syllabics(chorale.lyrics):
        by_line[lyric.voice, lyric.verse].append((lyric, place))
    texts = {
        line: {(lyric.step, lyric.text) for lyric, _ in placed}
        for line, placed in by_line.items()
    }
    verses: _Verses = defaultdict(list)
    lines_of: Counter[int] = Counter()  # of each staff
    for voice, verse in sorted(by_line, key=lambda line: (line[0] // each, line[1])):
        staff, inner = divmod(voice, each)
        if inner and texts[voice, verse] <= texts.get((voice - 1, verse), set()):
            continue
        lines_of[staff] += 1
        placed = by_line[voice, verse]
        for lyric, place in placed:
            hyphen = lyric.joined and lyric is not placed[-1][0]
            verses[lyric.step, voice].append(
                _Syllable(lines_of[staff], lyric.text, place, hyphen)
            )
    return verses
