"""The notes of a voice in one measure of a MuseScore file."""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.scores.measures import Pitch, Sound
from chorale.formats.scores.notes import Syllable
from chorale.music.metre import STEPS_PER_WHOLE
from chorale.music.spelling import LETTERS

_VALUES = {  # whole notes
    "long": Fraction(4),
    "breve": Fraction(2),
    "whole": Fraction(1),
    "half": Fraction(1, 2),
    "quarter": Fraction(1, 4),
    "eighth": Fraction(1, 8),
    **{
        f"{below}{'nd' if below == 32 else 'th'}": Fraction(1, below)
        for below in (16, 32, 64, 128, 256)
    },
}
_MOST_DOTS = 4
_TPC_OF_C = 14  # of the tonal pitch classes, which count fifths
_JOINED = ("begin", "middle")
_MOST_VERSES = 100


def integer(element: Element, path: str) -> int | None:
    """Return the number in an element; None if there is none."""
    found = re.fullmatch(r"\s*([+-]?\d{1,9})\s*", element.findtext(path) or "")
    return int(found[1]) if found else None


def fraction(text: str | None) -> Fraction | None:
    """Return a length such as `-3/4` in steps; None if the text is none."""
    found = re.fullmatch(r"\s*([+-]?\d{1,6})/(\d{1,6})\s*", text or "")
    if found is None or not int(found[2]):
        return None
    return Fraction(int(found[1]), int(found[2])) * STEPS_PER_WHOLE


class VoiceReader:
    """Reads the elements of a voice in order.

    Args:
        left_out: receives the kinds of what is left out, such as `grace notes`.

    Attributes:
        sounds: the notes, chords and rests so far.
        cursor: the time that has been reached, in steps.
    """

    def __init__(self, left_out: set[str]) -> None:
        self.sounds: list[Sound] = []
        self.cursor = Fraction(0)
        self._left_out = left_out
        self._fermata = False
        self._tuplets: list[Fraction] = []

    def read(self, element: Element) -> None:
        """Read an element; those that concern no notes are ignored.

        Raises:
            DataError: a note without pitch or duration.
        """
        match element.tag:
            case "Chord" | "Rest":
                self._read_sound(element)
            case "Fermata":
                self._fermata = True
            case "Tuplet":
                self._tuplets.append(_tuplet(element))
            case "endTuplet" if self._tuplets:
                self._tuplets.pop()
            case "location":
                moved = fraction(element.findtext("fractions"))
                self.cursor = max(self.cursor + (moved or 0), Fraction(0))

    def _read_sound(self, element: Element) -> None:
        if any(each.tag.startswith(("acciac", "appog", "grace")) for each in element):
            self._left_out.add("grace notes")
            return
        length, is_whole = self._length(element)
        start, self.cursor = self.cursor, self.cursor + length
        if (element.findtext("visible") or "1") == "0" and element.tag == "Rest":
            return
        sound = Sound(start=start, end=self.cursor, whole_bar=is_whole)
        sound.fermata, self._fermata = self._fermata, False
        for note in element.findall("Note"):
            sound.pitches[str(len(sound.pitches))] = _pitch(note)
        sound.syllables = [
            syllable
            for each in element.findall("Lyrics")
            if (syllable := _syllable(each))
        ]
        self.sounds.append(sound)

    def _length(self, element: Element) -> tuple[Fraction, bool]:
        """Return a duration in steps, and whether it is that of a rest of a bar."""
        name = (element.findtext("durationType") or "").strip()
        if name == "measure":
            length = fraction(element.findtext("duration"))
            return length or Fraction(0), True
        dots = integer(element, "dots") or 0
        if name not in _VALUES or not 0 <= dots <= _MOST_DOTS:
            raise DataError(f"expected a note value such as quarter, got {name[:20]!r}")
        length = _VALUES[name] * STEPS_PER_WHOLE * (2 - Fraction(1, 2**dots))
        for factor in self._tuplets:
            length *= factor
        return length, False


def _tuplet(element: Element) -> Fraction:
    normal, actual = integer(element, "normalNotes"), integer(element, "actualNotes")
    if not normal or not actual or not (0 < normal <= 64 and 0 < actual <= 64):
        raise DataError("expected a tuplet with normalNotes and actualNotes")
    return Fraction(normal, actual)


def _pitch(note: Element) -> Pitch:
    """Return a note as it sounds, spelled by its tonal pitch class."""
    midi, tonal = integer(note, "pitch"), integer(note, "tpc")
    if midi is None or not 0 < midi < 128 or tonal is None or not -1 <= tonal <= 33:
        raise DataError(
            f"expected a note with pitch and tpc, got {note.findtext('pitch')!r}, "
            f"{note.findtext('tpc')!r}"
        )
    fifths = tonal - _TPC_OF_C
    natural = midi - (fifths + 1) // 7
    # A fifth is four letters.
    number = len(LETTERS) * (natural // 12 - 1) + 4 * fifths % len(LETTERS)
    spanners = (each for each in note.findall("Spanner") if each.get("type") == "Tie")
    tied = any(spanner.find("prev") is not None for spanner in spanners)
    return Pitch(midi, number, tied=tied)


def _syllable(lyrics: Element) -> Syllable | None:
    text = (
        " ".join("".join(each.itertext()).split())
        if (each := lyrics.find("text")) is not None
        else ""
    )
    verse = (integer(lyrics, "no") or 0) + 1
    if not text or not 0 < verse <= _MOST_VERSES:
        return None
    joined = (lyrics.findtext("syllabic") or "").strip() in _JOINED
    return Syllable(text=text, verse=verse, joined=joined)
