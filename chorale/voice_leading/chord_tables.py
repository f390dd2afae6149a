"""Tables of what notes cost by the voice itself and the chords around them.

A row has the costs of all notes by their distance from a note that is known, one for
each situation that the definitions in `faults` distinguish:

- *own*: from the voice's own note a step before, which may be a tendency tone;
- *doubling*: from the leading tone, in semitones modulo the octave.

Other tables find the situation by the chords, which are sets of pitch classes: bit p of
a set stands for p semitones above the lowest note of a vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.music.voices import SILENCE, SOPRANO, VOICES
from chorale.utils.arrays import BoolArray, Float64Array, IntArray
from chorale.voice_leading.dyads import OCTAVE
from chorale.voice_leading.faults import (
    NO_TONE,
    Context,
    Fault,
    doubled_leading_tones,
    exact_faults,
    unresolved_leading_tones,
    unresolved_sevenths,
)
from chorale.voice_leading.rules import surprisal
from chorale.voice_leading.sonority_faults import SETS, class_sets

Find = Callable[[Context, int, IntArray], Iterator[Fault]]

# Costs are rounded to a multiple of this, in nats, so that sums are exact in any order.
_QUANTUM = 2.0**-44
# Notes of all examples are near this one: far from silence, of pitch class 0.
EXAMPLE = 100 * OCTAVE
UNKNOWN_CHORD = SETS  # added to the set of a chord before if a voice does not go on
NO_LEADING_TONE = OCTAVE  # in place of its pitch class
SILENT_CLASS = OCTAVE + 1  # in place of that of a note
CLASSES = OCTAVE + 2  # number of all of these

# What a voice has in the chord before, and what the notes written make of that chord.
TENDENCIES = NO_TENDENCY, HAS_SEVENTH, HAS_LEADING_TONE = range(3)
ENDINGS = LASTS, LEFT, RESOLVED = range(3)


class OwnTables(NamedTuple):
    """Costs of notes by the voice itself and the chords; arrays are flat.

    Attributes:
        values: float array, rows in nats; the first one costs nothing.
        own: int array (2, 9), places of rows: where the voice's note before is. The
            indices are whether it is an inner voice, and 3 * tendency + ending.
        doubling: int array (13 * sets), begin of a row at the lowest note, by the
            leading tone and the set of notes written; `NO_LEADING_TONE` is the last.
        before: int array (13 * 2 * sets), code of the chord before by the leading tone
            and the set, `UNKNOWN_CHORD` included: 8 times the root, plus a bit for each
            tendency of its voices, plus 1 if one has the leading tone.
        tendencies: int array (codes * 14), 3 * tendency by the code and the pitch class
            of a voice's note before; the last two are for silence.
        endings: int array (12 * sets), by the root and the set of the notes written.
    """

    values: Float64Array
    own: IntArray
    doubling: npt.NDArray[np.int16]
    before: npt.NDArray[np.int8]
    tendencies: IntArray
    endings: npt.NDArray[np.int8]


@lru_cache(maxsize=4)
def own_tables(reach: int) -> OwnTables:
    """Return the tables of voices that move by at most `reach` semitones."""
    width = 2 * max(reach, OCTAVE) + 1
    distances = np.arange(width) - width // 2
    rows = [np.zeros((1, width)), *(_own_rows(voice, distances) for voice in (0, 1))]
    count = len(TENDENCIES) * len(ENDINGS)
    own = (np.arange(2 * count) + 1) * width + width // 2
    begin = (1 + 2 * count) * width
    is_tone = np.arange(width + OCTAVE) % OCTAVE == 0
    rows.append(surprisal_rounded("doubled-leading-tone") * is_tone)
    doubling, chords = np.zeros((OCTAVE + 1, SETS), np.int16), _doubling_chords()
    for tone in range(OCTAVE):
        doubling[tone, rotated(chords, tone)] = begin + -tone % OCTAVE
    return OwnTables(
        np.concatenate([row.ravel() for row in rows]),
        own.reshape(2, count),
        doubling.ravel(),
        *_chords_before(),
        _endings(),
    )


def surprisal_rounded(rule: str) -> float:
    """Return what a fault costs in the tables, in nats."""
    return round(surprisal(rule) / _QUANTUM) * _QUANTUM


# === Examples of situations ===

# Semitones above the root of a dominant seventh. The root of examples is C.
_THIRD, _FIFTH, _SEVENTH = 4, 7, 10
# The chord before and the leading tone of examples, by tendency; the note of the voice
# comes first.
_EXAMPLES = {
    NO_TENDENCY: EXAMPLE + np.array([0, 0, 0, 0]),
    HAS_SEVENTH: EXAMPLE + np.array([_SEVENTH, 0, _THIRD, _FIFTH]),
    HAS_LEADING_TONE: EXAMPLE + np.array([_THIRD, 0, _FIFTH, 0]),
}
_LEADING = {NO_TENDENCY: NO_TONE, HAS_SEVENTH: NO_TONE, HAS_LEADING_TONE: _THIRD}
# A note that another voice has written: the root, one outside both chords, the tonic.
_WRITTEN = {LASTS: EXAMPLE, LEFT: EXAMPLE + 1, RESOLVED: EXAMPLE + 5}


def _own_rows(voice: int, distances: IntArray) -> Float64Array:
    """Return what notes cost by their distances from the voice's note before.

    Rows are of all tendencies and endings. The rules are the same for both outer voices
    and for both inner voices.
    """
    cases = [(tendency, ending) for tendency in TENDENCIES for ending in ENDINGS]
    chords = np.array([_EXAMPLES[tendency] for tendency, _ in cases])
    now = np.array([[_WRITTEN[ending]] * VOICES for _, ending in cases])
    leading = np.array([_LEADING[tendency] for tendency, _ in cases])
    context = _examples(np.roll(chords, voice, axis=1), now, voice, leading)
    notes = chords[:, :1] + distances
    costs = np.zeros(notes.shape)
    for fault in (
        *exact_faults(context._replace(written=()), voice, notes),
        *unresolved_sevenths(context, voice, notes),
        *unresolved_leading_tones(context, voice, notes),
    ):
        costs += surprisal_rounded(fault.rule) * fault.notes
    return costs


def _examples(
    before: IntArray, now: IntArray, voice: int, leading: int | IntArray
) -> Context:
    """Return contexts of chords (rows, 4) in which all voices but one are written."""
    return Context(
        before,
        now,
        tuple(each for each in range(VOICES) if each != voice),
        np.zeros(len(before), np.bool_),
        np.full(len(before), leading),
    )


def all_chords(notes: int, *, rests: bool) -> tuple[IntArray, IntArray]:
    """Return all chords of some voices (chords, notes), and their sets (chords,)."""
    tones = [*([SILENCE] if rests else ()), *range(EXAMPLE, EXAMPLE + OCTAVE)]
    chords = np.array(list(combinations_with_replacement(tones, notes)))
    return chords, class_sets(chords)


def rotated(chords: IntArray, semitones: int) -> IntArray:
    """Transpose sets of pitch classes upwards."""
    return (chords << semitones | chords >> (OCTAVE - semitones)) % SETS


def _found(find: Find, context: Context, note: int) -> BoolArray:
    """Return in which contexts a note of the soprano is a fault."""
    notes = np.full((len(context.before), 1), note)
    (fault,) = find(context, SOPRANO, notes)
    return fault.notes[:, 0]


def _doubling_chords() -> IntArray:
    """Return the sets that forbid another voice the leading tone, if it is 0."""
    chords, sets = all_chords(VOICES - 1, rests=True)
    now = np.insert(chords, SOPRANO, SILENCE, axis=1)
    context = _examples(np.zeros_like(now), now, SOPRANO, 0)
    return sets[_found(doubled_leading_tones, context, EXAMPLE)]


def _endings() -> npt.NDArray[np.int8]:
    """Return `OwnTables.endings`."""
    others, sets = all_chords(VOICES - 1, rests=True)
    now = np.insert(others, SOPRANO, SILENCE, axis=1)
    ends = np.zeros(len(now), np.int64)
    for tendency, find in (
        (HAS_SEVENTH, unresolved_sevenths),
        (HAS_LEADING_TONE, unresolved_leading_tones),
    ):
        before = _EXAMPLES[tendency]
        chords = np.tile(before, (len(now), 1))
        context = _examples(chords, now, SOPRANO, _LEADING[tendency])
        # A rise by a tone resolves neither, and a seventh rises to the root.
        ends += _found(find, context, before[0] + 2)
    table = np.zeros((OCTAVE, SETS), np.int8)
    for root in range(OCTAVE):
        table[root, rotated(sets, root)] = ends
    return table.ravel()


def _chords_before() -> tuple[npt.NDArray[np.int8], IntArray]:
    """Return `OwnTables.before` and `.tendencies`."""
    others, sets = all_chords(VOICES - 1, rests=False)
    before = np.insert(others, SOPRANO, EXAMPLE, axis=1)
    sets |= 1
    context = _examples(before, np.full_like(before, EXAMPLE + 1), SOPRANO, 0)
    # Over the tonic a rise by a tone is a fault of a leading tone, any rise by a
    # semitone one of a seventh.
    sevenths = sets[
        _found(unresolved_sevenths, context._replace(written=()), EXAMPLE + 1)
    ]
    leading = sets[_found(unresolved_leading_tones, context, EXAMPLE + 2)]
    codes = np.zeros((OCTAVE + 1, 2 * SETS), np.int8)
    for tone in range(OCTAVE):
        root = (tone - _SEVENTH) % OCTAVE
        codes[:, rotated(sevenths, tone)] = 8 * root + (1 << HAS_SEVENTH)
    for tone in range(OCTAVE):
        root = (tone - _THIRD) % OCTAVE
        codes[tone, rotated(leading, tone)] |= 8 * root + (1 << HAS_LEADING_TONE)
        codes[tone, np.arange(2 * SETS) >> tone & 1 == 1] |= 1
    roots, bits = np.divmod(np.arange(8 * OCTAVE), 8)
    tendencies = np.zeros((8 * OCTAVE, CLASSES), np.int64)
    for tendency, tone in ((HAS_SEVENTH, _SEVENTH), (HAS_LEADING_TONE, _THIRD)):
        has = np.flatnonzero(bits & 1 << tendency)
        tendencies[has, (roots[has] + tone) % OCTAVE] = 3 * tendency
    return codes.ravel(), tendencies.ravel()
