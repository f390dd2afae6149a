"""Roman numerals, as they are written under a score.

Upper case for major and augmented chords, lower case for minor and diminished ones, `°`
diminished, `ø` half-diminished, `+` augmented; figures for inversions (6, 64, 7, 65,
43, 42); `V65/V` for applied dominants, `vii°7/V` for applied leading-tone chords; `N6`;
`It6`, `Ger6`, `Fr6` for augmented sixths; `Cad64` for the cadential six-four. In minor,
VI and VII are on the lowered degrees, `#vi°` on the raised sixth, and `vii°` on the
leading tone. A seventh is written 7 whatever its size, as the chord is in its key.
"""

from __future__ import annotations

from typing import NamedTuple

from chorale.music.harmony import templates
from chorale.music.harmony.degrees import MODES
from chorale.music.harmony.templates import QUALITIES

_LOWER = {"minor", "diminished", "minor seventh", "half-diminished"} | {
    "diminished seventh"
}
_MARKS = {
    "diminished": "°",
    "diminished seventh": "°",
    "half-diminished": "ø",
    "augmented": "+",
}
_FIGURES = {3: ("", "6", "64"), 4: ("7", "65", "43", "42")}
CADENTIAL = "Cad64"

# By semitones above the tonic.
_NAMES = {
    "major": "I bII II bIII III IV #IV V bVI VI bVII VII".split(),
    "minor": "I bII II III #III IV #IV V VI #VI VII VII".split(),
}
# Triads to which an applied chord may lead, by semitones above the tonic.
_TARGETS = {
    "major": {2: "ii", 4: "iii", 5: "IV", 7: "V", 9: "vi"},
    "minor": {3: "III", 5: "iv", 7: "V", 8: "VI", 10: "VII"},
}
# Major triads and dominant sevenths that are of the key, by semitones above the tonic:
# applied dominants only if the chord to which they would lead follows.
_OWN_MAJOR = {"major": {0, 5, 7}, "minor": {0, 3, 5, 7, 8, 10}}
_OWN_SEVENTH = {"major": {7}, "minor": {5, 7}}
_PICARDY = 0  # … in minor, where the tonic may be major too
# Diminished chords that are of the key: leading-tone chords of another degree only if
# that follows.
_OWN_DIMINISHED = {"major": {2, 11}, "minor": {2, 9, 11}}


class Chord(NamedTuple):
    """A chord to be named.

    Attributes:
        number: of the chord, see `templates`.
        inversion: 0 in root position … 3.
        has_fifth: whether its fifth sounds.
        sixth: whether its seventh is written as an augmented sixth; None if unknown.
    """

    number: int
    inversion: int
    has_fifth: bool = True
    sixth: bool | None = None


def numeral(
    chord: Chord, key: int, following: Chord | None = None, *, cadential: bool = False
) -> str:
    """Return the roman numeral of a chord.

    Args:
        chord: the chord.
        key: number of the key, see `degrees`.
        following: the next chord of the phrase with another root, if any.
        cadential: whether a tonic six-four is followed by the dominant on its bass.
    """
    mode, tonic = divmod(key, 12)
    name = QUALITIES[chord.number // 12]
    degree = (chord.number - tonic) % 12
    leads_to = None if following is None else (following.number - tonic) % 12
    triad = len(templates.INTERVALS[name]) == 3
    figure = _FIGURES[3 if triad else 4][chord.inversion]
    if cadential and degree == 0 and figure == "64":
        return CADENTIAL
    if sixth := _augmented_sixth(chord, name, degree, leads_to):
        return sixth
    if name == "major" and degree == 1:
        return "N" + figure
    mark = _MARKS.get(name, "")
    if target := _target(name, degree, leads_to, MODES[mode]):
        return f"{'vii' if name in _LOWER else 'V'}{mark}{figure}/{target}"
    numeral = _NAMES[MODES[mode]][degree]
    if name in _LOWER:
        accidental = numeral.rstrip("IV")
        numeral = accidental + numeral.removeprefix(accidental).lower()
    elif mode == 1 and degree == 11:
        numeral = "#" + numeral
    return numeral + mark + figure


def _augmented_sixth(
    chord: Chord, name: str, degree: int, leads_to: int | None
) -> str | None:
    """Return the name of an augmented sixth chord: over the lowered sixth, before V."""
    if degree != 8 or chord.inversion or chord.sixth is False:
        return None
    if name == "French sixth":
        return "Fr6"
    if name == "dominant seventh" and (chord.sixth or leads_to in (7, 0)):
        return "Ger6" if chord.has_fifth else "It6"
    return None


def _target(name: str, degree: int, leads_to: int | None, mode: str) -> str | None:
    """Return the degree to which a chord is applied; None for chords of the key."""
    if name in ("major", "dominant seventh"):
        own = _OWN_MAJOR if name == "major" else _OWN_SEVENTH
        target = (degree + 5) % 12
        # Major triads of the key lead down a fifth all the time.
        always_own = name == "major" and (mode == "major" or degree not in (0, 5))
    elif name in ("diminished", "half-diminished", "diminished seventh"):
        own = _OWN_DIMINISHED
        target = (degree + 1) % 12
        always_own = degree == 11
    else:
        return None
    if degree in own[mode] and (always_own or leads_to != target):
        return None
    return _TARGETS[mode].get(target)
