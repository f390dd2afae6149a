"""Memory: how much of a piece is copied from train, note for note in any key.

Two stretches of the same length are the same if, step by step, every voice has the same
notes in both, all of them moved by one and the same interval; a rest is a rest. What is
struck again and what is held on is not told apart, since not every model can tell.

A stretch in which nothing moves, a held chord, is found nearly everywhere and is no
copy: it counts neither as a run, nor among the windows that a share is of.

Stretches are compared by names (Karp, Miller & Rosenberg, 1972, "Rapid identification
of repeated patterns in strings, trees and arrays"): each different stretch of train of
one length has a number, made of those of two shorter ones that cover it and of the
interval between them. Equal numbers are equal stretches, always; nothing is hashed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICES
from chorale.utils.arrays import BoolArray, IntArray

WINDOWS = (4, 8, 16)  # lengths in beats, of a quarter each

_BREAK = -1  # stands between the pieces of train, in all voices: no stretch crosses it
_UNKNOWN = -1  # the name of stretches that train does not have
# An interval, of less than this many semitones up or down, is packed as one of 256.
_ZERO, _INTERVALS = 128, 256
_NAMES = 2**27  # more than train has steps; two names and an interval fit 62 bits


class Windows(NamedTuple):
    """The windows of one length that begin at a beat of a piece.

    Attributes:
        copied: how many of them train has.
        all: how many there are in which something moves.
    """

    copied: int
    all: int

    @property
    def share(self) -> float | None:
        """Share of the windows that train has; None if there are none."""
        return self.copied / self.all if self.all else None


@dataclass(frozen=True, kw_only=True)
class Copied:
    """How much of a piece is in train.

    Attributes:
        longest_run: steps of the longest stretch that is; 0 if there is none.
        windows: of each length in WINDOWS.
    """

    longest_run: int
    windows: dict[int, Windows]


class _Stretches(NamedTuple):
    """All stretches of one length of a piece, or of all pieces one after another.

    Attributes:
        names: int array (stretches,), equal for equal ones, _UNKNOWN if not in train.
        roots: int array (stretches,), the first pitch that sounds, from which intervals
            are measured; SILENCE if none does.
    """

    names: IntArray
    roots: IntArray


class Memory:
    """What train has, to look pieces up in.

    Args:
        chorales: of train.

    Raises:
        DataError: there are no chorales.
    """

    def __init__(self, chorales: Iterable[Chorale]) -> None:
        rows = [row for one in chorales for row in (one.pitches, _between())]
        if not rows:
            raise DataError("expected at least one chorale to remember, got none")
        self._pitches: IntArray = np.concatenate(rows)
        # By length: the packed stretches of train in ascending order, and for the
        # lengths that others are made of, all stretches of train as they come.
        self._known: dict[int, IntArray] = {}
        self._train: dict[int, _Stretches] = {}

    def copied(self, chorale: Chorale, *, start: int = 0) -> Copied:
        """Return how much of a chorale is in train, from step `start` on."""
        pitches = chorale.pitches[start:]
        is_beat = chorale.positions[start:] % STEPS_PER_QUARTER == 0
        windows = {}
        for beats in WINDOWS:
            length = beats * STEPS_PER_QUARTER
            moving = _moves(pitches, length)
            counted = moving & is_beat[: len(moving)]
            copied = counted & self.has(pitches, length)
            windows[beats] = Windows(int(copied.sum()), int(counted.sum()))
        return Copied(longest_run=self._longest_run(pitches), windows=windows)

    def has(self, pitches: IntArray, length: int) -> BoolArray:
        """Return which stretches of a piece are in train, moving or not.

        Args:
            pitches: int array (steps, 4).
            length: of the stretches, in steps.

        Returns:
            bool array (steps - length + 1,), by their first steps; empty if the piece
            is shorter.
        """
        is_known: BoolArray = self._named(pitches, length).names != _UNKNOWN
        return is_known

    def _longest_run(self, pitches: IntArray) -> int:
        """Return the length of the longest stretch in train that moves.

        Cut by a step at the right end, what moves still does and is in train, so the
        lengths that are found have no gaps.
        """
        found, beyond = 1, len(pitches) + 1
        while beyond - found > 1:
            length = (found + beyond) // 2
            if (self.has(pitches, length) & _moves(pitches, length)).any():
                found = length
            else:
                beyond = length
        return found if found > 1 else 0

    def _named(self, pitches: IntArray, length: int) -> _Stretches:
        """Return the stretches of a piece by the names that they have in train."""
        if length == 1:
            packed, roots = _chords(pitches)
        else:
            part = _part(length)
            packed, roots = _joined(self._named(pitches, part), length - part)
        return _Stretches(_places(self._known_of(length), packed), roots)

    def _known_of(self, length: int) -> IntArray:
        """Return the different stretches of train, packed, in ascending order."""
        if length not in self._known:
            packed, _ = self._packed_train(length)
            self._known[length] = np.unique(packed[packed != _UNKNOWN])
        return self._known[length]

    def _packed_train(self, length: int) -> tuple[IntArray, IntArray]:
        """Return all stretches of train packed, and their roots."""
        if length == 1:
            return _chords(self._pitches)
        part = _part(length)
        if part not in self._train:
            packed, roots = self._packed_train(part)
            names = _places(self._known_of(part), packed)
            self._train[part] = _Stretches(names, roots)
        return _joined(self._train[part], length - part)


def near_duplicates(
    train: Sequence[Chorale], chorales: Iterable[Chorale], beats: int = 8
) -> dict[str, dict[str, Any]]:
    """Return the chorales that train has too, in whatever key, as good as whole.

    Args:
        train: at least one chorale.
        chorales: to look up.
        beats: length of the windows that are counted, one of WINDOWS.

    Returns:
        By their sources, the chorales of which train has more than half: the `share` of
        a chorale's windows that it has, and `train`, the source of the piece that has
        most of them.
    """

    def share(memory: Memory, chorale: Chorale) -> float:
        return memory.copied(chorale).windows[beats].share or 0.0

    memory = Memory(train)
    shares = [(chorale, share(memory, chorale)) for chorale in chorales]
    known = [(chorale, much) for chorale, much in shares if much > 0.5]
    alone = [(piece.source, Memory([piece])) for piece in train] if known else []
    return {
        chorale.source: {
            "share": much,
            "train": max(alone, key=lambda one: share(one[1], chorale))[0],
        }
        for chorale, much in known
    }


def _between() -> IntArray:
    """Return the one row between two pieces, int array (1, 4)."""
    return np.full((1, VOICES), _BREAK, np.int64)


def _moves(pitches: IntArray, length: int) -> BoolArray:
    """Return in which stretches some voice changes, bool array (stretches,)."""
    changes = (pitches[1:] != pitches[:-1]).any(axis=1)
    so_far = np.append(0, np.cumsum(changes))
    moving: BoolArray = (
        so_far[length - 1 :] > so_far[: max(len(pitches) - length + 1, 0)]
    )
    return moving


def _part(length: int) -> int:
    """Return the largest power of two below a length: two such parts cover it."""
    return 1 << ((length - 1).bit_length() - 1)


def _chords(pitches: IntArray) -> tuple[IntArray, IntArray]:
    """Pack each step into one number, whatever its key.

    Returns:
        packed: int array (steps,), the intervals of all voices from the root; _UNKNOWN
            at breaks.
        roots: int array (steps,), the first pitch that sounds, soprano → bass.
    """
    sounding = pitches != SILENCE
    first = sounding.argmax(axis=1)[:, np.newaxis]
    roots = np.take_along_axis(pitches, first, axis=1)
    intervals = np.where(sounding, pitches - roots + _ZERO, 0)
    packed = intervals @ _INTERVALS ** np.arange(VOICES)
    return np.where(pitches[:, 0] == _BREAK, _UNKNOWN, packed), roots[:, 0]


def _joined(parts: _Stretches, shift: int) -> tuple[IntArray, IntArray]:
    """Pack the stretches that begin with a part and end with the one `shift` later.

    Returns:
        packed: int array (stretches,), _UNKNOWN where a part is.
        roots: int array (stretches,).
    """
    left, right = parts.names[:-shift], parts.names[shift:]
    root, later = parts.roots[:-shift], parts.roots[shift:]
    # A silent part fits in any key; that it is silent is told by its name.
    both = (root != SILENCE) & (later != SILENCE)
    interval = np.where(both, later - root + _ZERO, 0)
    packed = (left * _INTERVALS + interval) * _NAMES + right
    is_unknown = (left == _UNKNOWN) | (right == _UNKNOWN)
    return np.where(is_unknown, _UNKNOWN, packed), np.where(root, root, later)


def _places(known: IntArray, packed: IntArray) -> IntArray:
    """Return the place of each among the known ones, _UNKNOWN if it is none of them."""
    if not len(known):
        return np.full(len(packed), _UNKNOWN)
    places = np.searchsorted(known[:-1], packed)
    return np.where(known[places] == packed, places, _UNKNOWN)
