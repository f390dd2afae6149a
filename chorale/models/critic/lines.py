"""How voices move: the next note of each, after its last moves, and as a dissonance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from chorale.models.critic.places import LEVELS
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import BASS, SILENCE, VOICES
from chorale.utils.arrays import BoolArray, IntArray

LARGEST = 12  # semitones; larger intervals are clipped
INTERVALS = 2 * LARGEST + 1
# Classes of intervals: leap, third and step down, the same note, step, third, leap up.
_CLASS_BOUNDS = (-4, -2, 0, 1, 3, 5)
_CLASSES = len(_CLASS_BOUNDS) + 1
_SAME = 3
# Lengths of notes: below a quarter, a quarter, longer.
_LENGTH_BOUNDS = (STEPS_PER_QUARTER, STEPS_PER_QUARTER + 1)
_LENGTHS = len(_LENGTH_BOUNDS) + 1
_FOREIGN = 3  # consonant, dissonant at the end only, dissonant from the beginning

# As in `events.TABLES`.
TABLES: dict[str, tuple[int, ...]] = {
    # Interval to the next note: whether the last move took back the one before, the
    # last move, level of the next note, length of the note, voice.
    "moves": (2, INTERVALS, LEVELS, _LENGTHS, VOICES, INTERVALS),
    # Class of that interval: class of the last, whether the note was dissonant, its
    # level, its length, voice.
    "leaves": (_CLASSES, _FOREIGN, LEVELS, _LENGTHS, VOICES, _CLASSES),
}
_DISSONANT = np.isin(np.arange(12), (1, 2, 6, 10, 11))  # intervals modulo 12
_FOURTH = 5


@dataclass
class Lines:
    """What is remembered of the voices; all are arrays (rows, 4) or (rows, 4, 2).

    Attributes:
        pitches, starts, levels: of the present notes.
        reached: class of the interval to each of them.
        moves: the last two intervals that are not 0, the last one first.
        dissonant: whether each note was dissonant at its start, and at the last step.
    """

    pitches: IntArray
    starts: IntArray
    levels: IntArray
    reached: IntArray
    moves: IntArray
    dissonant: BoolArray

    @classmethod
    def begin(cls, rows: int) -> Lines:
        """Return what is remembered before the first step."""
        zeros = np.zeros((rows, VOICES), np.int64)
        return cls(
            pitches=zeros + SILENCE,
            starts=zeros.copy(),
            levels=zeros.copy(),
            reached=zeros + _SAME,
            moves=np.zeros((rows, VOICES, 2), np.int64),
            dissonant=np.zeros((rows, VOICES, 2), np.bool_),
        )

    def at(self, rows: IntArray) -> Lines:
        """Return what is remembered of some rows."""
        return Lines(
            **{each.name: getattr(self, each.name)[rows] for each in fields(self)}
        )

    def at_step(
        self, step: int, level: IntArray, pitches: IntArray, onsets: BoolArray
    ) -> Iterator[tuple[str, IntArray, tuple[IntArray, ...]]]:
        """Yield tables with the rows of events and their indices along each axis.

        Args:
            step: its index.
            level: int array (rows,), metrical level of the step in each row.
            pitches, onsets: see `events.Observer.at_step`.
        """
        dissonant = dissonances(pitches)
        if not onsets.any():
            self.dissonant[..., 1] = dissonant
            return
        at = rows, voices = np.nonzero(onsets & (pitches != SILENCE))
        interval = np.clip(pitches[at] - self.pitches[at], -LARGEST, LARGEST)
        known = self.pitches[at] != SILENCE
        length = np.digitize(step - self.starts[at], _LENGTH_BOUNDS)
        last, earlier = self.moves[at].T
        back = ((last == -earlier) & (last != 0)).astype(np.int64)
        kind = np.digitize(interval, _CLASS_BOUNDS)
        at_start, at_end = self.dissonant[at].T
        foreign = np.where(at_end, 1 + at_start, 0)
        new = level[rows]
        moves = back, last + LARGEST, new, length, voices, interval + LARGEST
        leaves = self.reached[at], foreign, self.levels[at], length, voices, kind
        yield "moves", rows[known], tuple(axis[known] for axis in moves)
        yield "leaves", rows[known], tuple(axis[known] for axis in leaves)
        moved = known & (interval != 0)
        to = rows[moved], voices[moved]
        self.moves[to] = np.stack([interval[moved], last[moved]], axis=1)
        self.reached[at], self.pitches[at] = kind, pitches[at]
        self.starts[at], self.levels[at] = step, new
        self.dissonant[rows, voices, 0] = dissonant[at]
        self.dissonant[..., 1] = dissonant


def dissonances(pitches: IntArray) -> BoolArray:
    """Return which notes are dissonant with another one, bool array (rows, 4).

    Seconds, sevenths and tritones are, and fourths above the bass.

    Args:
        pitches: int array (rows, 4), MIDI notes, 0 = silence.
    """
    gaps = (pitches[:, :, np.newaxis] - pitches[:, np.newaxis]) % 12
    heard = pitches != SILENCE
    both = heard[:, :, np.newaxis] & heard[:, np.newaxis]
    fourths = (gaps[:, :, BASS] == _FOURTH) & both[:, :, BASS]
    found: BoolArray = (_DISSONANT[gaps] & both).any(axis=2) | fourths
    return found
