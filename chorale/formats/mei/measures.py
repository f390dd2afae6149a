"""Measures of MEI: the notes of their layers, ties and fermatas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.limits import MOST_BARS
from chorale.formats.mei import values
from chorale.formats.mei.definitions import Definitions
from chorale.formats.mei.editorial import content
from chorale.formats.mei.layers import LayerReader, TupletSpan
from chorale.formats.scores.measures import Measure, Pitch, Sound, sounds_of
from chorale.music.metre import STEPS_PER_WHOLE


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
        inside: dict[str, list[Element]] = defaultdict(list)
        for inner in content(element, self.left_out):
            inside[inner.tag].append(inner)
            if inner.tag in ("scoreDef", "staffDef"):
                definitions.read(inner)
        for mark in inside["tempo"]:
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
        spans = [_tuplet_span(each) for each in inside["tupletSpan"]]
        for staff in inside["staff"]:
            self._read_staff(staff, measure, spans)
        if unread := [span.start for span in spans if not span.is_read]:
            raise DataError(
                f"expected a tupletSpan from a note of its bar, got {unread[0][:40]!r}"
            )
        for tie in inside["tie"]:
            self._ties.append((_target(tie, "startid"), _target(tie, "endid")))
        for fermata in inside["fermata"]:
            self._read_fermata(fermata, measure)

    def _read_staff(
        self, element: Element, measure: Measure, spans: Sequence[TupletSpan]
    ) -> None:
        number = element.get("n", "1")
        definition = self._definitions.staves.get(number)
        if definition is None:
            raise DataError(f"expected a definition of staff {number[:20]}, got none")
        inside = content(element, self.left_out)
        layers = sorted(
            (each for each in inside if each.tag == "layer"),
            key=lambda each: values.integer(each.get("n")) or 0,
        )
        accidentals: dict[int, int] = {}
        found = measure.layers.setdefault(number, [])
        for layer in layers:
            for key in layer.iter("keySig"):
                self._definitions.read_inline(key, definition)
            reader = LayerReader(definition.pitching, self.left_out, accidentals, spans)
            reader.read(layer)
            reader.close()
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
        for sound in sounds_of(self.measures):
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


def _tuplet_span(element: Element) -> TupletSpan:
    """Return a tuplet whose notes are named by its ends or by a list."""
    listed = [name.removeprefix("#") for name in element.get("plist", "").split()]
    start = _target(element, "startid") or (listed[0] if listed else "")
    end = _target(element, "endid") or (listed[-1] if listed else "")
    if not start or not end:
        raise DataError("expected a tupletSpan with startid and endid, got none")
    return TupletSpan(start=start, end=end, factor=values.tuplet_factor(element))


def _target(element: Element, name: str) -> str:
    return element.get(name, "").strip().removeprefix("#")
