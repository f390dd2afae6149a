"""One part of a MusicXML score: its measures, with a cursor that notes move on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.musicxml import values
from chorale.formats.musicxml.values import Transposition
from chorale.formats.scores.notes import Syllable
from chorale.music.keys import KeySignature
from chorale.music.metre import COMMON_TIME, STEPS_PER_QUARTER, Metre

_MOST_DIVISIONS = 1_000_000
_FINEST_TIME = 10**12  # denominator of a time in steps; finer ones are damaged
_LONGEST = 10_000  # quarters of a note, or of a rest of many bars
_JUMP_TEXT = re.compile(r"(D\.? ?[CS]\.?|da capo|dal segno|fine)\b", re.IGNORECASE)
_JUMPS = ("dacapo", "dalsegno", "tocoda", "fine")
_BLACK = "#000000"


@dataclass(kw_only=True)
class Sound:
    """A note, chord or rest; times are in steps from the beginning of the measure.

    `pitches` are MIDI note, diatonic number, and whether it is tied to the note before.
    """

    voice: str
    staff: int
    start: Fraction
    end: Fraction
    pitches: list[tuple[int, int, bool]] = field(default_factory=list)
    fermata: bool = False
    syllables: list[Syllable] = field(default_factory=list)
    stem: str = ""
    whole_bar: bool = False  # a whole-bar rest


@dataclass(kw_only=True)
class PartMeasure:
    """One measure of a part, see `scores.written_score.WrittenBar`.

    Attributes:
        number: as printed; None if it is no number.
        keys: key signatures that begin here, by staff, 0 for all staves.
        length: in steps, whole-bar rests aside; `rest_length` of these.
        printed: end of the last note or rest that is printed.
        fermatas: beginning and end of those on rests that are not printed, which hold
            whatever sounds.
        free: whether it begins to be without metre.
        unpitched: whether it has percussion.
    """

    number: int | None
    implicit: bool = False
    length: Fraction = Fraction(0)
    rest_length: Fraction = Fraction(0)
    printed: Fraction = Fraction(0)
    metre: Metre | None = None
    free: bool = False
    keys: dict[int, KeySignature] = field(default_factory=dict)
    tempo: float | None = None
    repeat_start: bool = False
    repeat_end: bool = False
    endings: frozenset[int] = frozenset()
    sounds: list[Sound] = field(default_factory=list)
    fermatas: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    unpitched: bool = False


class PartReader:
    """Reads the measures of one part in order.

    Args:
        own: whether the file was written by this package, so that its key is certain.

    Attributes:
        is_own: the same.
        measures: what has been read.
        clefs: the first clef of each staff.
        staves: number of staves.
        left_out: what is left out or rounded, such as `grace notes`, with the places of
            the measures, counted from 0.
        coloured_texts: places of the measures with texts in colour.
        has_jumps: whether there are signs such as da capo.
    """

    def __init__(self, *, own: bool = False) -> None:
        self.is_own = own
        self.measures: list[PartMeasure] = []
        self.clefs: dict[int, str] = {}
        self.staves = 1
        self.left_out: dict[str, set[int]] = defaultdict(set)
        self.coloured_texts: set[int] = set()
        self.has_jumps = False
        self._divisions = 1
        self._metre: Metre | None = None
        self._transpositions: dict[int, Transposition] = {}  # by staff, 0 = all
        self._endings: frozenset[int] = frozenset()
        self._tied: dict[int, int] = defaultdict(int)  # ties that began, by pitch
        self._cursor = Fraction(0)
        self._last: Sound | None = None  # to which the notes of a chord are added

    def read(self, attributes: Mapping[str, str], elements: Iterable[Element]) -> None:
        """Read the next measure from its attributes and elements.

        Raises:
            DataError: a time signature, a duration or divisions that cannot be read.
        """
        measure = PartMeasure(
            number=values.measure_number(attributes.get("number")),
            implicit=attributes.get("implicit") == "yes",
        )
        self.measures.append(measure)
        self._cursor = Fraction(0)
        self._last = None
        ended = False
        for element in elements:
            match element.tag:
                case "note":
                    self._read_note(element, measure)
                case "backup":
                    self._cursor = max(
                        self._cursor - self._duration(element), Fraction()
                    )
                case "forward":
                    self._cursor += self._duration(element)
                    measure.length = max(measure.length, self._cursor)
                case "attributes":
                    self._read_attributes(element, measure)
                case "direction" | "sound":
                    self._read_direction(element, measure)
                case "harmony":
                    self.left_out["chord symbols"].add(len(self.measures) - 1)
                case "barline":
                    ended |= self._read_barline(element, measure)
        measure.endings = self._endings
        if ended:
            self._endings = frozenset()

    # === Attributes, directions, barlines ===

    def _read_attributes(self, element: Element, measure: PartMeasure) -> None:
        divisions = values.integer(element.findtext("divisions"))
        if divisions is not None:
            if not 0 < divisions <= _MOST_DIVISIONS:
                raise DataError(
                    f"expected divisions from 1 to {_MOST_DIVISIONS}, got {divisions} "
                    f"in bar {self._bar()}"
                )
            self._divisions = divisions
        self.staves = max(self.staves, values.integer(element.findtext("staves")) or 1)
        for transpose in element.findall("transpose"):
            staff = values.integer(transpose.get("number")) or 0
            self._transpositions[staff] = values.read_transposition(transpose)
        for clef in element.findall("clef"):
            staff = values.integer(clef.get("number")) or 1
            self.clefs.setdefault(staff, values.read_clef(clef))
        for time in element.findall("time")[:1]:
            try:
                self._metre = values.read_metre(time)
            except DataError as error:
                raise DataError(f"{error}, in bar {self._bar()}") from None
            if not self._cursor:
                measure.metre, measure.free = self._metre, self._metre is None
        for key in element.findall("key"):
            staff = values.integer(key.get("number")) or 0
            read = values.read_key(key, self._transposition(staff or 1))
            if read is not None and not self._cursor:
                measure.keys[staff] = replace(read, certain=self.is_own)

    @property
    def transpositions(self) -> list[Transposition]:
        """Those of its staves that change more than the octave, each once."""
        found = dict.fromkeys(self._transpositions.values())
        return [each for each in found if each.chromatic % 12]

    def _transposition(self, staff: int) -> Transposition:
        none = Transposition()
        return self._transpositions.get(staff, self._transpositions.get(0, none))

    def _read_direction(self, element: Element, measure: PartMeasure) -> None:
        sounds = [element] if element.tag == "sound" else element.findall("sound")
        if any(sound.get(jump) for sound in sounds for jump in _JUMPS):
            self.has_jumps = True
        texts = element.findall("direction-type/words")
        if any(_JUMP_TEXT.match(values.words(text)) for text in texts):
            self.has_jumps = True
        if any(text.get("color", _BLACK) != _BLACK for text in texts):
            self.coloured_texts.add(len(self.measures) - 1)
        if measure.tempo is None and not self._cursor:
            measure.tempo = values.read_tempo(element)

    def _read_barline(self, element: Element, measure: PartMeasure) -> bool:
        """Read repeat signs and endings; return whether an ending ends here."""
        for repeat in element.findall("repeat"):
            if repeat.get("direction") == "forward":
                measure.repeat_start = True
            elif repeat.get("direction") == "backward":
                measure.repeat_end = True
        ended = False
        for ending in element.findall("ending"):
            if ending.get("type") == "start":
                self._endings = values.read_endings(ending.get("number"))
            else:
                ended = True
        return ended

    # === Notes ===

    def _bar(self) -> str:
        """Return the number of the current measure for messages."""
        number = self.measures[-1].number
        return str(len(self.measures) if number is None else number)

    def _duration(self, element: Element) -> Fraction:
        """Return a duration in steps, that of its note value if it is missing.

        Raises:
            DataError: it is no duration of a note, or too fine.
        """
        text = (element.findtext("duration") or "").strip()
        duration = values.decimal(text)
        if not text:
            value = values.read_value(element) or Fraction(0)
            return value * STEPS_PER_QUARTER
        if duration is None or not 0 <= duration <= _LONGEST * self._divisions:
            raise DataError(
                f"expected a duration of 0 to {_LONGEST} quarters, got {text[:20]} "
                f"divisions of a quarter in bar {self._bar()}"
            )
        steps = duration * STEPS_PER_QUARTER / self._divisions
        if (self._cursor + steps).denominator > _FINEST_TIME:
            raise DataError(
                f"expected durations of divisions of a quarter, got {steps} sixteenths "
                f"in bar {self._bar()}"
            )
        return steps

    def _read_note(self, element: Element, measure: PartMeasure) -> None:
        place = len(self.measures) - 1
        if element.find("grace") is not None:
            self.left_out["grace notes"].add(place)
            return
        rest = element.find("rest")
        is_hidden = rest is not None and element.get("print-object") == "no"
        is_whole_bar = rest is not None and rest.get("measure") == "yes"
        is_chord = element.find("chord") is not None and self._last is not None
        if is_chord and self._last is not None:
            start, end = self._last.start, self._last.end
        else:
            steps = self._duration(element)
            if is_whole_bar and not steps:
                steps = Fraction((self._metre or COMMON_TIME).bar_length)
            start, end = self._cursor, self._cursor + steps
            self._cursor = end
            if is_whole_bar:
                measure.rest_length = max(measure.rest_length, end)
            else:
                measure.length = max(measure.length, end)
            if not is_hidden:
                measure.printed = max(measure.printed, end)
        staff = max(values.integer(element.findtext("staff")) or 1, 1)
        if element.find("cue") is not None:
            self.left_out["cue notes"].add(place)
            # More notes of the same chord of cue notes may follow.
            self._last = Sound(voice="", staff=staff, start=start, end=end)
            return
        self.staves = max(self.staves, staff)
        sound = self._last
        if not is_chord or sound is None or sound.staff != staff:
            sound = Sound(
                voice=(element.findtext("voice") or "1").strip(),
                staff=staff,
                start=start,
                end=end,
                whole_bar=is_whole_bar,
            )
            if end > start:
                if not is_hidden:
                    measure.sounds.append(sound)
                elif element.find("notations/fermata") is not None:
                    measure.fermatas.append((start, end))
        self._last = sound
        self._add_pitch(element, sound, measure)

    def _add_pitch(self, element: Element, sound: Sound, measure: PartMeasure) -> None:
        """Add the pitch, fermata and syllables of a note to a sound."""
        if element.find("notations/fermata") is not None:
            sound.fermata = True
        sound.stem = sound.stem or (element.findtext("stem") or "").strip()
        if element.find("unpitched") is not None:
            measure.unpitched = True
            return
        read = values.read_pitch(element)
        if read is None:
            if (pitch := element.find("pitch")) is not None:
                raise DataError(
                    "expected a pitch of step, alter and octave, got "
                    f"{values.words(pitch)[:20]!r} in bar {self._bar()}"
                )
            return
        midi, number, is_rounded = read
        if is_rounded:
            self.left_out["microtones"].add(len(self.measures) - 1)
        transposition = self._transposition(sound.staff)
        midi, number = midi + transposition.chromatic, number + transposition.diatonic
        if not 0 < midi < 128:
            raise DataError(
                f"expected notes from 1 to 127, got MIDI note {midi} in bar "
                f"{self._bar()}"
            )
        ties = [*element.findall("tie"), *element.findall("notations/tied")]
        kinds = {tie.get("type") for tie in ties}
        tied = bool(kinds & {"stop", "continue"}) and self._tied[midi] > 0
        self._tied[midi] += bool(kinds & {"start", "continue"}) - tied
        sound.pitches.append((midi, number, tied))
        if not sound.syllables:
            sound.syllables = values.read_syllables(element)
