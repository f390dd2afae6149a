"""Values of MusicXML: numbers, durations, pitches, keys, metres, tempos, syllables.

Damaged values are ignored or refused; nothing here takes longer than the text is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.scores.notes import Syllable
from chorale.music.keys import KeySignature
from chorale.music.metre import Metre
from chorale.music.spelling import LETTERS, NATURALS

_INTEGER = re.compile(r"[+-]?\d{1,6}")
_DECIMAL = re.compile(r"[+-]?\d{1,9}(?:\.\d{0,9})?")
_MOST_BEATS = 128

# Note values in quarters.
_VALUES = {
    "maxima": Fraction(32),
    "long": Fraction(16),
    "breve": Fraction(8),
    "whole": Fraction(4),
    "half": Fraction(2),
    "quarter": Fraction(1),
    "eighth": Fraction(1, 2),
    "16th": Fraction(1, 4),
    "32nd": Fraction(1, 8),
    "64th": Fraction(1, 16),
    "128th": Fraction(1, 32),
    "256th": Fraction(1, 64),
}
# Diatonic steps of the usual interval of each number of semitones.
_USUAL_STEPS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
# Sharps that raise a letter, from F on the line of fifths.
_FIFTHS = "FCGDAEB"


@dataclass(frozen=True)
class Transposition:
    """From written to sounding pitch: semitones and diatonic steps, down negative."""

    chromatic: int = 0
    diatonic: int = 0

    @property
    def fifths(self) -> int:
        """Sharps that the key signature gets; flats count negative."""
        return 7 * self.chromatic - 12 * self.diatonic


def integer(text: str | None) -> int | None:
    """Return a whole number of at most six digits, or None."""
    text = (text or "").strip()
    return int(text) if _INTEGER.fullmatch(text) else None


def measure_number(text: str | None) -> int | None:
    """Return the number of a measure, also of `4a`; None for `X1` and other texts."""
    match = re.fullmatch(r"(\d{1,6})\D?", (text or "").strip())
    return int(match[1]) if match else None


def decimal(text: str | None) -> Fraction | None:
    """Return a number such as `4` or `-0.5`, or None."""
    text = (text or "").strip()
    return Fraction(text) if _DECIMAL.fullmatch(text) else None


def words(element: Element | None) -> str:
    """Return the text of an element in one line; empty without one."""
    text = "" if element is None else "".join(element.itertext())
    return re.sub(r"\s+", _one_line, text.strip())


def _one_line(space: re.Match[str]) -> str:
    """Return white space as it is, or a single space if it breaks the line."""
    return " " if set("\t\r\n") & set(space[0]) else space[0]


def read_value(element: Element, name: str = "type") -> Fraction | None:
    """Return a note value with its dots in quarters, or None."""
    value = _VALUES.get((element.findtext(name) or "").strip())
    if value is None:
        return None
    dots = len(element.findall("dot" if name == "type" else f"{name}-dot"))
    return value * (2 - Fraction(1, 2 ** min(dots, 4)))


def read_pitch(note: Element) -> tuple[int, int, bool] | None:
    """Return MIDI note, diatonic number, and whether a microtone was rounded.

    None if the note has no pitch that can be read.
    """
    pitch = note.find("pitch")
    if pitch is None:
        return None
    letter = (pitch.findtext("step") or "").strip().upper()
    octave = integer(pitch.findtext("octave"))
    alter = decimal(pitch.findtext("alter")) or Fraction(0)
    if len(letter) != 1 or letter not in LETTERS or octave is None or abs(alter) > 4:
        return None
    number = 7 * octave + LETTERS.index(letter)
    # Half semitones are rounded towards the natural note.
    semitones = int(alter)
    midi = 12 * (octave + 1) + int(NATURALS[LETTERS.index(letter)]) + semitones
    return midi, number, alter != semitones


def read_transposition(element: Element) -> Transposition:
    """Return a transposition; that of an octave doubled is left out."""
    chromatic = int(decimal(element.findtext("chromatic")) or 0)
    diatonic = integer(element.findtext("diatonic"))
    if diatonic is None or abs(7 * chromatic - 12 * diatonic) > 12:
        octaves, semitones = divmod(chromatic, 12)
        diatonic = 7 * octaves + _USUAL_STEPS[semitones]
    octaves = integer(element.findtext("octave-change")) or 0
    return Transposition(chromatic + 12 * octaves, diatonic + 7 * octaves)


def read_key(element: Element, transposition: Transposition) -> KeySignature | None:
    """Return a key signature at sounding pitch; None if it is not a traditional one."""
    fifths = integer(element.findtext("fifths"))
    if fifths is None:
        fifths = _fifths_of_accidentals(element)
        if fifths is None:
            return None
    if transposition.fifths:
        fifths += transposition.fifths
        if abs(fifths) > 7:
            fifths -= 12 if fifths > 0 else -12
    mode = (element.findtext("mode") or "").strip().lower()
    return KeySignature(fifths=fifths, mode="" if mode == "none" else mode)


def _fifths_of_accidentals(element: Element) -> int | None:
    """Return the sharps of a signature that is written accidental by accidental."""
    letters = [(step.text or "").strip() for step in element.findall("key-step")]
    alters = {decimal(alter.text) for alter in element.findall("key-alter")}
    count = len(letters)
    if alters == {Fraction(1)} and set(letters) == set(_FIFTHS[:count]):
        return count
    if alters == {Fraction(-1)} and set(letters) == set(_FIFTHS[-count:]):
        return -count
    return None


def read_metre(element: Element) -> Metre | None:
    """Return a time signature, the sum of additive beats; None without metre.

    Raises:
        DataError: it is not one of whole sixteenths.
    """
    if element.find("senza-misura") is not None:
        return None
    total = Fraction(0)
    denominators = []
    for beats, unit in zip(
        element.findall("beats"), element.findall("beat-type"), strict=False
    ):
        numbers = [integer(part) for part in re.split(r"[+]", beats.text or "")]
        denominator = integer(unit.text)
        if None in numbers or not denominator or denominator < 0:
            return None
        total += Fraction(sum(number or 0 for number in numbers), denominator)
        denominators.append(denominator)
    if not denominators:
        return None
    denominator = max(denominators)
    if denominator > 16 and 16 % total.denominator == 0:
        denominator = 16
    numerator = total * denominator
    if numerator.denominator > 1 or not 0 < numerator <= _MOST_BEATS:
        raise DataError(
            f"expected a time signature of at most {_MOST_BEATS} beats, "
            f"got {float(numerator):g}/{denominator}"
        )
    return Metre(int(numerator), denominator)


def read_clef(element: Element) -> str:
    """Return sign and line of a clef, and its change of octave, as in `G2-8`."""
    sign = (element.findtext("sign") or "").strip()
    line = (element.findtext("line") or "").strip()
    change = integer(element.findtext("clef-octave-change")) or 0
    octave = {-1: "-8", 1: "+8", -2: "-15", 2: "+15"}.get(change, "")
    return f"{sign}{line}{octave}"[:12]


def read_tempo(element: Element) -> float | None:
    """Return the tempo of a direction or sound in quarters per minute, or None."""
    sounds = [element] if element.tag == "sound" else element.findall("sound")
    tempos = [decimal(sound.get("tempo")) for sound in sounds]
    for metronome in element.iterfind("direction-type/metronome"):
        unit = read_value(metronome, "beat-unit")
        per_minute = re.search(
            r"\d{1,4}(?:\.\d{1,4})?", metronome.findtext("per-minute") or ""
        )
        if unit and per_minute and len(metronome.findall("beat-unit")) == 1:
            tempos.append(unit * Fraction(per_minute[0]))
    return next(
        (round(float(tempo), 2) for tempo in tempos if tempo and 1 <= tempo <= 999),
        None,
    )


def read_syllables(note: Element) -> list[Syllable]:
    """Return the syllables under a note, at most one in each verse."""
    found: dict[int, Syllable] = {}
    for place, lyric in enumerate(note.findall("lyric"), start=1):
        digits = re.search(r"\d{1,2}$", (lyric.get("number") or "").strip())
        verse = int(digits[0]) if digits and int(digits[0]) else place
        text = ""
        for part in lyric:
            if part.tag == "text":
                text += part.text or ""
            elif part.tag == "elision":
                text += part.text or " "
        kinds = [words(syllabic) for syllabic in lyric.findall("syllabic")]
        text = " ".join(text.split())
        if text and verse not in found:
            joined = kinds[-1:] in (["begin"], ["middle"])
            found[verse] = Syllable(text=text, verse=verse, joined=joined)
    return list(found.values())


def read_endings(text: str | None) -> frozenset[int]:
    """Return the numbers of a bracket over an ending, such as `1, 2` or `1-3`."""
    numbers: set[int] = set()
    for first, last in re.findall(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", text or ""):
        numbers |= set(range(int(first), int(last or first) + 1))
    return frozenset(numbers)
