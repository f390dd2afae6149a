"""Tokens of Humdrum **kern: notes, key signatures, keys, clefs and barlines.

The format is described at https://www.humdrum.org/rep/kern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from chorale.errors import DataError
from chorale.music.keys import KeySignature
from chorale.music.metre import STEPS_PER_WHOLE
from chorale.music.spelling import LETTERS, NATURALS

# A longer note is damage: a maxima has eight whole notes.
_LONGEST_NOTE = 16 * STEPS_PER_WHOLE
_MOST_DOTS = 4
_HIGHEST_PITCH = 127

_DURATION = re.compile(r"(\d{1,5})(?:%(\d{1,5}))?")
_LEFTOVERS = re.compile(r"[\d%]")
_PITCH = re.compile(r"(([a-gA-G])\2*)")
_KEY = re.compile(r"\*([A-Ga-g])(#|-)?:([a-z]{3})?\w*$")
_SIGNATURE = re.compile(r"\*k\[((?:[a-g](?:#|-|n))*)\]$")
_CLEF = re.compile(r"\*clef([GFC])(v{0,2}|\^{0,2})([1-5])$")
_BARLINE = re.compile(r"=+(\d{1,6}(?!\d))?(.*)$")

_SHARPS = "fcgdaeb"
# Modes whose tonic is so many fifths above that of the major key with as many sharps.
_MODES = {
    -1: "lydian",
    0: "major",
    1: "mixolydian",
    2: "dorian",
    3: "minor",
    4: "phrygian",
}
_NAMED_MODES = {
    "lyd": (-1, "lydian"),
    "ion": (0, "ionian"),
    "mix": (1, "mixolydian"),
    "dor": (2, "dorian"),
    "aeo": (3, "aeolian"),
    "phr": (4, "phrygian"),
    "loc": (5, "locrian"),
}
_MAJOR_LIKE = (-1, 0, 1)


@dataclass(frozen=True, kw_only=True)
class KernNote:
    """A note, chord or rest.

    Attributes:
        length: in steps.
        pitches, spelling, tied, fermata: as of a `ScoreNote`.
    """

    length: Fraction
    pitches: tuple[int, ...]
    spelling: tuple[int, ...]
    tied: tuple[bool, ...]
    fermata: bool


@dataclass(frozen=True, kw_only=True)
class Barline:
    """A barline.

    Attributes:
        number: of the bar after it; None if none is written.
        repeat_end, repeat_start: whether it has the sign of a repeat before or after.
        is_hidden: whether it has neither a number nor a line.
    """

    number: int | None = None
    repeat_end: bool = False
    repeat_start: bool = False
    is_hidden: bool = False

    def followed_by(self, other: Barline) -> Barline:
        """Return both as one, if no notes are between them."""
        return Barline(
            number=self.number if other.number is None else other.number,
            repeat_end=self.repeat_end or other.repeat_end,
            repeat_start=self.repeat_start or other.repeat_start,
        )


def parse_note(token: str) -> KernNote | None:
    """Read a note such as `[4.cc#`, a chord of such notes, or a rest.

    Grace notes return None, as they take no time.

    Raises:
        DataError: it is neither.
    """
    if "q" in token or "Q" in token:
        return None
    notes = []
    length: Fraction | None = None
    for part in token.split():
        duration = _DURATION.search(part)
        if duration is not None:
            own = _length(duration, part.count("."))
            if length is not None and own != length:
                raise DataError(f"expected notes of one length in a chord, got {token}")
            length = own
        if part[0] == "." or _LEFTOVERS.search(_DURATION.sub("", part, count=1)):
            raise DataError(f"expected one duration in a note, got {part}")
        if "r" in part:
            continue
        pitch, number = _pitch(part)
        notes.append((pitch, number, "]" in part or "_" in part))
    if length is None:
        raise DataError(f"expected a duration and a note such as 4c#, got {token}")
    notes.sort(reverse=True)
    return KernNote(
        length=length,
        pitches=tuple(pitch for pitch, _, _ in notes),
        spelling=tuple(number for _, number, _ in notes),
        tied=tuple(tied for _, _, tied in notes),
        fermata=";" in token,
    )


def _length(duration: re.Match[str], dots: int) -> Fraction:
    """Return a duration in steps: 4 is a quarter, 0 a breve, 3%2 is 2/3 of a whole."""
    digits, divisor = duration.groups()
    if int(digits) > 0:
        length = Fraction(STEPS_PER_WHOLE * int(divisor or 1), int(digits))
    else:
        length = Fraction(STEPS_PER_WHOLE << len(digits))
    # Each dot adds half of what the one before it added.
    length *= 2 - Fraction(1, 2 ** min(dots, _MOST_DOTS))
    if dots > _MOST_DOTS or not 0 < length <= _LONGEST_NOTE:
        raise DataError(f"expected a duration such as 4 or 8., got {duration[0]}")
    return length


def _pitch(note: str) -> tuple[int, int]:
    """Return the MIDI note and the diatonic number of a note: c is middle C."""
    found = _PITCH.findall(note)
    if len(found) != 1:
        raise DataError(f"expected a duration and a note such as 4c#, got {note}")
    letters, letter = found[0]
    octave = 3 + len(letters) if letter.islower() else 4 - len(letters)
    degree = LETTERS.index(letter.upper())
    # Some writers put signs of beams between a letter and its accidental.
    alter = note.count("#") - note.count("-")
    pitch = 12 * (octave + 1) + int(NATURALS[degree]) + alter
    if not 0 < pitch <= _HIGHEST_PITCH:
        raise DataError(f"expected a note of the MIDI range, got {note}")
    return pitch, len(LETTERS) * octave + degree


def parse_barline(token: str) -> Barline:
    """Read a barline such as `=12`, `=:|!` or `=8!|:`."""
    match = _BARLINE.match(token)
    if match is None:
        raise DataError(f"expected a barline in every spine, got {token}")
    signs = re.sub(r"[^:|!]", "", match[2])
    return Barline(
        number=None if match[1] is None else int(match[1]),
        repeat_end=len(signs) > 1 and signs.startswith(":"),
        repeat_start=len(signs) > 1 and signs.endswith(":"),
        is_hidden=match[1] is None and match[2].startswith("-"),
    )


def parse_signature(token: str) -> int | None:
    """Return the sharps of a key signature, flats negative; None if it is unusual."""
    match = _SIGNATURE.match(token)
    if match is None:
        return None
    # Naturals cancel the signature before.
    written = re.sub(r"[a-g]n", "", match[1])
    letters, signs = written[::2], written[1::2]
    if set(signs) <= {"#"} and sorted(letters) == sorted(_SHARPS[: len(letters)]):
        return len(letters)
    if set(signs) == {"-"} and sorted(letters) == sorted(_SHARPS[-len(letters) :]):
        return -len(letters)
    return None


def is_key(token: str) -> bool:
    """Return whether a token names a key, as `*G:`, `*f#:` or `*d:dor`."""
    return _KEY.match(token) is not None


def key_signature(fifths: int | None, key: str) -> KeySignature | None:
    """Return the key of a signature and of a key as `*d:`; either may be missing.

    A signature with another number of sharps than the key's own tells its mode: D minor
    without a flat is dorian. The letter of a key with a mode, as in `*G:dor`, may be a
    capital whatever its third. The mode is empty if no mode fits both.
    """
    match = _KEY.match(key)
    if match is None:
        return None if fifths is None else KeySignature(fifths=fifths)
    letter, sign, mode = match.groups()
    tonic = _SHARPS.index(letter.lower()) - 1
    tonic += len(_SHARPS) * {"#": 1, "-": -1, None: 0}[sign]
    usual, name = _NAMED_MODES.get(mode, (0 if letter.isupper() else 3, ""))
    distance = usual if fifths is None else tonic - fifths
    if not name or distance != usual:
        has_third = (usual in _MAJOR_LIKE) == (distance in _MAJOR_LIKE)
        name = _MODES.get(distance, "") if has_third else ""
    return KeySignature(fifths=tonic - distance, mode=name)


def parse_clef(token: str) -> str:
    """Return a clef as in `Staff.clef`; empty if it is none of the usual ones."""
    match = _CLEF.match(token)
    if match is None:
        return ""
    sign, octaves, line = match.groups()
    shift = 8 * octaves.count("^") - 8 * octaves.count("v")
    return f"{sign}{line}{shift:+d}" if shift else sign + line
