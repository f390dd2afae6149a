"""Memory of a body between single steps: ring buffers in NumPy.

A causal layer declares its memory as rings (`CausalLayer.rings`): how many past entries
it keeps, and which of them a step reads. Here the entries are kept, for a batch of
sequences that advance together:

    outputs, entries = body.step(inputs, memory.reads, memory.position)
    memory.entries[...] = entries
    memory.advance()

The entry of a step lies in the slot step mod length, in place of the oldest one;
nothing else moves. The arrays stay the same from step to step, so that a graph can be
bound to them once.

Importing this loads no Keras.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chorale.utils.arrays import FloatArray, IntArray

# Numbers that a network may carry from step to step, 64 MiB: attention over 1,000 steps
# in eight blocks of 1,024 units carries as many.
LARGEST_MEMORY = 1 << 24


@dataclass(frozen=True)
class Ring:
    """What a layer keeps of past steps.

    Attributes:
        length: number of entries, at least 1; all are zero before the first step.
        shape: of an entry of one sequence.
        lags: how many steps back the entries lie that a step reads, each from 1 to
            `length`; empty if a step reads the whole ring.

    Raises:
        ValueError: values out of these bounds.
    """

    length: int
    shape: tuple[int, ...]
    lags: tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        if self.length < 1 or not all(axis > 0 for axis in self.shape):
            raise ValueError(f"expected sizes of a ring of at least 1, got {self}")
        if not all(1 <= lag <= self.length for lag in self.lags):
            raise ValueError(f"expected lags from 1 to {self.length}, got {self.lags}")
        if not self.lags and not self.shape:
            raise ValueError("expected entries of some shape in a ring read whole")

    def reads(self) -> list[tuple[int, ...]]:
        """Return the shapes, for one sequence, of the arrays that a step reads.

        There is one for each lag. Of a whole ring there is one with all slots in their
        order, on the axis before the last one.
        """
        if self.lags:
            return [self.shape] * len(self.lags)
        return [(*self.shape[:-1], self.length, self.shape[-1])]


def memory_size(rings: Sequence[Ring]) -> int:
    """Return the numbers that rings keep for one sequence."""
    return sum(ring.length * math.prod(ring.shape) for ring in rings)


class Memory:
    """The ring buffers of a body, for a batch of sequences.

    Args:
        rings: of the body.
        batch: number of sequences.

    Attributes:
        reads: what the next step reads, float arrays (batch, …), see `Ring.reads`.
        entries: what it leaves, float arrays (batch, …), one of each ring.
        position: number of steps so far, int32 array ().
    """

    def __init__(self, rings: Sequence[Ring], batch: int) -> None:
        self.rings, self.batch = tuple(rings), batch
        self.position: npt.NDArray[np.int32] = np.zeros((), np.int32)
        shapes = {ring.shape: None for ring in rings if ring.lags}
        self._groups = [_Group(rings, shape, batch) for shape in shapes]
        self._windows = [_Window(ring, batch) for ring in rings if not ring.lags]
        self.reads: list[FloatArray] = []
        self.entries: list[FloatArray] = []
        reads = {group.shape: iter(group.reads) for group in self._groups}
        entries = {group.shape: iter(group.entries) for group in self._groups}
        windows = iter(self._windows)
        for ring in rings:
            if ring.lags:
                self.reads += [next(reads[ring.shape]) for _ in ring.lags]
                self.entries.append(next(entries[ring.shape]))
            else:
                window = next(windows)
                self.reads.append(window.buffer)
                self.entries.append(window.entry)

    def advance(self) -> None:
        """Keep the entries of a step, and find what the next one reads."""
        position = int(self.position)
        for group in self._groups:
            group.advance(position)
        for window in self._windows:
            window.advance(position)
        self.position += 1

    def select(self, rows: IntArray) -> Memory:
        """Return the memory of some sequences, which may come several times.

        If they are as many as before, it is this one, changed; otherwise a copy.
        """
        if len(rows) == self.batch:
            for group in self._groups:
                group.select(rows)
            for window in self._windows:
                window.buffer[...] = window.buffer[rows]
            return self
        copy = Memory(self.rings, len(rows))
        copy.position[...] = self.position
        for part, own in zip(copy._groups, self._groups, strict=True):
            part.copy(own, rows)
        for window, other in zip(copy._windows, self._windows, strict=True):
            np.take(other.buffer, rows, axis=0, out=window.buffer, mode="clip")
        return copy


class _Group:
    """All rings of entries of one shape whose entries are read at some lags.

    They share one buffer, so that a step copies twice, whatever the number of rings.
    An entry stays in the row where it was written. Sequences that go on from others
    share the past with them: a table says in which row the entries of each are.
    """

    def __init__(
        self, rings: Sequence[Ring], shape: tuple[int, ...], batch: int
    ) -> None:
        own = [ring for ring in rings if ring.lags and ring.shape == shape]
        self.shape = shape
        lengths = np.array([ring.length for ring in own])
        begins = np.cumsum([0, *lengths[:-1]])  # of each ring in the buffer
        # What a step writes comes first, one entry of each ring, then what it reads.
        repeats = [len(ring.lags) for ring in own]
        self._lengths = np.concatenate([lengths, np.repeat(lengths, repeats)])
        self._begins = np.concatenate([begins, np.repeat(begins, repeats)])
        lags = [lag for ring in own for lag in ring.lags]
        self._lags = np.array([*[0] * len(own), *lags])
        self._written = begins  # slots that the next step writes

        def zeros(count: int) -> FloatArray:
            return np.zeros((count, batch, *shape), np.float32)

        slots = int(lengths.sum())
        self._buffer = zeros(slots)
        # Where the entry of each slot and sequence is: slot * batch + row.
        self._written_places = np.arange(slots * batch).reshape(slots, batch)
        self._places = self._written_places.copy()
        self.reads, self.entries = zeros(len(lags)), zeros(len(own))

    def advance(self, position: int) -> None:
        self._buffer[self._written] = self.entries
        self._places[self._written] = self._written_places[self._written]
        slots = self._begins + (position + 1 - self._lags) % self._lengths
        self._written, read = slots[: len(self.entries)], slots[len(self.entries) :]
        self._take(self._places[read], self.reads)

    def select(self, rows: IntArray) -> None:
        self._places = self._places[:, rows]
        self.reads[...] = self.reads[:, rows]

    def copy(self, other: _Group, rows: IntArray) -> None:
        """Become a copy of some rows of another group, after its last step."""
        other._take(other._places[:, rows], self._buffer)
        self.reads[...] = other.reads[:, rows]
        self._written = other._written

    def _take(self, places: IntArray, to: FloatArray) -> None:
        """Write the entries at places to an array."""
        entries = self._buffer.reshape(-1, *self.shape)
        # The mode spares a copy: with `raise`, the result would be buffered.
        np.take(entries, places, axis=0, out=to, mode="clip")


class _Window:
    """A ring that is read whole."""

    def __init__(self, ring: Ring, batch: int) -> None:
        (shape,) = ring.reads()
        self.buffer = np.zeros((batch, *shape), np.float32)
        self.entry = np.zeros((batch, *ring.shape), np.float32)
        self._length = ring.length

    def advance(self, position: int) -> None:
        self.buffer[..., position % self._length, :] = self.entry
