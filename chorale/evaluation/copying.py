"""Copying: stretches of a piece that occur note for note in the training set.

Matching is exact and transposition-invariant: two stretches of the same length match
if, step by step, the pitches of all voices differ by one constant interval; rests match
rests. Onsets are ignored, since some sources do not distinguish held notes from
repeated ones. Stretches in which no pitch changes (a held chord) match nearly anywhere,
so they count neither as copies nor in the totals.

Stretches are compared by identifiers (Karp, Miller & Rosenberg, 1972, "Rapid
identification of repeated patterns in strings, trees and arrays"): each distinct
stretch of the training set of one length has a number, made from the numbers of two
shorter stretches that cover it and the interval between them. There is no hashing, so
equal numbers always mean equal stretches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import BoolArray, IntArray

WINDOWS = (4, 8, 16)  # lengths in quarters

_BREAK = -1  # separates the pieces of the training set: no stretch crosses it
_UNKNOWN = -1  # identifier of stretches that the training set lacks
# An interval of less than 128 semitones up or down is packed as one of 256.
_ZERO, _INTERVALS = 128, 256
_GROUP = 256  # pieces of train that are searched at once for near-duplicates
_IDENTIFIERS = 2**27  # more than steps in train; two of them and an interval: 62 bits


class Windows(NamedTuple):
    """Windows of one length that begin on a beat of a piece."""

    copied: int  # number of windows that occur in the training set
    total: int  # number of windows in which a pitch changes

    @property
    def share(self) -> float | None:
        """Share of copied windows; None if there are no windows."""
        return self.copied / self.total if self.total else None


@dataclass(frozen=True, kw_only=True)
class Copied:
    """Copied stretches of one piece."""

    longest_run: int  # steps of the longest copied stretch; 0 if there is none
    windows: dict[int, Windows]  # by length, one of WINDOWS


@dataclass(frozen=True, kw_only=True)
class Copying:
    """Copied stretches of a set of pieces."""

    median_steps: float  # of the pieces' longest runs
    longest_steps: int  # of all pieces
    # Of copied windows, by their length in quarters; None if there are no windows.
    shares: Mapping[int, float | None]

    @classmethod
    def of(cls, pieces: Sequence[Copied]) -> Copying:
        """Summarize the pieces of a set."""
        runs = [piece.longest_run for piece in pieces]
        shares = {}
        for quarters in WINDOWS:
            windows = [piece.windows[quarters] for piece in pieces]
            copied, total = np.sum(windows, axis=0).tolist()
            shares[quarters] = Windows(copied, total).share
        return cls(
            median_steps=float(np.median(runs)), longest_steps=max(runs), shares=shares
        )


class _Stretches(NamedTuple):
    """All stretches of one length, in order of their first steps."""

    identifiers: IntArray  # (stretches,), _UNKNOWN if not in the training set
    # (stretches,), the first sounding pitch, from which intervals are
    # measured; SILENCE if none sounds.
    roots: IntArray


class CopyIndex:
    """Search index of a training set for copied stretches.

    Raises:
        DataError: there are no chorales.
    """

    def __init__(self, chorales: Iterable[Chorale]) -> None:
        separator = np.full((1, VOICES), _BREAK, np.int64)
        tables = [
            table for chorale in chorales for table in (chorale.pitches, separator)
        ]
        if not tables:
            raise DataError("expected at least one chorale to search in, got none")
        self._pitches: IntArray = np.concatenate(tables)
        # The piece of each step; separators belong to the piece before them.
        lengths = [len(table) for table in tables]
        self._pieces = np.repeat(np.arange(len(tables)) // 2, lengths)
        # By length: the distinct stretches, packed, in ascending order; and for the
        # lengths that longer ones are made of, all stretches in order of time.
        self._distinct: dict[int, IntArray] = {}
        self._stretches: dict[int, _Stretches] = {}

    def copied(self, chorale: Chorale, *, start: int = 0) -> Copied:
        """Return the copied stretches of a chorale from step `start` on."""
        pitches = chorale.pitches[start:]
        is_beat = chorale.positions[start:] % STEPS_PER_QUARTER == 0
        windows = {}
        for quarters in WINDOWS:
            length = quarters * STEPS_PER_QUARTER
            moving = _moves(pitches, length)
            counted = moving & is_beat[: len(moving)]
            copied = counted & self.contains(pitches, length)
            windows[quarters] = Windows(int(copied.sum()), int(counted.sum()))
        return Copied(longest_run=self._longest_run(pitches), windows=windows)

    def contains(self, pitches: IntArray, length: int) -> BoolArray:
        """Return which stretches of `length` steps occur in the training set.

        Of pitches (steps, 4) a bool array (steps - length + 1,), by first step; empty
        for shorter pieces.
        """
        found: BoolArray = self._identify(pitches, length).identifiers != _UNKNOWN
        return found

    def copied_from(
        self, pitches: IntArray, length: int, counted: BoolArray
    ) -> tuple[BoolArray, IntArray]:
        """Return which stretches occur, and how many in each piece of the index.

        Args:
            pitches: int array (steps, 4).
            length: of the stretches, in steps.
            counted: bool array (steps - length + 1,), the stretches to look for.

        Returns:
            bool array of the same shape, and int array (pieces,).
        """
        identifiers = self._identify(pitches, length).identifiers
        copied = counted & (identifiers != _UNKNOWN)
        distinct = self._distinct_of(length)
        # The last number is that of stretches that are not in the index.
        wanted = np.bincount(identifiers[copied], minlength=len(distinct) + 1)
        packed, _ = self._pack_train(length)
        found = _positions(distinct, packed)
        at = np.flatnonzero(wanted[found])
        # A stretch counts once in each piece, however often it is there.
        pairs = np.unique(np.stack([self._pieces[at], found[at]]), axis=1)
        counts = np.bincount(
            pairs[0], weights=wanted[pairs[1]], minlength=int(self._pieces[-1]) + 1
        )
        return copied, counts.astype(np.int64)

    def _longest_run(self, pitches: IntArray) -> int:
        """Return the length of the longest copied stretch in which a pitch changes.

        Bisection: with every copied stretch a shorter one is copied and changes too.
        """
        found, beyond = 1, len(pitches) + 1
        while beyond - found > 1:
            length = (found + beyond) // 2
            if (self.contains(pitches, length) & _moves(pitches, length)).any():
                found = length
            else:
                beyond = length
        return found if found > 1 else 0

    def _identify(self, pitches: IntArray, length: int) -> _Stretches:
        """Return the stretches of a piece with their identifiers."""
        if length == 1:
            packed, roots = _pack_steps(pitches)
        else:
            part = _part(length)
            packed, roots = _pack_pairs(self._identify(pitches, part), length - part)
        return _Stretches(_positions(self._distinct_of(length), packed), roots)

    def _distinct_of(self, length: int) -> IntArray:
        """Return the distinct stretches of train, packed, in ascending order."""
        if length not in self._distinct:
            packed, _ = self._pack_train(length)
            self._distinct[length] = np.unique(packed[packed != _UNKNOWN])
        return self._distinct[length]

    def _pack_train(self, length: int) -> tuple[IntArray, IntArray]:
        """Return all stretches of train, packed, and their roots."""
        if length == 1:
            return _pack_steps(self._pitches)
        part = _part(length)
        if part not in self._stretches:
            packed, roots = self._pack_train(part)
            identifiers = _positions(self._distinct_of(part), packed)
            self._stretches[part] = _Stretches(identifiers, roots)
        return _pack_pairs(self._stretches[part], length - part)


def near_duplicates(
    train: Iterable[Chorale], chorales: Iterable[Chorale], quarters: int = 8
) -> dict[str, dict[str, Any]]:
    """Return the chorales of which more than half is copied from the training set.

    The training set is read once, some pieces at a time. By source of the chorale: the
    `share` of its windows of so many quarters (one of WINDOWS) that are copied, and
    `train`, the source of the piece with most of them.
    """
    length = quarters * STEPS_PER_QUARTER
    searched = [_Searched.of(chorale, length) for chorale in chorales]
    pieces = iter(train)
    while group := list(islice(pieces, _GROUP)):
        index = CopyIndex(group)
        for search in searched:
            search.find(index, group, length)
    return {
        search.chorale.source: {"share": search.share, "train": search.source}
        for search in searched
        if search.share > 0.5
    }


@dataclass
class _Searched:
    """A chorale whose windows of one length are looked for in a training set."""

    chorale: Chorale
    counted: BoolArray  # (windows,), those that begin on a beat and move
    copied: BoolArray  # (windows,), those of them that were found
    most: int = 0  # windows found in the piece that has most of them
    source: str = ""  # of that piece

    @classmethod
    def of(cls, chorale: Chorale, length: int) -> _Searched:
        moving = _moves(chorale.pitches, length)
        is_beat = chorale.positions % STEPS_PER_QUARTER == 0
        counted = moving & is_beat[: len(moving)]
        return cls(chorale, counted, np.zeros_like(counted))

    @property
    def share(self) -> float:
        return float(self.copied.sum() / max(self.counted.sum(), 1))

    def find(self, index: CopyIndex, pieces: Sequence[Chorale], length: int) -> None:
        """Look for the windows in some pieces, those of the index."""
        if not self.counted.any():
            return
        copied, counts = index.copied_from(self.chorale.pitches, length, self.counted)
        self.copied |= copied
        best = int(counts.argmax())
        if counts[best] > self.most:
            self.most, self.source = int(counts[best]), pieces[best].source


def _moves(pitches: IntArray, length: int) -> BoolArray:
    """Return in which stretches a pitch changes, bool array (stretches,)."""
    changes = (pitches[1:] != pitches[:-1]).any(axis=1)
    total = np.append(0, np.cumsum(changes))
    moving: BoolArray = total[length - 1 :] > total[: max(len(pitches) - length + 1, 0)]
    return moving


def _part(length: int) -> int:
    """Return the largest power of two below a length: two such parts cover it."""
    return 1 << ((length - 1).bit_length() - 1)


def _pack_steps(pitches: IntArray) -> tuple[IntArray, IntArray]:
    """Pack the intervals of each step from its root; _UNKNOWN at breaks.

    The roots are the first sounding pitch, soprano → bass; both arrays (steps,).
    """
    sounding = pitches != SILENCE
    first = sounding.argmax(axis=1)[:, np.newaxis]
    roots = np.take_along_axis(pitches, first, axis=1)
    intervals = np.where(sounding, pitches - roots + _ZERO, 0)
    packed = intervals @ _INTERVALS ** np.arange(VOICES)
    return np.where(pitches[:, 0] == _BREAK, _UNKNOWN, packed), roots[:, 0]


def _pack_pairs(parts: _Stretches, shift: int) -> tuple[IntArray, IntArray]:
    """Pack the stretches made of a part and the one `shift` steps later.

    Returns packed numbers, _UNKNOWN where a part is, and roots, (stretches,).
    """
    left, right = parts.identifiers[:-shift], parts.identifiers[shift:]
    root, later = parts.roots[:-shift], parts.roots[shift:]
    # A silent part has no interval; its identifier says that it is silent.
    both = (root != SILENCE) & (later != SILENCE)
    interval = np.where(both, later - root + _ZERO, 0)
    packed = (left * _INTERVALS + interval) * _IDENTIFIERS + right
    is_unknown = (left == _UNKNOWN) | (right == _UNKNOWN)
    return np.where(is_unknown, _UNKNOWN, packed), np.where(root, root, later)


def _positions(distinct: IntArray, packed: IntArray) -> IntArray:
    """Return the position of each in an ascending array, _UNKNOWN if absent."""
    if not len(distinct):
        return np.full(len(packed), _UNKNOWN)
    positions = np.searchsorted(distinct[:-1], packed)
    return np.where(distinct[positions] == packed, positions, _UNKNOWN)
