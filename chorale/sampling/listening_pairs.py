"""Pairs for listeners: chorales, and the best of some samples after their openings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chorale.errors import UsageError
from chorale.evaluation.listening import Pair
from chorale.models.predictor import Predictor
from chorale.music.score import Chorale, changes
from chorale.music.voices import SILENCE
from chorale.sampling.best_of import Judge, choose_if_judged
from chorale.sampling.generate import Start, sample_each
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.openings import opening_of, plan_of
from chorale.sampling.prompts import draw_chorales
from chorale.utils.progress import Progress
from chorale.utils.text import counted

# Bars of pieces for listeners: long enough to judge, and short enough that twenty pairs
# are heard in an hour or so.
LEAST_BARS, MOST_BARS = 6, 24


def draw_originals(
    chorales: Sequence[Chorale], count: int, options: SamplingOptions
) -> list[Chorale]:
    """Draw different chorales for listeners, in random order.

    They have LEAST_BARS to MOST_BARS bars. Unless the samples may have rests, none of
    their voices is silent after the opening: it would give the answer away.

    Args:
        chorales: to draw from.
        count: how many.
        options: of the samples.

    Raises:
        UsageError: fewer than one is wanted, or there are fewer that are suitable.
    """
    suitable = [piece for piece in chorales if _is_suitable(piece, options.rests)]
    if not 1 <= count <= len(suitable):
        silent = "" if options.rests else " in which no voice falls silent"
        raise UsageError(
            f"expected 1 to {len(suitable)} pairs, as there are "
            f"{counted(len(suitable), 'held-out piece')} of {LEAST_BARS} to {MOST_BARS}"
            f" bars{silent}, got {count}"
        )
    return draw_chorales(suitable, count, options.random_state)


def sample_pairs(
    predictor: Predictor[Any],
    originals: Sequence[Chorale],
    options: SamplingOptions,
    judge: Judge,
    *,
    best_of: int,
    plain: bool = False,
    progress: Progress | None = None,
) -> tuple[list[Pair], tuple[str, ...]]:
    """Continue the opening of each chorale, as `chorale generate` does.

    Args:
        predictor: the model.
        originals: sources of the openings and plans.
        options: of the samples.
        judge: chooses one of `best_of` samples.
        best_of: number of samples drawn for each that is kept.
        plain: whether repeated notes are merged in both, for models and corpora
            without them.
        progress: see `sample_each`.

    Returns:
        The pairs, and sentences for the user.
    """
    pairs: list[Pair] = []
    remarks: dict[str, None] = {}
    starts = [Start(plan_of(piece)[0], opening_of(piece)) for piece in originals]
    repeated = [start for start in starts for _ in range(best_of)]
    drawn = sample_each(predictor, repeated, options, progress=progress)
    for index, (original, start) in enumerate(zip(originals, starts, strict=True)):
        assert start.opening is not None, "every piece has an opening"
        opening = start.opening.steps
        choices, said = choose_if_judged(
            drawn[index * best_of : (index + 1) * best_of],
            best_of,
            lambda: judge,
            opening=opening,
        )
        remarks |= dict.fromkeys(said)
        pieces = (original, choices[0].chorale)
        if plain:
            pieces = (_merged(pieces[0]), _merged(pieces[1]))
        pairs.append(Pair(original=pieces[0], sample=pieces[1], opening=opening))
    return pairs, tuple(remarks)


def _is_suitable(piece: Chorale, rests: bool) -> bool:
    """Return whether listeners may hear a chorale; see `draw_originals`."""
    opening = opening_of(piece)
    is_long = LEAST_BARS <= len(piece.written_bars()) <= MOST_BARS
    is_sung = rests or not (piece.pitches[opening.steps :] == SILENCE).any()
    return is_long and opening.steps < piece.steps and is_sung


def _merged(piece: Chorale) -> Chorale:
    """Return a chorale whose repeated notes are held."""
    return replace(piece, onsets=changes(piece.pitches))
