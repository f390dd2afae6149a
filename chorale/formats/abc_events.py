"""Notes, bars and layers of a voice in ABC notation, while it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from chorale.formats.written_score import KeySignature
from chorale.music.metre import Metre
from chorale.music.spelling import LETTERS, NATURALS

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

    `written` is the length before broken rhythm, `bar` the index of its bar.
    """

    pitches: list[Pitch]
    length: Fraction
    written: Fraction
    bar: int
    fermata: bool = False
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


class Layer:
    """The state of the notes that sound in succession: a voice, or an overlay of it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.accidentals: dict[int, int] = {}  # by diatonic number, in this bar
        self.letters: dict[int, tuple[int, int]] = {}  # by letter: octave, semitones
        self.tuplets: list[list[Fraction]] = []  # factor, and notes that remain
        self.broken: Fraction | None = None  # factor of the next length
        self.tied: dict[int, int] = {}  # pitch by diatonic number, to the next note


def length_of(events: Sequence[Event]) -> Fraction:
    """Return the length of successive notes, in steps."""
    return sum((event.length for event in events), Fraction())


def natural_pitch(number: int) -> int:
    """Return the MIDI note of a diatonic number without accidental."""
    octave, letter = divmod(number, len(LETTERS))
    return 12 * (octave + 1) + _NATURALS[letter]
