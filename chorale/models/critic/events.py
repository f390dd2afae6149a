"""What happens at each step of pieces, as cells of tables of counts.

The last axis of a table is what happens, the axes before it are its circumstances, the
more general the further back. Nothing depends on later notes, so that a piece can be
judged while it is written. Pitches are relative to the home key or to other notes, so a
transposed piece has the same events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from chorale.encoding.plan import Plan
from chorale.models.critic import chords, lines
from chorale.models.critic.chords import ChordsOfRows
from chorale.models.critic.lines import INTERVALS, LARGEST, Lines
from chorale.models.critic.places import ARRIVAL, BEAT, FINAL, HALF_BEAT, PLACES, Places
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import BASS, HIGHEST_PITCH, SILENCE, SOPRANO, VOICES
from chorale.utils.arrays import BoolArray, IntArray

_HALF = STEPS_PER_QUARTER // 2
_MODES = 2
_PATTERNS = 2**STEPS_PER_QUARTER  # steps of a beat at which a voice is struck
_STRUCK = 2**VOICES  # voices that are struck at a step
_SETS = 2**11  # intervals above the bass
_GAPS = 25  # semitones between voices, up to two octaves
_COARSE = 12 * chords.FAMILIES + 1  # chords without inversion; the last: none
_NO_CHORD = _COARSE - 1
_OUTSIDE = 13  # pitch classes outside the home scale; the last: none

# Axes of the table of each kind of event.
TABLES: dict[str, tuple[int, ...]] = {
    # How a voice goes on, and how it leaves its note, see `lines`.
    **lines.TABLES,
    # Steps of a beat at which a voice is struck: those a beat before, place, voice.
    "rhythm": (_PATTERNS, PLACES, VOICES, _PATTERNS),
    # Voices struck on the beat, or on the half beat: the same a beat before, place.
    "beats": (_STRUCK, PLACES, _STRUCK),
    "half_beats": (_STRUCK, PLACES, _STRUCK),
    # Intervals above the bass: place, whether on the half beat.
    "sonorities": (PLACES, 2, _SETS),
    # The same at the last step of a fermata: whether it is the final one.
    "endings": (2, _SETS),
    # Chord of a beat above the home tonic: the one before, mode; and: place, mode.
    "chords": (_COARSE, _MODES, chords.CHORDS),
    "places": (PLACES, _MODES, chords.CHORDS),
    # Chord above the root before: family of that before it, the move from that.
    "progressions": (chords.FAMILIES, _COARSE, _COARSE),
    # Chord of a half beat above the root before: whether on the half beat, kind before.
    "half_chords": (2, chords.KINDS, chords.CHORDS),
    # Chord under a fermata: that under the fermata before, whether final, mode.
    "fermatas": (_COARSE, 2, _MODES, chords.CHORDS),
    # Chord before it, above its root: its degree, mode, family.
    "cadences": (12, _MODES, chords.FAMILIES, chords.CHORDS),
    # Soprano above its root: chord before it, family.
    "closes": (_COARSE, chords.FAMILIES, 12),
    # Soprano above the root, number of roots and of thirds: kind of chord.
    "doublings": (chords.KINDS, 12 * 4 * 4),
    # Move of the bass from beat to beat: that of the soprano.
    "outer": (INTERVALS, INTERVALS),
    # First pitch class of a beat outside the scale: those of two beats before, mode.
    "accidentals": (_OUTSIDE, _OUTSIDE, _MODES, _OUTSIDE),
    # Distance to the next voice: voice.
    "spacing": (VOICES - 1, _GAPS),
}
_SCALES = np.zeros((_MODES, 12), np.bool_)
_SCALES[0, [0, 2, 4, 5, 7, 9, 11]] = True
_SCALES[1, [0, 2, 3, 5, 7, 8, 10, 11]] = True


class Events(NamedTuple):
    """Events of one kind at a step.

    Attributes:
        table: its name.
        rows: int array (events,), in which pieces.
        cells: int array (events,), flat indices.
    """

    table: str
    rows: IntArray
    cells: IntArray

    @classmethod
    def of(cls, table: str, rows: IntArray, *axes: IntArray) -> Events:
        """Return events by their indices along each axis, int arrays (events,)."""
        cells: IntArray = np.ravel_multi_index(axes, TABLES[table])
        return cls(table, rows, cells)

    @classmethod
    def where(
        cls, known: BoolArray, table: str, rows: IntArray, *axes: IntArray
    ) -> Events:
        """Return those events of which a bool array (events,) holds."""
        return cls.of(table, rows[known], *(axis[known] for axis in axes))


@dataclass
class _Past:
    """What is remembered of each row; all arrays are (rows, …).

    Attributes:
        pitches: (rows, steps, 4), of the present beat.
        pattern, pattern_before: (rows, 4), bits of the steps at which voices are struck
            in the present beat, and in the one before.
        struck: (rows, 2), bits of the voices struck on the last beat and half beat.
        outer: (rows, 2), soprano and bass on the last beat.
        outside: (rows, 2), of the last two beats.
        chords: (rows, 2, 2), root and kind of the chords of the last two beats.
        half: (rows, 2), root and kind of the chord of the last half beat.
        other: (rows, 2), of the last chord before it with another root.
        fermata: (rows,), coarse chord under the last fermata.
    """

    pitches: IntArray
    pattern: IntArray
    pattern_before: IntArray
    struck: IntArray
    outer: IntArray
    outside: IntArray
    chords: IntArray
    half: IntArray
    other: IntArray
    fermata: IntArray

    @classmethod
    def begin(cls, rows: int) -> _Past:
        def filled(value: int, *shape: int) -> IntArray:
            return np.full((rows, *shape), value, np.int64)

        return cls(
            pitches=filled(SILENCE, STEPS_PER_QUARTER, VOICES),
            pattern=filled(0, VOICES),
            pattern_before=filled(0, VOICES),
            struck=filled(0, 2),
            outer=filled(SILENCE, 2),
            outside=filled(_OUTSIDE - 1, 2),
            chords=filled(chords.NO_ROOT, 2, 2),
            half=filled(chords.NO_ROOT, 2),
            other=filled(chords.NO_ROOT, 2),
            fermata=filled(_NO_CHORD),
        )

    def at(self, rows: IntArray) -> _Past:
        return _Past(
            **{each.name: getattr(self, each.name)[rows] for each in fields(self)}
        )


class Observer:
    """Finds the events of several pieces, step by step.

    Args:
        plans: of the pieces.
        copies: rows of each piece.
    """

    def __init__(self, plans: Sequence[Plan], copies: int = 1) -> None:
        self._places = Places.of(plans).repeated(copies)
        rows = len(plans) * copies
        self._lines, self._past = Lines.begin(rows), _Past.begin(rows)

    def select(self, rows: IntArray) -> None:
        """Continue each row from another row of the same piece, int array (rows,)."""
        self._lines, self._past = self._lines.at(rows), self._past.at(rows)

    def ends_beat(self, step: int) -> BoolArray:
        """Return whether a beat of each row ends with a step, bool array (rows,)."""
        ends: BoolArray = self._places.ends_beat[:, step]
        return ends

    def at_step(
        self, step: int, pitches: IntArray, onsets: BoolArray
    ) -> Iterator[Events]:
        """Yield the events of a step.

        Args:
            step: its index; steps come in order.
            pitches: int array (rows, 4), MIDI notes, 0 = silence.
            onsets: bool array (rows, 4), attacks.
        """
        places, past = self._places, self._past
        in_beat, level = places.in_beat[:, step], places.levels[:, step]
        place = places.places[:, step]
        for table, rows, axes in self._lines.at_step(step, level, pitches, onsets):
            yield Events.of(table, rows, *axes)
        begins = in_beat == 0
        past.pitches[begins], past.pattern[begins] = SILENCE, 0
        past.pitches[np.arange(len(pitches)), in_beat] = pitches
        past.pattern |= onsets.astype(np.int64) << in_beat[:, np.newaxis]
        struck = onsets @ (1 << np.arange(VOICES))
        for half, chosen in enumerate((level <= BEAT, level == HALF_BEAT)):
            if len(rows := np.flatnonzero(chosen)):
                yield from self._struck(rows, place[rows], struck[rows], half)
                heard = rows[struck[rows] > 0] if half else rows
                yield Events.of(
                    "sonorities",
                    heard,
                    place[heard],
                    np.full(len(heard), half),
                    interval_sets(pitches[heard]),
                )
                if not half:
                    yield from self._vertical(rows, pitches[rows])
        ends = places.ends_beat[:, step]
        later = ends & (past.pattern >> _HALF > 0).any(axis=1)
        if len(rows := np.flatnonzero((in_beat == _HALF - 1) | later)):
            yield from self._half_chord(rows, (in_beat[rows] >= _HALF).astype(np.int64))
        if len(rows := np.flatnonzero(ends)):
            yield from self._beat(rows, place[rows])
        if len(rows := np.flatnonzero(places.leaves[:, step])):
            is_final = (place[rows] >= FINAL).astype(np.int64)
            yield Events.of("endings", rows, is_final, interval_sets(pitches[rows]))

    def _struck(
        self, rows: IntArray, place: IntArray, struck: IntArray, half: int
    ) -> Iterator[Events]:
        """Yield which voices are struck on the beat or half beat."""
        before = self._past.struck[rows, half]
        yield Events.of(("beats", "half_beats")[half], rows, before, place, struck)
        self._past.struck[rows, half] = struck

    def _vertical(self, rows: IntArray, pitches: IntArray) -> Iterator[Events]:
        """Yield distances between voices, and how the outer voices moved."""
        full = (pitches != SILENCE).all(axis=1)
        gaps = np.clip(pitches[:, :-1] - pitches[:, 1:], 0, _GAPS - 1)
        uppers = np.repeat(np.arange(VOICES - 1), full.sum())
        chosen = np.tile(rows[full], VOICES - 1)
        yield Events.of("spacing", chosen, uppers, gaps[full].T.ravel())
        outer, before = pitches[:, [SOPRANO, BASS]], self._past.outer[rows]
        known = ((outer != SILENCE) & (before != SILENCE)).all(axis=1)
        moves = np.clip(outer - before, -LARGEST, LARGEST) + LARGEST
        yield Events.where(known, "outer", rows, *moves.T)
        self._past.outer[rows] = outer

    def _half_chord(self, rows: IntArray, half: IntArray) -> Iterator[Events]:
        """Yield the chord of half a beat, after that of the half before."""
        past = self._past
        steps = half[:, np.newaxis] * _HALF + np.arange(_HALF)
        found = chords.match(past.pitches[rows[:, np.newaxis], steps])
        before = ChordsOfRows(*past.half[rows].T)
        number = found.above(before.roots)
        yield Events.where(
            before.known, "half_chords", rows, half, before.kinds, number
        )
        changed = rows[found.roots != before.roots]
        past.other[changed] = past.half[changed]
        past.half[rows] = np.stack(found, axis=1)

    def _beat(self, rows: IntArray, place: IntArray) -> Iterator[Events]:
        """Yield the events of a beat that is complete."""
        past, places = self._past, self._places
        before, pattern = past.pattern_before[rows], past.pattern[rows]
        yield Events.of(
            "rhythm",
            np.tile(rows, VOICES),
            before.T.ravel(),
            np.tile(place, VOICES),
            np.repeat(np.arange(VOICES), len(rows)),
            pattern.T.ravel(),
        )
        past.pattern_before[rows] = pattern
        found = chords.match(past.pitches[rows])
        tonics, mode = places.tonics[rows], places.modes[rows]
        last, earlier = (
            ChordsOfRows(*pair.T) for pair in past.chords[rows].swapaxes(0, 1)
        )
        before = np.where(last.known, last.coarse(tonics), _NO_CHORD)
        yield Events.of("chords", rows, before, mode, found.above(tonics))
        yield Events.of("places", rows, place, mode, found.above(tonics))
        move = np.where(earlier.known, last.coarse(earlier.roots), _NO_CHORD)
        after = found.coarse(last.roots)
        yield Events.where(
            last.known, "progressions", rows, earlier.families, move, after
        )
        past.chords[rows, 1] = past.chords[rows, 0]
        past.chords[rows, 0] = np.stack(found, axis=1)
        yield Events.of("doublings", rows, found.kinds, self._doubling(rows, found))
        outside = self._outside(rows, tonics, mode)
        yield Events.of("accidentals", rows, *past.outside[rows].T[::-1], mode, outside)
        past.outside[rows, 1] = past.outside[rows, 0]
        past.outside[rows, 0] = outside
        arrives = (place == ARRIVAL) | (place == FINAL)
        if arrives.any():
            chord = ChordsOfRows(found.roots[arrives], found.kinds[arrives])
            is_final = (place[arrives] == FINAL).astype(np.int64)
            yield from self._arrival(rows[arrives], chord, is_final)

    def _arrival(
        self, rows: IntArray, found: ChordsOfRows, is_final: IntArray
    ) -> Iterator[Events]:
        """Yield the chord under a fermata, and what leads to it."""
        past, tonics = self._past, self._places.tonics[rows]
        mode = self._places.modes[rows]
        number = found.above(tonics)
        yield Events.of("fermatas", rows, past.fermata[rows], is_final, mode, number)
        past.fermata[rows] = found.coarse(tonics)
        same = past.half[rows, 0] == found.roots
        pairs = np.where(same[:, np.newaxis], past.other[rows], past.half[rows])
        before = ChordsOfRows(*pairs.T)
        degree = (found.roots - tonics) % 12
        axes = degree, mode, found.families, before.above(found.roots)
        yield Events.where(before.known, "cadences", rows, *axes)
        coarse = np.where(before.known, before.coarse(found.roots), _NO_CHORD)
        note = past.pitches[rows, 0, SOPRANO]
        soprano = np.where(note == SILENCE, 2, note - found.roots) % 12
        yield Events.of("closes", rows, coarse, found.families, soprano)

    def _doubling(self, rows: IntArray, found: ChordsOfRows) -> IntArray:
        """Return which tones of chords the voices have, int array (rows,)."""
        notes = self._past.pitches[rows, 0]
        # A voice that rests counts as a second above the root.
        above = np.where(notes == SILENCE, 2, notes - found.roots[:, np.newaxis]) % 12
        roots = np.minimum((above == 0).sum(axis=1), 3)
        thirds = np.minimum(((above == 3) | (above == 4)).sum(axis=1), 3)
        tones: IntArray = (above[:, SOPRANO] * 4 + roots) * 4 + thirds
        return tones

    def _outside(self, rows: IntArray, tonics: IntArray, mode: IntArray) -> IntArray:
        """Return the first pitch class of a beat outside the scale, int array (rows,).

        It is the number of semitones above the tonic.
        """
        notes = self._past.pitches[rows].reshape(len(rows), -1)
        above = (notes - tonics[:, np.newaxis]) % 12
        outside = ~_SCALES[mode[:, np.newaxis], above] & (notes != SILENCE)
        first = above[np.arange(len(rows)), outside.argmax(axis=1)]
        return np.where(outside.any(axis=1), first, _OUTSIDE - 1)


def interval_sets(pitches: IntArray) -> IntArray:
    """Return the intervals above the lowest note as bits, int array (rows,).

    Args:
        pitches: int array (rows, 4), MIDI notes, 0 = silence.
    """
    heard = pitches != SILENCE
    lowest = np.where(heard, pitches, HIGHEST_PITCH).min(axis=1)
    above = (pitches - lowest[:, np.newaxis]) % 12
    bits = np.where(heard & (above > 0), 1 << np.maximum(above - 1, 0), 0)
    sets: IntArray = np.bitwise_or.reduce(bits, axis=1)
    return sets
