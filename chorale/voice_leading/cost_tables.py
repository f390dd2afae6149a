"""Tables of what the faults of next notes cost, made from their definitions.

All rules of next notes depend on differences of notes only. A row of a table has the
costs of all notes by their distance from a note of the other voice that is known, in
one situation: the interval of the two voices at one step, and the motion of the other
voice to or from the step of the note. Situations that no rule distinguishes share a
row, which the definitions in `faults` fill in for one example. Tables about the voice
itself are in `chord_tables`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.music.voices import SILENCE
from chorale.utils.arrays import Float64Array, IntArray
from chorale.voice_leading.chord_tables import (
    EXAMPLE,
    own_tables,
    surprisal_rounded,
)
from chorale.voice_leading.dyads import FIFTH, LARGEST_STEP, OCTAVE, Dyads
from chorale.voice_leading.faults import PAIR_RULES, forced_overlap
from chorale.voice_leading.relation_tables import relation_tables
from chorale.voice_leading.rule import PAIRS
from chorale.voice_leading.rules import RULES
from chorale.voice_leading.sonority_tables import sonority_tables

# Rules of two voices about single intervals; those of the others are about motion.
_PLACES = ("crossing", "overlap", "spacing")
_DIRECT = {"direct-fifths", "direct-octaves"}
# The number of perfect intervals by their semitones: octaves, fifths, no others.
_PERFECT = np.isin(np.arange(OCTAVE), 0) + 3 * np.isin(np.arange(OCTAVE), FIFTH)
_FREE = -1  # the class of situations in which nothing costs anything
# A rule of the tables only, see `forced_overlaps`.
FORCED = "forced"


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
        values: float array, nats: the rows of OwnTables, RelationTables and
            SonorityTables, then those of pairs.
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
    edge = reach + 1
    tables = own_tables(reach), relation_tables(reach), sonority_tables(reach)
    values = [table.values for table in tables]
    kinds, places, size = {}, [], sum(rows.size for rows in values)
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
    """Number what the rules on crossing, overlap and spacing distinguish.

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
    notes = EXAMPLE + np.arange(1 - edge, edge)[np.newaxis]
    is_known = np.abs(motions) < edge
    moved = np.where(is_known, motions, 0)
    there = EXAMPLE + (moved if kind.is_after else -moved)  # in the chord known
    here = np.array([[EXAMPLE]])
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
