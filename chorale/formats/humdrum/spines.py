"""Spines of a Humdrum file, and how they split, join, change places and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from chorale.errors import DataError
from chorale.formats.humdrum.tokens import KernNote
from chorale.formats.scores.notes import ScoreNote, Syllable
from chorale.formats.scores.written_score import Line, Staff
from chorale.music.metre import STEPS_PER_WHOLE

KERN = "kern"
LYRICS = ("text", "silbe")
# Split, join, exchange, add, end.
PATH_SIGNS = ("*^", "*v", "*x", "*+", "*-")
_MOST_SPINES = 256


@dataclass(kw_only=True, eq=False)
class Voice:
    """A voice of a staff in the current bar.

    Attributes:
        notes: with their beginnings, in steps from the beginning of the piece.
        syllables: under some of the notes, by their index.
        end: of its last note or rest; None while its spine has neither.
        rests: whether the last of them was a rest.
        is_open: whether it still has a spine.
    """

    notes: list[tuple[KernNote, Fraction]] = field(default_factory=list)
    syllables: dict[int, list[Syllable]] = field(default_factory=dict)
    end: Fraction | None = None
    rests: bool = False
    is_open: bool = True

    @property
    def is_whole_rest(self) -> bool:
        """Whether the bar has nothing but a whole rest or a longer one so far.

        Such a rest is as long as the bar.
        """
        if len(self.notes) != 1:
            return False
        note, _ = self.notes[0]
        return not note.pitches and note.length >= STEPS_PER_WHOLE

    def end_bar(self, number: int, start: Fraction, end: Fraction) -> Line:
        """Return the notes of a bar, its number, beginning and end; begin the next.

        A note that lasts beyond the barline is continued in the next bar, tied.
        """
        line = []
        for index, (note, begin) in enumerate(self.notes):
            is_last = index + 1 == len(self.notes)
            stop = begin + note.length
            line.append(
                ScoreNote(
                    pitches=note.pitches,
                    tied=note.tied,
                    start=begin - start,
                    end=(end if is_last and self.is_whole_rest else min(stop, end))
                    - start,
                    fermata=note.fermata,
                    bar=number,
                    spelling=note.spelling,
                    syllables=tuple(self.syllables.get(index, ())),
                )
            )
        is_tied = not self.is_whole_rest and self.end is not None and self.end > end
        if is_tied:
            note, begin = self.notes[-1]
            rest = begin + note.length - end
            tied = tuple(True for _ in note.pitches)
            self.notes = [(replace(note, length=rest, tied=tied), end)]
        else:
            self.notes, self.end = [], end
        self.syllables = {}
        return line


@dataclass(kw_only=True, eq=False)
class StaffBuilder:
    """A staff, its bars so far, and the voices of the current bar, the upper first."""

    name: str = ""
    abbreviation: str = ""
    code: str = ""
    clef: str = ""
    voices: list[Voice] = field(default_factory=list)
    bars: list[list[Line]] = field(default_factory=list)

    def split(self, voice: Voice) -> Voice:
        """Return a new voice below `voice`."""
        place = self.voices.index(voice) + 1
        below = self.voices[place : place + 1]
        if below and not below[0].is_open and below[0].end == voice.end:
            # It was joined in the same bar and goes on.
            below[0].is_open = True
            return below[0]
        lower = Voice(end=voice.end)
        self.voices.insert(place, lower)
        return lower

    def end_bar(
        self, number: int, start: Fraction, end: Fraction, spines: Sequence[Spine]
    ) -> None:
        """Store the voices of the bar, and begin the next with the open spines."""
        self.bars.append(
            [voice.end_bar(number, start, end) for voice in self.voices if voice.notes]
        )
        self.voices = [spine.voice for spine in spines if spine.staff is self]
        for voice in self.voices:
            voice.end = voice.end if voice.notes else end

    def staff(self) -> Staff:
        """Return the staff."""
        return Staff(
            name=self.name or self.code,
            abbreviation=self.abbreviation,
            clef=self.clef,
            bars=self.bars,
        )


@dataclass(kw_only=True, eq=False)
class Spine:
    """A column of the file.

    Attributes:
        kind: the exclusive interpretation without its asterisks.
        staff, voice: what a **kern spine writes to; of others the staff is None.
        sung: of a spine of lyrics, the staff above them.
        verse: of a spine of lyrics, counted from 1.
    """

    kind: str = ""
    staff: StaffBuilder | None = None
    sung: StaffBuilder | None = None
    verse: int = 0
    voice: Voice = field(default_factory=Voice)


def change_paths(tokens: Sequence[str], spines: Sequence[Spine]) -> list[Spine]:
    """Return the spines after a row in which some split, join, change places or end.

    Raises:
        DataError: spines of different staves join, or one has nothing to join or to
            change places with.
    """
    changed: list[Spine] = []
    index = 0
    while index < len(spines):
        token, spine = tokens[index], spines[index]
        index += 1
        if token == "*^":
            changed += [spine, _split(spine)]
        elif token == "*+":
            changed += [spine, Spine()]
        elif token == "*-":
            spine.voice.is_open = False
        elif token == "*x":
            if tokens[index : index + 1] != ["*x"]:
                raise DataError("expected two neighbours to change places with *x")
            changed += [spines[index], spine]
            index += 1
        elif token == "*v":
            first = index
            while tokens[index : index + 1] == ["*v"] and _are_parts_of_one(
                spine, spines[index]
            ):
                _join(spine, spines[index])
                index += 1
            if index == first:
                raise DataError("expected neighbours of one staff to join with *v")
            changed.append(spine)
        else:
            changed.append(spine)
    if len(changed) > _MOST_SPINES:
        raise DataError(f"expected at most {_MOST_SPINES} spines")
    return changed


def _split(spine: Spine) -> Spine:
    if spine.staff is None:
        return replace(spine)
    voice = spine.staff.split(spine.voice)
    return Spine(kind=spine.kind, staff=spine.staff, voice=voice)


def _are_parts_of_one(left: Spine, right: Spine) -> bool:
    return left.staff is right.staff and left.kind == right.kind


def _join(left: Spine, right: Spine) -> None:
    """Let the right spine end in the left one."""
    parts = [left.voice, right.voice]
    ends = {voice.end for voice in parts if not voice.is_whole_rest} - {None}
    if len(ends) > 1:
        raise DataError("expected the notes of joined spines to end together")
    left.voice.end = ends.pop() if ends else None
    right.voice.end = left.voice.end
    right.voice.is_open = False
