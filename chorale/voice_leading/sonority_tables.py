"""Tables of what notes cost by the notes that sound with them.

A row has the costs of all notes from the lowest of a vocabulary up; they depend on the
pitch class. The definitions in `sonority_faults` fill in all rows. Which row it is, is
found by the set of pitch classes already written, see `chord_tables`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from chorale.music.voices import BASS, SILENCE, SOPRANO, VOICES
from chorale.utils.arrays import BoolArray, Float64Array, IntArray
from chorale.voice_leading.chord_tables import (
    EXAMPLE,
    own_tables,
    surprisal_rounded,
)
from chorale.voice_leading.dyads import OCTAVE
from chorale.voice_leading.faults import HELD, NO_TONE, OFF_BEAT, PLACES, Context
from chorale.voice_leading.relation_tables import Begins, relation_tables
from chorale.voice_leading.sonority_faults import (
    SETS,
    class_sets,
    open_fifths,
    resting_chords,
    unstable_phrase_ends,
)

# In place of the pitch class of the bass: it is not written, or it is what chooses.
NO_BASS, BASS_CHOOSES = OCTAVE, OCTAVE + 1
_BASSES = OCTAVE + 2  # number of all of these


class SonorityTables(NamedTuple):
    """Costs of notes by the sonority; arrays are flat.

    Attributes:
        values: float array, rows in nats, which follow those of RelationTables.
        chords: int array (4 * 2 * 14 * sets), begin of a row at the lowest note, by the
            place of the step, whether all other voices sound, the bass, and the set of
            notes written.
    """

    values: Float64Array
    chords: Begins


@lru_cache(maxsize=4)
def sonority_tables(reach: int) -> SonorityTables:
    """Return the tables of vocabularies whose notes are at most `reach` apart."""
    begin = own_tables(reach).values.size + relation_tables(reach).values.size
    rows, row_of = _chords()
    values = rows[:, np.arange(reach + 1 + OCTAVE) % OCTAVE]
    begins = row_of * values.shape[1] + begin
    return SonorityTables(values.ravel(), begins.astype(np.int32))


# === Examples of situations ===

_NOTES = EXAMPLE + np.arange(OCTAVE)  # one of each pitch class


def _chords() -> tuple[Float64Array, IntArray]:
    """Return rows (rows, 12) of other faults, and the row of each case.

    Cases are of all places, whether all other voices sound, basses and sets, int array
    (4, 2, 14, sets). The first row costs nothing.
    """
    tones = (SILENCE, *range(EXAMPLE, EXAMPLE + OCTAVE))
    others = np.array(list(product(tones, repeat=VOICES - 1)))
    is_last = (others != SILENCE).all(axis=1).astype(np.int64)
    cases, costs = [], []
    for place, voice in product(PLACES, (SOPRANO, BASS)):
        if place == OFF_BEAT:
            continue
        now = np.insert(others, voice, SILENCE, axis=1)
        bass = np.where(now[:, BASS] == SILENCE, NO_BASS, now[:, BASS] % OCTAVE)
        if voice == BASS:
            bass[:] = BASS_CHOOSES
        costs.append(_costs(_example(now, voice)._replace(place=place), voice))
        cases.append(((place * 2 + is_last) * _BASSES + bass) * SETS + class_sets(now))
    for cases_held, costs_held in _held():
        cases.append(cases_held)
        costs.append(costs_held)
    rows, row_of = _distinct(np.concatenate(costs))
    table = np.zeros(len(PLACES) * 2 * _BASSES * SETS, np.int64)
    table[np.concatenate(cases)] = row_of
    return rows, table


def _held() -> Iterator[tuple[IntArray, Float64Array]]:
    """Yield the cases in which a phrase rests on a triad, and what notes cost then.

    The triad counts as written before any voice but the bass is.
    """
    tones = range(EXAMPLE, EXAMPLE + OCTAVE)
    before = np.array([(SILENCE, *chord) for chord in product(tones, repeat=3)])
    roots = before[:, BASS] % OCTAVE
    rests = resting_chords(HELD, roots, class_sets(before))
    before, roots, rests = (each[rests > 0] for each in (before, roots, rests))
    silent = np.full_like(before, SILENCE)
    with_bass = np.where(np.arange(VOICES) == BASS, before, SILENCE)
    for voice, now, bass in (
        (SOPRANO, silent, np.full(len(roots), NO_BASS)),
        (SOPRANO, with_bass, roots),
        (BASS, silent, np.full(len(roots), BASS_CHOOSES)),
    ):
        context = _example(now, voice)._replace(place=HELD, before=before)
        cases = (HELD * 2 * _BASSES + bass) * SETS + rests
        yield cases, _costs(context, voice)


def _example(now: IntArray, voice: int) -> Context:
    """Return contexts of chords (rows, 4) in which all voices but one are written."""
    return Context(
        np.full_like(now, SILENCE),
        now,
        tuple(each for each in range(VOICES) if each != voice),
        np.zeros(len(now), np.bool_),
        np.full(len(now), NO_TONE),
    )


def _costs(context: Context, voice: int) -> Float64Array:
    """Return what notes of each pitch class cost, float array (rows, 12)."""
    notes = np.tile(_NOTES, (len(context.now), 1))
    costs = np.zeros(notes.shape)
    for find in (open_fifths, unstable_phrase_ends):
        for fault in find(context, voice, notes):
            costs += surprisal_rounded(fault.rule) * fault.notes
    return costs


def _distinct(costs: Float64Array) -> tuple[Float64Array, IntArray]:
    """Return the distinct rows of costs, the first of zeros, and that of each row."""
    rows, row_of = np.unique(
        np.pad(costs, ((1, 0), (0, 0))), axis=0, return_inverse=True
    )
    return rows, row_of.ravel()[1:]


# === Looking up ===


class StepSonorities:
    """Where the costs of the sonorities of one step are, while voices are written.

    Args:
        tables: the tables.
        places: int array (batch,), those of a Context.
        before: int array (batch, 4), MIDI notes a step before.
        lowest: MIDI note of the vocabulary.
    """

    def __init__(
        self, tables: SonorityTables, places: IntArray, before: IntArray, lowest: int
    ) -> None:
        self._tables, self._lowest = tables, lowest
        self._rests: IntArray | None = None  # the sets that phrases rest on
        if (places == HELD).any():
            silent = before == SILENCE
            relative = np.where(silent, SILENCE, before - lowest + OCTAVE)
            bass = np.where(silent[:, BASS], NO_TONE, relative[:, BASS] % OCTAVE)
            self._rests = resting_chords(places, bass, class_sets(relative))
        self._places = places * (2 * _BASSES * SETS) if places.any() else None
        self._bass: IntArray | int = NO_BASS * SETS
        self._written = 0  # number of voices
        self._silent: BoolArray | None = None  # where one of these is

    def write(self, voice: int, notes: IntArray) -> None:
        """Write the notes of a voice, int array (batch,), MIDI notes."""
        if self._places is None:
            return
        is_silent = notes == SILENCE
        self._written += 1
        self._silent = is_silent if self._silent is None else self._silent | is_silent
        if voice == BASS:
            classes = (notes - self._lowest) % OCTAVE
            self._bass = np.where(is_silent, NO_BASS, classes) * SETS

    def chords(self, voice: int, written: IntArray | None) -> Begins | None:
        """Return where the costs of chords begin; None if there are none.

        Args:
            voice: that chooses.
            written: int array (batch,), the set of the notes written; None if no voice
                is written.
        """
        if self._places is None or (written is None and self._rests is None):
            return None
        index = self._places.copy()
        if self._rests is not None:
            index += self._rests if written is None else written | self._rests
        elif written is not None:
            index += written
        index += self._bass if voice != BASS else BASS_CHOOSES * SETS
        if self._written == VOICES - 1 and self._silent is not None:
            index += ~self._silent * (_BASSES * SETS)
        return self._tables.chords.take(index)
