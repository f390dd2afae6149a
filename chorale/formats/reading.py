"""The result of reading a file, and what a user may say about a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from chorale.errors import OptionError, printable
from chorale.formats.places import places_in
from chorale.music.keys import Key, KeySignature
from chorale.music.metre import STEPS_PER_WHOLE, number_bars
from chorale.music.metre_estimation import estimate_metre
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.utils.arrays import IntArray

SLOWEST, FASTEST = 10, 400  # quarters per minute
# How the sentence begins that says which tempo a file without one is given.
NO_TEMPO = "there is no tempo at the beginning: "

# Of the estimated metre over a stated 4/4, nats per quarter: of Bach's chorales without
# a pickup, written with that time signature, 2 % are then read otherwise, of those in
# 3/4 or with a pickup nine tenths.
_LEAST_ADVANTAGE = 0.3


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """What a user says about a file where the file is ambiguous.

    Attributes:
        format: a name in `chorale.formats.files.FORMATS`, for a file whose ending does
            not say it.
        tune: number of a tune in a book of tunes, the X: field of ABC.
        parts: numbers of the parts to read, counted from 1: staves from the top of the
            score, or tracks of a MIDI file. Four, soprano first; fewer with several
            voices each; or one with a melody.
        key: instead of the key in the file; no key is estimated then.
        tempo: in quarters per minute, instead of the tempo in the file.

    Raises:
        UsageError: a tempo out of bounds, or numbers that cannot be those of parts.
    """

    format: str | None = None
    tune: int | None = None
    parts: tuple[int, ...] | None = None
    key: Key | None = None
    tempo: float | None = None

    def __post_init__(self) -> None:
        if self.tempo is not None and not SLOWEST <= self.tempo <= FASTEST:
            raise OptionError(
                "tempo",
                f"expected {{}} from {SLOWEST} to {FASTEST} quarters per minute, got "
                f"{self.tempo:g}",
            )
        parts = self.parts
        if parts is not None and (
            len(parts) not in (1, 2, VOICES)
            or len(set(parts)) < len(parts)
            or min(parts) < 1
        ):
            raise OptionError(
                "parts",
                "expected {} of one, two or four different numbers from 1, such as "
                f"1,2,3,4, got {','.join(map(str, parts))}",
            )

    def apply(self, chorale: Chorale) -> Chorale:
        """Return a chorale with the key and the tempo that are given."""
        key = chorale.key if self.key is None else self.key
        tempo = chorale.tempo if self.tempo is None else self.tempo
        return replace(chorale, key=key, tempo=tempo)


class Reading(NamedTuple):
    """A chorale as read, and how it differs from its file.

    Attributes:
        chorale: the notes on the grid. Readers of formats leave its key undecided,
            None; `files` decides it, see `chorale.music.key_decision`.
        spelling: int array (steps, 4), the diatonic number of each note, see
            `chorale.music.spelling`, 0 in silence; None if the format does not
            distinguish F sharp from G flat.
        off_grid: number of notes that begin (in scores: or end) between two steps.
        first_off_grid: first step of the earliest of them, on the grid; None if there
            is none, or it is not known.
        metre_assumed: whether bars are counted in 4/4 because the file has no metre.
        metre_default: whether the only time signature is 4/4 from the beginning, in a
            format whose programs write that where they know none.
        key_estimated: whether the key is that of the notes, since the file states none,
            no mode, or another that the notes contradict.
        notes: sentences on what was guessed, repaired or left out, for the user.
        signatures: key signatures that the file states for the beginning of the parts
            that are read.
        first_change: step at which the first other key signature begins; None if none
            does. The key of the piece is that of the notes before.
        key_notes: sentences on how the key was decided.
        metre_notes: a sentence on bars in the metre that fits the notes, see
            `with_estimated_metre`; none if they are not estimated.
    """

    chorale: Chorale
    spelling: IntArray | None = None
    off_grid: int = 0
    first_off_grid: int | None = None
    metre_assumed: bool = False
    metre_default: bool = False
    key_estimated: bool = False
    notes: tuple[str, ...] = ()
    signatures: tuple[KeySignature, ...] = ()
    first_change: int | None = None
    key_notes: tuple[str, ...] = ()
    metre_notes: tuple[str, ...] = ()

    @property
    def estimated(self) -> str:
        """What the file does not say: `key`, `metre`, `key metre`, or empty."""
        metre = self.metre_assumed or bool(self.metre_notes)
        known = {"key": self.key_estimated, "metre": metre}
        return " ".join(name for name, estimated in known.items() if estimated)

    def remarks(self) -> list[str]:
        """Return sentences on everything that is read differently from the file."""
        sentences = [*self.notes, *self.key_notes, *self.metre_notes]
        if self.metre_assumed:
            sentences.append("the file has no metre: bars are counted in 4/4")
        if self.off_grid:
            notes = "1 note is" if self.off_grid == 1 else f"{self.off_grid} notes are"
            sentences.append(
                f"{notes} off the grid of sixteenths, as triplets are: moved to it"
                f"{self._first_place()}"
            )
        return [printable(sentence) for sentence in sentences]

    def _first_place(self) -> str:
        """Return where the first note off the grid is; empty if it is not known."""
        if self.first_off_grid is None:
            return ""
        piece = self.chorale
        place = places_in(piece.bars, piece.positions, piece.metres)
        return f", first in {place(self.first_off_grid)}"


def with_estimated_metre(reading: Reading) -> Reading:
    """Return a reading in the metre that its notes are in, if its file states none.

    A 4/4 that may be a default is replaced if the notes clearly contradict it. Bars
    that are estimated are marked, and said; those of a piece that is too short stay.
    """
    if not (reading.metre_assumed or reading.metre_default):
        return reading
    chorale = reading.chorale
    found = estimate_metre(chorale)
    if found is None:
        return reading
    if reading.metre_assumed:
        reason = "the file has no metre"
    elif found.advantage >= _LEAST_ADVANTAGE:
        reason = "the notes contradict 4/4, which programs write by default"
    else:
        return reading
    bars, positions = number_bars(chorale.steps, [found.metre], found.pickup)
    pickup = "no pickup"
    if found.pickup:
        pickup = f"a pickup of {Fraction(found.pickup, STEPS_PER_WHOLE)}"
    remark = f"{reason}: read as {found.metre.name} with {pickup}, by the notes"
    return reading._replace(
        chorale=replace(chorale, metres=(found.metre,), bars=bars, positions=positions),
        metre_assumed=False,
        metre_default=False,
        metre_notes=(remark,),
    )
