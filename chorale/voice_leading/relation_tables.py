"""Tables of what cross relations cost, and where they are while voices are written.

The rows of clashes and those of notes that make a false relation are by pitch class,
from the lowest note of a vocabulary up. There is one of each for the letters of any set
of pitch classes. The rows of voices that leave a note are by the distance from it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.music.voices import BASS, SILENCE, SOPRANO, VOICES
from chorale.utils.arrays import BoolArray, Float64Array, IntArray
from chorale.voice_leading.chord_tables import (
    CLASSES,
    EXAMPLE,
    SILENT_CLASS,
    all_chords,
    own_tables,
    rotated,
    rounded,
)
from chorale.voice_leading.cross_relations import (
    chromatic_clashes,
    false_relations,
    letter_mates,
)
from chorale.voice_leading.dyads import LARGEST_STEP, OCTAVE
from chorale.voice_leading.faults import NO_TONE, Context
from chorale.voice_leading.sonority_faults import SETS, surprisal

Begins = npt.NDArray[np.int32]


class RelationTables(NamedTuple):
    """Costs of cross relations; arrays are flat.

    Attributes:
        values: float array, rows in nats, which follow those of OwnTables.
        clashes: int array (13 * sets), begin of a row at the lowest note, by the scale
            (12 if unknown) and a set of pitch classes: of the notes that clash with it.
        attacks: how far the row of the notes that make a false relation with those of
            the same set is behind it.
        leaves: int array (2,), places of rows of a voice that leaves a note another
            voice has raised, and lowered: where the note is.
        mates, shifts: int arrays (13 * 14), the other pitch class with the letter of
            each, by scale and pitch class, and how much higher it is; NO_TONE and 0 if
            there is none.
    """

    values: Float64Array
    clashes: Begins
    attacks: int
    leaves: IntArray
    mates: IntArray
    shifts: IntArray


@lru_cache(maxsize=4)
def relation_tables(reach: int) -> RelationTables:
    """Return the tables of vocabularies whose notes are at most `reach` apart."""
    begin, columns = own_tables(reach).values.size, np.arange(reach + 1 + OCTAVE)
    others, sets = all_chords(VOICES - 1, rests=True)
    is_clash, row_of = _distinct_clashes(others)
    rows = is_clash[:, columns % OCTAVE]
    clashes = np.full((OCTAVE + 1, SETS), begin)  # the first row has no clash
    for tonic in range(OCTAVE):
        clashes[tonic, rotated(sets, tonic)] += row_of * rows.shape[1] + (
            -tonic % OCTAVE
        )
    leaves = np.array([_leaves(shift, reach) for shift in (1, -1)])
    values = [
        rounded(surprisal("chromatic-clash")) * rows.ravel(),
        rounded(surprisal("false-relation")) * rows.ravel(),
        rounded(surprisal("false-relation")) * leaves.ravel(),
    ]
    tonics = np.append(np.arange(OCTAVE), NO_TONE)[:, np.newaxis]
    mates = letter_mates(OCTAVE + np.arange(CLASSES), tonics)
    mates[:, OCTAVE:] = NO_TONE
    shifts = np.where((np.arange(CLASSES) + 1) % OCTAVE == mates, 1, -1)
    return RelationTables(
        np.concatenate(values),
        clashes.astype(np.int32).ravel(),
        rows.size,
        begin + 2 * rows.size + np.arange(2) * leaves.shape[1] + reach,
        mates.ravel(),
        np.where(mates == NO_TONE, 0, shifts).ravel(),
    )


def _distinct_clashes(others: IntArray) -> tuple[BoolArray, IntArray]:
    """Return rows of clashes (rows, 12), the first without, and the row of each chord.

    Chords are of three voices, int array (chords, 3), in C major.
    """
    now = np.insert(others, SOPRANO, SILENCE, axis=1)
    notes = np.tile(EXAMPLE + np.arange(OCTAVE), (len(now), 1))
    (fault,) = chromatic_clashes(_example(now, now)._replace(scale=0), SOPRANO, notes)
    rows, row_of = np.unique(
        np.pad(fault.notes, ((1, 0), (0, 0))), axis=0, return_inverse=True
    )
    return rows, row_of.ravel()[1:]


def _leaves(shift: int, reach: int) -> BoolArray:
    """Return the notes that make a false relation, if the soprano leaves C for them.

    Another voice moves to C sharp (`shift` is 1) or C flat (-1). Bool array (2 * reach
    + 1,), from `reach` semitones below C up.
    """
    before = np.full((1, VOICES), SILENCE)
    before[0, [SOPRANO, BASS]] = EXAMPLE, EXAMPLE + 5
    now = np.where(before == EXAMPLE + 5, EXAMPLE + shift, SILENCE)
    context = _example(before, now)._replace(scale=0 if shift == 1 else OCTAVE - 1)
    notes = EXAMPLE + np.arange(-reach, reach + 1)[np.newaxis]
    _, fault = false_relations(context._replace(written=(BASS,)), SOPRANO, notes)
    leaves: BoolArray = fault.notes[0]
    return leaves


def _example(before: IntArray, now: IntArray) -> Context:
    """Return contexts of chords (rows, 4) in which all but the soprano are written."""
    written = tuple(voice for voice in range(VOICES) if voice != SOPRANO)
    starts, tones = np.zeros(len(now), np.bool_), np.full(len(now), NO_TONE)
    return Context(before, now, written, starts, tones)


# === Looking up ===


class StepRelations:
    """Where the costs of the cross relations of one step are, while voices are written.

    Args:
        tables: the tables.
        scales: int array (batch,), begins of scales in `RelationTables.clashes`.
        before: int array (batch, 4), MIDI notes a step before.
        classes: int array (4, batch), their pitch classes above the lowest note.
        phrase_start: bool array (batch,), see Context.
        lowest: MIDI note.
    """

    def __init__(
        self,
        tables: RelationTables,
        scales: IntArray,
        before: IntArray,
        classes: IntArray,
        phrase_start: BoolArray,
        lowest: int,
    ) -> None:
        self._tables, self._scales = tables, scales
        self._before, self._classes = before.T, classes
        self._phrase_start, self._lowest = phrase_start, lowest
        self._now: dict[int, IntArray] = {}  # pitch classes of voices written
        # Of the voices that move: where they do, and by how many semitones.
        self._moves: dict[int, tuple[BoolArray, IntArray]] = {}
        self._mates: IntArray | None = None  # (4, batch), of the notes before

    def write(self, voice: int, notes: IntArray, classes: IntArray) -> None:
        """Write the notes of a voice.

        Args:
            voice: its index.
            notes: int array (batch,), MIDI notes.
            classes: int array (batch,), their pitch classes above the lowest note.
        """
        self._now[voice] = classes
        before = self._before[voice]
        moves = notes - before
        moved = (moves != 0) & (notes != SILENCE) & (before != SILENCE)
        if not moved.any():
            return
        if self._mates is None:
            scales = (self._scales >> OCTAVE) * CLASSES
            scaled = self._classes + scales
            self._mates = self._tables.mates.take(scaled)
            self._mates[:, self._phrase_start] = NO_TONE
            self._shifts = self._tables.shifts.take(scaled)
        self._moves[voice] = moved, moves

    def clashes(self, written: IntArray) -> Begins:
        """Return where the costs of clashes begin, by the set of the notes written."""
        return self._tables.clashes.take(written + self._scales)

    def attacks(self, voice: int) -> Begins | None:
        """Return where the costs of moving to a letter begin that others leave.

        None if there are none.
        """
        if self._mates is None:
            return None
        classes, sets = self._classes, np.zeros(len(self._scales), np.int64)
        can_move = classes[voice] != SILENT_CLASS
        for left, (moved, moves) in self._moves.items():
            mates, steps = self._mates[left], -moves * self._shifts[left]
            is_false = moved & (mates != NO_TONE) & (self._now[left] != mates)
            is_false &= (steps <= 0) | (steps > LARGEST_STEP)
            is_false &= can_move & (classes[voice] != mates)
            if is_false.any():
                is_false &= self._no_semitone(left, voice)
                sets |= np.where(is_false, 1 << classes[left], 0)
        if not sets.any():
            return None
        return self._tables.clashes.take(sets + self._scales) + self._tables.attacks

    def leaves(self, voice: int) -> IntArray | None:
        """Return where the costs of leaving a letter begin; None if there are none."""
        if self._mates is None:
            return None
        mates, is_false = self._mates[voice], np.zeros(len(self._scales), np.bool_)
        for attacked, (moved, _) in self._moves.items():
            is_attacked = moved & (self._now[attacked] == mates)
            is_false |= is_attacked & (self._classes[attacked] != mates)
        if not is_false.any():
            return None
        is_false &= self._no_semitone(voice, voice)
        places = self._tables.leaves.take((self._shifts[voice] < 0).astype(np.int64))
        return np.where(is_false, places - (self._before[voice] - self._lowest), 0)

    def _no_semitone(self, left: int, voice: int) -> BoolArray:
        """Return where no voice has or may have a chromatic semitone.

        It begins on the note that one voice has left. `voice` chooses.
        """
        assert self._mates is not None
        classes, mates = self._classes, self._mates[left]
        none = np.ones(len(self._scales), np.bool_)
        for each in range(VOICES):
            if each == left:
                continue
            has_it = classes[each] == classes[left]
            if each in self._now and each != voice:
                now = self._now[each]
                has_it &= (now == mates) | (now == SILENT_CLASS)
            none &= ~has_it
        return none
