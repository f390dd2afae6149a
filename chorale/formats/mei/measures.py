"""Measures of MEI: the notes of their layers, ties, fermatas, and bars in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.limits import MOST_BARS
from chorale.formats.mei import values
from chorale.formats.mei.definitions import Definitions
from chorale.formats.mei.layers import LayerReader, Pitch, Sound
from chorale.formats.scores.notes import ScoreNote
from chorale.formats.scores.written_score import Line, WrittenBar
from chorale.music.keys import KeySignature
from chorale.music.metre import STEPS_PER_WHOLE, Metre


@dataclass(kw_only=True)
class Measure:
    """A measure; `layers` are those of each staff by its number, the upper one first.

    `number` is as printed, None if it is no number; `metre` is in force, `new_metre`,
    `key` and `tempo` begin with it.
    """

    number: int | None
    metre: Metre
    new_metre: Metre | None = None
    key: KeySignature | None = None
    tempo: float | None = None
    is_incomplete: bool = False
    repeat_start: bool = False
    repeat_end: bool = False
    endings: frozenset[int] = frozenset()
    layers: dict[str, list[list[Sound]]] = field(default_factory=dict)

    @property
    def length(self) -> Fraction:
        """Its length in steps, that of its longest layer."""
        length = max((sound.end for sound in _sounds([self])), default=Fraction(0))
        return length or Fraction(self.metre.bar_length)


class MeasureReader:
    """Reads measures in order.

    Attributes:
        measures: those that have been read.
        left_out: kinds of what is left out.
    """

    def __init__(self, definitions: Definitions) -> None:
        self.measures: list[Measure] = []
        self.left_out: set[str] = set()
        self._definitions = definitions
        self._by_name: dict[str, tuple[Sound, Pitch | None]] = {}
        self._ties: list[tuple[str, str]] = []
        self._repeat_starts = False

    def read(self, element: Element, endings: frozenset[int]) -> None:
        """Read a measure in an ending, or in none.

        Raises:
            DataError: a note that cannot be read, or too many measures.
        """
        if len(self.measures) == MOST_BARS:
            raise DataError(f"expected at most {MOST_BARS} bars")
        definitions = self._definitions
        for inner in element:
            if inner.tag in ("scoreDef", "staffDef"):
                definitions.read(inner)
        for mark in element.findall("tempo"):
            if (values.decimal(mark.get("tstamp")) or 1) <= 1:
                definitions.new_tempo = definitions.new_tempo or values.read_tempo(mark)
        right, left = element.get("right", ""), element.get("left", "")
        measure = Measure(
            number=values.integer(element.get("n")),
            metre=definitions.metre,
            new_metre=definitions.new_metre,
            key=definitions.new_key,
            tempo=definitions.new_tempo,
            is_incomplete=element.get("metcon") == "false",
            repeat_start=left in ("rptstart", "rptboth") or self._repeat_starts,
            repeat_end=right in ("rptend", "rptboth"),
            endings=endings,
        )
        self._repeat_starts = right in ("rptstart", "rptboth")
        definitions.new_metre = definitions.new_key = definitions.new_tempo = None
        self.measures.append(measure)
        for staff in element.findall("staff"):
            self._read_staff(staff, measure)
        for tie in element.findall("tie"):
            self._ties.append((_target(tie, "startid"), _target(tie, "endid")))
        for fermata in element.findall("fermata"):
            self._read_fermata(fermata, measure)

    def _read_staff(self, element: Element, measure: Measure) -> None:
        number = element.get("n", "1")
        definition = self._definitions.staves.get(number)
        if definition is None:
            raise DataError(f"expected a definition of staff {number[:20]}, got none")
        layers = sorted(
            element.findall("layer"),
            key=lambda each: values.integer(each.get("n")) or 0,
        )
        accidentals: dict[int, int] = {}
        found = measure.layers.setdefault(number, [])
        for layer in layers:
            for key in layer.iter("keySig"):
                self._definitions.read_inline(key, definition)
            reader = LayerReader(definition.pitching, self.left_out, accidentals)
            reader.read(layer)
            found.append(reader.sounds)
            for sound in reader.sounds:
                named: dict[str, Pitch | None] = dict.fromkeys(sound.names)
                named.pop("", None)
                for name, pitch in {**named, **sound.pitches}.items():
                    self._by_name[name] = sound, pitch

    def _read_fermata(self, element: Element, measure: Measure) -> None:
        """Set a fermata on the note that it names, or on that at its beat."""
        if name := _target(element, "startid"):
            if name in self._by_name:
                self._by_name[name][0].fermata = True
            return
        beat = values.decimal(element.get("tstamp"))
        if beat is None or beat < 1:
            return
        start = Fraction(beat - 1) * STEPS_PER_WHOLE / measure.metre.denominator
        staves = element.get("staff", "").split() or list(measure.layers)
        sounds = [
            sound
            for number in staves
            for layer in measure.layers.get(number, [])
            for sound in layer
        ]
        for sound in sounds:
            if sound.start <= start < sound.end:
                sound.fermata = True
                return

    def resolve_ties(self) -> None:
        """Tie notes to those before them, whose pitch they take.

        A tie ends at the next note of its layer if that has the same place, else at the
        note that it names: some programs name a unison of another voice.
        """
        following = _following(self.measures)
        ties = dict(self._ties)
        for sound in _sounds(self.measures):
            after = following.get(id(sound))
            pitches = [] if after is None else list(after.pitches.values())
            for name, before in sound.pitches.items():
                if not (before.ties or name in ties):
                    continue
                _, named = self._by_name.get(ties.get(name, ""), (None, None))
                for pitch in [*pitches, *([named] if named else [])]:
                    if pitch.number == before.number:
                        pitch.tied, pitch.pitch = True, before.pitch
                        break


def _sounds(measures: Iterable[Measure]) -> Iterator[Sound]:
    for measure in measures:
        for layers in measure.layers.values():
            for layer in layers:
                yield from layer


def _following(measures: Sequence[Measure]) -> dict[int, Sound]:
    """Return what follows each sound in its layer without a gap, by its identity."""
    following: dict[int, Sound] = {}
    last: dict[tuple[str, int], tuple[Sound, bool]] = {}
    for measure in measures:
        length = measure.length
        for number, layers in measure.layers.items():
            for index, layer in enumerate(layers):
                for sound in layer:
                    before, ends = last.get((number, index), (sound, False))
                    if (ends and not sound.start) or before.end == sound.start > 0:
                        following[id(before)] = sound
                    last[number, index] = sound, sound.end == length
    return following


def _target(element: Element, name: str) -> str:
    return element.get(name, "").strip().removeprefix("#")


# === Bars ===


def written_bars(measures: Sequence[Measure]) -> list[WrittenBar]:
    """Return the bars of measures, numbered."""
    bars: list[WrittenBar] = []
    lengths = [measure.length for measure in measures]
    position = Fraction(0)
    for index, (measure, length) in enumerate(zip(measures, lengths, strict=True)):
        full = measure.metre.bar_length
        is_last = index + 1 == len(measures)
        if measure.new_metre is not None or position + length > full:
            position = Fraction(0)
        completed = not is_last and length + lengths[index + 1] == full
        is_short = length < full and position == 0 and not completed and not is_last
        upbeat = is_short and (index == 0 or measure.is_incomplete)
        number = measure.number
        if number is None:
            number = bars[-1].number + (position == 0) if bars else int(not upbeat)
        bars.append(
            WrittenBar(
                number=max(number, 0),
                length=length,
                metre=measure.new_metre,
                key=measure.key,
                tempo=measure.tempo,
                upbeat=upbeat,
                repeat_start=measure.repeat_start,
                repeat_end=measure.repeat_end,
                endings=measure.endings,
            )
        )
        position = Fraction(0) if upbeat else (position + length) % full
    return bars


def staff_bars(
    number: str, measures: Sequence[Measure], bars: Sequence[WrittenBar]
) -> Iterator[list[Line]]:
    """Yield the lines of a staff in each bar."""
    for measure, bar in zip(measures, bars, strict=True):
        yield [
            [_note(sound, bar) for sound in layer]
            for layer in measure.layers.get(number, [])
        ]


def _note(sound: Sound, bar: WrittenBar) -> ScoreNote:
    pitches = sorted(sound.pitches.values(), key=lambda each: -each.pitch)
    return ScoreNote(
        pitches=tuple(each.pitch for each in pitches),
        tied=tuple(each.tied for each in pitches),
        start=sound.start,
        end=bar.length if sound.whole_bar else sound.end,
        fermata=sound.fermata,
        bar=bar.number,
        spelling=tuple(each.number for each in pitches),
        syllables=tuple(sound.syllables),
    )
