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

from collections.abc import Iterable, Sequence
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
_STRENGTHS = np.array(
    [1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 25], np.float64
)
STRENGTHS = len(_STRENGTHS) + 1
# Steps until the tune's next note are counted up to a bar of common time.
MAX_WAIT = 16
# Stands for the interval to the first note of a tune, or to one after a rest.
_START = 127

# What is recalled: semitones, steps, strength.
COLUMNS = 3
_ARRAYS = ("intervals", "durations", "pieces")  # of the stored file


class Trace(NamedTuple):
    """How a soprano has come so far, and where a tune has come like it."""

    pitch: int  # token of the note that sounds, SILENCE_TOKEN if none
    steps: int  # how many steps it has lasted
    intervals: IntArray  # of the soprano's own notes, the present one included
    durations: IntArray  # of those that are over
    # The notes that may stand for the present one; those of the soprano itself are
    # counted on from the notes of train.
    places: IntArray
    scores: npt.NDArray[np.float64]  # how many notes up to each place agree


_NOTHING = np.zeros(0, np.int64)
BEGINNING = Trace(SILENCE_TOKEN, 0, _NOTHING, _NOTHING, _NOTHING, np.zeros(0))


@dataclass(frozen=True)
class Tunes:
    """The sopranos of some pieces, note after note.

    If there are none, nothing is recalled, not even what a piece has sung itself. A
    note is a pitch that does not change: one that is struck again is one note.
    """

    intervals: IntArray  # (notes,), semitones up from the note before
    durations: IntArray  # (notes,), in steps
    pieces: IntArray  # (notes,), which piece each belongs to
    _places: dict[int, IntArray] = field(init=False, repr=False, compare=False)
    _following: IntArray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = {
            interval: np.flatnonzero(self.intervals == interval)
            for interval in sorted({*self.intervals.tolist()})
        }
        object.__setattr__(self, "_places", places)
        following = np.append(self.intervals, _START)[1:]
        object.__setattr__(self, "_following", following)

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
        """Return the tunes without one piece of this very soprano, if there is any.

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

    def follow(self, traces: Sequence[Trace], pitches: IntArray) -> list[Trace]:
        """Return the traces of a batch after one more step, at first from BEGINNING.

        The pitches (batch,) are tokens of the sopranos' sounding pitches.
        """
        if not len(self.intervals):
            return list(traces)
        return [
            self._follow(trace, pitch)
            for trace, pitch in zip(traces, pitches.tolist(), strict=True)
        ]

    def recall(self, traces: Sequence[Trace]) -> IntArray:
        """Return what comes next by the places that agree for longest.

        Returns:
            int array (batch, 3): semitones up to the tune's next note, 0 where it ends;
            how many steps away that is, 0 if it comes now, at most MAX_WAIT; how many
            notes agree, in STRENGTHS classes, 0 if nothing is recalled.
        """
        if not len(self.intervals):
            return np.zeros((len(traces), COLUMNS), np.int64)
        recalled = [self._recall(trace) for trace in traces]
        return np.array(recalled, np.int64).reshape(-1, COLUMNS)

    def recalls(self, pitches: IntArray) -> IntArray:
        """Return what is recalled at each step of whole pieces, (batch, steps, 3).

        The pitches (batch, steps) are tokens of the sopranos' pitches as they stand
        before each step (`Vocabulary.pasts`).
        """
        traces = [BEGINNING] * len(pitches)
        recalled = np.zeros((*pitches.shape, COLUMNS), np.int64)
        for step in range(1, pitches.shape[1]):
            traces = self.follow(traces, pitches[:, step])
            recalled[:, step] = self.recall(traces)
        return recalled

    def _follow(self, trace: Trace, pitch: int) -> Trace:
        if pitch == trace.pitch:
            return trace._replace(steps=trace.steps + 1)
        durations = trace.durations
        if trace.pitch != SILENCE_TOKEN:
            durations = np.append(durations, trace.steps)
        if pitch == SILENCE_TOKEN:
            return BEGINNING._replace(intervals=trace.intervals, durations=durations)
        interval = _interval(trace.pitch, pitch)
        agreement = np.zeros(1 + len(self.intervals) + len(trace.intervals))
        lasted = np.append(self.durations, durations)[trace.places]
        kept = np.where(lasted == trace.steps, 1, _ODD_DURATION) * trace.scores
        agreement[1 + trace.places] = kept
        own = len(self.intervals) + np.flatnonzero(trace.intervals == interval)
        places = np.append(self._places.get(interval, _NOTHING), own)
        intervals = np.append(trace.intervals, interval)
        return Trace(pitch, 1, intervals, durations, places, 1 + agreement[places])

    def _recall(self, trace: Trace) -> tuple[int, int, int]:
        lasted = np.append(self.durations, trace.durations)[trace.places]
        following = np.append(self._following, trace.intervals[1:])[trace.places]
        waits = lasted - trace.steps
        known = np.flatnonzero((waits > 0) | ((waits == 0) & (following != _START)))
        if not known.size:
            return 0, 0, 0
        # The later one of equals.
        best = known[::-1][trace.scores[known][::-1].argmax()]
        interval = 0 if following[best] == _START else int(following[best])
        strength = np.searchsorted(_STRENGTHS, trace.scores[best], side="right")
        return interval, min(int(waits[best]), MAX_WAIT), int(strength)


NO_TUNES = Tunes(*np.zeros((3, 0), np.int32))


def _interval(low: int, high: int) -> int:
    return _START if low == SILENCE_TOKEN else int(high) - int(low)
