"""Information fields of ABC notation: key, metre, unit length, tempo, voice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from chorale.errors import DataError
from chorale.formats.abc.accidentals import ALTERS
from chorale.music.keys import MOST_SHARPS, KeySignature
from chorale.music.metre import Metre

_FIFTHS = "FCGDAEB"  # letters by fifths; C major has no sharps
# Sharps of a mode beyond those of the major key on the same tonic, by the first three
# letters of its name.
_MODES = {
    "maj": ("major", 0),
    "ion": ("ionian", 0),
    "min": ("minor", -3),
    "aeo": ("aeolian", -3),
    "m": ("minor", -3),
    "lyd": ("lydian", 1),
    "mix": ("mixolydian", -1),
    "dor": ("dorian", -2),
    "phr": ("phrygian", -4),
    "loc": ("locrian", -5),
}
_TONIC = re.compile(r"([A-Ga-g])([#b]?)([A-Za-z]*)")
_ACCIDENTALS = re.compile(r"(?:(\^\^?|__?|=)([A-Ga-g]))+")
_ACCIDENTAL = re.compile(r"(\^\^?|__?|=)([A-Ga-g])")
_PROPERTY = re.compile(r'([A-Za-z]+)\s*=\s*("[^"]*"|\S+)|("[^"]*"|\S+)')


@dataclass(frozen=True, kw_only=True)
class AbcKey:
    """What a K: field says of the key.

    Attributes:
        fifths: sharps of the key signature, flats negative; of an unusual signature,
            the nearest; None if there is none.
        mode: as in KeySignature.
        alters: semitones by letter A to G, without naturals.
        unusual: whether the signature is not that of any key.
    """

    fifths: int | None = None
    mode: str = ""
    alters: Mapping[str, int] = field(default_factory=dict)
    unusual: bool = False

    def signature(self, fifths_up: int = 0) -> KeySignature | None:
        """Return the key signature, transposed by fifths; None beyond seven sharps."""
        if self.fifths is None or abs(self.fifths + fifths_up) > MOST_SHARPS:
            return None
        return KeySignature(fifths=self.fifths + fifths_up, mode=self.mode)


@dataclass
class VoiceProperties:
    """Clef, transposition and names, from K: and V: fields.

    Attributes:
        clef: as in `Staff`.
        octave: octaves by which notes are transposed.
        clef_octave: the same, by a clef such as `treble-8`.
        semitones: by which it sounds higher than written.
        middle: whether the clef is moved by `middle=`, which changes no pitch.
        percussion: whether it has a clef for percussion.
        unknown: properties that are left out.
    """

    name: str = ""
    abbreviation: str = ""
    clef: str = ""
    octave: int = 0
    clef_octave: int = 0
    semitones: int = 0
    middle: bool = False
    percussion: bool = False
    unknown: list[str] = field(default_factory=list)


def alters_of(fifths: int) -> dict[str, int]:
    """Return the semitones of each letter that a key signature alters."""
    alters = {letter: (fifths + 6 - index) // 7 for index, letter in enumerate(_FIFTHS)}
    return {letter: alter for letter, alter in alters.items() if alter}


def transposition(semitones: int, fifths: int) -> tuple[int, int]:
    """Return by how many fifths and letters a key of `fifths` sharps is transposed.

    Of the keys on the same pitch the one with the fewest sharps or flats is taken.
    """
    up = min(
        (up for up in range(-6, 7) if (7 * up - semitones) % 12 == 0),
        key=lambda up: (abs(fifths + up), up),
    )
    return up, 4 * up + 7 * ((semitones - 7 * up) // 12)


def parse_key(text: str) -> tuple[AbcKey | None, str]:
    """Read a K: field.

    Returns:
        The key, None if the field only names a clef or a transposition; and the rest
        of the field, see `parse_properties`.

    Raises:
        DataError: there is no such key.
    """
    words = text.split()
    if not words or words[0].lower() == "none":
        return AbcKey(), " ".join(words[1:])
    if words[0] in ("HP", "Hp"):
        # The chanter of a bagpipe plays F and C sharp, whether written or not.
        return AbcKey(fifths=2, alters=alters_of(2)), " ".join(words[1:])
    tonic = _TONIC.fullmatch(words[0])
    mode = _MODES.get(tonic[3].lower()[:3] or "maj") if tonic else None
    if tonic is None or mode is None:
        if "=" in words[0] or _clef(words[0]) is not None:
            return None, text
        if words[0] != "exp" and not _ACCIDENTALS.fullmatch(words[0]):
            raise DataError(
                f"expected a key such as K:G, K:Ddor or K:none, got K:{text[:20]}"
            )
        words = ["C", *words]
        tonic, mode = _TONIC.fullmatch("C"), ("", 0)
    assert tonic is not None and mode is not None
    rest = words[1:]
    if rest and not tonic[3] and rest[0].lower()[:3] in _MODES:
        mode = _MODES[rest.pop(0).lower()[:3]]
    sharps = {"": 0, "#": 7, "b": -7}[tonic[2]]
    fifths = _FIFTHS.index(tonic[1].upper()) - 1 + sharps + mode[1]
    explicit = "exp" in rest
    alters = {} if explicit else alters_of(fifths)
    others = []
    for word in rest:
        if _ACCIDENTALS.fullmatch(word):
            for sign, letter in _ACCIDENTAL.findall(word):
                alters[letter.upper()] = ALTERS[sign]
        elif word != "exp":
            others.append(word)
    alters = {letter: alter for letter, alter in alters.items() if alter}
    return _key(fifths, mode[0], alters), " ".join(others)


def _key(fifths: int, mode: str, alters: dict[str, int]) -> AbcKey:
    """Return a key with the signature that fits the altered letters."""
    if alters == alters_of(fifths):
        return AbcKey(fifths=fifths, mode=mode, alters=alters)

    def difference(sharps: int) -> tuple[int, int]:
        usual = alters_of(sharps)
        wrong = sum(usual.get(note) != alters.get(note) for note in _FIFTHS)
        return wrong, abs(sharps - fifths)

    nearest = min(range(-MOST_SHARPS, MOST_SHARPS + 1), key=difference)
    return AbcKey(
        fifths=nearest,
        # Other signs mean another mode of the tonic, which the notes decide.
        mode="",
        alters=alters,
        unusual=difference(nearest)[0] > 0,
    )


# === Metre, lengths, tempo ===


@dataclass(frozen=True, kw_only=True)
class AbcMetre:
    """A time signature; `metre` is None for music without barlines."""

    metre: Metre | None = None

    @property
    def unit(self) -> Fraction:
        """The unit note length that this metre implies, in whole notes."""
        metre = self.metre
        is_short = metre and Fraction(metre.numerator, metre.denominator) < Fraction(
            3, 4
        )
        return Fraction(1, 16 if is_short else 8)

    @property
    def is_compound(self) -> bool:
        """Whether beats are divided by three, as in 6/8."""
        return bool(self.metre and self.metre.numerator in (6, 9, 12, 15))


_SUM = re.compile(r"\(?(\d{1,2}(?:\s*\+\s*\d{1,2})*)\)?/(\d{1,2})")


def parse_metre(text: str) -> AbcMetre:
    """Read an M: field.

    Raises:
        DataError: there is no such metre, or its bars are no whole sixteenths.
    """
    text = text.strip()
    if text in ("C", "c", "C|", "c|"):
        return AbcMetre(metre=Metre(2, 2) if "|" in text else Metre(4, 4))
    if text.lower() in ("none", ""):
        return AbcMetre()
    match = _SUM.fullmatch(text.replace(" ", ""))
    if match is None:
        raise DataError(f"expected a metre such as M:3/4 or M:none, got M:{text[:20]}")
    numerator = sum(int(number) for number in match[1].split("+"))
    return AbcMetre(metre=Metre(numerator, int(match[2])))


def parse_unit(text: str) -> Fraction:
    """Read an L: field: a length in whole notes.

    Raises:
        DataError: it is no length, or not from 1/256 to 4.
    """
    match = re.fullmatch(r"\s*(\d{1,3})\s*(?:/\s*(\d{1,3}))?\s*", text)
    if match and int(match[2] or 1):
        unit = Fraction(int(match[1]), int(match[2] or 1))
        if Fraction(1, 256) <= unit <= 4:
            return unit
    raise DataError(
        f"expected a length from 1/256 to 4 such as L:1/8, got L:{text[:20]}"
    )


# Of the beats of a tempo there are four at most.
_BEATS = re.compile(
    r"((?:\d{1,3}/\d{1,3} ?){1,8}|C\d{0,2}) ?= ?\D{0,9}?(\d{1,5}(?:\.\d{1,3})?)"
)
LOWEST_TEMPO, HIGHEST_TEMPO = 5.0, 1000.0  # quarters per minute


def parse_tempo(text: str, unit: Fraction) -> float | None:
    """Read a Q: field, in quarters per minute; None if it only has words.

    Raises:
        DataError: it is no tempo, or out of range.
    """
    words = " ".join(re.sub(r'"[^"]*"?', " ", text).split())
    if not words:
        return None
    match = _BEATS.search(words)
    if match:
        lengths = re.findall(r"(\d+)/(\d+)", match[1])
        if any(not int(below) for _, below in lengths):
            raise DataError(f"expected a tempo such as Q:1/4=80, got Q:{text[:20]}")
        beat = sum(
            (Fraction(int(above), int(below)) for above, below in lengths), Fraction()
        )
        beat = beat or unit * int(match[1][1:] or 1)
        tempo = float(match[2]) * float(beat) * 4
    elif re.fullmatch(r"\d{1,5}(?:\.\d{1,3})?", words):
        tempo = float(words) * float(unit) * 4
    else:
        raise DataError(f"expected a tempo such as Q:1/4=80, got Q:{text[:20]}")
    if not LOWEST_TEMPO <= tempo <= HIGHEST_TEMPO:
        raise DataError(
            f"expected {LOWEST_TEMPO:.0f} to {HIGHEST_TEMPO:.0f} quarters per minute, "
            f"got Q:{text[:20]}"
        )
    return round(tempo, 2)


# === Voices ===

_CLEFS = {
    "treble": "G2", "g": "G2", "bass": "F4", "f": "F4", "alto": "C3", "c": "C3",
    "tenor": "C4", "soprano": "C1", "mezzosoprano": "C2", "mezzo": "C2",
    "baritone": "F3", "varbaritone": "C5", "subbass": "F5", "perc": "", "none": "",
    "p": "",
}  # fmt: skip
_CLEF = re.compile(r"([A-Za-z]+)([1-5]?)([+\-^_](?:8|15))?")
_PRINT = {
    *("stem", "stems", "gstem", "gchords", "lyrics", "dyn", "up", "down", "merge"),
    *("stafflines", "staffscale", "scale", "cue", "space", "bracket", "brace", "map"),
    *("style", "program", "volume", "auto"),
}


def _clef(word: str) -> tuple[str, int] | None:
    """Return the clef of a name such as `treble-8`, and the octave it transposes by."""
    match = _CLEF.fullmatch(word.strip('"'))
    if match is None or match[1].lower() not in _CLEFS:
        return None
    clef = _CLEFS[match[1].lower()]
    shift = match[3] or ""
    octaves = {"8": 1, "15": 2}.get(shift[1:], 0) * (-1 if shift[:1] in "-_" else 1)
    if clef:
        clef = clef[0] + (match[2] or clef[1])
        clef += f"{'-' if octaves < 0 else '+'}{shift[1:]}" if shift else ""
    # After ^ and _ the notes are written at the pitch at which they sound.
    return clef, octaves if shift[:1] in "+-" and shift else 0


def parse_properties(text: str, properties: VoiceProperties) -> None:
    """Read the properties of a voice in a K: or V: field into `properties`.

    Raises:
        DataError: a transposition is no whole number, or out of range.
    """
    for key, value, word in _PROPERTY.findall(text):
        value = value.strip('"').replace("\\n", " ").strip()
        key = key.lower()
        if key in ("name", "nm"):
            properties.name = value
        elif key in ("subname", "sname", "snm"):
            properties.abbreviation = value
        elif key == "octave":
            properties.octave = _number(key, value, 4)
        elif key in ("transpose", "t"):
            properties.semitones = _number(key, value, 48)
        elif key in ("middle", "m"):
            properties.middle = True
        elif key == "clef" or word:
            clef = _clef(value or word)
            if clef is not None:
                properties.clef, properties.clef_octave = clef
                properties.percussion = (value or word).startswith(("perc", "P"))
            elif (value or word).strip('"') and word.lower() not in _PRINT:
                properties.unknown.append(value or word)
        elif key not in _PRINT:
            properties.unknown.append(f"{key}={value}")


def _number(key: str, value: str, limit: int) -> int:
    if not re.fullmatch(r"[+-]?\d{1,3}", value) or abs(int(value)) > limit:
        raise DataError(
            f"expected {key}= a number from -{limit} to {limit}, got {value[:20]}"
        )
    return int(value)
