"""Infilling: an infiller writes every cell of a piece that is not given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chorale.encoding.plan import Plan
from chorale.models.infiller import Infiller
from chorale.music.score import Chorale
from chorale.sampling.fragments import Fragment
from chorale.sampling.gibbs import InfillingOptions, Writing
from chorale.utils.arrays import IntArray
from chorale.utils.progress import Progress

# Pieces that are written side by side, and their steps in all; more make none cheaper.
_BATCH, _BATCH_STEPS = 16, 4096


def infill(
    infiller: Infiller,
    fragments: Sequence[Fragment],
    options: InfillingOptions | None = None,
    *,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write what is not given of each piece.

    Given cells come back as they are. Each piece has its own stream of random numbers.

    Args:
        infiller: the model.
        fragments: what is given.
        options: how to draw; None for the defaults.
        progress: called after every round with the rounds done and the rounds in all.

    Returns:
        chorales with the plan, key, tempo, title and source of the fragments.

    Raises:
        UsageError: a range has no note that the model knows.
        DataError: a given note is outside the model's vocabulary.
    """
    options = options or InfillingOptions()
    # All are encoded first, so that what cannot be done is said before the long part.
    cells = [infiller.vocabulary.encode(fragment.known()) for fragment in fragments]
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
        fragment.completed(*infiller.vocabulary.decode(written[number]))
        for number, fragment in enumerate(fragments)
    ]
