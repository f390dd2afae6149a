"""What the rules look at: a chorale's notes, how they move, how they are spelled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.music.keys import Key, estimate_key
from chorale.music.score import Chorale
from chorale.music.spelling import Spelling, diatonic_numbers
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dominants import Dominants, find_dominants
from chorale.voice_leading.dyads import Dyads

# The voices of a column of `Judged.faults`, the upper one first.
SINGLE = tuple((voice,) for voice in range(VOICES))
PAIRS = tuple(combinations(range(VOICES), 2))
NEIGHBOURS = tuple(pairwise(range(VOICES)))


class Judged(NamedTuple):
    """What a rule says of a piece.

    Attributes:
        faults: bool array (steps, columns), True where it is broken by the voices of a
            column, at the step where the fault is complete.
        opportunities: int array (steps,), how often it could have been broken there.
    """

    faults: BoolArray
    opportunities: IntArray


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A chorale and what all rules need of it.

    Attributes:
        chorale: what is judged.
        key: its key, or else the one that its notes fit best.
        spelling: int array (steps, 4), the diatonic number of each note.
        spelled: whether the spelling is the composer's, and not by the key.
    """

    chorale: Chorale
    key: Key
    spelling: IntArray
    spelled: bool

    @classmethod
    def of(cls, chorale: Chorale, spelling: IntArray | None = None) -> Piece:
        """Look at a chorale.

        Args:
            spelling: as of `chorale.formats.files.read_spelled`; None: spelled by the
            key.

        Raises:
            DataError: the spelling has another shape than the pitches.
        """
        if spelling is not None and spelling.shape != chorale.pitches.shape:
            raise DataError(
                f"expected a spelling of shape {chorale.pitches.shape}, "
                f"got {spelling.shape}"
            )
        key = chorale.key or estimate_key(chorale.pitches)
        return cls(
            chorale=chorale,
            key=key,
            spelling=diatonic_numbers(chorale.pitches, key)
            if spelling is None
            else spelling,
            spelled=spelling is not None,
        )

    @property
    def pitches(self) -> IntArray:
        """Int array (steps, 4), MIDI notes, 0 = silence."""
        return self.chorale.pitches

    @cached_property
    def sounding(self) -> BoolArray:
        """Bool array (steps, 4), where a voice sings."""
        sounding: BoolArray = self.pitches != SILENCE
        return sounding

    @cached_property
    def breathes(self) -> BoolArray:
        """Bool array (steps,), see `find_breaths`."""
        return find_breaths(self.chorale.fermatas)

    @cached_property
    def phrases(self) -> IntArray:
        """Int array (steps,), the number of the phrase; a fermata ends one."""
        return np.cumsum(self.breathes)

    @cached_property
    def goes_on(self) -> BoolArray:
        """Bool array (steps, 4), where a voice sings and sang just before.

        Nothing goes on from one phrase to the next: singers breathe there, and
        textbooks count no motion across.
        """
        goes_on = self.sounding.copy()
        goes_on[0] = False
        goes_on[1:] &= self.sounding[:-1] & ~self.breathes[1:, None]
        return goes_on

    @cached_property
    def moves(self) -> IntArray:
        """Int array (steps, 4), semitones from the step before; 0: no motion."""
        moves = np.zeros(self.pitches.shape, np.int64)
        moves[1:] = np.diff(self.pitches, axis=0)
        return np.where(self.goes_on, moves, 0)

    @cached_property
    def dominants(self) -> Dominants:
        """The dominants that resolve, by fifth or deceptively."""
        return find_dominants(self.pitches, self.phrases, self.key)

    @cached_property
    def pairs(self) -> Dyads:
        """All PAIRS of voices at every step, arrays (steps, 6)."""
        return self.dyads(PAIRS)

    def dyads(self, pairs: tuple[tuple[int, ...], ...]) -> Dyads:
        """Return some pairs of voices at every step, arrays (steps, pairs)."""
        upper, lower = np.array(pairs).T
        before = _delayed(self.pitches)
        letters = self.spelling[:, upper] - self.spelling[:, lower]
        return Dyads(
            upper=self.pitches[:, upper],
            lower=self.pitches[:, lower],
            upper_before=before[:, upper],
            lower_before=before[:, lower],
            breathes=self.breathes[:, None],
            letters=letters if self.spelled else None,
            letters_before=_delayed(letters) if self.spelled else None,
        )

    def name(self, step: int, voice: int) -> str:
        """Return the name of a note such as `Bb3`; middle C is C4."""
        return Spelling.of(
            int(self.pitches[step, voice]), int(self.spelling[step, voice])
        ).name


def find_breaths(fermatas: BoolArray) -> BoolArray:
    """Return where a phrase begins because a fermata has ended.

    Args:
        fermatas: bool array (steps,), where a fermata stands.
    """
    breaths = np.zeros_like(fermatas)
    breaths[1:] = fermatas[:-1] & ~fermatas[1:]
    return breaths


def _delayed(table: IntArray) -> IntArray:
    """Return an array (steps, ...) a step later, zeros at the first."""
    delayed = np.zeros_like(table)
    delayed[1:] = table[:-1]
    return delayed
