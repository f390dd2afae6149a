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
from chorale.music.spelling import Spelling, spell_in_context
from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dominants import TendencyChords, find_tendency_chords
from chorale.voice_leading.dyads import Dyads


class Piece:
    """A chorale and what the rules derive from it, each array computed once.

    Args:
        chorale: the piece.
        spelling: int array (steps, 4), the diatonic number of each note, from
            `chorale.formats.files.read_spelled`; None: spelled by key and context.

    Attributes:
        chorale: as given.
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
        if spelling is not None and spelling.shape != chorale.pitches.shape:
            raise DataError(
                f"expected a spelling of shape {chorale.pitches.shape}, "
                f"got {spelling.shape}"
            )
        self._given_spelling = spelling
        self._dyads: dict[tuple[tuple[int, ...], ...], Dyads] = {}

    @cached_property
    def spelling(self) -> IntArray:
        """Int array (steps, 4), the diatonic number of each note."""
        if self._given_spelling is not None:
            return self._given_spelling
        return spell_in_context(self.pitches, self.chorale.onsets, self.key)

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
    def next_changes(self) -> IntArray:
        """Int array (steps, 4), the next step at which a voice leaves its note.

        There it moves, rests, or begins a phrase; the number of steps if it never does.
        """
        steps = len(self.pitches)
        is_last = np.diff(self.pitches, axis=0, append=-1) != 0
        is_last[:-1] |= self.phrase_starts[1:, None]
        ends = np.where(is_last, np.arange(1, steps + 1)[:, None], steps)
        following: IntArray = np.minimum.accumulate(ends[::-1], axis=0)[::-1]
        return following

    @cached_property
    def next_moves(self) -> IntArray:
        """Int array (steps, 4), semitones of the motion there; 0 = none."""
        moves = np.append(self.moves, np.zeros_like(self.moves[:1]), axis=0)
        following: IntArray = np.take_along_axis(moves, self.next_changes, axis=0)
        return following

    @cached_property
    def analysis(self) -> Analysis:
        """The harmonic analysis."""
        return analyze(self.chorale, self._given_spelling)

    @cached_property
    def tendency_chords(self) -> TendencyChords:
        """The chords with a leading tone or a seventh that resolves."""
        return find_tendency_chords(self.analysis, self.phrase_starts)

    def dyads(self, pairs: tuple[tuple[int, ...], ...]) -> Dyads:
        """Return some pairs of voices at every step, arrays (steps, pairs)."""
        if pairs not in self._dyads:  # several rules look at the same pairs
            upper, lower = np.array(pairs).T
            before = _delayed(self.pitches)
            letters = None
            if self._given_spelling is not None:
                letters = (
                    self._given_spelling[:, upper] - self._given_spelling[:, lower]
                )
            self._dyads[pairs] = Dyads(
                upper=self.pitches[:, upper],
                lower=self.pitches[:, lower],
                upper_before=before[:, upper],
                lower_before=before[:, lower],
                phrase_start=self.phrase_starts[:, None],
                letters=letters,
                letters_before=None if letters is None else _delayed(letters),
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
