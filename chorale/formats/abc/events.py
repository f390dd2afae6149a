"""Notes, bars and layers of a voice in ABC notation, while it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import lcm

from chorale.errors import DataError
from chorale.formats.abc.accidentals import Accidentals
from chorale.music.keys import KeySignature
from chorale.music.metre import Metre
from chorale.music.spelling import LETTERS, NATURALS

_FINEST = 1 << 32  # parts of a step to which the notes of a bar are divided
_NATURALS = [int(natural) for natural in NATURALS]


@dataclass(slots=True)
class Pitch:
    """A note of a chord: MIDI pitch, diatonic number, ties before and after it."""

    pitch: int
    number: int
    tied: bool = False
    ties: bool = False


@dataclass(slots=True)
class Event:
    """A note, chord or rest; a rest has no pitches. The length is in steps.

    `written` is the length before broken rhythm, `bar` the index of its bar; a rest may
    be `hidden`, that is, not printed.
    """

    pitches: list[Pitch]
    length: Fraction
    written: Fraction
    bar: int
    fermata: bool = False
    hidden: bool = False
    syllables: list[tuple[int, str, bool]] = field(default_factory=list)


@dataclass(slots=True)
class AbcBar:
    """A bar of one voice; `layers` are its notes and those of its overlays."""

    row: int = 0
    layers: list[list[Event]] = field(default_factory=list)
    length: Fraction = Fraction()
    begins_section: bool = False
    metre: Metre | None = None
    key: KeySignature | None = None
    tempo: float | None = None
    repeat_start: bool = False
    repeat_end: bool = False
    endings: frozenset[int] = frozenset()


@dataclass(slots=True)
class Tuplet:
    """A factor of the lengths of the next notes, and how many notes remain."""

    factor: Fraction
    remaining: int


class Layer:
    """The state of the notes that sound in succession: a voice, or an overlay of it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.accidentals = Accidentals()
        self.tuplets: list[Tuplet] = []
        self.broken: Fraction | None = None  # factor of the next length
        self.tied: dict[int, int] = {}  # pitch by diatonic number, to the next note

    def stretch(self, event: Event) -> bool:
        """Change the length of the next note by broken rhythm and by tuplets.

        Returns:
            Whether broken rhythm stands between notes of different lengths.
        """
        is_uneven = False
        if self.broken is not None:
            event.length *= self.broken
            self.broken = None
            is_uneven = bool(self.events) and self.events[-1].written != event.written
        if self.tuplets:
            for tuplet in self.tuplets:
                event.length *= tuplet.factor
                tuplet.remaining -= 1
            self.tuplets = [tuplet for tuplet in self.tuplets if tuplet.remaining]
        return is_uneven

    def tie_last(self) -> bool:
        """Tie the last note or chord to the next; return whether there is one."""
        if not self.events or not self.events[-1].pitches:
            return False
        for pitch in self.events[-1].pitches:
            pitch.ties = True
            self.tied[pitch.number] = pitch.pitch
        return True


class BarCounter:
    """Numbers bars while they are read; parts of a divided bar share a number."""

    def __init__(self) -> None:
        self._number = 1
        self._position = Fraction()
        self._is_first = True

    def number_of(self, length: Fraction, metre: Metre | None) -> int:
        """Return the number of the bar in which `length` steps have been read."""
        position = self._position + length
        is_next = metre and self._position > 0 and position > metre.bar_length
        return self._number + bool(is_next)

    def add(self, length: Fraction, metre: Metre | None) -> None:
        """Count a bar, or a part of one."""
        full = Fraction(metre.bar_length) if metre else length
        if self._position and self._position + length > full:
            self._number += 1
            self._position = Fraction()
        self._position += length
        if self._position >= full:
            self._number += 1
            self._position = Fraction()
        elif self._is_first:
            self._position = Fraction()  # a pickup, bar 0
        self._is_first = False


def bounds_of(events: Sequence[Event]) -> list[Fraction]:
    """Return the beginning of successive notes, and the end of the last, in steps.

    Raises:
        DataError: the lengths have no common divisor of a usual size.
    """
    divisor = lcm(*{event.length.denominator for event in events})
    if divisor > _FINEST:
        raise DataError("expected notes of usual lengths, got too fine divisions")
    total = 0
    bounds = [_fraction(0, 1)]
    for event in events:
        length = event.length
        total += length.numerator * (divisor // length.denominator)
        bounds.append(_fraction(total, divisor))
    return bounds


def length_of(events: Sequence[Event]) -> Fraction:
    """Return the length of successive notes, in steps."""
    return bounds_of(events)[-1]


@lru_cache(maxsize=1 << 12)
def _fraction(numerator: int, denominator: int) -> Fraction:
    """Return a fraction, the same object for the same numbers, to save time."""
    return Fraction(numerator, denominator)


def natural_pitch(number: int) -> int:
    """Return the MIDI note of a diatonic number without accidental."""
    octave, letter = divmod(number, len(LETTERS))
    return 12 * (octave + 1) + _NATURALS[letter]
