"""Roman numerals of single chords."""

from __future__ import annotations

import pytest

from chorale.music.harmony.roman_numerals import Chord, numeral
from chorale.music.harmony.templates import chord

C_MAJOR, A_MINOR = 0, 12 + 9


def of(
    root: int, quality: str, inversion: int = 0, key: int = C_MAJOR, **fields: bool
) -> Chord:
    return Chord(chord(root + key % 12, quality), inversion, **fields)


@pytest.mark.parametrize(
    ("root", "quality", "inversion", "expected"),
    [
        (0, "major", 0, "I"),
        (2, "minor", 1, "ii6"),
        (7, "dominant seventh", 1, "V65"),
        (7, "dominant seventh", 3, "V42"),
        (11, "diminished", 1, "vii°6"),
        (11, "half-diminished", 0, "viiø7"),
        (5, "major seventh", 2, "IV43"),
        (9, "minor", 0, "vi"),
        (0, "major", 2, "I64"),
        (2, "major", 0, "V/V"),
        (2, "dominant seventh", 1, "V65/V"),
        (4, "major", 0, "V/vi"),
        (9, "dominant seventh", 0, "V7/ii"),
        (0, "dominant seventh", 3, "V42/IV"),
        (6, "diminished seventh", 0, "vii°7/V"),
        (6, "half-diminished", 1, "viiø65/V"),
        (8, "diminished", 1, "vii°6/vi"),
        (5, "minor", 0, "iv"),
        (8, "major", 0, "bVI"),
        (10, "major", 1, "bVII6"),
        (1, "major", 1, "N6"),
        (0, "augmented", 0, "I+"),
    ],
)
def test_chords_in_major(
    root: int, quality: str, inversion: int, expected: str
) -> None:
    assert numeral(of(root, quality, inversion), C_MAJOR) == expected


@pytest.mark.parametrize(
    ("root", "quality", "inversion", "expected"),
    [
        (0, "minor", 0, "i"),
        (0, "major", 0, "I"),
        (2, "half-diminished", 1, "iiø65"),
        (2, "diminished", 1, "ii°6"),
        (3, "major", 0, "III"),
        (3, "augmented", 1, "III+6"),
        (5, "major", 1, "IV6"),
        (7, "minor", 0, "v"),
        (8, "major seventh", 0, "VI7"),
        (9, "diminished", 1, "#vi°6"),
        (10, "major", 0, "VII"),
        (10, "dominant seventh", 0, "V7/III"),
        (11, "diminished seventh", 0, "vii°7"),
        (2, "dominant seventh", 0, "V7/V"),
        (4, "diminished seventh", 0, "vii°7/iv"),
        (11, "major", 0, "#VII"),
    ],
)
def test_chords_in_minor(
    root: int, quality: str, inversion: int, expected: str
) -> None:
    assert numeral(of(root, quality, inversion, A_MINOR), A_MINOR) == expected


def test_what_follows_decides_whether_a_chord_of_the_key_is_applied() -> None:
    seventh = of(5, "dominant seventh", 0, A_MINOR)
    subtonic = of(10, "major", 0, A_MINOR)
    assert numeral(seventh, A_MINOR) == "IV7"
    assert numeral(seventh, A_MINOR, subtonic) == "V7/VII"
    tonic = of(0, "major", 0, A_MINOR)
    assert numeral(tonic, A_MINOR, of(5, "minor", 0, A_MINOR)) == "V/iv"
    assert numeral(of(0, "major"), C_MAJOR, of(5, "major")) == "I"


def test_augmented_sixths_are_told_by_what_follows_or_by_their_spelling() -> None:
    dominant = of(7, "major", 0, A_MINOR)
    german = of(8, "dominant seventh", 0, A_MINOR)
    italian = of(8, "dominant seventh", 0, A_MINOR, has_fifth=False)
    assert numeral(german, A_MINOR, dominant) == "Ger6"
    assert numeral(italian, A_MINOR, dominant) == "It6"
    assert numeral(of(8, "French sixth", 0, A_MINOR), A_MINOR, dominant) == "Fr6"
    assert numeral(german, A_MINOR) == "VI7"
    assert numeral(german._replace(sixth=True), A_MINOR) == "Ger6"
    assert numeral(german._replace(sixth=False), A_MINOR, dominant) == "VI7"


def test_a_cadential_six_four_is_marked() -> None:
    assert numeral(of(0, "major", 2), C_MAJOR, cadential=True) == "Cad64"
