"""Ring buffers hold what a plain list of all entries holds."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.nn.memory import Memory, Ring

rows_of_three = st.lists(st.integers(0, 2), min_size=3, max_size=3)
SHAPES = st.sampled_from([(2,), (3,), (2, 2)])


@st.composite
def rings(draw: Any) -> Ring:
    """Draw a ring that is read at some lags, or whole."""
    length = draw(st.integers(1, 6))
    lags = st.lists(st.integers(1, length), max_size=3, unique=True)
    return Ring(length, draw(SHAPES), tuple(draw(lags)))


def entries_of(all_rings: list[Ring], step: int, batch: int) -> list[np.ndarray]:
    """Return entries that differ at every step, ring and row."""
    random = np.random.default_rng(step)
    return [
        random.random((batch, *ring.shape)).astype(np.float32) for ring in all_rings
    ]


def expected_reads(all_rings: list[Ring], kept: list[Any], batch: int) -> list[Any]:
    """Return what a step reads, from the entries of all steps before it."""
    reads = []
    for index, ring in enumerate(all_rings):
        zero = np.zeros((batch, *ring.shape), np.float32)
        past = [zero] * ring.length + [entries[index] for entries in kept]
        if ring.lags:
            reads += [past[-lag] for lag in ring.lags]
        else:
            # The entry of a step lies in the slot step mod length.
            slots = [zero] * ring.length
            for step, entries in enumerate(kept):
                slots[step % ring.length] = entries[index]
            reads.append(np.stack(slots, axis=-2))
    return reads


def write(memory: Memory, entries: list[np.ndarray]) -> None:
    for own, entry in zip(memory.entries, entries, strict=True):
        own[...] = entry
    memory.advance()


def check(memory: Memory, all_rings: list[Ring], kept: list[Any], batch: int) -> None:
    expected = expected_reads(all_rings, kept, batch)
    assert memory.position == len(kept)
    for read, array in zip(memory.reads, expected, strict=True):
        assert read.flags.c_contiguous
        np.testing.assert_array_equal(read, array)


@given(st.lists(rings(), min_size=1, max_size=5), st.integers(0, 20))
def test_a_step_reads_what_was_left_so_many_steps_ago(
    all_rings: list[Ring], steps: int
) -> None:
    memory, kept = Memory(all_rings, 2), []
    arrays = [*memory.reads, *memory.entries]
    for step in range(steps):
        kept.append(entries_of(all_rings, step, 2))
        write(memory, kept[-1])
    check(memory, all_rings, kept, 2)
    # A graph is bound to the arrays: they stay the same.
    for array, later in zip(arrays, [*memory.reads, *memory.entries], strict=True):
        assert array is later


@given(
    st.lists(rings(), min_size=1, max_size=4),
    st.integers(0, 8),
    st.lists(st.integers(0, 2), min_size=1, max_size=5).filter(lambda r: len(r) != 3),
)
def test_other_numbers_of_rows_are_a_copy_that_goes_on_by_itself(
    all_rings: list[Ring], steps: int, rows: list[int]
) -> None:
    memory, kept = Memory(all_rings, 3), []
    for step in range(steps):
        kept.append(entries_of(all_rings, step, 3))
        write(memory, kept[-1])
    chosen = memory.select(np.array(rows))
    own = [[entry[rows] for entry in entries] for entries in kept]
    check(chosen, all_rings, own, len(rows))
    for step in range(steps, steps + 3):
        kept.append(entries_of(all_rings, step, 3))
        write(memory, kept[-1])
        own.append(entries_of(all_rings, 100 + step, len(rows)))
        write(chosen, own[-1])
    check(memory, all_rings, kept, 3)
    check(chosen, all_rings, own, len(rows))


@given(
    st.lists(rings(), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 5), rows_of_three), min_size=1, max_size=4),
)
def test_as_many_rows_go_on_in_the_same_arrays(
    all_rings: list[Ring], turns: list[tuple[int, list[int]]]
) -> None:
    memory, kept = Memory(all_rings, 3), []
    arrays = [*memory.reads, *memory.entries]
    for steps, rows in turns:
        for _ in range(steps):
            kept.append(entries_of(all_rings, len(kept), 3))
            write(memory, kept[-1])
        assert memory.select(np.array(rows)) is memory
        kept = [[entry[rows] for entry in entries] for entries in kept]
        check(memory, all_rings, kept, 3)
    write(memory, entries_of(all_rings, len(kept), 3))
    check(memory, all_rings, [*kept, entries_of(all_rings, len(kept), 3)], 3)
    for array, later in zip(arrays, [*memory.reads, *memory.entries], strict=True):
        assert array is later


@pytest.mark.parametrize(
    "values",
    [(0, (3,)), (2, (0,)), (2, (3,), (3,)), (2, (3,), (0,)), (2, (), ())],
)
def test_rings_of_no_sense_are_refused(values: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        Ring(*values)


def test_a_memory_needs_no_keras() -> None:
    code = "import sys, chorale.nn.memory; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
