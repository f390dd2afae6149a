"""A chorale prepared for the rules: motion, phrases, spelling, dominants."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from chorale.errors import DataError
from chorale.music.harmony.analysis import Analysis
from chorale.music.harmony.analyzing import analyze
from chorale.music.keys import estimate_key
from chorale.music.phrases import phrase_starts
from chorale.music.score import Chorale
from chorale.music.spelling import Spelling, diatonic_numbers
from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dominants import Dominants, find_dominants
from chorale.voice_leading.dyads import Dyads


class Piece:
    """A chorale and what the rules derive from it, each array computed once.

    Args:
        chorale: the piece.
        spelling: int array (steps, 4), the diatonic number of each note, from
            `chorale.formats.files.read_spelled`; None: spelled in the key.

    Attributes:
        chorale, spelling: as given or spelled.
        pitches: int array (steps, 4), MIDI notes, 0 = silence.
        key: of the piece, estimated if unknown.
        has_spelling: whether the spelling was given.

    Raises:
        DataError: the spelling has another shape than the pitches.
    """

    def __init__(self, chorale: Chorale, spelling: IntArray | None = None) -> None:
        self.chorale = chorale
        self.pitches = chorale.pitches
        self.key = chorale.key or estimate_key(chorale.pitches)
        self.has_spelling = spelling is not None
        if spelling is None:
            spelling = diatonic_numbers(chorale.pitches, self.key)
        if spelling.shape != chorale.pitches.shape:
            raise DataError(
                f"expected a spelling of shape {chorale.pitches.shape}, "
                f"got {spelling.shape}"
            )
        self.spelling = spelling
        self._dyads: dict[tuple[tuple[int, ...], ...], Dyads] = {}

    @cached_property
    def phrase_starts(self) -> BoolArray:
        """Bool array (steps,), where a phrase begins after a fermata."""
        return phrase_starts(self.chorale.fermatas)

    @cached_property
    def moves(self) -> IntArray:
        """Int array (steps, 4), semitones from the step before; 0 = no motion.

        There is no motion from one phrase to the next, as in textbooks.
        """
        before = _delayed(self.pitches)
        continues = (self.pitches != SILENCE) & (before != SILENCE)
        continues &= ~self.phrase_starts[:, None]
        return np.where(continues, self.pitches - before, 0)

    @cached_property
    def dominants(self) -> Dominants:
        """The dominants that resolve, by fifth or deceptively."""
        return find_dominants(self.pitches, self.phrase_starts, self.key)

    @cached_property
    def analysis(self) -> Analysis:
        """The harmonic analysis."""
        return analyze(self.chorale, self.spelling if self.has_spelling else None)

    def dyads(self, pairs: tuple[tuple[int, ...], ...]) -> Dyads:
        """Return some pairs of voices at every step, arrays (steps, pairs)."""
        if pairs not in self._dyads:  # several rules look at the same pairs
            upper, lower = np.array(pairs).T
            before = _delayed(self.pitches)
            letters = self.spelling[:, upper] - self.spelling[:, lower]
            self._dyads[pairs] = Dyads(
                upper=self.pitches[:, upper],
                lower=self.pitches[:, lower],
                upper_before=before[:, upper],
                lower_before=before[:, lower],
                phrase_start=self.phrase_starts[:, None],
                letters=letters if self.has_spelling else None,
                letters_before=_delayed(letters) if self.has_spelling else None,
            )
        return self._dyads[pairs]

    def note_name(self, step: int, voice: int) -> str:
        """Return the name of a note such as `Bb3`; middle C is C4."""
        return Spelling.of(
            int(self.pitches[step, voice]), int(self.spelling[step, voice])
        ).name


def _delayed(table: IntArray) -> IntArray:
    """Return an array (steps, …) one step later, zeros at the first step."""
    return np.concatenate([np.zeros_like(table[:1]), table[:-1]])
