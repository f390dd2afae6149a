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
    surprisal_rounded,
)
from chorale.voice_leading.cross_relations import (
    chromatic_clashes,
    false_relations,
    letter_mates,
)
from chorale.voice_leading.dyads import LARGEST_STEP, OCTAVE
from chorale.voice_leading.faults import NO_TONE, Context
from chorale.voice_leading.sonority_faults import SETS

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
        surprisal_rounded("chromatic-clash") * rows.ravel(),
        surprisal_rounded("false-relation") * rows.ravel(),
        surprisal_rounded("false-relation") * leaves.ravel(),
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
        phrase_start: bool array (batch,), see Context.
        lowest: MIDI note of the vocabulary.
        classes: int array, pitch classes above it by MIDI note, SILENT_CLASS.
    """

    def __init__(
        self,
        tables: RelationTables,
        scales: IntArray,
        before: IntArray,
        phrase_start: BoolArray,
        lowest: int,
        classes: IntArray,
    ) -> None:
        self._tables, self._scales, self._lowest = tables, scales, lowest
        self._before, self._phrase_start = before.T, phrase_start
        self._classes = classes
        self._unread: list[tuple[int, IntArray]] = []  # voices and notes
        self._motions: _Motions | None = None  # None until a voice moves

    def write(self, voice: int, notes: IntArray) -> None:
        """Write the notes of a voice, int array (batch,), MIDI notes."""
        self._unread.append((voice, notes))
        if self._motions is None:
            if (notes == self._before[voice]).all():
                return
            self._motions = _Motions(
                self._tables,
                self._scales,
                self._before,
                self._phrase_start,
                self._classes,
            )
        for each in self._unread:
            self._motions.read(*each)
        self._unread = []

    def clashes(self, written: IntArray) -> Begins:
        """Return where the costs of clashes begin, by the set of the notes written."""
        return self._tables.clashes.take(written + self._scales)

    def attacks(self, voice: int) -> Begins | None:
        """Return where the costs of moving to a letter begin that others leave.

        None if there are none.
        """
        sets = None if self._motions is None else self._motions.left_for(voice)
        if sets is None:
            return None
        return self._tables.clashes.take(sets + self._scales) + self._tables.attacks

    def leaves(self, voice: int) -> IntArray | None:
        """Return where the costs of leaving a letter begin; None if there are none."""
        shifts = None if self._motions is None else self._motions.altered(voice)
        if shifts is None:
            return None
        places = self._tables.leaves.take((shifts < 0).astype(np.int64))
        begins = places - (self._before[voice] - self._lowest)
        return np.where(shifts == 0, 0, begins)


class _Motions:
    """What the voices written have left, and what they have moved to.

    Args:
        tables, scales, phrase_start, classes: see StepRelations.
        before: int array (4, batch), MIDI notes a step before.
    """

    def __init__(
        self,
        tables: RelationTables,
        scales: IntArray,
        before: IntArray,
        phrase_start: BoolArray,
        classes: IntArray,
    ) -> None:
        self._before, self._classes_of = before, classes
        self._classes = classes.take(before)
        scaled = self._classes + (scales >> OCTAVE) * CLASSES
        self._sounds = before != SILENCE
        self._mates = tables.mates.take(scaled)
        if phrase_start.any():
            self._mates[:, phrase_start] = NO_TONE
        self._shifts = tables.shifts.take(scaled)
        # Where a voice has left a note and not moved on as its accidental wants.
        self._leaves = np.zeros(before.shape, np.bool_)
        # Pitch classes to which voices have moved; none if they have not.
        self._goals = np.full(before.shape, NO_TONE - 1)
        # Where the second voice has or may have the chromatic semitone that begins on
        # the note of the first, (4, 4, batch).
        self._semitones = self._classes[:, np.newaxis] == self._classes
        self._semitones[range(VOICES), range(VOICES)] = False

    def read(self, voice: int, notes: IntArray) -> None:
        """Read the notes of a voice, int array (batch,), MIDI notes."""
        classes, mates = self._classes_of.take(notes), self._mates[voice]
        is_silent = classes == SILENT_CLASS
        self._semitones[:, voice] &= (classes == self._mates) | is_silent
        moves = notes - self._before[voice]
        moved = (moves != 0) & ~is_silent & self._sounds[voice]
        steps = moves * self._shifts[voice]
        self._leaves[voice] = (
            moved
            & (mates != NO_TONE)
            & (classes != mates)
            & ((steps >= 0) | (steps < -LARGEST_STEP))
        )
        self._goals[voice] = np.where(moved, classes, NO_TONE - 1)

    def left_for(self, voice: int) -> IntArray | None:
        """Return the sets of notes left, whose letters a voice may not move to.

        Int array (batch,); None if there are none.
        """
        left = self._leaves & (self._mates != self._classes[voice])
        left &= self._sounds[voice]
        if not left.any():
            return None
        left &= ~self._semitones.any(axis=1)
        sets: IntArray = np.bitwise_or.reduce(left << self._classes, axis=0)
        return sets

    def altered(self, voice: int) -> IntArray | None:
        """Return how much another voice has altered the note that a voice may leave.

        Int array (batch,), semitones, 0 if none has; None if none has anywhere.
        """
        altered = self._goals == self._mates[voice]
        if not altered.any():
            return None
        altered &= self._classes != self._mates[voice]
        is_false = altered.any(axis=0) & ~self._semitones[voice].any(axis=0)
        return np.where(is_false, self._shifts[voice], 0)
