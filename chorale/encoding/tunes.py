"""Tunes: how the melody went on in the pieces that a model learned from.

Bach set the hymn tunes of his church, many of them more than once, so a chorale that
is new to a model often has a soprano that is not. Networks do not know the tunes well,
since augmentation and dropout keep them from memorizing pieces. So a tune is an
input: of all places in the tunes of train and in the piece itself, in any key, the one
is *recalled* where the notes before agree with the soprano's for longest. Models of
melody call the two their long-term and their short-term memory (Conklin & Witten,
"Multiple viewpoint systems for music prediction", 1995).

Notes agree in the interval from the note before. Where that one has lasted longer or
shorter than in the tune, what came before counts half.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.encoding.tokens import SILENCE_TOKEN, Vocabulary
from chorale.errors import ModelError
from chorale.music.voices import SOPRANO
from chorale.utils.arrays import IntArray
from chorale.utils.files import load_arrays, save_arrays

_ODD_DURATION = 0.5  # factor of the agreement before another duration
# Lowest agreement of each class, in notes; class 0 is none.
_STRENGTHS = (1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 25)
STRENGTHS = len(_STRENGTHS) + 1
# Steps until the tune's next note are counted up to a bar of common time.
MAX_WAIT = 16
# Stands for the interval to the first note of a tune, or to one after a rest.
_START = 127

# What is recalled: semitones, steps, strength.
COLUMNS = 3
_ARRAYS = ("intervals", "durations", "pieces")  # of the stored file


class Trace(NamedTuple):
    """How a soprano has come to its present note, and where a tune has come like it.

    Places are notes, those of the soprano itself counted on from the notes of train.
    """

    intervals: IntArray  # of the soprano's own notes, the present one included
    durations: IntArray  # of those that are over
    # The notes that may stand for the present one, and the notes before them for the
    # one before it, in order. Those that agree in the present note alone are left out.
    places: IntArray
    until: IntArray  # up to how many steps of the present note each is recalled
    scores: npt.NDArray[np.float64]  # how many notes up to each place agree, above 1


class Place(NamedTuple):
    """The note that is recalled as the present one, or none."""

    interval: int = 0  # semitones up to the next note, 0 if there is none
    lasts: int = 0  # its steps
    until: int = 0  # up to how many steps of the present note it is recalled
    strength: int = 0  # how many notes agree, in STRENGTHS classes; 0 if none is


class Pair(NamedTuple):
    """All places where one interval follows another."""

    places: IntArray
    lasted: IntArray  # how long the notes before them lasted
    until: IntArray  # up to how many steps of a soprano's note each is recalled


_FOREVER = 1 << 62
_NOTHING = np.zeros(0, np.int64)
_NO_PAIR = Pair(_NOTHING, _NOTHING, _NOTHING)
_BEGINNING = Trace(_NOTHING, _NOTHING, _NOTHING, _NOTHING, np.zeros(0))


class Traces:
    """The sopranos of a batch, up to the present step.

    Args:
        batch: number of sopranos; nothing is sung yet.
    """

    def __init__(self, batch: int) -> None:
        self.pitches = np.full(batch, SILENCE_TOKEN)  # tokens of the present notes
        self.steps = np.zeros(batch, np.int64)  # how long they have lasted
        self.rows = [_BEGINNING] * batch  # shared by copies, never changed
        self.places = np.zeros((batch, len(Place._fields)), np.int64)

    def at(self, rows: IntArray) -> Traces:
        """Return copies of some rows, which may come several times."""
        copy = Traces(0)
        copy.pitches, copy.steps = self.pitches[rows], self.steps[rows]
        copy.rows = [self.rows[row] for row in rows]
        copy.places = self.places[rows]
        return copy


@dataclass(frozen=True)
class Tunes:
    """The sopranos of some pieces, note after note.

    If there are none, nothing is recalled, not even what a piece has sung itself. A
    note is a pitch that does not change: one that is struck again is one note.
    """

    intervals: IntArray  # (notes,), semitones up from the note before
    durations: IntArray  # (notes,), in steps
    pieces: IntArray  # (notes,), which piece each belongs to
    # Up to how many steps of a soprano's note each note is recalled for it: while it
    # lasts, and when its next note comes, if there is one.
    _until: IntArray = field(init=False, repr=False, compare=False)
    # Places in order, by the interval of each, and by that and the one before it.
    _places: dict[tuple[int, ...], IntArray] = field(
        init=False, repr=False, compare=False
    )
    _pairs: dict[tuple[int, ...], Pair] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        intervals = np.asarray(self.intervals, np.int64)
        until = _until(self.durations, np.append(intervals, _START)[1:])
        pairs = _by_values(intervals, np.append(_START, intervals)[:-1])
        lasted = np.append(0, self.durations)
        object.__setattr__(self, "_until", until)
        object.__setattr__(self, "_places", _by_values(intervals))
        object.__setattr__(
            self,
            "_pairs",
            {key: Pair(at, lasted[at], until[at]) for key, at in pairs.items()},
        )

    @classmethod
    def of(cls, pieces: Iterable[IntArray], vocabulary: Vocabulary) -> Tunes:
        """Collect the tunes of whole pieces, int arrays (steps, 4) of tokens."""
        notes: list[tuple[int, int, int]] = []
        for piece, tokens in enumerate(pieces):
            # What stands before a step more is what stands after the last one.
            after = vocabulary.pasts(np.pad(tokens, ((0, 1), (0, 0)))).pitches[1:]
            soprano = after[:, SOPRANO]
            first = np.flatnonzero(np.diff(soprano, prepend=-1))
            durations = np.diff(first, append=len(soprano))
            before = SILENCE_TOKEN
            for pitch, duration in zip(soprano[first], durations, strict=True):
                if pitch != SILENCE_TOKEN:
                    notes.append((_interval(before, pitch), int(duration), piece))
                before = pitch
        columns = np.array(notes, np.int32).reshape(-1, 3).T
        return cls(*columns)

    @classmethod
    def load(cls, path: Path) -> Tunes:
        """Read what `save` has written.

        Raises:
            ModelError: the file is damaged or holds something else.
        """
        arrays = load_arrays(path)
        if (
            set(arrays) != set(_ARRAYS)
            or len({array.shape for array in arrays.values()}) > 1
            or any(array.dtype.kind != "i" for array in arrays.values())
        ):
            raise ModelError(
                f"{path}: expected whole numbers {', '.join(_ARRAYS)}, as many of each"
            )
        intervals, durations, pieces = (arrays[name] for name in _ARRAYS)
        if intervals.ndim != 1 or (
            len(intervals)
            and (
                np.abs(intervals.astype(np.int64)).max() > _START
                or min(durations.min(), pieces.min()) < 0
            )
        ):
            raise ModelError(
                f"{path}: expected intervals of at most {_START} semitones, durations "
                "and numbers of pieces"
            )
        return cls(intervals, durations, pieces)

    def save(self, path: Path) -> None:
        """Write the tunes to an .npz file."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        save_arrays(path, arrays, compress=True)

    def without(self, tokens: IntArray, vocabulary: Vocabulary) -> Tunes:
        """Return the tunes without the first piece that has exactly this soprano.

        A piece that is learned must not recall itself: no new piece can. Another piece
        of that soprano may be recalled. Tokens are those of the whole piece, (steps,
        4), in any key.
        """
        if not len(self.intervals):
            return self
        own = Tunes.of([tokens], vocabulary)
        for piece in np.unique(self.pieces):
            is_of_it = self.pieces == piece
            if np.array_equal(self.intervals[is_of_it], own.intervals) and (
                np.array_equal(self.durations[is_of_it], own.durations)
            ):
                kept = ~is_of_it
                return Tunes(
                    self.intervals[kept], self.durations[kept], self.pieces[kept]
                )
        return self

    # === Following a soprano ===

    def follow(self, traces: Traces, pitches: IntArray) -> Traces:
        """Return the traces of a batch after one more step.

        They take over the arrays of those before, which must not be used afterwards.

        Args:
            traces: at first those of a new batch.
            pitches: int array (batch,), tokens of the sopranos' sounding pitches.
        """
        if not len(self.intervals):
            return traces
        moves = pitches != traces.pitches
        found: dict[tuple[int, int, int], Trace] = {}  # equal rows are followed once
        for row in np.flatnonzero(moves).tolist():
            trace, pitch = traces.rows[row], int(pitches[row])
            key = id(trace), int(traces.steps[row]), pitch
            if key not in found:
                before = int(traces.pitches[row])
                found[key] = self._follow(trace, before, key[1], pitch)
            traces.rows[row] = found[key]
        traces.pitches[...] = pitches
        traces.steps += 1
        traces.steps[moves] = 1
        # What is recalled stays so until it has lasted too short: others only drop out.
        over = moves | (traces.steps > traces.places[:, Place._fields.index("until")])
        for row in np.flatnonzero(over & (pitches != SILENCE_TOKEN)).tolist():
            place = self._recall(traces.rows[row], int(traces.steps[row]))
            traces.places[row] = place
        traces.places[pitches == SILENCE_TOKEN] = 0
        return traces

    def recall(self, traces: Traces) -> IntArray:
        """Return what comes next by the places that agree for longest.

        Returns:
            int array (batch, 3): semitones up to the tune's next note, 0 where it ends;
            how many steps away that is, 0 if it comes now, at most MAX_WAIT; how many
            notes agree, in STRENGTHS classes, 0 if nothing is recalled.
        """
        recalled = np.zeros((len(traces.rows), COLUMNS), np.int64)
        if len(self.intervals):
            interval, lasts, _, strength = traces.places.T
            wait = np.minimum(lasts - traces.steps, MAX_WAIT) * (strength > 0)
            for column, values in enumerate((interval, wait, strength)):
                recalled[:, column] = values
        return recalled

    def recalls(self, pitches: IntArray) -> IntArray:
        """Return what is recalled at each step of whole pieces, (batch, steps, 3).

        The pitches (batch, steps) are tokens of the sopranos' pitches as they stand
        before each step (`Vocabulary.pasts`).
        """
        traces = Traces(len(pitches))
        recalled = np.zeros((*pitches.shape, COLUMNS), np.int64)
        for step in range(1, pitches.shape[1]):
            traces = self.follow(traces, pitches[:, step])
            recalled[:, step] = self.recall(traces)
        return recalled

    def _follow(self, trace: Trace, before: int, steps: int, pitch: int) -> Trace:
        """Return the trace after another pitch comes when one has lasted some steps."""
        intervals, durations = trace.intervals, trace.durations
        if before != SILENCE_TOKEN:
            durations = _extended(durations, steps)
        if pitch == SILENCE_TOKEN:
            return Trace(intervals, durations, *_BEGINNING[2:])
        interval = _interval(before, pitch)
        intervals = _extended(intervals, interval)
        if interval == _START:
            return Trace(intervals, durations, *_BEGINNING[2:])
        last = int(intervals[-2])
        is_pair = (intervals[1:-1] == interval) & (intervals[:-2] == last)
        own = 1 + is_pair.nonzero()[0]
        known = self._pairs.get((interval, last), _NO_PAIR)
        lasted = np.concatenate([known.lasted, durations[own - 1]])
        places = np.concatenate([known.places, len(self.intervals) + own])
        own_until = _until(durations[own], intervals[own + 1])
        until = np.concatenate([known.until, own_until])
        scores = _scores_at(trace, places - 1)
        scores[lasted != steps] *= _ODD_DURATION
        return Trace(intervals, durations, places, until, 1 + scores)

    def _recall(self, trace: Trace, steps: int) -> Place:
        """Return what is recalled when the present note has lasted some steps."""
        interval = int(trace.intervals[-1])
        known = (trace.until >= steps) * trace.scores
        # The later one of equals.
        best = len(known) - 1 - int(known[::-1].argmax()) if len(known) else 0
        if len(known) and known[best]:
            place, score = int(trace.places[best]), float(known[best])
        else:
            # Of those that agree in one note alone the latest, its own after all.
            score = 1.0
            until = _until(trace.durations, trace.intervals[1:])
            is_own = (trace.intervals[:-1] == interval) & (until >= steps)
            places = is_own.nonzero()[0] + len(self.intervals)
            if not places.size:
                places = self._places.get((interval,), _NOTHING)
                places = places[self._until[places] >= steps]
            if not places.size:
                return Place(until=_FOREVER)
            place = int(places[-1])
        strength = bisect_right(_STRENGTHS, score)
        if place < len(self.intervals):
            return _place(self.intervals, self.durations, place, strength)
        place -= len(self.intervals)
        return _place(trace.intervals, trace.durations, place, strength)


def _interval(low: int, high: int) -> int:
    return _START if low == SILENCE_TOKEN else int(high) - int(low)


def _until(durations: IntArray, following: IntArray) -> IntArray:
    """Return how long notes are recalled, see `Tunes`, by the intervals after them."""
    until: IntArray = durations - (following == _START)
    return until


def _extended(values: IntArray, value: int) -> IntArray:
    """Return values and one more; `numpy.append` takes twice as long for a few."""
    longer = np.empty(len(values) + 1, np.int64)
    longer[:-1], longer[-1] = values, value
    return longer


def _place(
    intervals: IntArray, durations: IntArray, place: int, strength: int
) -> Place:
    """Return a note of some notes, all of which but the last have ended."""
    following = intervals[place + 1] if place + 1 < len(intervals) else _START
    lasts, has_next = int(durations[place]), bool(following != _START)
    up = int(following) if has_next else 0
    return Place(up, lasts, lasts - (not has_next), strength)


def _by_values(*columns: IntArray) -> dict[tuple[int, ...], IntArray]:
    """Return the places of each combination of values, in order."""
    order = np.lexsort(columns)
    table = np.stack(columns)[:, order]
    begins = np.flatnonzero((np.diff(table) != 0).any(axis=0)) + 1
    groups = np.split(order, begins) if len(order) else []
    return {tuple(int(c[group[0]]) for c in columns): group for group in groups}


def _scores_at(trace: Trace, places: IntArray) -> npt.NDArray[np.float64]:
    """Return how many notes agree up to places in order, at least their own."""
    if not len(trace.places):
        return np.ones(len(places))
    index = trace.places.searchsorted(places)
    found = trace.scores.take(index, mode="clip")
    found[trace.places.take(index, mode="clip") != places] = 1
    return found


NO_TUNES = Tunes(*np.zeros((3, 0), np.int32))
