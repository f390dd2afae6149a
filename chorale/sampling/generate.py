"""Sampling: from a predictor and a plan to new chorales.

An opening is kept, and so is any note of a piece that is to be completed; all else is
drawn, step after step (`chorale.sampling.next_step`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chorale.encoding.plan import Plan
from chorale.encoding.tokens import Vocabulary
from chorale.errors import UsageError
from chorale.models.ensemble import AveragedPredictor
from chorale.models.guidance import KEY_FEATURE, GuidedPredictor
from chorale.models.predictor import Predictor
from chorale.music.score import DEFAULT_TEMPO, Chorale
from chorale.music.voices import VOICES
from chorale.sampling.fragments import Fragment
from chorale.sampling.next_step import PARTICLES, Given, SamplingOptions, Writing
from chorale.utils.arrays import IntArray
from chorale.utils.progress import Progress

# Drafts that are written side by side; more make no step cheaper.
_BATCH = 64


class Start(NamedTuple):
    """What a new piece starts from.

    Attributes:
        plan: of the whole piece.
        opening: its first steps, to be kept note for note; None to write them too.
    """

    plan: Plan
    opening: Chorale | None


def sample(
    predictor: Predictor[Any],
    plan: Plan,
    opening: Chorale | None = None,
    options: SamplingOptions | None = None,
    *,
    variations: int = 1,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write new chorales, all to one plan and from one opening.

    Each variation has its own stream of random numbers, so the first of four is the
    only one of one.

    Args:
        predictor: the model.
        plan: bars, metres, fermatas and key of the whole piece.
        opening: kept note for note; None to write everything.
        options: how to draw; None for the defaults.
        variations: how many to write.
        progress: called after every step with the steps done and the steps in all.

    Returns:
        chorales in the key of the plan and the tempo of the opening.

    Raises:
        UsageError: no variation is asked for, the opening leaves no step to write, or
            a range has no note that the model knows.
        DataError: a note of the opening is outside the model's vocabulary.
    """
    if variations < 1:
        raise UsageError(f"expected at least 1 variation, got {variations}")
    starts = [Start(plan, opening)] * variations
    return sample_each(predictor, starts, options, progress=progress)


def sample_each(
    predictor: Predictor[Any],
    starts: Sequence[Start],
    options: SamplingOptions | None = None,
    *,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write one new chorale from each start; otherwise as `sample`."""
    written = _write(
        predictor,
        [start.plan for start in starts],
        [_given(predictor.vocabulary, start) for start in starts],
        options or SamplingOptions(),
        1,
        progress,
    )
    return [
        _finish(predictor.vocabulary, start, tokens)
        for start, tokens in zip(starts, written, strict=True)
    ]


def complete(
    predictor: Predictor[Any],
    fragments: Sequence[Fragment],
    options: SamplingOptions | None = None,
    *,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write what is not given of each piece.

    Given cells come back as they are. Each piece has its own stream of random numbers.

    Args:
        predictor: the model.
        fragments: what is given.
        options: how to draw; None for the defaults.
        progress: see `sample`.

    Returns:
        chorales with the plan, key, tempo, title and source of the fragments.

    Raises:
        UsageError: a range has no note that the model knows.
        DataError: a given note is outside the model's vocabulary.
    """
    options = options or SamplingOptions()
    vocabulary = predictor.vocabulary
    written = _write(
        predictor,
        [Plan.of(fragment.chorale) for fragment in fragments],
        [Given(vocabulary.encode(one.known()), one.given) for one in fragments],
        options,
        options.particles or PARTICLES,
        progress,
    )
    return [
        fragment.completed(*vocabulary.decode(tokens))
        for fragment, tokens in zip(fragments, written, strict=True)
    ]


def _write(
    predictor: Predictor[Any],
    plans: Sequence[Plan],
    given: Sequence[Given],
    options: SamplingOptions,
    drafts: int,
    progress: Progress | None,
) -> list[IntArray]:
    """Return the tokens of each piece, int array (steps, 4).

    Args:
        predictor: the model.
        plans, given: one a piece.
        options: how to draw.
        drafts: of each piece, written side by side.
        progress: see `sample`.
    """
    # An average carries as many memories for each draft as it has members.
    memories = predictor.members if isinstance(predictor, AveragedPredictor) else 1
    if options.guidance and KEY_FEATURE in predictor.plan_features:
        predictor = GuidedPredictor(predictor, options.guidance)
    streams = np.random.SeedSequence(options.random_state).spawn(len(plans))
    # Pieces of similar length share a batch: all are written to the longest one's end.
    order = sorted(range(len(plans)), key=lambda index: plans[index].steps)
    size = max(_BATCH // (memories * drafts), 1)
    lots = [order[first : first + size] for first in range(0, len(order), size)]
    batches = [
        Writing(
            predictor,
            [plans[index] for index in lot],
            [given[index] for index in lot],
            [streams[index] for index in lot],
            options,
            drafts,
        )
        for lot in lots
    ]
    total = sum(batch.steps for batch in batches)
    done = 0
    written: dict[int, IntArray] = {}
    for lot, batch in zip(lots, batches, strict=True):
        for _ in batch.write():
            done += 1
            if progress is not None:
                progress(done, total)
        written.update(zip(lot, batch.written(), strict=True))
    return [written[index] for index in range(len(plans))]


def _given(vocabulary: Vocabulary, start: Start) -> Given:
    """Return what is given of a new piece, its opening."""
    plan, opening = start
    if opening is None:
        nothing = np.zeros((0, VOICES), np.int64)
        return Given(nothing, nothing.astype(np.bool_))
    if opening.steps >= plan.steps:
        raise UsageError(
            f"the opening reaches into bar {opening.bars[-1]} and the piece ends "
            f"in bar {plan.bars[-1]}, which leaves nothing to write: "
            "shorten the --opening or ask for more --bars"
        )
    tokens = vocabulary.encode(opening)
    return Given(tokens, np.ones(tokens.shape, np.bool_))


def _finish(vocabulary: Vocabulary, start: Start, tokens: IntArray) -> Chorale:
    plan, opening = start
    pitches, onsets = vocabulary.decode(tokens)
    if opening is None:
        return plan.chorale(pitches, onsets, tempo=DEFAULT_TEMPO)
    # The `pitch` encoding has merged repeated notes of the opening.
    onsets[: opening.steps] = opening.onsets
    return plan.chorale(pitches, onsets, tempo=opening.tempo, title=_title(opening))


def _title(opening: Chorale) -> str:
    name = opening.title or opening.source
    return f"After {name}" if name else ""
