"""Infilling: notes for every cell of a piece that is not given.

What is given may be any cells: a voice, some bars, single notes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from chorale.cell_sampling import InfillingOptions, Writing
from chorale.cells import CellVocabulary
from chorale.errors import UsageError
from chorale.infillers import Infiller
from chorale.plan import Plan
from chorale.score import BoolArray, Chorale, IntArray, changes
from chorale.voices import SILENCE

Progress = Callable[[int, int], None]  # rounds done, rounds in all

# Pieces that are written side by side, and their steps in all; more make none cheaper.
_BATCH, _BATCH_STEPS = 16, 4096


class Fragment(NamedTuple):
    """A piece of which not all is given.

    Attributes:
        chorale: its plan and its notes; those that are not given are not read.
        given: bool array (steps, 4), the cells that stay as they are.
    """

    chorale: Chorale
    given: BoolArray


def keep_beginnings(given: BoolArray, chorale: Chorale) -> BoolArray:
    """Return what is given, with the beginning of every note whose end is.

    Args:
        given: bool array (steps, 4).
    """
    held = (chorale.pitches != SILENCE) & ~chorale.onsets
    kept = np.array(given)
    for step in reversed(range(1, chorale.steps)):
        kept[step - 1] |= kept[step] & held[step]
    return kept


def infill(
    infiller: Infiller,
    fragments: Sequence[Fragment],
    options: InfillingOptions | None = None,
    *,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write what is not given of each piece.

    Given cells come back as they are; a note whose end is given is given from its
    beginning. Each piece has its own stream of random numbers.

    Args:
        infiller: the model.
        fragments: what is given.
        options: how to draw; None for the defaults.
        progress: called after every round with the rounds done and the rounds in all.

    Returns:
        chorales with the plan, key, tempo, title and source of the fragments.

    Raises:
        UsageError: all cells of a piece are given, or a range has no note that the
            model knows.
        DataError: a given note is outside the model's vocabulary.
    """
    options = options or InfillingOptions()
    fragments = [
        Fragment(chorale, keep_beginnings(given, chorale))
        for chorale, given in fragments
    ]
    # All are encoded first, so that what cannot be done is said before the long part.
    cells = [_encode(infiller.vocabulary, fragment) for fragment in fragments]
    streams = np.random.SeedSequence(options.random_state).spawn(len(fragments))
    order = sorted(range(len(fragments)), key=lambda one: fragments[one].chorale.steps)
    longest = max((fragment.chorale.steps for fragment in fragments), default=1)
    size = max(1, min(_BATCH, _BATCH_STEPS // longest))
    lots = [order[first : first + size] for first in range(0, len(order), size)]
    batches = [
        Writing(
            infiller,
            [Plan.of(fragments[one].chorale) for one in numbers],
            [cells[one] for one in numbers],
            [fragments[one].given for one in numbers],
            [np.random.default_rng(streams[one]) for one in numbers],
            options,
        )
        for numbers in lots
    ]
    total = sum(batch.rounds for batch in batches)
    done = 0
    written: dict[int, IntArray] = {}
    for numbers, batch in zip(lots, batches, strict=True):
        for _ in batch.write():
            done += 1
            if progress is not None:
                progress(done, total)
        for row, number in enumerate(numbers):
            written[number] = batch.cells[row, : fragments[number].chorale.steps]
    return [
        _finish(infiller.vocabulary, fragment, written[number])
        for number, fragment in enumerate(fragments)
    ]


def _encode(vocabulary: CellVocabulary, fragment: Fragment) -> IntArray:
    """Return the cells of a piece, int array (steps, 4), silent where none is given."""
    chorale, given = fragment
    if given.all():
        raise UsageError("every note is given, which leaves nothing to write")
    kept = replace(
        chorale,
        pitches=np.where(given, chorale.pitches, SILENCE),
        onsets=chorale.onsets & given,
    )
    return vocabulary.encode(kept)


def _finish(vocabulary: CellVocabulary, fragment: Fragment, cells: IntArray) -> Chorale:
    chorale, given = fragment
    pitches, onsets = vocabulary.decode(cells)
    # The `pitch` encoding has merged repeated notes that are given.
    onsets = np.where(given, chorale.onsets, onsets | changes(pitches))
    return replace(chorale, pitches=pitches, onsets=onsets)
