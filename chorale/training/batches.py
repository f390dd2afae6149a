"""Drawing batches: the order of the chorales, their transpositions and plans.

An epoch sees every chorale once, transposed and cropped at random. All randomness
derives from the seed and the number of the epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from chorale.encoding.plan import Plan, transpose_features
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICES
from chorale.training.options import CommonOptions
from chorale.training.pieces import PreparedT, StreamedPieces, in_groups, order_of
from chorale.utils.arrays import IntArray

# Lengths of whole pieces are rounded up to a multiple of this: fewer compilations.
_PADDING = 64


def transposition_range(
    chorale: Chorale, ranges: Sequence[tuple[int, int]], most: int
) -> tuple[int, int]:
    """Return the lowest and highest transposition that keep each voice in its range.

    Args:
        chorale: the piece.
        ranges: lowest and highest MIDI note of each voice.
        most: maximum in semitones, up or down.
    """
    lowest, highest = -most, most
    for voice, (low, high) in zip(range(VOICES), ranges, strict=True):
        line = chorale.pitches[:, voice]
        sounding = line[line != SILENCE]
        if len(sounding):
            lowest = max(lowest, low - int(sounding.min()))
            highest = min(highest, high - int(sounding.max()))
    return min(lowest, 0), max(highest, 0)


def both_plans(chorale: Chorale, names: Sequence[str]) -> tuple[IntArray, IntArray]:
    """Return the features of a chorale's plan, and of that in a classic CSV.

    A classic CSV has no fermatas and no key, and its bars are of 4/4 from the first
    row.

    Args:
        chorale: the piece.
        names: of the features.

    Returns:
        two int arrays (steps, features).
    """
    bare = Chorale(pitches=chorale.pitches)
    return Plan.of(chorale).features(names), Plan.of(bare).features(names)


def draw_pieces(
    pieces: Sequence[PreparedT] | StreamedPieces[PreparedT],
    options: CommonOptions,
    epoch: int,
    random: np.random.Generator,
) -> Iterator[tuple[list[PreparedT], int]]:
    """Yield the pieces of each batch of an epoch, and the number of its steps.

    Args:
        pieces: see `chorale.training.pieces.prepared`.
        options: of the training.
        epoch: counted from 1.
        random: source of the order of pieces in memory.
    """
    order = order_of(pieces, options.seed, epoch, random)
    for chosen in in_groups(order, options.batch_size):
        length = max(piece.steps for piece in chosen)
        length = -(-length // _PADDING) * _PADDING
        yield chosen, min(length, options.crop) if options.crop else length


def draw_plan(
    plans: tuple[IntArray, IntArray],
    options: CommonOptions,
    shift: int,
    random: np.random.Generator,
) -> IntArray:
    """Return a plan, the one of a classic CSV with `plan_dropout`, transposed."""
    plan = plans[random.random() < options.plan_dropout]
    return transpose_features(plan, options.plan, shift)
