"""Intervals: the distance of two written pitches and its name."""

from __future__ import annotations

from chorale.music.spelling import LETTERS, NATURALS

_NUMBERS = (
    "unison second third fourth fifth sixth seventh octave "
    "ninth tenth eleventh twelfth thirteenth fourteenth"
).split()
_OCTAVE = len(LETTERS)  # in letters
_PERFECT = {0, 3, 4}  # letters of the intervals that are perfect, not major or minor
# By semitones more than the perfect or the major interval.
_PERFECT_QUALITIES = {-1: "diminished", 0: "perfect", 1: "augmented"}
_MAJOR_QUALITIES = {-2: "diminished", -1: "minor", 0: "major", 1: "augmented"}


def interval_name(semitones: int, letters: int) -> str:
    """Return the name of an interval with its article, such as `a major second`.

    Args:
        semitones: between the pitches; its sign is ignored.
        letters: between their names, of the same sign: 1 from C to D, 7 for an octave.
    """
    if (semitones or letters) < 0:
        semitones, letters = -semitones, -letters
    octaves, simple = divmod(letters, _OCTAVE)
    qualities = _PERFECT_QUALITIES if simple in _PERFECT else _MAJOR_QUALITIES
    quality = qualities.get(semitones - 12 * octaves - int(NATURALS[simple]))
    if quality is None:
        return "1 semitone" if semitones == 1 else f"{semitones} semitones"
    if octaves and (simple, quality) == (0, "perfect"):
        return "an octave" if octaves == 1 else f"{octaves} octaves"
    if letters >= len(_NUMBERS):
        rest = interval_name(semitones - 12 * octaves, simple)
        return f"{octaves} octaves and {rest}"
    article = "an" if quality == "augmented" else "a"
    return f"{article} {quality} {_NUMBERS[letters]}"
