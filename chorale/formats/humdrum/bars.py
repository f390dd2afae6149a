"""Bars of a Humdrum file: put its rows into bars, one row after another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from chorale.errors import DataError
from chorale.formats.humdrum.rhythm import Clock
from chorale.formats.humdrum.sections import Sections
from chorale.formats.humdrum.signatures import Changes, Signatures
from chorale.formats.humdrum.spines import Spine, StaffBuilder, Voice
from chorale.formats.humdrum.tokens import Barline, parse_barline, parse_clef
from chorale.formats.limits import MOST_BARS, MOST_STAVES
from chorale.formats.scores.written_score import Staff, WrittenBar

_INSTRUMENT = re.compile(r"\*I([a-z]+)\d*$")
# Codes of the voices; of other instruments the code is the name.
_NAMES = {
    "soprn": "Soprano",
    "alto": "Alto",
    "calto": "Alto",
    "tenor": "Tenor",
    "bass": "Bass",
}


class ScoreBuilder:
    """The bars and staves so far; the first staff is the lowest."""

    def __init__(self) -> None:
        self._staves: list[StaffBuilder] = []
        self._bars: list[WrittenBar] = []
        self._clock = Clock()
        self._signatures = Signatures()
        self._sections = Sections()
        self._remarks: list[str] = []
        # Of the bar that is being read: its first step, the barline before it, and what
        # begins with it; None until it has notes.
        self._start = Fraction(0)
        self._barline = Barline()
        self._changes: Changes | None = None
        self._waits = False
        self._numbers = 0  # barlines with a number so far
        # Steps since the last full bar, as a repeat sign may divide a bar.
        self._filled = Fraction(0)

    def add_staff(self) -> tuple[StaffBuilder, Voice]:
        """Return a new staff above the others, and its voice."""
        if len(self._staves) == MOST_STAVES:
            raise DataError(f"expected at most {MOST_STAVES} spines of **kern")
        voice = Voice(end=None if self._clock.has_notes else Fraction(0))
        staff = StaffBuilder(voices=[voice], bars=[[] for _ in self._bars])
        self._staves.append(staff)
        return staff, voice

    def interpret(self, tokens: Sequence[str], spines: Sequence[Spine]) -> None:
        """Read a row of interpretations; those of no meaning here are ignored."""
        kern: list[str] = []
        for token, spine in zip(tokens, spines, strict=True):
            if spine.staff is not None:
                kern.append(token)
                _describe(spine.staff, token)
        self._signatures.interpret(kern)
        bar = len(self._bars) + (self._changes is not None)
        if self._sections.interpret(kern, bar) and self._changes is not None:
            # A section may begin without a barline.
            self._end_bar(Barline(), spines)

    def read_notes(self, tokens: Sequence[str], spines: Sequence[Spine]) -> None:
        """Read a row of notes."""
        if not self._clock.read_notes(tokens, spines):
            return
        if self._changes is None:
            self._changes = self._signatures.begin_bar()
        elif self._signatures.is_waiting:
            self._waits = True

    def read_barline(self, tokens: Sequence[str], spines: Sequence[Spine]) -> None:
        """Read a row of barlines; the highest staff has the signs of repeats."""
        kern = [
            token
            for token, spine in zip(tokens, spines, strict=True)
            if spine.staff is not None
        ]
        barlines = [parse_barline(token) for token in kern]
        if not barlines:
            return
        barline = barlines[-1]
        if barline.is_hidden and not self._clock.is_together(spines):
            return  # It only marks the end of a line of the page.
        self._end_bar(barline, spines)

    def finish(self, spines: Sequence[Spine]) -> tuple[list[WrittenBar], list[Staff]]:
        """Return the bars, and the staves from the highest; `spines` are still open.

        Raises:
            DataError: there are no **kern spines, or no notes or rests.
        """
        if not self._staves:
            raise DataError("expected spines of **kern, got none")
        self._end_bar(Barline(), spines)
        if not self._bars:
            raise DataError("expected notes or rests, got none")
        for staff in self._staves:
            if any(voice.notes for voice in staff.voices):
                raise DataError(
                    "expected all spines to end together, the last notes of "
                    f"{staff.name or 'a spine'} are longer than those of others"
                )
        self._bars[-1] = replace(self._bars[-1], upbeat=False)
        bars, remark = self._sections.mark_repeats(self._bars)
        self._remarks += [remark] if remark else []
        return bars, [staff.staff() for staff in reversed(self._staves)]

    def remarks(self) -> list[str]:
        """Return sentences on what was guessed or left out."""
        graces = self._clock.graces
        said = [*self._remarks, *self._signatures.said]
        if graces:
            noun = "1 grace note is" if graces == 1 else f"{graces} grace notes are"
            said.append(f"{noun} left out")
        return said

    def _end_bar(self, barline: Barline, spines: Sequence[Spine]) -> None:
        """Store the bar that ends with a barline, and begin the next one."""
        full = self._start + self._signatures.metre.bar_length
        end = self._clock.barline(spines, full)
        length = end - self._start
        if self._changes is not None and length > 0:
            bar = self._bar(length, barline)
            self._bars.append(bar)
            if len(self._bars) > MOST_BARS:
                raise DataError(f"expected at most {MOST_BARS} bars")
            for staff in self._staves:
                staff.end_bar(bar.number, self._start, end, spines)
            self._remark(bar.number)
            self._start, self._changes, self._barline = end, None, barline
        else:
            # Two barlines at the same place.
            if self._bars and barline.repeat_end:
                self._bars[-1] = replace(self._bars[-1], repeat_end=True)
            self._barline = self._barline.followed_by(barline)
        self._numbers += barline.number is not None

    def _bar(self, length: Fraction, closing: Barline) -> WrittenBar:
        """Return the bar that ends with a barline."""
        changes = self._changes or Changes()
        opening = self._barline
        full = self._signatures.metre.bar_length
        is_first = not self._bars
        is_new = opening.number is not None or changes.metre is not None
        if is_new or self._filled + length > full:
            self._filled = Fraction(0)
        begins = self._filled == 0
        if opening.number is not None:
            number = opening.number
        elif not is_first:
            counts = begins and self._numbers < 2
            number = self._bars[-1].number + counts
        elif closing.number is not None:
            number = max(closing.number - 1, 0)
        else:
            number = 0 if length < full else 1
        divides = opening.repeat_end or opening.repeat_start or self._numbers >= 2
        divides = divides and begins and opening.number is None
        upbeat = length < full and (is_first or divides)
        self._filled = Fraction(0) if upbeat else (self._filled + length) % full
        return WrittenBar(
            number=number,
            length=length,
            metre=changes.metre,
            key=changes.key,
            tempo=changes.tempo,
            upbeat=upbeat,
            repeat_start=opening.repeat_start,
            repeat_end=closing.repeat_end,
        )

    def _remark(self, bar: int) -> None:
        """Say what is unusual in a bar."""
        if self._clock.has_gap:
            self._remarks.append(
                f"in bar {bar} a staff has neither notes nor rests for a while: read "
                "as a rest"
            )
        if self._waits:
            self._remarks.append(
                f"a signature within bar {bar} is read as if it began with the next bar"
            )
        self._clock.has_gap = self._waits = False


def _describe(staff: StaffBuilder, token: str) -> None:
    """Read the name or the first clef of a staff."""
    if token.startswith('*I"'):
        staff.name = staff.name or token[3:].strip()
    elif token.startswith("*I'"):
        staff.abbreviation = staff.abbreviation or token[3:].strip()
    elif token.startswith("*clef"):
        staff.clef = staff.clef or parse_clef(token)
    elif match := _INSTRUMENT.match(token):
        staff.code = staff.code or _NAMES.get(match[1], match[1].capitalize())
