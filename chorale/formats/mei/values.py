"""Values in MEI: pitches, durations, signatures, clefs, syllables.

The format is described at https://music-encoding.org/guidelines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from xml.etree.ElementTree import Element

from chorale.errors import DataError
from chorale.formats.scores.notes import Syllable
from chorale.music.keys import MOST_SHARPS, KeySignature
from chorale.music.metre import STEPS_PER_WHOLE, Metre
from chorale.music.spelling import LETTERS, NATURALS

# Semitones of accidentals, written or sounding. Those of quarter tones are not here.
ALTERS = {
    "s": 1, "f": -1, "ss": 2, "x": 2, "ff": -2, "n": 0, "nf": -1, "ns": 1,
}  # fmt: skip
_MOST_DOTS = 4
_LONG_VALUES = {"breve": 2, "long": 4, "maxima": 8}  # whole notes
_METRE_SIGNS = {"common": (4, 4), "cut": (2, 2)}
_MOST_VERSES = 100


def integer(text: str | None) -> int | None:
    """Return a number of at most nine digits; None if the text is none."""
    found = re.fullmatch(r"\s*([+-]?\d{1,9})\s*", text or "")
    return int(found[1]) if found else None


def decimal(text: str | None) -> float | None:
    """Return a number such as `72.5`; None if the text is none."""
    found = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{0,6})?)\s*", text or "")
    return float(found[1]) if found else None


def words(element: Element | None) -> str:
    """Return the text in an element, a space for each line break."""
    if element is None:
        return ""
    parts = (
        (each.text or "") + (" " if each.tag == "lb" else "") + _tail(each, element)
        for each in element.iter()
    )
    return " ".join("".join(parts).split())


def _tail(element: Element, root: Element) -> str:
    return "" if element is root else element.tail or ""


def duration(element: Element) -> Fraction | None:
    """Return the note value of a note, chord or rest in steps; None without one.

    Raises:
        DataError: there is no such note value.
    """
    text = element.get("dur") or element.get("dur.ges")
    if text is None:
        return None
    value = integer(text)
    if text in _LONG_VALUES:
        steps = Fraction(STEPS_PER_WHOLE * _LONG_VALUES[text])
    elif value is not None and 0 < value <= 2048 and value & (value - 1) == 0:
        steps = Fraction(STEPS_PER_WHOLE, value)
    else:
        raise DataError(f"expected a note value such as 4 or 8, got {text[:20]!r}")
    dots = integer(element.get("dots")) or len(element.findall("dot"))
    if not 0 <= dots <= _MOST_DOTS:
        raise DataError(f"expected at most {_MOST_DOTS} dots, got {dots}")
    return steps * (2 - Fraction(1, 2**dots))


def tuplet_factor(element: Element) -> Fraction:
    """Return what the note values in a tuplet are multiplied by, 2/3 in a triplet.

    Raises:
        DataError: it is no such proportion.
    """
    number = integer(element.get("num")) or 3
    base = integer(element.get("numbase")) or 2
    if not (0 < number <= 64 and 0 < base <= 64):
        raise DataError(f"expected a tuplet, got {number}:{base}")
    return Fraction(base, number)


def accidentals(note: Element) -> tuple[str, str]:
    """Return the accidental as written, and as it sounds; empty where none is given."""
    marks = [note, *note.findall("accid")]
    written = next((mark.get("accid", "") for mark in marks if mark.get("accid")), "")
    sounding = next(
        (mark.get("accid.ges", "") for mark in marks if mark.get("accid.ges")), ""
    )
    return written, sounding


def place(note: Element) -> int:
    """Return the diatonic number of a note, see `chorale.music.spelling`.

    Raises:
        DataError: it has no letter and octave.
    """
    letter = (note.get("pname") or "").upper()
    octave = integer(note.get("oct.ges") or note.get("oct"))
    if len(letter) != 1 or letter not in LETTERS or octave is None or abs(octave) > 10:
        raise DataError(
            f"expected a note with pname and oct, got {note.get('pname')!r}, "
            f"{note.get('oct')!r}"
        )
    return len(LETTERS) * octave + LETTERS.index(letter)


def pitch(number: int, alter: int) -> int:
    """Return the MIDI note of a diatonic number and an accidental in semitones."""
    octave, letter = divmod(number, len(LETTERS))
    return 12 * (octave + 1) + int(NATURALS[letter]) + alter


def read_metre(element: Element, prefix: str = "") -> Metre | None:
    """Return a time signature from attributes such as `count`; None without them.

    Raises:
        DataError: its bars are no whole number of sixteenths.
    """
    sign = element.get(f"{prefix}sym", "")
    count, unit = element.get(f"{prefix}count"), element.get(f"{prefix}unit")
    if count is None or unit is None:
        return Metre(*_METRE_SIGNS[sign]) if sign in _METRE_SIGNS else None
    beats = [integer(part) for part in count.split("+")]
    below = integer(unit)
    if None in beats or below is None:
        raise DataError(f"expected a time signature such as 4/4, got {count}/{unit}")
    return Metre(sum(beat or 0 for beat in beats), below)


def read_key(signature: str | None, mode: str | None) -> KeySignature | None:
    """Return a key signature such as `2f`; None if it is missing or unusual."""
    found = re.fullmatch(r"\s*(\d{1,2})([sf]?)\s*", signature or "")
    if found is None or int(found[1]) > MOST_SHARPS:
        return None
    fifths = int(found[1]) * (-1 if found[2] == "f" else 1)
    return KeySignature(fifths=fifths, mode=(mode or "").strip().lower())


def read_clef(element: Element, prefix: str = "") -> str:
    """Return a clef as in `Staff.clef`, from attributes such as `shape`; may be ""."""
    shape, line = element.get(f"{prefix}shape"), element.get(f"{prefix}line")
    if not shape or not line:
        return ""
    octaves = integer(element.get(f"{prefix}dis")) or 0
    below = element.get(f"{prefix}dis.place") == "below"
    return shape + line + (f"{-octaves if below else octaves:+d}" if octaves else "")


def read_tempo(element: Element) -> float | None:
    """Return the quarters per minute of a tempo, or of a score; None without them."""
    quarters = decimal(element.get("midi.bpm"))
    if quarters:
        return quarters
    beats, unit = decimal(element.get("mm")), integer(element.get("mm.unit"))
    if not beats or not unit:
        return None
    dots = min(integer(element.get("mm.dots")) or 0, _MOST_DOTS)
    return beats * 4 / unit * (2 - 0.5**dots)


def read_syllables(note: Element) -> Iterator[Syllable]:
    """Yield the syllables of the verses of a note or chord."""
    for index, verse in enumerate(note.findall("verse"), start=1):
        number = integer(verse.get("n")) or index
        for syl in verse.findall("syl")[:1]:
            text = words(syl).strip("-_ ")
            joined = syl.get("con") == "d" or syl.get("wordpos") in ("i", "m")
            if text and 0 < number <= _MOST_VERSES:
                yield Syllable(text=text, verse=number, joined=joined)
