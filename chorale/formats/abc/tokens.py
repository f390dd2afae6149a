"""Tokens of a line of music in ABC notation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from chorale.errors import DataError
from chorale.formats.abc.accidentals import ALTERS
from chorale.music.spelling import LETTERS

_LENGTH = r"\d*(?:/+\d*)?"
_NUMBERS = r"\d+(?:[ ]*[,\-][ ]*\d+)*"

# The first alternative that matches counts. The groups on the outside name the kinds.
_TOKENS = re.compile(
    rf"""
    (?P<space>[\s`$]+)
    |(?P<field>\[(?P<letter>[A-Za-z]):(?P<value>[^\]]*)\])
    |(?P<ending>\[[ ]*(?P<numbers>{_NUMBERS}))
    |(?P<bar>\.?(?P<line>(?:\[(?=[|:\]])|[|:\]])+)(?:[ ]*(?P<first>{_NUMBERS}))?)
    |(?P<chord>\[(?P<inner>(?:"[^"]*"|[^\[\]|"])*)\](?P<chord_length>{_LENGTH}))
    |(?P<named_ending>\[[ ]*"(?P<label>[^"]*)")
    |(?P<microtone>[\^_]\d*/\d*(?=[A-Ga-g]))
    |(?P<note>(?P<accidental>\^\^?|__?|=)?(?P<pitch>[A-Ga-g])(?P<octave>[,']*)
        (?P<length>{_LENGTH}))
    |(?P<rest>[zx](?P<rest_length>{_LENGTH}))
    |(?P<accidental_alone>[\^_=](?!\s*$))
    |(?P<bar_rest>[ZX](?P<count>\d*))
    |(?P<spacer>y{_LENGTH})
    |(?P<grace>\{{(?P<graced>[^}}]*)\}})
    |(?P<tuplet>\((?P<p>\d+)(?::(?P<q>\d*))?(?::(?P<r>\d*))?)
    |(?P<long_overlay>\(&|&\)|&&)
    |(?P<overlay>&)
    |(?P<broken>>+|<+)
    |(?P<tie>\.?-[',]?)
    |(?P<slur>\.?\([',]?|\))
    |(?P<text>"[^"]*"?)
    |(?P<decoration>!(?P<name>D\.[CS]\.[^!|]*|[^!|\s]+)!|\+(?P<plus>[^+|\s]+)\+)
    |(?P<linebreak>!)
    |(?P<shorthand>[H-Wh-w~.])
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Return the tokens of a line, each with its kind, a group of the match."""
    for match in _TOKENS.finditer(text):
        kind = match.lastgroup
        assert kind is not None
        yield kind, match


class NoteToken(NamedTuple):
    """A note as written.

    Attributes:
        number: diatonic number, see `chorale.music.spelling`; the letter C is middle C.
        alter: semitones of its accidental; None without one.
        length: as a multiple of the unit note length.
    """

    number: int
    alter: int | None
    length: Fraction


def read_note(match: re.Match[str]) -> NoteToken:
    """Return the note of a token of that kind.

    Raises:
        DataError: its length is out of range.
    """
    letter, marks = match["pitch"], match["octave"]
    number = 28 + LETTERS.index(letter.upper()) + (7 if letter.islower() else 0)
    number += 7 * (marks.count("'") - marks.count(","))
    accidental = match["accidental"]
    alter = None if accidental is None else ALTERS[accidental]
    return NoteToken(number, alter, read_length(match["length"]))


_LENGTHS = {
    "": Fraction(1),
    "2": Fraction(2),
    "/": Fraction(1, 2),
    "/2": Fraction(1, 2),
}


def read_length(text: str) -> Fraction:
    """Return a length such as `3/2`, `/` or `//`, of which `//` is a quarter.

    Raises:
        DataError: it is 0 or out of range.
    """
    length = _LENGTHS.get(text)
    if length is not None:
        return length
    above, slashes, below = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()  # type: ignore[union-attr]
    if max(len(above), len(below)) <= 4 and len(slashes) <= 8:
        divisor = int(below) if below else 2 ** len(slashes)
        multiple = int(above) if above else 1
        if divisor and multiple:
            return Fraction(multiple, divisor)
    raise DataError(f"expected a length such as 3/2, got {text[:20]!r}")


def read_numbers(text: str) -> frozenset[int]:
    """Return the numbers of an ending such as `1,3` or `1-3`.

    Raises:
        DataError: they are out of range.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        bounds = [
            int(bound) for bound in (first, last or first) if len(bound.strip()) < 3
        ]
        if len(bounds) < 2 or not 1 <= bounds[0] <= bounds[1]:
            raise DataError(f"expected an ending such as [1 or [1-3, got [{text[:20]}")
        numbers.update(range(bounds[0], bounds[1] + 1))
    return frozenset(numbers)


FERMATAS = frozenset(["fermata", "invertedfermata"])
_JUMP = re.compile(r"(D\.[CS]\.|da ?capo|dacoda|fine).*", re.IGNORECASE)
_OCTAVE_SIGN = re.compile(r"(8v[ab]|15m[ab])\(")
_DYNAMICS = frozenset(["f", "ff", "fff", "ffff"])
_NOTES = re.compile(r"(?:[A-Ga-g][,']*\d*)+")


def doubtful_decoration(name: str) -> str:
    """Return a clause on a decoration that may change the notes; of others ''."""
    if _JUMP.fullmatch(name):
        return "is not played out: each bar is read once"
    if _OCTAVE_SIGN.fullmatch(name):
        return "is left out: the notes are read in the octave of their letters"
    if _NOTES.fullmatch(name) and name not in _DYNAMICS:
        return "is taken for a decoration and left out"
    return ""
