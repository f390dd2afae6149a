"""Measures of a MuseScore file: signatures, tempos, repeats and the notes of staves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.limits import MOST_BARS
from chorale.formats.musescore.voices import VoiceReader, fraction, integer
from chorale.formats.scores.measures import Measure
from chorale.music.keys import MOST_SHARPS, KeySignature
from chorale.music.metre import COMMON_TIME, Metre

_CLEFS = {
    "G": "G2", "F": "F4", "C1": "C1", "C2": "C2", "C3": "C3", "C4": "C4",
    "G8vb": "G2-8", "G8va": "G2+8", "F8vb": "F4-8", "F8va": "F4+8", "G8vbp": "G2-8",
}  # fmt: skip


class ScoreMeasures:
    """The measures of all staves; the first staff has signatures and repeats.

    Attributes:
        measures: in order.
        left_out: kinds of what is left out.
        keys, clefs: the first of each staff, by its number.
    """

    def __init__(self) -> None:
        self.measures: list[Measure] = []
        self.left_out: set[str] = set()
        self.keys: dict[str, KeySignature] = {}
        self.clefs: dict[str, str] = {}
        self._endings: frozenset[int] = frozenset()

    def read_staff(self, number: str, elements: Sequence[Element]) -> None:
        """Read the measures of a staff.

        Raises:
            DataError: a measure that cannot be read, or too many.
        """
        if len(elements) > MOST_BARS:
            raise DataError(f"expected at most {MOST_BARS} bars")
        metre = COMMON_TIME
        self._endings = frozenset()
        for index, element in enumerate(elements):
            if index == len(self.measures):
                self.measures.append(Measure(number=None, metre=metre))
            measure = self.measures[index]
            try:
                self._read(element, measure, number)
            except DataError as error:
                raise DataError(f"{error}, in bar {index + 1} of the file") from None
            metre = measure.metre

    def _read(self, element: Element, measure: Measure, number: str) -> None:
        measure.is_incomplete |= element.get("len") is not None
        measure.repeat_start |= element.find("startRepeat") is not None
        measure.repeat_end |= element.find("endRepeat") is not None
        layers = measure.layers.setdefault(number, [])
        for voice in element.findall("voice"):
            reader = VoiceReader(self.left_out)
            for each in voice:
                match each.tag:
                    case "KeySig":
                        self._read_key(each, measure, number)
                    case "TimeSig":
                        self._read_metre(each, measure)
                    case "Tempo" if not reader.cursor and measure.tempo is None:
                        found = re.fullmatch(
                            r"\d{1,3}(\.\d{1,9})?", each.findtext("tempo") or ""
                        )
                        # Beats per second, a beat being a quarter.
                        measure.tempo = (
                            round(60 * float(found[0]), 2) if found else None
                        )
                    case "Clef":
                        name = each.findtext("concertClefType") or ""
                        self.clefs.setdefault(number, _CLEFS.get(name, ""))
                    case "Spanner" if each.get("type") == "Volta":
                        self._read_volta(each, measure, bool(reader.cursor))
                    case _:
                        reader.read(each)
            layers.append(reader.sounds)
        if len(element.findall("voice")) == 0:
            raise DataError("expected voices in a measure, got none")
        measure.endings = measure.endings or self._endings
        length = fraction(element.get("len"))
        if length is not None:
            for layer in layers:
                for sound in layer:
                    sound.end = min(sound.end, length) if sound.whole_bar else sound.end

    def _read_key(self, element: Element, measure: Measure, number: str) -> None:
        fifths = integer(element, "accidental")
        fifths = integer(element, "concertKey") if fifths is None else fifths
        if fifths is None or abs(fifths) > MOST_SHARPS:
            return
        mode = (element.findtext("mode") or "").strip()
        key = KeySignature(fifths=fifths, mode="" if mode == "none" else mode)
        measure.key = measure.key or key
        self.keys.setdefault(number, key)

    def _read_metre(self, element: Element, measure: Measure) -> None:
        above, below = integer(element, "sigN"), integer(element, "sigD")
        if above is None or below is None:
            raise DataError("expected a time signature with sigN and sigD, got none")
        measure.metre = measure.new_metre = Metre(above, below)

    def _read_volta(self, element: Element, measure: Measure, at_end: bool) -> None:
        """Begin or end the bracket of an ending, before the notes of a bar or after."""
        volta = element.find("Volta")
        if element.find("prev") is not None:
            if at_end:  # as in the last bar, which no other follows
                measure.endings = measure.endings or self._endings
            self._endings = frozenset()
        if volta is not None:
            numbers = re.findall(r"\d{1,2}", volta.findtext("endings") or "")
            self._endings = frozenset(map(int, numbers))
