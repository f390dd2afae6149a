"""The notes of a layer of MEI, which is a voice of a staff in one measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.mei import values
from chorale.formats.mei.editorial import content
from chorale.formats.scores.measures import Pitch, Sound
from chorale.music.spelling import LETTERS

# Elements whose content is read as if it stood in their place.
_TRANSPARENT = frozenset("beam bTrem fTrem ligature".split())
_LONGEST = 4096  # steps


@dataclass(kw_only=True)
class Pitching:
    """How the notes of a staff sound.

    Attributes:
        explicit: whether the file states accidentals that a key signature implies.
        key: semitones by letter, of the key signature.
        semitones, letters: by which the staff sounds higher than written.
    """

    explicit: bool
    key: Mapping[str, int]
    semitones: int = 0
    letters: int = 0


@dataclass(kw_only=True)
class TupletSpan:
    """A tuplet from one note to another.

    Attributes:
        start, end: names of its first and last note, chord or rest.
        factor: of note values.
        is_read: whether its first note has been read.
    """

    start: str
    end: str
    factor: Fraction
    is_read: bool = False


class LayerReader:
    """Reads a layer.

    Args:
        pitching: of its staff.
        left_out: receives the kinds of what is left out, such as `grace notes`.
        accidentals: those in force in the measure, by diatonic number; changed.
        spans: the tuplets of the measure that are no elements around their notes.
    """

    def __init__(
        self,
        pitching: Pitching,
        left_out: set[str],
        accidentals: dict[int, int],
        spans: Sequence[TupletSpan] = (),
    ) -> None:
        self.sounds: list[Sound] = []
        self._pitching = pitching
        self._left_out = left_out
        self._accidentals = accidentals
        self._spans = spans
        self._open: list[TupletSpan] = []
        self._cursor = Fraction(0)

    def read(self, element: Element, factor: Fraction = Fraction(1)) -> None:
        """Read the content of a layer, a beam or a tuplet.

        Args:
            element: whose children are read.
            factor: of note values, 2/3 in a triplet.

        Raises:
            DataError: a note without pitch or duration.
        """
        for child in content(element, self._left_out):
            match child.tag:
                case "note" | "chord" | "rest" | "space":
                    self._read_event(child, factor)
                case "mRest" | "mSpace" | "multiRest":
                    self._read_bar_rest(child)
                case "tuplet":
                    self.read(child, factor * values.tuplet_factor(child))
                case "graceGrp":
                    self._left_out.add("grace notes")
                case tag if tag in _TRANSPARENT:
                    self.read(child, factor)
                case "mRpt" | "beatRpt" | "halfmRpt" | "mRpt2":
                    raise DataError("expected notes, got a sign that repeats a bar")

    def _read_event(self, element: Element, factor: Fraction) -> None:
        members = [element]
        if element.tag == "chord":
            inside = content(element, self._left_out)
            members = [note for note in inside if note.tag == "note"]
        if element.get("grace") or any(note.get("grace") for note in members):
            self._left_out.add("grace notes")
            return
        if element.get("cue") == "true":
            self._left_out.add("cue notes")
        factor = self._spanned([element, *members], factor)
        length = values.duration(element)
        if length is None and element.tag == "space":
            return  # of an empty layer
        if length is None and members:
            length = values.duration(members[0])
        if length is None or not 0 < length * factor <= _LONGEST:
            raise DataError(f"expected a {element.tag} with a duration, got none")
        start, self._cursor = self._cursor, self._cursor + length * factor
        if element.tag == "space":
            return
        sound = Sound(start=start, end=self._cursor)
        sound.names.append(element.get("xml:id", ""))
        sound.fermata = element.get("fermata") is not None
        if element.tag != "rest" and element.get("cue") != "true":
            for note in members:
                sound.names.append(note.get("xml:id", ""))
                sound.fermata |= note.get("fermata") is not None
                tie = note.get("tie") or element.get("tie") or ""
                pitch = self._pitch(note)
                pitch.tied, pitch.ties = tie[:1] in ("m", "t"), tie[:1] in ("i", "m")
                name = note.get("xml:id") or f"#{len(sound.pitches)}"
                sound.pitches[name] = pitch
            for holder in dict.fromkeys((element, *members)):
                if not sound.syllables:
                    sound.syllables = list(values.read_syllables(holder))
        self.sounds.append(sound)

    def _spanned(self, elements: Sequence[Element], factor: Fraction) -> Fraction:
        """Return the factor of a note, chord or rest, that of its spans included."""
        names = {each.get("xml:id", "") for each in elements} - {""}
        for span in self._spans:
            if span.start in names:
                span.is_read = True
                if factor == 1:  # else it is in the element of the tuplet as well
                    self._open.append(span)
        factor = prod((span.factor for span in self._open), start=factor)
        self._open = [span for span in self._open if span.end not in names]
        return factor

    def close(self) -> None:
        """End the layer.

        Raises:
            DataError: a tuplet span has not ended.
        """
        if self._open:
            raise DataError(
                "expected a tupletSpan that ends in its bar and layer, got one to "
                f"{self._open[0].end[:40]!r}"
            )

    def _read_bar_rest(self, element: Element) -> None:
        if (values.integer(element.get("num")) or 1) > 1:
            self._left_out.add("rests of several bars, apart from their first bar,")
        if element.tag != "mSpace":
            start = self._cursor
            fermata = element.get("fermata") is not None
            name = element.get("xml:id", "")
            self.sounds.append(
                Sound(
                    start=start,
                    end=start,
                    whole_bar=True,
                    fermata=fermata,
                    names=[name],
                )
            )

    def _pitch(self, note: Element) -> Pitch:
        """Return the pitch of a note as it sounds.

        An accidental that is not stated is that of the measure or of the key, in files
        that never state accidentals of the key.
        """
        number = values.place(note)
        letter = LETTERS[number % len(LETTERS)]
        written, sounding = values.accidentals(note)
        sign = sounding or written
        if sign and sign not in values.ALTERS:
            self._left_out.add("quarter tones, read as naturals,")
        if sign:
            alter = values.ALTERS.get(sign, 0)
            self._accidentals[number] = alter
        elif self._pitching.explicit:
            alter = 0
        else:
            alter = self._accidentals.get(number, self._pitching.key.get(letter, 0))
        midi = values.pitch(number, alter) + self._pitching.semitones
        if not 0 < midi < 128:
            raise DataError(f"expected notes from 1 to 127, got MIDI note {midi}")
        return Pitch(midi, number + self._pitching.letters)
