"""Notes and rests as they are written."""

from __future__ import annotations

from dataclasses import dataclass

from chorale.music.spelling import Spelling

# Note value and number of dots by length in steps.
NOTE_VALUES = {
    1: ("16th", 0),
    2: ("eighth", 0),
    3: ("eighth", 1),
    4: ("quarter", 0),
    6: ("quarter", 1),
    8: ("half", 0),
    12: ("half", 1),
    16: ("whole", 0),
    24: ("whole", 1),
    32: ("breve", 0),
}


@dataclass(frozen=True)
class WrittenNote:
    """A note or rest as written; start and length are in steps."""

    start: int
    length: int
    spelling: Spelling | None  # None for a rest
    tied_back: bool = False  # to the note before
    tied_on: bool = False  # to the note after
    whole_bar: bool = False  # a whole-bar rest
    accidental: bool = False  # whether it needs an accidental
    fermata: bool = False
    # One for eighths, two for sixteenths, none without a beam; each `begin`,
    # `continue`, `end`, `forward hook` or `backward hook`.
    beams: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        return self.start + self.length


Line = list[WrittenNote]
