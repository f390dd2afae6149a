"""A score as written: what the readers of MusicXML, ABC, Humdrum and MEI return.

`assembly` chooses the voices and puts them on the grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from chorale.formats.scores.notes import ScoreNote
from chorale.music.keys import KeySignature
from chorale.music.metre import Metre

# Notes, chords and rests of one voice in one bar, in order; their times are in steps
# from the beginning of the bar.
Line = list[ScoreNote]


@dataclass(frozen=True, kw_only=True)
class WrittenBar:
    """What all staves share between two barlines.

    Attributes:
        number: as printed; 0 for a pickup.
        length: of its longest voice, in steps.
        metre, key, tempo: a time signature, a key signature, a tempo in quarters per
            minute that begins with this bar; None if none does.
        upbeat: whether it is marked as incomplete at its beginning.
        repeat_start, repeat_end: whether it begins or ends with a repeat sign.
        endings: the numbers of the bracket above it, as 1 and 2 of a first ending that
            is sung twice; empty without a bracket.
        fermatas: beginning and end, in steps from its beginning, of fermatas that are
            on no note or rest of a staff.
    """

    number: int
    length: Fraction
    metre: Metre | None = None
    key: KeySignature | None = None
    tempo: float | None = None
    upbeat: bool = False
    repeat_start: bool = False
    repeat_end: bool = False
    endings: frozenset[int] = frozenset()
    fermatas: tuple[tuple[Fraction, Fraction], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Staff:
    """One staff, or one voice of a format without staves.

    Attributes:
        name, abbreviation: of the part, such as `Soprano` and `S.`; may be empty.
        clef: of the first bar: sign and line, with `-8` if it sounds an octave lower,
            as in `G2`, `F4`, `G2-8`; empty if unknown.
        program: General MIDI program counted from 0, None if unknown.
        key: key signature of its first bar; None if it is that of the first WrittenBar.
        bars: the voices of each bar, the upper voice of the staff first. A bar may
            have fewer voices than others. Where neither a note nor a rest of a voice is
            written, it is silent, or in unison with the voice above or below.
        percussion: number of the first bar with percussion, None without.
        remarks: sentences on what was left out of it, said if the staff is read.
        is_ordered: whether the upper voice is first for certain, even if it is lower.
    """

    name: str = ""
    abbreviation: str = ""
    clef: str = ""
    program: int | None = None
    key: KeySignature | None = None
    bars: list[list[Line]] = field(default_factory=list)
    percussion: int | None = None
    remarks: tuple[str, ...] = ()
    is_ordered: bool = False


@dataclass(frozen=True, kw_only=True)
class WrittenScore:
    """A whole score.

    Attributes:
        bars: in order.
        staves: from the top of the page; each has as many bars.
        title, composer: may be empty.
        notes: sentences on what was guessed, repaired or left out, for the user.
    """

    bars: list[WrittenBar]
    staves: list[Staff]
    title: str = ""
    composer: str = ""
    notes: tuple[str, ...] = ()
