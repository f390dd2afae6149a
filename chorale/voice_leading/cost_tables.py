"""Tables of what the faults of next notes cost, made from their definitions.

All rules of next notes depend on differences of notes only. A row of a table has the
costs of all notes in such a situation, by their distance from a note that is known:

- *pairs*: from a note of the other voice. The situation is the interval of the two
  voices at one step and the motion of the other voice to or from the step of the note;
- *own*: from the voice's own note a step before, which may be a tendency tone;
- *doubling*: from the leading tone, in semitones modulo the octave.

Situations that no rule distinguishes share a row, which the definitions in `faults`
fill in for one example. Other tables find the situation of chords, which are sets of
pitch classes: bit p of a set stands for p semitones above the lowest note of a
vocabulary.
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
from chorale.voice_leading.dyads import FIFTH, LARGEST_STEP, OCTAVE, Dyads
from chorale.voice_leading.faults import (
    NO_TONE,
    PAIR_RULES,
    Context,
    Fault,
    doubled_leading_tones,
    exact_faults,
    forced_overlap,
    unresolved_leading_tones,
    unresolved_sevenths,
)
from chorale.voice_leading.rule import PAIRS
from chorale.voice_leading.rules import RULES, surprisal

# Costs are rounded to a multiple of this, in nats, so that sums are exact in any order.
_QUANTUM = 2.0**-44
# Notes of all examples are near this one: far from silence, of pitch class 0.
_EXAMPLE = 100 * OCTAVE
# Rules of two voices about single intervals; those of the others are about motion.
_PLACES = ("crossing", "overlap", "spacing")
_DIRECT = {"direct-fifths", "direct-octaves"}
# The number of perfect intervals by their semitones: octaves, fifths, no others.
_PERFECT = np.isin(np.arange(OCTAVE), 0) + 3 * np.isin(np.arange(OCTAVE), FIFTH)
_FREE = -1  # the class of situations in which nothing costs anything
# A rule of the tables only, see `forced_overlaps`.
FORCED = "forced"

CHORDS = 1 << OCTAVE  # sets of pitch classes
UNKNOWN_CHORD = CHORDS  # added to the set of a chord before if a voice does not go on
Find = Callable[[Context, int, IntArray], Iterator[Fault]]

NO_LEADING_TONE = OCTAVE  # in place of its pitch class
SILENT_CLASS = OCTAVE + 1  # in place of that of a note
CLASSES = OCTAVE + 2  # number of all of these

# What a voice has in the chord before, and what the notes written make of that chord.
TENDENCIES = NO_TENDENCY, HAS_SEVENTH, HAS_LEADING_TONE = range(3)
ENDINGS = LASTS, LEFT, RESOLVED = range(3)


class PairKind(NamedTuple):
    """A table of pairs: which rules, and which of the two voices chooses."""

    rules: tuple[str, ...]
    is_upper: bool  # whether the voice that chooses is the upper one
    is_after: bool = False  # whether the chord that is known follows the note


def pair_kinds(voice: int, other: int, *, is_after: bool = False) -> list[PairKind]:
    """Return the tables that have the costs of a voice beside another one."""
    pair = (min(voice, other), max(voice, other))
    names = [name for name in PAIR_RULES if pair in RULES[name].voices]
    places = tuple(name for name in names if name in _PLACES)
    motions = tuple(name for name in names if name not in _PLACES)
    return [
        PairKind(rules, voice < other, is_after) for rules in (motions, places) if rules
    ]


class PairTables(NamedTuple):
    """Costs of notes beside another voice; arrays are flat.

    Intervals and motions are known from -reach to reach; others count as `edge`, or as
    -`edge`.

    Attributes:
        is_after: whether the chord that is known follows the note.
        edge: 1 + reach.
        values: float array, nats: the rows of OwnTables, then those of pairs.
        kinds: begin in `places` of each kind of table.
        places: int array, of rows: where the other voice's note is. A table has `width`
            intervals, of -`edge` and up, and for each of them as many motions.
        motions, intervals: int arrays (width,), places of motions in those of an
            interval, and of intervals in a table.
    """

    is_after: bool
    edge: int
    values: Float64Array
    kinds: dict[PairKind, int]
    places: npt.NDArray[np.int32]
    motions: IntArray
    intervals: IntArray

    @property
    def width(self) -> int:
        """Number of intervals, and of motions."""
        return 2 * self.edge + 1

    def find(
        self, situations: IntArray, motions: IntArray, now: IntArray, out: IntArray
    ) -> None:
        """Write where windows begin, at the lowest note of a vocabulary, to `out`.

        Args:
            situations: int array (pairs, batch), see `Layout.situations`.
            motions: int array (batch,), differences of codes, plus `edge`.
            now: int array (batch,), codes of the other voice's notes.
            out: int array (pairs, batch).
        """
        places = situations + self.motions.take(motions, mode="clip")
        np.subtract(self.places.take(places), np.minimum(now, self.edge - 1), out=out)


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
def pair_tables(reach: int, is_after: bool = False) -> PairTables:
    """Return all tables of pairs whose notes are at most `reach` semitones apart."""
    every = {
        kind: None
        for pair in PAIRS
        for voices in (pair, pair[::-1])
        for kind in pair_kinds(*voices, is_after=is_after)
    }
    if not is_after:
        every |= {PairKind((FORCED,), is_upper): None for is_upper in (False, True)}
    edge, values = reach + 1, [own_tables(reach).values]
    kinds, places, size = {}, [], values[0].size
    for number, kind in enumerate(every):
        rows, row_of = _pair_rows(kind, edge)
        values.append(rows.ravel())
        kinds[kind] = number * row_of.size
        places.append(size + row_of * rows.shape[1] + reach)
        size += rows.size
    return PairTables(
        is_after=is_after,
        edge=edge,
        values=np.concatenate(values),
        kinds=kinds,
        places=np.concatenate(places),
        motions=np.arange(2 * edge + 1),
        intervals=np.arange(2 * edge + 1) * (2 * edge + 1),
    )


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
    doubling, chords = np.zeros((OCTAVE + 1, CHORDS), np.int16), _doubling_chords()
    for tone in range(OCTAVE):
        doubling[tone, _rotated(chords, tone)] = begin + -tone % OCTAVE
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


# === Pairs of voices ===


def _pair_rows(kind: PairKind, edge: int) -> tuple[Float64Array, IntArray]:
    """Return rows (rows, 2 * edge - 1) of costs, and the row of each situation.

    Situations are all intervals and motions from -edge to edge, flattened.
    """
    codes = np.arange(-edge, edge + 1)
    intervals, motions = map(np.ravel, np.meshgrid(codes, codes, indexing="ij"))
    is_place = kind.rules[0] in (*_PLACES, FORCED)
    classes = (_place_classes if is_place else _motion_classes)(
        kind, intervals, motions, edge
    )
    # In some situations a voice is silent at the step of the faults.
    is_silent = np.abs(intervals) == edge if kind.is_after else motions == edge
    classes[is_silent] = _FREE
    _, examples, row_of = np.unique(classes, return_index=True, return_inverse=True)
    examples = examples[1:]  # without that of _FREE
    dyads = _example_dyads(kind, intervals[examples], motions[examples], edge)
    costs = np.zeros((1 + len(examples), 2 * edge - 1))
    for rule in kind.rules:
        name = "overlap" if rule == FORCED else rule
        fault = forced_overlap if rule == FORCED else PAIR_RULES[rule]
        np.add(costs[1:], surprisal_rounded(name), out=costs[1:], where=fault(dyads))
    return costs, row_of.astype(np.int32)


def _motion_classes(
    kind: PairKind, intervals: IntArray, motions: IntArray, edge: int
) -> IntArray:
    """Return a number for all that rules of motion distinguish.

    It is the perfect interval that is known, direction and size of the motion of the
    other voice, and where its own note is from which or to which the voice moves.
    """
    size = np.abs(intervals)
    perfect = _PERFECT[size % OCTAVE] * (1 + (size == 0))
    direction = np.sign(motions)
    is_known = (size < edge) & (np.abs(motions) < edge) & (motions != 0)
    if _DIRECT.isdisjoint(kind.rules):
        is_known &= perfect > 0
    elif not kind.is_upper:  # leaps of the upper voice, here the other one, count
        direction = direction * np.where(np.abs(motions) > LARGEST_STEP, 2, 1)
    # The voice's own note in the known chord, above the other's in the chord of choice.
    own = np.where(kind.is_upper, intervals, -intervals)
    own = np.clip(own + np.where(kind.is_after, motions, -motions), -edge, edge)
    number = ((own + edge) * 4 + perfect) * 5 + direction + 2
    return np.where(is_known, number, _FREE)


def _place_classes(
    kind: PairKind, intervals: IntArray, motions: IntArray, edge: int
) -> IntArray:
    """Return a number for all that rules about crossing, overlap and spacing tell.

    It is the order of the voices in the chord that is known, whether they are too far
    apart, the motion of the other voice as far as it leaves room between its notes, and
    on which side of the other's note the voice's own one is in the known chord.
    """
    order = np.where(intervals < 0, 0, np.where(intervals > OCTAVE, 2, 1))
    order = np.where(np.abs(intervals) < edge, order, 3)
    own = np.where(kind.is_upper, intervals, -intervals)
    side = np.sign(own + np.where(kind.is_after, motions, -motions)) + 1
    room = motions if kind.is_upper == kind.is_after else -motions
    # Voices that are crossed cannot overlap.
    room = np.where((order == 0) | (order == 3), 0, np.clip(room, 0, edge - 1))
    room = np.where(np.abs(motions) == edge, edge + (motions < 0), room)
    classes: IntArray = (order * 3 + side) * (edge + 2) + room
    if kind.rules == (FORCED,):  # the other voice stays, or a phrase begins
        classes[(motions != 0) & (motions != -edge)] = _FREE
    return classes


def _example_dyads(
    kind: PairKind, intervals: IntArray, motions: IntArray, edge: int
) -> Dyads:
    """Return dyads (rows, 2 * edge - 1), all notes in examples of situations.

    A motion of -edge is one into a new phrase; in one of edge, the other voice is
    silent at the step of the note.
    """
    intervals, motions = intervals[:, np.newaxis], motions[:, np.newaxis]
    notes = _EXAMPLE + np.arange(1 - edge, edge)[np.newaxis]
    is_known = np.abs(motions) < edge
    moved = np.where(is_known, motions, 0)
    there = _EXAMPLE + (moved if kind.is_after else -moved)  # in the chord known
    here = np.array([[_EXAMPLE]])
    if kind.is_after:
        here = np.where(motions == edge, SILENCE, here)
    own = there + (intervals if kind.is_upper else -intervals)
    own = np.where(np.abs(intervals) < edge, own, SILENCE)
    voice, other = ((own, notes), (there, here))
    if not kind.is_after:
        voice, other = (notes, own), (here, there)
    upper, lower = (voice, other) if kind.is_upper else (other, voice)
    return Dyads(
        upper=upper[0],
        lower=lower[0],
        upper_before=upper[1],
        lower_before=lower[1],
        phrase_start=motions == -edge,
    )


# === The voice itself, and chords ===

# Semitones above the root of a dominant seventh. The root of examples is C.
_THIRD, _FIFTH, _SEVENTH = 4, 7, 10
# The chord before and the leading tone of examples, by tendency; the note of the voice
# comes first.
_EXAMPLES = {
    NO_TENDENCY: _EXAMPLE + np.array([0, 0, 0, 0]),
    HAS_SEVENTH: _EXAMPLE + np.array([_SEVENTH, 0, _THIRD, _FIFTH]),
    HAS_LEADING_TONE: _EXAMPLE + np.array([_THIRD, 0, _FIFTH, 0]),
}
_LEADING = {NO_TENDENCY: NO_TONE, HAS_SEVENTH: NO_TONE, HAS_LEADING_TONE: _THIRD}
# A note that another voice has written: the root, one outside both chords, the tonic.
_WRITTEN = {LASTS: _EXAMPLE, LEFT: _EXAMPLE + 1, RESOLVED: _EXAMPLE + 5}


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


def _chords(notes: int, *, rests: bool) -> tuple[IntArray, IntArray]:
    """Return all chords of some voices (chords, notes), and their sets (chords,)."""
    tones = [*([SILENCE] if rests else ()), *range(_EXAMPLE, _EXAMPLE + OCTAVE)]
    chords = np.array(list(combinations_with_replacement(tones, notes)))
    return chords, chord_of(chords)


def chord_of(notes: IntArray) -> IntArray:
    """Return sets of pitch classes (chords,) of MIDI notes (chords, notes)."""
    bits = np.where(notes == SILENCE, 0, 1 << notes % OCTAVE)
    sets: IntArray = np.bitwise_or.reduce(bits, axis=-1)
    return sets


def _rotated(chords: IntArray, semitones: int) -> IntArray:
    """Transpose sets of pitch classes upwards."""
    return (chords << semitones | chords >> (OCTAVE - semitones)) % CHORDS


def _found(find: Find, context: Context, note: int) -> BoolArray:
    """Return in which contexts a note of the soprano is a fault."""
    notes = np.full((len(context.before), 1), note)
    (fault,) = find(context, SOPRANO, notes)
    return fault.notes[:, 0]


def _doubling_chords() -> IntArray:
    """Return the sets that forbid another voice the leading tone, if it is 0."""
    chords, sets = _chords(VOICES - 1, rests=True)
    now = np.insert(chords, SOPRANO, SILENCE, axis=1)
    context = _examples(np.zeros_like(now), now, SOPRANO, 0)
    return sets[_found(doubled_leading_tones, context, _EXAMPLE)]


def _endings() -> npt.NDArray[np.int8]:
    """Return `OwnTables.endings`."""
    others, sets = _chords(VOICES - 1, rests=True)
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
    table = np.zeros((OCTAVE, CHORDS), np.int8)
    for root in range(OCTAVE):
        table[root, _rotated(sets, root)] = ends
    return table.ravel()


def _chords_before() -> tuple[npt.NDArray[np.int8], IntArray]:
    """Return `OwnTables.before` and `.tendencies`."""
    others, sets = _chords(VOICES - 1, rests=False)
    before = np.insert(others, SOPRANO, _EXAMPLE, axis=1)
    sets |= 1
    context = _examples(before, np.full_like(before, _EXAMPLE + 1), SOPRANO, 0)
    # Over the tonic a rise by a tone is a fault of a leading tone, any rise by a
    # semitone one of a seventh.
    sevenths = sets[
        _found(unresolved_sevenths, context._replace(written=()), _EXAMPLE + 1)
    ]
    leading = sets[_found(unresolved_leading_tones, context, _EXAMPLE + 2)]
    codes = np.zeros((OCTAVE + 1, 2 * CHORDS), np.int8)
    for tone in range(OCTAVE):
        root = (tone - _SEVENTH) % OCTAVE
        codes[:, _rotated(sevenths, tone)] = 8 * root + (1 << HAS_SEVENTH)
    for tone in range(OCTAVE):
        root = (tone - _THIRD) % OCTAVE
        codes[tone, _rotated(leading, tone)] |= 8 * root + (1 << HAS_LEADING_TONE)
        codes[tone, np.arange(2 * CHORDS) >> tone & 1 == 1] |= 1
    roots, bits = np.divmod(np.arange(8 * OCTAVE), 8)
    tendencies = np.zeros((8 * OCTAVE, CLASSES), np.int64)
    for tendency, tone in ((HAS_SEVENTH, _SEVENTH), (HAS_LEADING_TONE, _THIRD)):
        has = np.flatnonzero(bits & 1 << tendency)
        tendencies[has, (roots[has] + tone) % OCTAVE] = 3 * tendency
    return codes.ravel(), tendencies.ravel()
