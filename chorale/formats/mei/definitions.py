"""Definitions of MEI: staves, and the signatures and tempos that begin with a bar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.limits import MOST_STAVES
from chorale.formats.mei import values
from chorale.formats.mei.layers import Pitching
from chorale.formats.notation import key_alters
from chorale.music.keys import KeySignature
from chorale.music.metre import COMMON_TIME, Metre


@dataclass(kw_only=True)
class StaffDefinition:
    """A staff: names, first clef, program, first key signature, and how it sounds."""

    pitching: Pitching
    name: str = ""
    abbreviation: str = ""
    clef: str = ""
    program: int | None = None
    key: KeySignature | None = None


class Definitions:
    """The staves of a score, and what begins with the next bar.

    Args:
        explicit: see `Pitching`.

    Attributes:
        staves: by their numbers, from the top.
        metre: in force; common time before the first time signature.
        new_metre, new_key, new_tempo: that begin with the next bar; None without.
    """

    def __init__(self, explicit: bool) -> None:
        self.staves: dict[str, StaffDefinition] = {}
        self.metre = COMMON_TIME
        self.new_metre: Metre | None = None
        self.new_key: KeySignature | None = None
        self.new_tempo: float | None = None
        self._explicit = explicit

    def read(self, element: Element) -> None:
        """Read a scoreDef, a staffDef, or a signature alone.

        Raises:
            DataError: a time signature that cannot be read, or too many staves.
        """
        tempo = values.read_tempo(element) if element.tag == "scoreDef" else None
        self.new_tempo = tempo or self.new_tempo
        for each in element.iter("staffDef"):
            self._declare(each)
        if element.tag == "staffDef":
            self._change(element, [self._declare(element)])
            return
        others = dict(self.staves)
        for each in element.iter("staffDef"):
            self._change(each, [self._declare(each)])
            if any(_keys(each)):
                others.pop(each.get("n", "1"), None)
        self._change(element, list(others.values()))

    def _declare(self, element: Element) -> StaffDefinition:
        """Return a staff, a new one at its first definition."""
        number = element.get("n", "1")
        staff = self.staves.get(number)
        if staff is None:
            if len(self.staves) == MOST_STAVES:
                raise DataError(f"expected at most {MOST_STAVES} staves")
            pitching = Pitching(explicit=self._explicit, key={})
            staff = self.staves[number] = StaffDefinition(pitching=pitching)
        label, short = element.find("label"), element.find("labelAbbr")
        staff.name = staff.name or values.words(label) or element.get("label", "")
        staff.abbreviation = staff.abbreviation or values.words(short)
        for instrument in element.findall("instrDef"):
            staff.program = values.integer(instrument.get("midi.instrnum"))
        staff.pitching.semitones = values.integer(element.get("trans.semi")) or 0
        staff.pitching.letters = values.integer(element.get("trans.diat")) or 0
        return staff

    def _change(self, element: Element, staves: list[StaffDefinition]) -> None:
        """Let the signatures of a definition begin on staves."""
        for metre in _metres(element):
            self.metre = self.new_metre = metre
        for key in _keys(element):
            self.new_key = self.new_key or key
            for staff in staves:
                staff.key = staff.key or key
                staff.pitching.key = key_alters(key.fifths)
        for staff in staves:
            for mark in [*element.findall("clef"), element]:
                prefix = "" if mark.tag == "clef" else "clef."
                staff.clef = staff.clef or values.read_clef(mark, prefix)

    def read_inline(self, element: Element, staff: StaffDefinition) -> None:
        """Read a key signature among the notes of a staff, which begins there."""
        for key in _keys(element):
            staff.pitching.key = key_alters(key.fifths)


def _metres(element: Element) -> Iterator[Metre]:
    """Yield the time signature of a definition, if it has one."""
    own = [each for each in element if each.tag == "meterSig"]
    own += [each for group in element.findall("meterSigGrp") for each in group][:1]
    found = [values.read_metre(each) for each in own]
    found += [values.read_metre(element, "meter.")]
    if element.tag == "meterSig":
        found += [values.read_metre(element)]
    yield from [metre for metre in found if metre is not None][:1]


def _keys(element: Element) -> Iterator[KeySignature]:
    """Yield the key signature of a definition, if it has one."""
    own = [element] if element.tag == "keySig" else element.findall("keySig")
    found = [values.read_key(each.get("sig"), each.get("mode")) for each in own]
    for name, mode in (("keysig", "key.mode"), ("key.sig", "key.mode")):
        found.append(values.read_key(element.get(name), element.get(mode)))
    yield from [key for key in found if key is not None][:1]
